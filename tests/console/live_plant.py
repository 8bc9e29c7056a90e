"""A plant that runs: `andon serve` in a process of its own, fed through a real broker, and made worse by tests."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from andon.plant.time import DAY_NS
from andon.scoring.model_file import load
from tests.console.building import ROOT
from tests.reading.links.broker import Broker, free_port
from tests.small_plant import TAGS, Line, values

ROWS, FAULT = 420, 340
STEP = timedelta(minutes=5)
ASSET, SISTER = "line", "<b>&\"'温度 °C</b>"
PLANT = """
[site]
name = "Works 3"
zone = "UTC"

[service]
port = {port}

[alarms]
first_fortnight = false
consequence = "major"

[[asset]]
id = "line"
name = "Furnace 3"

[[budget]]
name = "Furnaces"
assets = ["line"]
budget = "2/day"

[[budget]]
name = "Others"
budget = "2/day"

[[tag]]
id = "PIC-101"
name = "Furnace pressure"
unit = "bar"
group = "Furnace"

[[response]]
tag = "PIC-101"
action = "Open the bypass"
check = ["Is the bypass valve open?", "Compare with the gauge at the furnace <script>alert(1)</script>"]

[[link]]
name = "broker"
kind = "mqtt"
address = "mqtt://127.0.0.1:{broker}"
topics = ["plant/+/data"]
asset = "{{asset}}"
"""


class LivePlant:
    """The process, the broker, and what a test may do to them.

    Attributes
    ----------
    link : secret of the one-time link of the first start
    """

    def __init__(self, folder: Path, line: Line) -> None:
        from benchmarks.live.folder import make_folder

        self.folder, self.broker, self.port = folder, Broker(folder / "broker"), free_port()
        self.url, self.link = f"http://127.0.0.1:{self.port}", ""
        made = make_folder(folder / "plant", {"line": (load(line.model), (ASSET, SISTER))}, promoted=time.time_ns() - 90 * DAY_NS)
        for file in made.live.path.glob("*.sqlite*"):
            file.unlink()  # nobody is a user yet
        made.plant.write_text(PLANT.format(port=self.port, broker=self.broker.port), "utf-8")
        self.plant, self.data = made.plant, made.live.path
        first = datetime.now(UTC).replace(second=0, microsecond=0) - ROWS * STEP
        self.start = first - timedelta(minutes=first.minute % 5)
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._log = folder / "service.log"
        table = values(ROWS, 50)
        table[FAULT:, 1] += 1.2
        self._tables = {ASSET: table, SISTER: values(ROWS, 51)}

    def serve(self) -> None:
        """Start, and wait until it serves."""
        words = [sys.executable, "-m", "andon", "serve", str(self.plant), "--data", str(self.data)]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "ANDON_LANG": "en", "OMP_NUM_THREADS": "1"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert self.url in said, self._log.read_text("utf-8")
        if not self.link:
            self.link = re.findall(r"first-sign-in#(\S+)", self._process.stdout.readline())[0]
        self._reader = threading.Thread(target=self._process.stdout.read, daemon=True)
        self._reader.start()  # whatever else it says must not fill the pipe

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it; its exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(how)
        code = self._process.wait(60)
        if self._reader is not None:
            self._reader.join(10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    @property
    def log(self) -> str:
        """What it said on standard error."""
        return self._log.read_text("utf-8")

    def bring(self, low: int, high: int) -> None:
        """Rows of both assets, through the broker."""
        self._publish(*self._messages(low, high))

    def say(self, topic: str, body: bytes | str) -> None:
        """One message."""
        self._publish((topic, body))

    def _publish(self, *messages: tuple[str, bytes | str]) -> None:
        """In a thread: the browser's driver has an event loop in this one."""
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: asyncio.run(self.broker.publish(*messages))).result()

    def _messages(self, low: int, high: int) -> list[tuple[str, bytes | str]]:
        out: list[tuple[str, bytes | str]] = []
        for row in range(low, high):
            at = (self.start + row * STEP).strftime("%Y-%m-%dT%H:%M:%SZ")
            for number, (asset, table) in enumerate(self._tables.items()):
                cells = dict(zip(TAGS, (round(float(value), 3) for value in table[row]), strict=True))
                out.append((f"plant/{number}/data", json.dumps({"time": at, "asset": asset, **cells})))
        return out


@contextmanager
def live_plant(folder: Path, line: Line) -> Iterator[LivePlant]:
    """A plant that serves, with a broker; both end with the test."""
    plant = LivePlant(folder, line)
    plant.broker.start()
    try:
        plant.serve()
        yield plant
    finally:
        plant.stop(signal.SIGKILL)
        plant.broker.stop()
