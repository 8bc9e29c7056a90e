"""A real mosquitto for tests: on a free port, with persistence, stopped by its process id."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

MOSQUITTO = shutil.which("mosquitto") or ("/usr/sbin/mosquitto" if Path("/usr/sbin/mosquitto").exists() else None)
needs_broker = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """One mosquitto. `lines` are more lines of its configuration."""

    def __init__(self, folder: Path, *lines: str, tls: tuple[Path, Path] | None = None) -> None:
        self.port = free_port()
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        secure = [f"certfile {tls[0]}", f"keyfile {tls[1]}"] if tls else []
        config = [
            f"listener {self.port} 127.0.0.1", *secure, "persistence true", f"persistence_location {folder}/",
            "autosave_interval 0", "max_queued_messages 100000", "user root",
            *(lines or ("allow_anonymous true",)),
        ]  # fmt: skip
        (folder / "mosquitto.conf").write_text("\n".join(config) + "\n")

    def start(self) -> None:
        """Start and wait until it listens."""
        assert MOSQUITTO is not None
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen([MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log)
        end = time.monotonic() + 15
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.02)
        raise AssertionError("mosquitto does not listen")

    def stop(self) -> None:
        """End it; it keeps its sessions in its folder."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGTERM)
            self._process.wait(15)
        self._process = None

    async def publish(self, *messages: tuple[str, bytes | str], retain: bool = False, **how: Any) -> None:
        """Publish with QoS 1, and wait until the broker has it all."""
        import aiomqtt

        async with aiomqtt.Client("127.0.0.1", self.port, **how) as client:
            client.pending_calls_threshold = 1_000_000
            await asyncio.gather(*(client.publish(topic, payload, qos=1, retain=retain) for topic, payload in messages))
