"""`andon replay --serve` as a user starts it: an address and a one-time link, an answer over TCP, a clean end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.small_plant import ASSET, Line

ROOT = Path(__file__).resolve().parents[2]


def test_it_serves_until_it_is_asked_to_end(line: Line, new_export: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "andon", "replay", str(line.folder / "plant.toml"), str(new_export), "--asset", ASSET, "--speed", "0",
             "--serve", "--port", "0", "--data", str(tmp_path / "data")]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "ANDON_LANG": "en"}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    try:
        told = process.stdout.readline() + process.stdout.readline()
        address, secret = re.findall(r"(http://127\.0\.0\.1:\d+/)", told)[0], re.findall(r"first-sign-in#(\S+)", told)[0]
        with httpx.Client(base_url=address, timeout=30) as client:
            assert client.get("/healthz").json() == {"status": "ok"}
            assert client.get("/api/v1/overview").status_code == 401
            made = {"token": secret, "user": "kim", "password": "the furnace hums quietly"}
            assert client.post("/api/v1/first-sign-in", json=made).json()["role"] == "administrator"
            assert client.get("/api/v1/overview").json()["tiles"][0]["asset"] == ASSET
            assert client.post("/api/v1/first-sign-in", json=made).status_code == 403
            with client.stream("GET", "/api/v1/live") as page:  # an open console
                lines = iter(page.iter_lines())
                next(lines)
                process.send_signal(signal.SIGINT)
                assert list(lines)[-1:] == [""], "the stream ends whole"
    except BaseException:
        process.kill()
        raise
    finally:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Everything is stored" in out or "Replayed" in out
    assert "Traceback" not in err
    assert (tmp_path / "data" / "checkpoints").is_dir()
