"""Floods: the fast rule beside a slow twin, and what is shown while one lasts."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.alarms.floods import Flood, floods, in_flood, shown, urgency
from andon.alarms.grouping import Grouping
from andon.alarms.life import replay
from andon.plant.alarm import Acknowledge, Alarm, Shelve
from andon.plant.file.alarm_settings import AlarmSettings
from andon.plant.time import DAY_NS
from tests.alarms.events import MIN, T0, Writer, event, raise_alarm
from tests.alarms.plants import PLANT

SETTINGS = AlarmSettings()


def twin(times: list[int], limits: AlarmSettings, now: int) -> list[tuple[int, int | None]]:
    """The rule as it is told: look at every moment at which the count of the window changes."""
    begin, end, window = limits.flood_begin * limits.operators, limits.flood_end * limits.operators, limits.flood_window_ns
    found: list[tuple[int, int | None]] = []
    start = None
    for moment in sorted({moment for time in times for moment in (time, time + window) if moment <= now}):
        count = sum(moment - window < time <= moment for time in times)
        if start is None and count > begin:
            start = moment
        elif start is not None and count < end:
            found.append((start, moment))
            start = None
    return [*found, (start, None)] if start is not None else found


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(0, 60).map(lambda minute: minute * MIN), max_size=60).map(sorted),
    st.integers(1, 6), st.integers(1, 6), st.integers(1, 2), st.integers(0, 90),
)  # fmt: skip
def test_floods_are_those_of_the_twin(times: list[int], begin: int, end: int, operators: int, now: int) -> None:
    limits = AlarmSettings(flood_begin=max(begin, end), flood_end=min(begin, end), operators=operators)
    found = floods(times, limits, now * MIN)
    assert [(flood.start, flood.end) for flood in found] == twin(times, limits, now * MIN)
    for flood in found:
        over = flood.end if flood.end is not None else now * MIN
        known = sum(flood.start <= time <= over for time in times)
        assert known <= flood.alarms <= known + limits.flood_begin * operators


def test_a_flood_by_hand() -> None:
    """Ten alarms in ten minutes are none, the eleventh begins one; it ends when the fifth last is ten minutes old."""
    times = [T0 + step * MIN // 2 for step in range(11)]
    assert floods(times[:10], SETTINGS, T0 + 60 * MIN) == ()
    (flood,) = floods(times, SETTINGS, T0 + 60 * MIN)
    assert flood.start == times[10]
    # Five are left until the fifth last alarm leaves the window: then there are four.
    assert flood.end == times[-5] + 10 * MIN
    assert flood.alarms == 11
    assert in_flood(times, SETTINGS, flood.end - 1) == replace(flood, end=None)
    assert in_flood(times, SETTINGS, flood.end) is None


def alarm(number: int, asset: str, priority: int, at: int) -> Alarm:
    write = Writer(f"a{number}", at - MIN)
    return replay(write(raise_alarm(event(at, asset), priority=priority)))


def test_a_flood_shows_the_first_the_urgent_and_what_stood_before_and_folds_the_rest() -> None:
    alarms = [
        alarm(1, "pump 2", 3, T0 - MIN),  # stood before
        alarm(2, "pump 1", 3, T0 + MIN),
        alarm(3, "motor", 2, T0 + 2 * MIN),
        alarm(4, "line", 1, T0 + 3 * MIN),  # urgent
        alarm(5, "other", 3, T0 + 4 * MIN),  # the first of its own line
        alarm(6, "other", 3, T0 + 5 * MIN),
    ]
    grouping = Grouping(PLANT)
    calm = shown(alarms, grouping, None)
    assert [found.id for found in calm.rows] == ["a4", "a3", "a6", "a5", "a2", "a1"]
    assert calm.folded == {}
    view = shown(alarms, grouping, Flood(T0, None, 6))
    assert [found.id for found in view.rows] == ["a4", "a5", "a1"]
    assert view.folded == {"line": ("a3", "a2"), "other": ("a6",)}


def test_what_is_hidden_or_has_not_come_up_yet_is_in_no_list() -> None:
    shelved, waiting, over = Writer("s", T0), Writer("w", T0), Writer("o", T0)
    shelved(raise_alarm(), Shelve(T0 + DAY_NS, "known"))
    waiting(raise_alarm(on_delay_ns=DAY_NS))
    over(raise_alarm(), Acknowledge())
    over.clear()
    found = [replay(write.records) for write in (shelved, waiting, over)] + [alarm(1, "line", 3, T0)]
    assert [one.id for one in shown(found, Grouping(PLANT), None).rows] == ["a1"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["line", "pump 1", "motor", "other"]), st.integers(1, 4), st.integers(-5, 5)), max_size=20))
def test_nothing_is_lost_in_a_flood(rows: list[tuple[str, int, int]]) -> None:
    alarms = [alarm(number, asset, priority, T0 + at * MIN) for number, (asset, priority, at) in enumerate(rows)]
    view = shown(alarms, Grouping(PLANT), Flood(T0, None, 6))
    ids = [found.id for found in view.rows] + [one for ids in view.folded.values() for one in ids]
    assert sorted(ids) == sorted(found.id for found in alarms)
    assert list(view.rows) == sorted(view.rows, key=urgency)
    assert all(found in view.rows for found in alarms if found.priority == 1)
    # Behind every fold stands a row of the same line.
    tops = {Grouping(PLANT).top(found.asset) for found in view.rows}
    assert set(view.folded) <= tops
