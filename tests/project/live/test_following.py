"""What the store of models says takes effect while the plant runs, whichever door wrote it, and once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.plant.time import NS
from andon.project import promises
from andon.project.live.replaying import open_replay, run_replay
from andon.project.live.running import Running
from andon.scoring.model_file import load, pack
from andon.streaming.control import Promised, Promoted, PutBack, TakeOut
from tests.project.live.test_sending import plant_with
from tests.small_plant import ASSET, Line


@pytest.fixture
def running(line: Line, new_export: Path, tmp_path: Path) -> Iterator[Running]:
    plant = plant_with(line, tmp_path / "plant")
    with open_replay(str(plant), [str(new_export)], {"asset": ASSET}, speed=0.0, data=str(tmp_path / "data")) as made:
        yield made


def test_a_budget_and_a_tag_from_the_terminal_reach_the_loop_once(running: Running) -> None:
    running.follow()
    assert running.follower._seen is None, "before the loop has recovered nothing is looked at"
    running.loop.recover()
    running.follow()
    models = str(running.models.folder)
    promises.budget(ASSET, "6/day", models=models)
    promises.tag_out(ASSET, "LIC-101", until=None, why="calibration", models=models)
    told = running.follower.look()
    assert [type(item) for item in told] == [Promised, TakeOut]
    assert running.follower.look() == ()
    promises.tag_in(ASSET, "LIC-101", models=models)
    assert [type(item) for item in running.follower.look()] == [PutBack]
    asyncio.run(asyncio.wait_for(run_replay(running), 240))
    (served,) = running.loop.heart.served
    assert served.out == {}
    (promised,) = [item for item in told if isinstance(item, Promised)]
    assert served.limits[0].promise.threshold == promised.threshold
    running.follower._seen = None
    assert running.follower.look() == (), "what is in force is not told again"


def test_a_promoted_model_takes_over_and_a_restart_goes_on_with_it(line: Line, running: Running) -> None:
    running.loop.recover()
    first = running.monitors[ASSET].version
    packed = pack(load(line.model), made_at=1_790_000_000 * NS)
    version = packed.version
    running.models.save(ASSET, version, packed.data, [ASSET])
    running.models.promote(ASSET, version, by="kim")
    (told,) = running.follower.look()
    assert isinstance(told, Promoted)
    asyncio.run(asyncio.wait_for(run_replay(running), 240))
    assert running.monitors[ASSET].version == version != first
    assert [fleet.fleet.monitor.version for fleet in running.loop.heart.served] == [version]
    entries = [entry.what for entry in running.models.ledger.entries()]
    assert entries.count("took-over") == 1
    assert entries.index("promoted") < entries.index("took-over")
