"""Laboratory results through the API: checked, on disk before the answer, in the ledger, beside the predictions on the trend."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from andon.plant.errors import AskUserError
from andon.project.live.replaying import open_replay, run_replay
from andon.project.live.running import Running
from andon.project.promises import open_model
from andon.service.callers import Caller
from andon.service.pages.trends import trend
from andon.service.plant_desk import PlantDesk
from andon.service.problems import UnknownName
from andon.service.routes.instants import to_text
from andon.service.schema import LabResult, Role
from tests.scoring.soft_sensor import sensor
from tests.small_plant import ASSET, NEW_START, STEP, Line

KIM = Caller("kim", Role.OPERATOR, language="en")
FIRST = int(NEW_START.timestamp()) * 10**9
STEP_NS = int(STEP.total_seconds()) * 10**9


@pytest.fixture
def running(line: Line, new_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    real = open_model

    def with_quality(*what: Any) -> Any:
        plain = real(*what)
        channels = tuple(channel.name for channel in plain.preparation.channels[:3])
        one = replace(sensor(), channels=channels, interval_ns=STEP_NS, region=replace(sensor().region, limit=1e6))
        return replace(plain, quality=(one,))

    monkeypatch.setattr("andon.project.live.running.open_model", with_quality)
    made = open_replay(str(line.folder / "plant.toml"), [str(new_export)], {"asset": ASSET}, speed=0.0, data=str(tmp_path / "data"))
    with made as running:
        yield running


def result(row: int, value: float, **more: Any) -> LabResult:
    return LabResult(target="purity", sample_time=to_text(FIRST + row * STEP_NS), value=value, **more)


def test_results_are_taken_shown_and_noted(running: Running) -> None:
    desk = PlantDesk(running)
    running.clock.reach(FIRST + 900 * STEP_NS)  # type: ignore[attr-defined]
    assert desk.laboratory(KIM, [result(100, 51.5, asset=ASSET), result(200, 48.25)]).accepted == 2
    desk.laboratory(KIM, [result(100, 52.0, asset=ASSET)])
    running.clock._reached = FIRST  # type: ignore[attr-defined]
    asyncio.run(asyncio.wait_for(run_replay(running), 240))
    (shown,) = trend(running, KIM, ASSET, FIRST, FIRST + 900 * STEP_NS, 500, []).quality
    assert shown.target == "purity"
    assert shown.lab_value == [52.0, 48.25], "the corrected value stands in the place of the first"
    assert shown.lab_time == [(FIRST + row * STEP_NS) / 1e9 for row in (100, 200)]
    noted = [entry for entry in running.models.ledger.entries() if entry.what == "lab-result" and entry.by == "kim"]
    assert [entry.data["value"] for entry in noted][-3:] == [51.5, 48.25, 52.0]


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        ({"asset": "nothing"}, UnknownName, "nothing"),
        ({"target": "taste"}, UnknownName, "taste"),
        ({"sample_time": to_text(FIRST + 10**6 * STEP_NS)}, AskUserError, "lies ahead"),
        ({"result_time": to_text(FIRST)}, AskUserError, "before its sample was drawn"),
        ({"sample_time": "noon"}, Exception, "noon"),
    ],
)
def test_what_is_wrong_is_refused_with_all_that_came_with_it(
    running: Running, wrong: dict[str, str], kind: type[Exception], says: str
) -> None:
    running.clock.reach(FIRST + 900 * STEP_NS)  # type: ignore[attr-defined]
    before = running.journal.durable
    given = {"target": "purity", "sample_time": to_text(FIRST + STEP_NS), "value": 1.0, **wrong}
    with pytest.raises(kind, match=says):
        PlantDesk(running).laboratory(KIM, [result(1, 50.0), LabResult(**given)])  # type: ignore[arg-type]
    assert running.journal.durable == before
