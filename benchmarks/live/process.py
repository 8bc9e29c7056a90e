"""The service as a process of its own: started, asked, killed. `python -m benchmarks.live.process ...` is `andon` with faults built in.

Faults stand in the environment, and do what a machine does: `ANDON_KILL` = "what:n" kills the process at the n-th call of `what`
(fsync, replace, write, commit); `ANDON_CLOCK` names a file whose number of seconds the clock is off by.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.live.folder import PlantFolder

ROOT = Path(__file__).resolve().parents[2]
KILL, CLOCK = "ANDON_KILL", "ANDON_CLOCK"
POINTS = ("fsync", "replace", "write", "commit")


def environment() -> dict[str, str]:
    """Of every process: one thread for arithmetic, our sources first."""
    return os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "ANDON_LANG": "en", "OMP_NUM_THREADS": "1"}


class Service:
    """One process of `andon serve`."""

    def __init__(self, folder: PlantFolder, faults: Mapping[str, str] | None = None) -> None:
        module = "benchmarks.live.process" if faults else "andon"
        words = [sys.executable, "-m", module, "serve", str(folder.plant), "--data", str(folder.live.path), "--port", "0"]
        self._folder = folder
        self.began = time.monotonic()
        self._log = (folder.path / "service.log").open("ab")
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=self._log, text=True, env=environment() | dict(faults or {}), cwd=ROOT
        )
        self._address: str | None = None
        self._reader: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Where it serves, or "" where it ended before; waits until one of them is known."""
        if self._address is None:
            assert self.process.stdout is not None
            found = re.findall(r"http://127\.0\.0\.1:\d+/", self.process.stdout.readline())
            self._address = found[0] if found else ""
            if found:  # whatever else it says must not fill the pipe
                self._reader = threading.Thread(target=self.process.stdout.read, daemon=True)
                self._reader.start()
        return self._address

    def ask(self, path: str, timeout_s: float = 10.0) -> Any:
        """The JSON of a page; None where it does not answer."""
        request = urllib.request.Request(self.address + path, headers={"Authorization": f"Bearer {self._folder.token}"})
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.loads(error.read() or b"null")
        except (OSError, ValueError):
            return None

    def judged_until(self) -> float:
        """Seconds UTC of the oldest last tick among the assets; 0 before each has one."""
        page = self.ask("api/v1/overview")
        if not page or "tiles" not in page:
            return 0.0
        now = datetime.fromisoformat(page["at"]).timestamp()
        return min((now - tile["behind_s"] if tile["since"] else 0.0 for tile in page["tiles"]), default=0.0)

    def wait_until_judged(self, moment_s: float, timeout_s: float) -> None:
        """Wait until every asset was judged up to a moment (seconds UTC).

        Raises
        ------
        TimeoutError : it takes longer
        """
        end = time.monotonic() + timeout_s
        while self.judged_until() < moment_s - 0.5:
            if time.monotonic() > end or self.process.poll() is not None:
                raise TimeoutError(f"judged until {self.judged_until():.0f}, not {moment_s:.0f}; exit {self.process.poll()}")
            time.sleep(0.05)

    def kill(self) -> bool:
        """SIGKILL; whether it was alive."""
        alive = self.process.poll() is None
        if alive:
            self.process.send_signal(signal.SIGKILL)
        self._ended(30)
        return alive

    def stop(self, timeout_s: float = 120.0) -> int:
        """End it cleanly; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended(timeout_s)

    def _ended(self, timeout_s: float) -> int:
        code = self.process.wait(timeout_s)
        if self._reader is not None:
            self._reader.join(timeout_s)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._log.close()
        return code


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_at(what: str, number: int) -> None:
    """Die at the n-th call of something that changes the disk: before it where n is odd, after it where it is even."""
    count = [0]

    def dying(call: Any) -> Any:
        def wrapped(*words: Any, **more: Any) -> Any:
            count[0] += 1
            mine = count[0] == number
            if mine and number % 2:
                _die()
            told = call(*words, **more)
            if mine:
                _die()
            return told

        return wrapped

    if what in ("fsync", "replace"):
        setattr(os, what, dying(getattr(os, what)))
    elif what == "write":
        from andon.store.journal import journal

        journal._write_at = dying(journal._write_at)
    elif what == "commit":
        from sqlalchemy.engine import Connection

        Connection.commit = dying(Connection.commit)  # type: ignore[method-assign]
        Connection._commit_impl = dying(Connection._commit_impl)  # type: ignore[method-assign]


def _step_clock(file: Path) -> None:
    """A clock that is as many seconds off as a file says."""
    from andon.plant.clock import SystemClock

    def now(_: SystemClock) -> int:
        try:
            off = float(file.read_text() or 0)
        except (OSError, ValueError):
            off = 0.0
        return time.time_ns() + round(off * 1e9)

    SystemClock.now = now  # type: ignore[method-assign, assignment]


def main() -> None:
    """`andon`, with faults."""
    if told := os.environ.get(KILL):
        what, _, number = told.partition(":")
        _kill_at(what, int(number))
    if file := os.environ.get(CLOCK):
        _step_clock(Path(file))
    from andon.cli.main import main as andon

    andon()


if __name__ == "__main__":
    main()
