"""A process that is killed at any moment goes on as if nothing had been: everything once, nothing missing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from andon.store.database import Database
from andon.store.live_folder import LiveFolder
from tests.store.small_service import Service


def test_killed_at_seeded_moments(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    moments = random.Random(20_261_124)
    live = LiveFolder.at(tmp_path / "live")
    said = 0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.small_service", str(live.path)], stdout=subprocess.PIPE, env=environment, cwd=root
        )
        assert process.stdout is not None
        for _ in range(moments.randrange(1, 25)):  # so many batches, and then somewhere in the next ones
            said = int(process.stdout.readline())
        time.sleep(moments.random() * 0.03)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        said = int(rest[-1]) if rest else said
        process.wait()
        process.stdout.close()
    service = Service(live, Database(live.database))
    service.go_on()
    assert service.done >= said
    service.check()
    service.close()
