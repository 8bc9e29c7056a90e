"""Windows and tags of the plant file take effect by themselves, each once, each in the ledger; a changed file without a restart."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.plant.time import DAY_NS, HOUR_NS
from andon.plant.verdict import Why
from andon.project.live.planning import BY
from andon.project.live.replaying import open_replay, run_replay
from andon.project.live.running import Running
from tests.project.live.test_sending import plant_with
from tests.small_plant import ASSET, Line

DAILY = '[[maintenance]]\nevery = "day"\nat = "06:00"\nlasts = "2h"\nwhy = "filter"\n'
OUT = '[[out_of_service]]\ntag = "LIC-101"\nwhy = "calibration"\n'


@pytest.fixture
def running(line: Line, new_export: Path, tmp_path: Path) -> Iterator[Running]:
    plant = plant_with(line, tmp_path / "plant", DAILY, OUT)
    with open_replay(str(plant), [str(new_export)], {"asset": ASSET}, speed=0.0, data=str(tmp_path / "data")) as made:
        made.loop.recover()
        yield made


def paused(running: Running, what: str = "alarms-paused") -> int:
    return sum(entry.what == what and entry.by == BY for entry in running.models.ledger.entries())


def change(running: Running, old: str, new: str) -> None:
    path = running.planner._path
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 10**9))


def test_every_window_is_planned_once_and_nothing_is_judged_in_it(running: Running) -> None:
    start = running.clock.now()
    for _ in range(2):
        running.planner.look(4 * DAY_NS)
        running.follow()
    assert paused(running) == 4
    assert paused(running, "tag-out") == 1
    asyncio.run(asyncio.wait_for(run_replay(running), 240))
    (served,) = running.loop.heart.served
    assert len(served.planned) == 4
    assert set(served.out) == {("", "LIC-101")}
    verdicts = running.keeping.traces.read(ASSET, start, start + 3 * DAY_NS)[0]
    of_day = verdicts.time % DAY_NS
    inside = (of_day > 6 * HOUR_NS) & (of_day < 8 * HOUR_NS)
    assert set(verdicts.why[inside].tolist()) == {int(Why.MAINTENANCE)}
    assert int(Why.MAINTENANCE) not in verdicts.why[of_day < 6 * HOUR_NS].tolist()


def test_a_changed_file_takes_effect_and_one_with_a_mistake_changes_nothing(running: Running) -> None:
    running.planner.look()
    before = [found.id for found in running.alarms.pauses(running.clock.now())]
    assert len(before) == 3, "two windows and a tag"
    change(running, 'every = "day"', 'every = "dayly"')
    running.planner.look()
    assert "plant.toml" in running.planner.trouble
    assert [found.id for found in running.alarms.pauses(running.clock.now())] == before
    change(running, 'every = "dayly"', 'every = "week"\ndays = ["sunday"]')
    change(running, OUT, "")
    running.planner.look()
    assert running.planner.trouble == ""
    assert paused(running, "alarms-resumed") >= 1
    assert paused(running, "tag-in") == 1
    assert running.models.state().tags_out == ()


def test_after_a_restart_the_book_knows_the_pauses_again(running: Running) -> None:
    running.planner.look()
    known = {found.id for found in running.alarms.pauses(running.clock.now())}
    running.alarms.book._pauses.clear()
    running.planner.look()
    assert {found.id for found in running.alarms.pauses(running.clock.now())} == known
    assert paused(running) == 2


def test_a_new_name_of_an_asset_is_that_of_the_next_message(running: Running) -> None:
    change(running, f'id = "{ASSET}"', f'id = "{ASSET}"\nname = "Kiln 2"')
    running.planner.look()
    assert running.planner.trouble == ""
    assert running.name_of(ASSET) == running.announcer._name_of(ASSET) == "Kiln 2"
