"""Figures of a period beside a slow twin that looks at every half minute; by hand; and fast on many records."""

from __future__ import annotations

import math
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.alarms.figures import figures
from andon.alarms.history import histories, history
from andon.alarms.kpi import TEN_MINUTES_NS, Kpi, kpi
from andon.alarms.life import POSSIBLE, replay, settle
from andon.alarms.promise import Promise, kept
from andon.plant.alarm import Acknowledge, Act, AlarmKind, Clear, Mark, Raise, Record, Revise, Shelve, State, Suppress, SuppressedBy
from andon.plant.budget import Budget
from andon.plant.errors import AlarmError
from andon.plant.file.alarm_settings import AlarmSettings
from andon.plant.messages import LANGUAGES
from andon.plant.sentences import speak
from andon.plant.time import DAY_NS, HOUR_NS
from tests.alarms.events import MIN, T0, Writer, closed, event, raise_alarm

SETTINGS = AlarmSettings(stale_ns=40 * MIN, flood_begin=3, flood_end=2, chatter=3, chatter_within_ns=60 * MIN, operators=1)
HALF = MIN // 2


@st.composite
def lives(draw: st.DrawFn, number: int) -> list[Record]:
    """Records of one alarm, on whole minutes; what time alone does falls on half minutes."""
    asset = draw(st.sampled_from(["pump 1", "pump 2"]))
    kind = draw(st.sampled_from([AlarmKind.ALARM, AlarmKind.ALARM, AlarmKind.NOTIFICATION]))
    write = Writer(f"a{number}", T0 + draw(st.integers(0, 60)) * MIN)
    opened: list[str] = []
    raised = 0
    for what in draw(st.lists(st.sampled_from(["raise", "raise", "clear", "ack", "shelve", "suppress", "mark"]), min_size=1, max_size=9)):
        after = draw(st.integers(1, 30)) * MIN
        if not write.records and what != "raise":
            continue
        at = write.at + after
        act: Act | None = None
        if what == "raise":
            raised += 1
            found = event(at + raised, asset, {draw(st.sampled_from(["a", "b"])): 1.0})
            priority = 4 if kind is AlarmKind.NOTIFICATION else draw(st.integers(1, 3))
            act = Raise(found, kind, priority, tuple(found.shares), on_delay_ns=draw(st.sampled_from([0, 5])) * MIN + HALF)
            opened.append(found.id)
        elif what == "clear" and opened:
            act = Clear(opened.pop(0), draw(st.sampled_from([0, 5])) * MIN + HALF)
        elif what == "ack":
            act = Acknowledge()
        elif what == "shelve":
            act = Shelve(at + 10 * MIN + HALF, "known")
        elif what == "suppress":
            act = Suppress(f"p{len(write.records)}", SuppressedBy.MAINTENANCE, at + 15 * MIN + HALF)
        elif what == "mark":
            act = Mark(draw(st.booleans()))
        if act is None or (write.records and type(act) not in POSSIBLE[settle(replay(write.records), at).state]):
            continue
        write(act, after=after)
    return write.records


@st.composite
def plants_of_lives(draw: st.DrawFn) -> list[list[Record]]:
    found = [draw(lives(number)) for number in range(draw(st.integers(0, 5)))]
    return [records for records in found if records]


def twin(lives_: list[list[Record]], start: int, end: int) -> dict[str, object]:
    """Look at the state of every alarm each half minute."""
    grid = range(T0, end, HALF)
    rings: list[tuple[int, tuple[str, str], int]] = []
    notifications, stale = 0, []
    for records in lives_:
        before, standing, was_stale, rang = State.NORMAL, 0, False, False
        for at in grid:
            known = [record for record in records if record.at <= at]
            alarm = settle(replay(known), at) if known else None
            state = alarm.state if alarm is not None else State.NORMAL
            if alarm is not None and state is State.UNACKNOWLEDGED and before is not State.UNACKNOWLEDGED:
                last = settle(replay([record for record in records if record.at < end]), end - 1)
                if alarm.kind is AlarmKind.ALARM:
                    rings.append((at, (alarm.asset, last.cause[0]), alarm.priority))
                    rang = True
                elif at >= start:
                    notifications += 1
            standing = standing + 1 if state in (State.UNACKNOWLEDGED, State.ACKNOWLEDGED) else 0
            was_stale |= at >= start and standing * HALF > SETTINGS.stale_ns
            before = state
        if rang and was_stale:
            stale.append(records[0].alarm_id)
    inside = [ring for ring in rings if ring[0] >= start]
    stretch = Counter((ring[0] - start) // TEN_MINUTES_NS for ring in inside)
    source = Counter(ring[1] for ring in inside)
    moments = sorted(ring[0] for ring in rings)
    return {
        "alarms": len(inside),
        "notifications": notifications,
        "peak": max(stretch.values(), default=0),
        "over_ten": sum(count > SETTINGS.flood_begin for count in stretch.values()) / -(-(end - start) // TEN_MINUTES_NS),
        "top": sorted(((name, count) for name, count in source.items()), key=lambda item: (-item[1], item[0])),
        "chattering": {
            name
            for name in source
            for last in [at for at, found, _ in rings if found == name and at >= start]
            if sum(found == name and last - SETTINGS.chatter_within_ns < at <= last for at, found, _ in rings) >= SETTINGS.chatter
        },
        "stale": sorted(stale),
        "priorities": Counter(ring[2] for ring in inside),
        "in flood": sum(_flooded(moments, at) for at in range(start, end, HALF)),
    }


def _flooded(moments: list[int], at: int) -> bool:
    on = False
    for look in range(T0, at + 1, HALF):
        count = sum(look - SETTINGS.flood_window_ns < moment <= look for moment in moments)
        on = count > SETTINGS.flood_begin if not on else count >= SETTINGS.flood_end
    return on


@settings(max_examples=20, deadline=None)
@given(plants_of_lives(), st.integers(0, 40))
def test_the_figures_are_those_of_the_twin(lives_: list[list[Record]], begin: int) -> None:
    start, end = T0 + begin * MIN, T0 + 160 * MIN
    found = kpi(histories([record for records in lives_ for record in records], end - 1), start, end, SETTINGS)
    slow = twin(lives_, start, end)
    assert (found.alarms, found.notifications, found.peak) == (slow["alarms"], slow["notifications"], slow["peak"])
    assert found.over_ten == slow["over_ten"]
    assert [((actor.asset, actor.tag), actor.alarms) for actor in found.top] == slow["top"]
    assert {(actor.asset, actor.tag) for actor in found.chattering} == slow["chattering"]
    assert sorted(found.stale) == slow["stale"]
    assert round(found.flood_share * (end - start) / HALF) == slow["in flood"]
    priorities = slow["priorities"]
    assert isinstance(priorities, Counter)
    if found.alarms:
        assert {level: round(share * found.alarms) for level, share in found.priorities.items()} == {n: priorities[n] for n in (1, 2, 3)}
        assert sum(found.priorities.values()) == pytest.approx(1.0)
        assert found.top_share == pytest.approx(1.0)  # there are no more than four sources
    else:
        assert all(math.isnan(share) for share in found.priorities.values())
        assert found.peak_at is None


def day_of_alarms() -> list[Record]:
    """Six alarms in an hour of pump 1, one that stands for two days in pump 2, one notification."""
    records: list[Record] = []
    for number in range(6):
        write = Writer(f"a{number}", T0 + number * 9 * MIN)
        found = event(write.at + MIN)
        write(raise_alarm(found, priority=3 if number else 1))
        write(Acknowledge(), by="ann", after=(2 + number) * MIN)
        write(Clear(found.id), Revise(closed(found, write.at), 3))
        if number < 3:
            write(Mark(number < 2), by="ann")
        records += write.records
    write = Writer("stale", T0)
    records += write(raise_alarm(event(T0 + 7 * MIN, "pump 2")))
    write = Writer("note", T0)
    return records + write(Raise(event(T0 + 8 * MIN, "pump 3"), cause=("LIC-1",)))


def two_days() -> Kpi:
    promises = [
        Promise("line", ("pump 1",), Budget(1, DAY_NS, MIN), 2 * DAY_NS),
        Promise("rest", ("pump 2", "pump 3"), Budget(1, DAY_NS, HOUR_NS), 0),
    ]
    return kpi(histories(day_of_alarms(), T0 + 2 * DAY_NS - 1), T0, T0 + 2 * DAY_NS, AlarmSettings(), promises)


def test_a_period_by_hand() -> None:
    found = two_days()
    assert (found.alarms, found.notifications, found.peak) == (7, 1, 2)
    assert found.per_ten_minutes == pytest.approx(7 / 288)
    assert found.per_day == pytest.approx(3.5)
    assert found.peak_at == T0
    assert [(actor.asset, actor.tag, actor.alarms) for actor in found.top] == [("pump 1", "TIC-1", 6), ("pump 2", "TIC-1", 1)]
    assert [actor.asset for actor in found.chattering] == ["pump 1"]
    assert found.stale == ("stale",)
    assert found.priorities == {1: pytest.approx(1 / 7), 2: 0.0, 3: pytest.approx(6 / 7)}
    assert found.answer_ns == 4.5 * MIN  # 2, 3, ... 7 minutes
    assert (found.unanswered, found.shelved, found.suppressed, found.out) == (1, 0, 0, 0)
    assert (found.floods, found.flood_share) == ((), 0.0)


def test_promises_count_unmarked_events_as_false_and_say_how_many() -> None:
    line, rest = two_days().promises
    assert (line.true, line.false, line.unmarked, line.counted, line.expected) == (1, 2, 3, 5, 2.0)
    assert line.too_many == pytest.approx(0.0527, abs=1e-4)
    assert line.held
    assert line.rate_per_hour == pytest.approx(5 / 48)
    assert (rest.counted, rest.held) == (1, False)
    assert math.isnan(rest.rate_per_hour)


def test_events_less_than_the_merge_gap_apart_count_once_whatever_the_asset() -> None:
    rows = []
    for number, (start, end, asset, mark) in enumerate(
        [(0, 10, "a", True), (30, 40, "b", None), (120, 130, "a", False), (185, 190, "a", True)]
    ):
        write = Writer(f"a{number}", T0 + start * MIN - MIN)
        found = event(T0 + start * MIN, asset)
        write(Raise(found, cause=("x",)), Clear(found.id), Revise(closed(found, T0 + end * MIN), 4))
        if mark is not None:
            write(Mark(mark))
        rows += write.records
    promise = Promise("all", (), Budget(1, DAY_NS, 60 * MIN), DAY_NS)
    lives_ = histories(rows, T0 + DAY_NS)
    result = kept(lives_, promise, T0, T0 + DAY_NS)
    # 0-10 and 30-40 are one, false for one mark says so; 120-130 and 185-190 are one, true for one mark says so.
    assert (result.true, result.false, result.unmarked) == (1, 1, 0)
    wide = kept(lives_, Promise("all", (), Budget(1, DAY_NS, 0), DAY_NS), T0, T0 + 185 * MIN)
    assert (wide.true, wide.false, wide.unmarked) == (1, 1, 1)


def test_a_mark_is_about_the_events_since_the_mark_before() -> None:
    write = Writer()
    first, second, third = event(T0), event(T0 + HOUR_NS), event(T0 + 2 * HOUR_NS)
    write(raise_alarm(first), Mark(True), Clear(first.id), Mark(False))  # a second thought
    write(raise_alarm(second), Clear(second.id), raise_alarm(third))
    assert replay(write.records).false is None
    found = history(write.records, T0 + DAY_NS)
    assert found is not None
    assert [(mark.id, mark.false, mark.closed) for mark in found.log] == [
        (first.id, False, T0 + 3 * MIN), (second.id, None, T0 + 6 * MIN), (third.id, None, None),
    ]  # fmt: skip
    found = history(write(Mark(True)), T0 + DAY_NS)
    assert found is not None
    assert [(mark.false, mark.marked_at) for mark in found.log] == [(False, T0 + 4 * MIN), (True, T0 + 8 * MIN), (True, T0 + 8 * MIN)]
    assert (found.log[0].opened, found.log[0].peak_evidence) == (T0, 9.0)
    assert found.alarm.false is True


def test_a_history_ends_where_it_is_asked_to() -> None:
    write = Writer()
    records = write(raise_alarm(), Acknowledge(), Mark(True))
    assert history(records, T0) is None
    found = history(records, T0 + MIN)
    assert found is not None
    assert (len(found.records), len(found.rings), found.standing, found.answered) == (1, 1, ((T0 + MIN, T0 + MIN),), ())
    later = history(records, T0 + HOUR_NS)
    assert later is not None
    assert (later.answered, later.alarm.false, later.standing) == (((T0 + MIN, T0 + 2 * MIN),), True, ((T0 + MIN, T0 + HOUR_NS),))


def test_what_stays_hidden_does_not_ring() -> None:
    write = Writer()
    hidden = write(raise_alarm(on_delay_ns=5 * MIN), Suppress("p", SuppressedBy.MAINTENANCE, T0 + HOUR_NS))
    found = history([*hidden], T0 + 30 * MIN)
    assert found is not None
    assert (found.rings, found.standing) == ((), ())
    out = history(hidden, T0 + 2 * HOUR_NS)
    assert out is not None
    assert [ring.at for ring in out.rings] == [T0 + HOUR_NS]


def test_a_period_needs_a_length() -> None:
    with pytest.raises(AlarmError, match="the period has no length"):
        kpi((), T0, T0, AlarmSettings())


def test_an_empty_period_has_figures_too() -> None:
    found = kpi((), T0, T0 + DAY_NS, AlarmSettings())
    rows = {row.key: row for row in figures(found)}
    assert (rows["peak"].value, rows["peak"].good, rows["top_share"].value, rows["priority.1"].good) == (0.0, True, None, None)


def test_every_figure_is_said_beside_its_target() -> None:
    rows = {row.key: row for row in figures(two_days())}
    assert {key: row.good for key, row in rows.items() if row.good is not None} == {
        "per_ten_minutes": True, "per_day": True, "peak": True, "over_ten": True, "flood_share": True, "top_share": False,
        "chattering": False, "stale": True, "priority.1": True, "priority.2": False, "priority.3": True, "promise.line": True,
        "promise.rest": False,
    }  # fmt: skip
    assert rows["top_share"].value == pytest.approx(100.0)
    assert (rows["top_share"].unit, rows["top_share"].target) == ("%", "≤ 5 %")
    assert (rows["answer"].value, rows["answer"].unit) == (4.5, "min")
    assert rows["promise.line"].target == "≤ 2"
    said = speak(rows["promise.line"].text)
    assert said == "false alarms of line: marked 2, not marked 3"
    for language in LANGUAGES:
        assert all(speak(row.text, language) for row in rows.values())


def test_many_records_take_little_time() -> None:
    """Folding and figures grow with the number of records, not with its square, whether of many alarms or of one."""
    records: list[Record] = []
    for number in range(1000):
        write = Writer(f"a{number}", T0 + number * MIN)
        for again in range(5):
            found = event(write.at + again, f"pump {number % 50}")
            write(raise_alarm(found), Acknowledge(), Clear(found.id), Mark(True))
        records += write.records
    one = Writer("one")
    one(raise_alarm(), *[Mark(True)] * 19_999)

    def seconds(part: list[Record]) -> float:
        begin = time.process_time()
        kpi(histories(part, T0 + 20 * DAY_NS), T0, T0 + 20 * DAY_NS, AlarmSettings())
        return time.process_time() - begin

    for rows in (records, one.records):
        assert len(rows) == 20_000
        quarter, whole = seconds(rows[:5_000]), seconds(rows)
        assert whole < 8 * quarter + 1.0
