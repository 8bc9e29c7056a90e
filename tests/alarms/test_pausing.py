"""Pauses: what is refused, what the ledger keeps, what the plant file names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.alarms.pausing import covers, lift, pause, pauses_of
from andon.plant.alarm import SuppressedBy
from andon.plant.alarm_json import pause_from_dict
from andon.plant.errors import AlarmError
from andon.plant.file.parse import parse_plant_text
from andon.plant.file.schema import DAYS, Maintenance, PlantFile, Site
from andon.plant.time import DAY_NS, HOUR_NS, parse_instant
from andon.preparing.calendar import in_maintenance, windows_of
from tests.alarms.events import T0, event

GOOD: dict[str, Any] = {
    "kind": SuppressedBy.SETPOINT, "start": T0, "end": T0 + HOUR_NS, "asset": "pump 1", "why": " new recipe ", "by": "eve", "at": T0,
}  # fmt: skip


def test_a_pause_gives_its_ledger_entry() -> None:
    made, entry = pause(**GOOD)
    assert (made.kind, made.why, made.holds(T0), made.holds(T0 + HOUR_NS)) == (SuppressedBy.SETPOINT, "new recipe", True, False)
    assert (entry.what, entry.at, entry.by, entry.data["pause"], entry.data["kind"]) == ("alarms-paused", T0, "eve", made.id, "set-point")
    assert pause_from_dict({key: value for key, value in entry.data.items() if key != "pause"}) == made
    lifted, entry = lift(made, "bo", T0 + 5)
    assert (lifted.id, lifted.end) == (made.id, T0 + 5)
    assert (entry.what, entry.data) == ("alarms-resumed", {"pause": made.id, "asset": "pump 1", "kind": "set-point"})
    with pytest.raises(AlarmError, match="is over since 2025-10-09T08:53:20Z"):
        lift(lifted, "bo", T0 + 5)


def test_a_pause_lifted_before_it_began_never_holds() -> None:
    made, _ = pause(**GOOD | {"start": T0 + HOUR_NS, "end": T0 + 2 * HOUR_NS})
    lifted, _ = lift(made, "bo", T0)
    assert not any(lifted.holds(T0 + step * HOUR_NS // 2) for step in range(6))


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "kind": ({"kind": SuppressedBy.PARENT}, "a parent suppresses its children by itself"),
    "reason": ({"why": " "}, "a pause needs its reason"),
    "length": ({"end": T0}, "the end of the pause is not after its start"),
    "over": ({"at": T0 + HOUR_NS}, "the pause is over already"),
    "long": ({"end": T0 + 3 * DAY_NS}, "a pause of 3d is too long, for set-point at most 2d"),
    "tags": ({"kind": SuppressedBy.CALIBRATION}, "a calibration needs the tags of the transmitter"),
    "asset": ({"asset": ""}, "a pause for set-point needs its asset"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_pause_is_refused(name: str) -> None:
    change, message = BAD[name]
    with pytest.raises(AlarmError) as caught:
        pause(**GOOD | change)
    assert caught.value.what == message
    assert caught.value.do


def test_the_plant_file_has_pauses_of_its_own() -> None:
    plant = parse_plant_text(
        '[[asset]]\nid = "pump 1"\n[[asset]]\nid = "pump 2"\n'
        '[[out_of_service]]\ntag = "TIC-1"\nasset = "pump 1"\nuntil = 2026-03-01\nwhy = "sent in"\n[[out_of_service]]\ntag = "FIC-1"\n'
        '[[maintenance]]\nstart = 2026-03-01\nend = 2026-03-02\nassets = ["pump 1", "pump 2"]\nwhy = "cleaning"\n'
        '[[maintenance]]\nevery = "day"\nat = "06:00"\nlasts = "1h"\n'
    )
    day = parse_instant("2026-03-01")
    tic, fic, first, second, *daily = pauses_of(plant, day - 1, day + DAY_NS)
    assert (tic.kind, tic.asset, tic.tags, tic.end, tic.why) == (SuppressedBy.CALIBRATION, "pump 1", ("TIC-1",), day, "sent in")
    assert covers(tic, event(), day - 1)
    assert not covers(tic, event(), day)
    assert not covers(tic, event(asset="pump 2"), day - 1)
    assert covers(fic, event(shares={"FIC-1": 1.0}), day)
    assert [(item.kind, item.asset, item.start, item.end) for item in (first, second)] == [
        (SuppressedBy.MAINTENANCE, asset, day, day + DAY_NS) for asset in ("pump 1", "pump 2")
    ]
    assert covers(first, event(), day)
    assert [(item.asset, item.start, item.end) for item in daily] == [("", day + 6 * HOUR_NS, day + 7 * HOUR_NS)]
    assert set(pauses_of(plant, day + DAY_NS, day + 2 * DAY_NS)).isdisjoint((tic, first, second, *daily))


windows = st.builds(
    Maintenance,
    every=st.sampled_from(["day", "week", "month"]),
    start=st.none() | st.integers(0, 40).map(lambda days: parse_instant("2026-03-10") + days * DAY_NS),
    end=st.none() | st.integers(0, 40).map(lambda days: parse_instant("2026-04-20") + days * DAY_NS),
    days=st.lists(st.sampled_from(DAYS), min_size=1, max_size=3).map(tuple),
    day=st.integers(1, 31),
    at_ns=st.integers(0, 48).map(lambda half: half * HOUR_NS // 2),
    lasts_ns=st.integers(1, 60).map(lambda hours: hours * HOUR_NS),
    zone=st.sampled_from([None, "UTC", "Asia/Shanghai"]),
    assets=st.sampled_from([(), ("pump 1",), ("pump 2",)]),
)


@settings(deadline=None)
@given(st.lists(windows, max_size=3).map(tuple), st.integers(0, 60), st.integers(1, 20))
def test_recurring_windows_are_those_of_scoring(found: tuple[Maintenance, ...], begin: int, length: int) -> None:
    """Time in which no verdict is given, and time in which alarms are suppressed, are the same."""
    plant = PlantFile(site=Site(zone="Europe/Berlin"), maintenance=found)
    start = parse_instant("2026-03-01") + begin * DAY_NS
    time = np.arange(start, start + length * DAY_NS, HOUR_NS // 2, dtype=np.int64)
    pauses = [item for item in pauses_of(plant, start, start + length * DAY_NS) if item.asset in ("", "pump 1")]
    ours = [any(item.holds(at) for item in pauses) for at in time.tolist()]
    assert ours == in_maintenance(windows_of(plant), "pump 1", time).tolist()


def test_a_calibration_covers_what_its_tags_mainly_speak_for() -> None:
    made, _ = pause(**GOOD | {"kind": SuppressedBy.CALIBRATION, "tags": ("a", "b")})
    assert covers(made, event(shares={"a": 0.3, "b": 0.2, "c": 0.5, "d": -0.4}), T0)
    assert not covers(made, event(shares={"a": 0.3, "c": 0.7}), T0)
    assert not covers(made, event(shares={}), T0)
