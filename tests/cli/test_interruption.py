"""Ctrl-C in every phase, a killed process, a full disk, a folder that cannot be written: clear words, whole files, and a second run."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from andon.cli.progress import TerminalProgress
from andon.store import ModelStore, read_events
from tests.small_plant import Line, Outcome, andon

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """A process that was started in the background may ignore Ctrl-C, and hand that on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _whole(folder: Path) -> list[str]:
    """Every file below a folder; none of them half-written."""
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert not [file for file in files if file.endswith(".part")]
    return files


def _stop_at(monkeypatch: pytest.MonkeyPatch, stage: str) -> list[str]:
    """Send this process the signal of Ctrl-C when a stage begins."""
    met: list[str] = []

    def stop(self: TerminalProgress, now: str, share: float, /) -> None:
        if now == stage and not met:
            met.append(now)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(TerminalProgress, "__call__", stop)
    return met


@pytest.fixture
def to_train(line: Line, tmp_path: Path) -> Path:
    """A folder with an export and a plant file, and no model yet."""
    (tmp_path / "train.csv").symlink_to(line.folder / "train.csv")
    plant = tmp_path / "plant.toml"
    plant.write_text((line.folder / "plant.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return plant


def _stopped(done: Outcome) -> None:
    assert done.code == 1
    assert done.out == ""
    assert done.err == (
        "error: stopped; nothing is half-written\n  do: run the same command again: it starts anew, or goes on where it stopped\n"
    )


@pytest.mark.parametrize("stage", ["read", "preparing", "linear core", "choosing", "scoring", "report"])
def test_ctrl_c_while_training(stage: str, to_train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    met = _stop_at(monkeypatch, stage)
    _stopped(andon("train", to_train, "--no-network"))
    assert met == [stage]
    files = _whole(to_train.parent)
    if stage != "report":  # the model is kept before its report is drawn
        assert files == ["plant.toml", "train.csv"]
    else:
        version = ModelStore(to_train.parent / "models").champion("line")
        assert andon("inspect", version.model, "--models", to_train.parent / "models").code == 0


def test_ctrl_c_while_training_the_network_and_going_on(to_train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from andon.training import checkpoints, loop

    monkeypatch.setattr(loop, "CHECKPOINT_EVERY_S", 0.0)
    monkeypatch.setattr(loop, "PIECES", 1)
    resumed: list[bool] = []
    read_checkpoint = checkpoints.read_checkpoint

    def read(*given: Any) -> Any:
        found = read_checkpoint(*given)
        resumed.append(found is not None)
        return found

    monkeypatch.setattr(loop, "read_checkpoint", read)
    seen = 0

    def stop(self: TerminalProgress, now: str, share: float, /) -> None:
        nonlocal seen
        if now == "network":
            seen += 1
            if any(to_train.parent.rglob(".training.checkpoint")):
                signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(TerminalProgress, "__call__", stop)
        _stopped(andon("train", to_train, "--time-limit", "20s"))
    assert seen
    assert _whole(to_train.parent) == ["models/line/.training.checkpoint", "plant.toml", "train.csv"]
    monkeypatch.setattr(loop, "PATIENCE", 0)  # what is to be seen is the start, not the rest
    done = andon("train", to_train, "--time-limit", "20s", "--json")
    assert done.code == 0, done.err
    assert resumed == [False, True]
    assert not list(to_train.parent.rglob(".training.checkpoint"))


@pytest.mark.parametrize("stage", ["read", "scoring", "explaining", "report"])
def test_ctrl_c_while_scoring(stage: str, line: Line, new_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    met = _stop_at(monkeypatch, stage)
    _stopped(andon("score", line.model, new_export, "-o", tmp_path / "out"))
    assert met == [stage]
    assert _whole(tmp_path) == []


def test_ctrl_c_while_auditing(new_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    met = _stop_at(monkeypatch, "audit")
    _stopped(andon("audit", new_export, "--page", tmp_path / "page.html"))
    assert met == ["audit"]
    assert _whole(tmp_path) == []


def test_ctrl_c_as_json_and_in_chinese(line: Line, new_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _stop_at(monkeypatch, "read")
    done = andon("score", line.model, new_export, "-o", tmp_path / "out", "--json", "--lang", "zh-CN")
    assert done.code == 1
    assert done.out == ""
    assert done.error()["error"] == "Interrupted"
    assert done.error()["what"].startswith("已停止")


def _env() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT / "src"), "ANDON_LANG": "en"}


def _process(code: str, folder: Path, *words: str | Path) -> subprocess.Popen[str]:
    program = f"{code}\nfrom andon.cli.main import main\nmain({[str(word) for word in words]!r})"
    return subprocess.Popen(
        [sys.executable, "-c", program], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_env(),
    )  # fmt: skip


@pytest.fixture
def killed_at_write(line: Line, new_export: Path, tmp_path: Path) -> Path:
    """The results of a scoring that was killed in the moment when it wrote its events."""
    code = (
        "import os, signal\nreplace = os.replace\n"
        "def kill(source, target):\n"
        "    if str(target).endswith('events.json'): os.kill(os.getpid(), signal.SIGKILL)\n"
        "    replace(source, target)\n"
        "os.replace = kill"
    )
    with _process(code, tmp_path, "score", line.model, new_export, "-o", "out") as process:
        process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    return tmp_path / "out"


def test_a_process_killed_while_writing_leaves_no_half_file_under_a_real_name(killed_at_write: Path, line: Line, new_export: Path) -> None:
    left = sorted(path.name for path in killed_at_write.iterdir() if path.is_file())
    assert len(left) == 1
    assert left[0].startswith(".events.json.")
    done = andon("score", line.model, new_export, "-o", killed_at_write, "--json")
    assert done.code == 0, done.err
    assert read_events(killed_at_write / "events.json")
    assert _whole(killed_at_write) == ["events.csv", "events.json", "report.html", "report.json", "verdicts/line.parquet"]


def test_a_process_killed_while_training_is_taken_up_again(to_train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from andon.training import loop

    code = "import andon.training.loop as loop\nloop.CHECKPOINT_EVERY_S, loop.PIECES = 0.0, 1"
    folder = to_train.parent
    with _process(code, folder, "train", "plant.toml", "--time-limit", "20s", "--json") as process:
        end = time.monotonic() + 120
        while not list(folder.rglob(".training.checkpoint")) and process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        process.kill()
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert not list(folder.rglob("*.andon"))
    assert not ModelStore(folder / "models").state().models
    monkeypatch.setattr(loop, "PATIENCE", 0)
    done = andon("train", to_train, "--time-limit", "20s", "--json")
    assert done.code == 0, done.err
    assert not [file for file in _whole(folder) if "checkpoint" in file]


def test_a_real_ctrl_c_ends_the_process_with_code_1_and_no_traceback(line: Line, new_export: Path, tmp_path: Path) -> None:
    code = (
        "import os, signal, andon.reading as reading\nold = reading.read\n"
        "def read(*given, **more):\n    os.kill(os.getpid(), signal.SIGINT)\n    return old(*given, **more)\n"
        "reading.read = read"
    )
    with _process(code, tmp_path, "score", line.model, new_export, "-o", "out") as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert out == ""
    assert err.startswith("error: stopped")
    assert "Traceback" not in err


def test_a_stop_by_the_system_ends_like_ctrl_c(line: Line, new_export: Path, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, andon.reading as reading\n"
        "def read(*given, **more):\n    os.kill(os.getpid(), signal.SIGTERM)\n"
        "reading.read = read\n"
        f"sys.argv = ['andon', 'score', {str(line.model)!r}, {str(new_export)!r}, '--json']\n"
        "from andon.cli.main import main\nmain()"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False, env=_env())
    assert run.returncode == 1
    assert run.stdout == ""
    assert json.loads(run.stderr)["error"] == "Interrupted"
    assert _whole(tmp_path) == []


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("victim", [".parquet", "events.json", "events.csv", "report.json", "report.html"])
def test_a_full_disk_while_scoring(victim: str, line: Line, new_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill_disk(monkeypatch, victim)
    done = andon("score", line.model, new_export, "-o", tmp_path / "out", "--json")
    assert done.code == 1
    error = done.error()
    assert error["error"] == "StoreError"
    assert error["what"] == "cannot write: No space left on device"
    assert error["at"]["file"].endswith(victim)
    assert error["do"] == "free some space, or choose another folder"
    assert not [file for file in _whole(tmp_path) if file.endswith(victim)]


@pytest.fixture(params=["size=12k", "size=4m,ro"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A disk of 12 KiB, or one that cannot be written."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    made = mount is not None and subprocess.run(
        [mount, "-t", "tmpfs", "-o", request.param, "tmpfs", disk], capture_output=True, check=False
    )
    if not made or made.returncode != 0:
        pytest.skip("a small disk can be mounted by root on Linux alone")
    try:
        yield disk, "Read-only file system" if "ro" in request.param else "No space left on device"
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_real_small_disk(small_disk: tuple[Path, str], line: Line, new_export: Path) -> None:
    disk, reason = small_disk
    done = andon("score", line.model, new_export, "-o", disk / "out", "--json")
    assert done.code == 1
    assert done.error()["error"] == "StoreError"
    assert done.error()["what"] == f"cannot write: {reason}"
    assert done.error()["at"]["file"] == str(disk / "out" / "verdicts" / "line.parquet")
    assert _whole(disk) == []


@pytest.mark.parametrize("victim", [".andon", "state.json", "report.html"])
def test_a_full_disk_while_training(victim: str, to_train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        _fill_disk(patch, victim)
        done = andon("train", to_train, "--no-network", "--json")
    _whole(to_train.parent)
    store = ModelStore(to_train.parent / "models")
    if victim == "state.json":  # the ledger holds the change already
        assert done.code == 0
        assert store.champion("line")
        return
    assert done.code == 1
    assert done.error()["what"] == "cannot write: No space left on device"
    if victim == "report.html":  # the model was kept before its report was drawn
        assert store.champion("line")
        return
    assert not store.state().models
    again = andon("train", to_train, "--no-network", "--json")
    assert again.code == 0, again.err
    assert store.champion("line")


def test_a_full_disk_while_changing_the_promise(own: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ModelStore(own.models).state()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", _no_space)
        patch.setattr(os, "fsync", _no_space)
        done = andon("budget", "line", "3/day", "--models", own.models, "--json")
    assert done.code == 1, done.out
    assert "No space left" in done.error()["what"]
    assert ModelStore(own.models).state() == before
    assert andon("budget", "line", "3/day", "--models", own.models).code == 0


def _fill_disk(monkeypatch: pytest.MonkeyPatch, victim: str) -> None:
    """The disk is full when a file of that name is to be closed."""
    replace = os.replace

    def refuse(source: Any, target: Any) -> None:
        if str(target).endswith(victim):
            raise FULL
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)


def _no_space(*_given: Any) -> Any:
    raise FULL


def _cannot_write(done: Outcome, code: int = 1) -> None:
    assert done.code == code
    assert done.out == ""
    error = done.error()
    assert error["error"] == "StoreError"
    assert error["what"].startswith("cannot write")
    assert error["do"]


def test_a_folder_that_cannot_be_written(line: Line, new_export: Path, to_train: Path, tmp_path: Path) -> None:
    barred = tmp_path / "a file" / "folder"
    (tmp_path / "a file").write_text("in the way")
    _cannot_write(andon("score", line.model, new_export, "-o", barred, "--json"))
    _cannot_write(andon("audit", new_export, "--page", barred / "page.html", "--json"))
    _cannot_write(andon("init", new_export, "-o", barred / "plant.toml", "--json"))
    _cannot_write(andon("keys", "new", "-o", barred / "andon", "--json"))
    _cannot_write(andon("budget", line.model, "1/day", "--models", barred, "--json"))
    text = to_train.read_text(encoding="utf-8").replace('# models = "models"', f'models = "{barred.as_posix()}"')
    to_train.write_text(text, encoding="utf-8")
    _cannot_write(andon("train", to_train, "--no-network", "--json"))
    assert (tmp_path / "a file").read_text() == "in the way"
