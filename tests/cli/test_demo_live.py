"""The live part of the demonstration on the small line: an alarm comes, is acknowledged through the API, and all ends cleanly."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from andon.cli.verb_demo import live
from andon.plant.errors import RefusedError, TryAgainError
from andon.project.demo import Stage
from andon.project.live.demonstration import open_demonstration
from andon.project.live.places import places_of
from andon.store.database import alarm_records
from tests.small_plant import ASSET, Line, andon


@pytest.fixture(scope="module")
def stage(line: Line, new_export: Path, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The small line, scored, as `andon demo` leaves its own plant."""
    folder = tmp_path_factory.mktemp("stage")
    shutil.copytree(line.models, folder / "models")
    plant = folder / "plant.toml"
    plant.write_text((line.folder / "plant.toml").read_text("utf-8"), "utf-8")
    done = andon("score", ASSET, new_export, "--models", folder / "models", "-o", folder / "out", "--json")
    assert done.code == 0, done.err
    return Stage(str(plant), (str(new_export),), {"asset": ASSET}, str(folder / "out"))


def test_it_ends_by_itself_once_an_alarm_was_acknowledged(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    came = live(stage, "en", speed=300, port=0, until_acknowledged=True, lead="10min")
    assert time.monotonic() - began < 120
    told = capsys.readouterr().out
    assert "Andon serves at http://127.0.0.1:" in told
    assert "Acknowledged through the API by demo: " in told
    assert told.endswith("Everything is stored. Goodbye.\n")
    places = places_of(stage.plant)
    with places.open_database() as database:
        records = database.read(lambda connection: alarm_records.of_alarm(connection, came["acknowledged"]))
    assert [(record.kind, record.by) for record in records if record.kind == "acknowledge"] == [("acknowledge", "demo")]
    assert next(iter(records)).data["kind"] == "alarm", "the plant file has an action, so it is no mere notification"
    ledger = [(entry.what, entry.by) for entry in places.models.ledger.entries()]
    assert ("alarm-act", "demo") in ledger
    assert ("first-administrator", "demo") in ledger
    assert andon("ledger", "verify", "--plant", stage.plant, "--json").json()["signed"] > 0
    assert places.plant.responses[0].action == "Find the cause and correct it, or slow the plant down"
    assert not places.plant.alarms.first_fortnight


def test_nothing_is_judged_twice_or_late_where_the_replay_slows_down(stage: Stage) -> None:
    """The run-up is judged up to the moment, and what follows goes on from there."""
    with open_demonstration(stage, speed=60, port=0) as running:
        running.loop.recover()
        (served,) = running.loop.heart.served
        first = running.clock.now()
        assert running.loop.links[0].name == "replay"
        assert first - 4 * served.arrivals.interval <= served.arrivals.closed < first


def test_without_an_alarm_it_gives_up_and_says_so(stage: Stage) -> None:
    with pytest.raises(TryAgainError, match="no alarm came within 1 s"):
        live(stage, "en", speed=1, port=0, until_acknowledged=True, lead="1h", patience="1s", quiet=True)


def test_a_recording_without_an_event_is_refused(stage: Stage, tmp_path: Path) -> None:
    text = (Path(stage.results) / "events.json").read_text("utf-8")
    (tmp_path / "events.json").write_text(json.dumps({**json.loads(text), "events": []}), "utf-8")
    with pytest.raises(RefusedError, match="no event was found"):
        live(Stage(stage.plant, stage.exports, stage.how, str(tmp_path)), "en", speed=60, port=0, quiet=True)
