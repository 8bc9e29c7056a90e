"""The loop: killed at any point and started again, it says what an undisturbed run says; nothing twice, nothing missing."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from andon.plant.errors import StoreError
from andon.store.journal import Journal
from andon.streaming.control import TakeOut
from tests.small_plant import Line
from tests.streaming.plain_parts import ListLink, Notebook
from tests.streaming.run_loop import make_loop, until_done
from tests.streaming.test_served import ASSETS, ROWS, START, STEP_NS

KILLS = 10
LAST = START // STEP_NS + ROWS - 1
SCRIPT = Path(__file__).with_name("run_loop.py")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def undisturbed(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    folder = tmp_path_factory.mktemp("undisturbed")
    loop = make_loop(line.model, folder)
    asyncio.run(asyncio.wait_for(until_done(loop), 120))
    return Notebook(folder / "book.sqlite")


def test_everything_is_judged_and_acknowledged_and_the_journal_is_released(line: Line, undisturbed: Notebook, tmp_path: Path) -> None:
    verdicts, events = undisturbed.everything(LAST)
    assert len(verdicts) == len(ASSETS) * ROWS
    assert {str(what) for _, what, *_ in events} == {"opened", "revised", "closed"}
    loop = make_loop(line.model, tmp_path)
    asyncio.run(asyncio.wait_for(until_done(loop), 120))
    link = loop.links[0]
    assert isinstance(link, ListLink)
    assert link.acknowledged == len(link.batches)
    assert len(list((tmp_path / "journal").glob("*.journal"))) <= 3
    assert len(loop._checkpoints.files()) == 2


def test_killed_at_random_points_it_says_the_same(line: Line, undisturbed: Notebook, tmp_path: Path) -> None:
    rng = random.Random(7)
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"}
    killed = 0
    for attempt in range(KILLS * 4):
        pause = "0.012" if killed < KILLS else "0"
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(line.model), str(tmp_path), pause],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "started"
        if killed < KILLS:
            time.sleep(rng.uniform(0.4, 1.3))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
        code = process.wait(timeout=120)
        process.stdout.close()
        if code == 0:
            break
        assert code == -signal.SIGKILL, f"attempt {attempt} ended with {code}"
    assert killed >= min(KILLS, 3)
    assert Notebook(tmp_path / "book.sqlite").everything(LAST) == undisturbed.everything(LAST)


def test_a_keeper_that_fails_is_asked_again_and_nothing_is_lost(line: Line, undisturbed: Notebook, tmp_path: Path) -> None:
    loop = make_loop(line.model, tmp_path)
    keeper = loop.keeper
    assert isinstance(keeper, Notebook)
    keeper.fail_next = 3
    asyncio.run(asyncio.wait_for(until_done(loop), 120))
    assert keeper.everything(LAST) == undisturbed.everything(LAST)
    assert loop.status.trouble == ""


def test_a_full_disk_holds_up_the_source_and_loses_nothing(
    line: Line, undisturbed: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = make_loop(line.model, tmp_path)
    real, refused = Journal.append_all, [0]

    def sometimes(journal: Journal, batches: object) -> object:
        refused[0] += 1
        if refused[0] in (5, 6, 20):
            raise StoreError("cannot write the journal: No space left on device", do="free some space")
        return real(journal, batches)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "append_all", sometimes)
    asyncio.run(asyncio.wait_for(until_done(loop), 120))
    assert Notebook(tmp_path / "book.sqlite").everything(LAST) == undisturbed.everything(LAST)


@pytest.mark.parametrize("part", ["append_all", "wait"])
def test_an_error_of_our_own_in_the_journal_ends_the_loop_and_does_not_leave_it_hanging(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    loop = make_loop(line.model, tmp_path)
    calls, real = [0], getattr(Journal, part)

    def broken(*given: object) -> object:
        calls[0] += 1
        if calls[0] >= 3:
            raise RuntimeError("this should not happen")
        return real(*given)

    monkeypatch.setattr(Journal, part, broken)
    with pytest.raises(RuntimeError, match="this should not happen"):
        asyncio.run(asyncio.wait_for(loop.run(), 60))


def test_what_somebody_says_is_on_the_disk_before_it_returns(line: Line, tmp_path: Path) -> None:
    loop = make_loop(line.model, tmp_path)
    before = loop.journal.durable
    loop.tell(TakeOut("PIC-101", ASSETS[0], None, "calibration"))
    assert loop.journal.durable > before
    loop.journal.close()
    again = make_loop(line.model, tmp_path)
    asyncio.run(asyncio.wait_for(until_done(again), 120))
    assert again.heart.served[0].out.keys() == {(ASSETS[0], "PIC-101")}
