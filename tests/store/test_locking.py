"""One writer at a time, with the system's locks and without them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from andon.plant.errors import StoreError
from andon.store import locking
from andon.store.locking import only_writer


@pytest.fixture(params=["system", "file"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "file":
        monkeypatch.setattr(locking, "_system_lock", lambda: ("", None))
    return str(request.param)


def test_writers_take_turns(tmp_path: Path, kind: str) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(5):
            with only_writer(tmp_path):
                inside += 1
                most = max(most, inside)
                time.sleep(0.002)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_busy_folder_says_so(tmp_path: Path, kind: str) -> None:
    with only_writer(tmp_path), pytest.raises(StoreError, match="another Andon is writing here"), only_writer(tmp_path, wait_s=0.05):
        pass
    with only_writer(tmp_path, wait_s=0.05):
        pass


def test_an_error_inside_frees_the_folder(tmp_path: Path, kind: str) -> None:
    with pytest.raises(KeyError), only_writer(tmp_path):
        raise KeyError
    with only_writer(tmp_path, wait_s=0.05):
        pass


def test_a_stale_file_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "_system_lock", lambda: ("", None))
    (tmp_path / ".lock.taken").touch()
    os.utime(tmp_path / ".lock.taken", (1, 1))
    with only_writer(tmp_path, wait_s=1):
        pass


def test_a_killed_holder_frees_the_folder(tmp_path: Path) -> None:
    if not locking._system_lock()[0]:
        pytest.skip("this system has no locks that die with their holder")
    code = """
import sys, time
from andon.store.locking import only_writer
with only_writer(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"held"
    with pytest.raises(StoreError, match="another Andon"), only_writer(tmp_path, wait_s=0.05):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with only_writer(tmp_path, wait_s=5):
        pass


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot write"), only_writer(tmp_path / "file"):
        pass
