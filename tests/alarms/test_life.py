"""Every legal and illegal transition of the standard, as the reference page has them; time, hiding, delays, numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from andon.alarms.life import POSSIBLE, advance, moments, next_change, possible, replay, settle, state
from andon.plant.alarm import (
    ACTS,
    Acknowledge,
    Act,
    AlarmKind,
    Assign,
    Clear,
    Comment,
    Mark,
    PutBack,
    Raise,
    Record,
    Reset,
    Revise,
    Shelve,
    State,
    Suppress,
    SuppressedBy,
    TakeOut,
    Unshelve,
    Unsuppress,
)
from andon.plant.errors import AlarmConflictError, AlarmError
from andon.plant.time import HOUR_NS
from tests.alarms.events import MIN, T0, Writer, event, raise_alarm

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/alarm-states.md"
LATER = T0 + 10 * HOUR_NS
SHELVE = Shelve(LATER, "known")
SUPPRESS = Suppress("parent", SuppressedBy.PARENT)
OUT = TakeOut("transmitter is away")


def table(heading: str) -> dict[str, dict[str, str]]:
    """A table of the page: row -> column -> cell."""
    block = PAGE.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in block.splitlines() if line.startswith("|")]
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[2:]}


def in_state(wanted: State, *, latch: bool = False) -> Writer:
    """An alarm in a state, latching where asked for; the hidden ones lie over an active, unacknowledged alarm."""
    write = Writer()
    latched = wanted in (State.LATCHED_UNACKNOWLEDGED, State.LATCHED_ACKNOWLEDGED)
    write(raise_alarm(latch=latch or latched))
    match wanted:
        case State.NORMAL:
            write(Acknowledge())
            write.clear()
            if latch:
                write(Reset())
        case State.ACKNOWLEDGED:
            write(Acknowledge())
        case State.RETURNED | State.LATCHED_UNACKNOWLEDGED:
            write.clear()
        case State.LATCHED_ACKNOWLEDGED:
            write.clear()
            write(Acknowledge())
        case State.SHELVED:
            write(SHELVE)
        case State.SUPPRESSED:
            write(SUPPRESS)
        case State.OUT_OF_SERVICE:
            write(SUPPRESS, OUT)
        case _:
            pass
    assert replay(write.records).state is wanted
    return write


def second(records: list[Record]) -> Raise:
    return raise_alarm(event(T0 + HOUR_NS))


def clearing(records: list[Record]) -> Clear:
    return Clear(event().id)


COLUMNS: dict[str, Callable[[list[Record]], Act]] = {
    "raise": second,
    "clear": clearing,
    "clear, latching": clearing,
    "acknowledge": lambda _: Acknowledge(),
    "reset": lambda _: Reset(),
    "shelve": lambda _: SHELVE,
    "unshelve": lambda _: Unshelve(),
    "suppress": lambda _: Suppress("other", SuppressedBy.MAINTENANCE),
    "unsuppress": lambda _: Unsuppress("parent"),
    "take-out": lambda _: OUT,
    "put-back": lambda _: PutBack(),
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("before", list(State), ids=lambda found: found.value)
def test_every_cell_of_the_table(before: State, column: str) -> None:
    expected = table("What each act does")[before.value][column]
    write = in_state(before, latch=column == "clear, latching" and before is not State.RETURNED)
    act = COLUMNS[column](write.records)
    record = Record("a1", len(write.records) + 1, write.at + MIN, "ann", act)
    if expected == "–":
        with pytest.raises(AlarmError, match=f"alarm a1 is {before.value}: it cannot take '{act.name}'") as caught:
            advance(replay(write.records), record)
        assert caught.value.do == "possible now: " + ", ".join(possible(before))
    elif expected != "(below)":
        assert advance(replay(write.records), record).state.value == expected


def test_the_table_has_every_state_and_the_acts_that_change_one() -> None:
    rows = table("What each act does")
    assert list(rows) == [found.value for found in State]
    assert {name.partition(",")[0] for name in COLUMNS} == {act.name for act in ACTS} - {"mark", "comment", "assign", "revise"}
    assert all(set(row) == {"state", *COLUMNS} for row in rows.values())


HIDING: dict[str, tuple[Act, Act]] = {
    "shelved": (SHELVE, Unshelve()),
    "suppressed": (SUPPRESS, Unsuppress("parent")),
    "out of service": (OUT, PutBack()),
}
UNDERNEATH: dict[str, Callable[[Writer, Act], object]] = {
    "the condition holds, nobody acknowledged": lambda write, hide: (write(raise_alarm()), write(hide)),
    "the condition holds, acknowledged before it was hidden": lambda write, hide: (write(raise_alarm(), Acknowledge()), write(hide)),
    "the condition is over, not acknowledged": lambda write, hide: (write(raise_alarm(), hide), write.clear()),
    "the condition is over, acknowledged": lambda write, hide: (write(raise_alarm(), Acknowledge(), hide), write.clear()),
    "latched, not acknowledged": lambda write, hide: (write(raise_alarm(latch=True), hide), write.clear()),
    "latched, acknowledged": lambda write, hide: (write(raise_alarm(latch=True), Acknowledge(), hide), write.clear()),
}


@pytest.mark.parametrize("hiding", HIDING)
@pytest.mark.parametrize("underneath", UNDERNEATH)
def test_every_row_of_what_comes_out_of_hiding(underneath: str, hiding: str) -> None:
    write = Writer()
    hide, show = HIDING[hiding]
    UNDERNEATH[underneath](write, hide)
    assert replay(write.records).hidden
    assert replay(write(show)).state.value == table("What comes out of hiding")[underneath]["after it"]


def test_the_page_has_every_state() -> None:
    text = PAGE.read_text("utf-8").split("## What each act does")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", text, re.M) == [found.value for found in State]
    assert list(table("What comes out of hiding")) == list(UNDERNEATH)


@pytest.mark.parametrize("act", [Mark(True), Comment("looked at it"), Assign("bo")], ids=lambda act: act.name)
@pytest.mark.parametrize("before", list(State), ids=lambda found: found.value)
def test_words_and_marks_are_possible_in_every_state_and_change_none(before: State, act: Act) -> None:
    write = in_state(before)
    assert replay(write(act)).state is before
    assert type(act) in POSSIBLE[before]


def test_a_shelf_ends_by_time_and_nothing_stores_it() -> None:
    write = Writer()
    records = write(raise_alarm(), Shelve(LATER, "known"), by="ann")
    assert state(records, LATER - 1) is State.SHELVED
    assert state(records, LATER) is State.UNACKNOWLEDGED
    assert next_change(replay(records)) == LATER
    # What comes after the end finds it open, and what comes before finds it shelved.
    assert advance(replay(records), Record("a1", 3, LATER, "bo", Acknowledge())).state is State.ACKNOWLEDGED
    with pytest.raises(AlarmError, match="is shelved"):
        advance(replay(records), Record("a1", 3, LATER - 1, "bo", Acknowledge()))


def test_several_ends_come_in_their_order() -> None:
    write = Writer()
    records = write(
        raise_alarm(),
        Shelve(T0 + HOUR_NS, "known"),
        Suppress("p", SuppressedBy.MAINTENANCE, T0 + 2 * HOUR_NS),
        Suppress("q", SuppressedBy.SETTLING, T0 + 2 * HOUR_NS),
        TakeOut("away", T0 + 3 * HOUR_NS),
    )
    steps = [(moment.at, moment.before, moment.alarm.state) for moment in moments(records, LATER) if moment.record is None]
    assert steps == [
        (T0 + HOUR_NS, State.OUT_OF_SERVICE, State.OUT_OF_SERVICE),
        (T0 + 2 * HOUR_NS, State.OUT_OF_SERVICE, State.OUT_OF_SERVICE),
        (T0 + 3 * HOUR_NS, State.OUT_OF_SERVICE, State.UNACKNOWLEDGED),
    ]


def test_an_on_delay_shows_only_what_lasts() -> None:
    write = Writer()
    records = write(raise_alarm(on_delay_ns=5 * MIN))
    begin = write.at
    assert state(records, begin + 5 * MIN - 1) is State.NORMAL
    assert state(records, begin + 5 * MIN) is State.UNACKNOWLEDGED
    assert not replay(records).closed
    alarm = replay(write.clear())
    assert (alarm.state, alarm.count, alarm.raised_at, alarm.closed) == (State.NORMAL, 0, None, True)
    assert settle(alarm, LATER).count == 0


def test_an_off_delay_takes_in_what_comes_back() -> None:
    write = Writer()
    write(raise_alarm())
    records = write.clear(off_delay=10 * MIN)
    assert state(records, write.at + 10 * MIN - 1) is State.UNACKNOWLEDGED
    assert state(records, write.at + 10 * MIN) is State.RETURNED
    alarm = replay(write(raise_alarm(event(write.at)), after=10 * MIN - 1))
    assert (alarm.state, alarm.count, alarm.clear_at) == (State.UNACKNOWLEDGED, 1, None)
    again = replay([*write.records[:2], Record("a1", 3, write.at + 1, "andon", write.records[2].act)])
    assert again.count == 2


def test_an_alarm_that_came_back_is_the_same_one_with_a_count() -> None:
    write = Writer()
    for number in range(3):
        write(raise_alarm(event(T0 + number * HOUR_NS)))
        write.clear()
    alarm = replay(write.records)
    assert (alarm.count, alarm.state, len(alarm.events), alarm.open_events) == (3, State.RETURNED, 3, ())
    assert alarm.raised_at == T0 + MIN
    assert alarm.last_raised_at == T0 + 5 * MIN


def test_what_becomes_more_urgent_is_alarmed_again() -> None:
    write = Writer()
    first = event()
    write(raise_alarm(first), Acknowledge())
    assert replay([*write.records, Record("a1", 3, write.at, "andon", Revise(first, 3))]).state is State.ACKNOWLEDGED
    assert replay([*write.records, Record("a1", 3, write.at, "andon", Revise(first, 1))]).state is State.UNACKNOWLEDGED
    more_urgent = raise_alarm(event(T0 + MIN), priority=1)
    alarm = replay(write(more_urgent))
    assert (alarm.state, alarm.priority, alarm.count) == (State.UNACKNOWLEDGED, 1, 1)
    # When the urgent one is over, the other remains with its own priority.
    assert replay(write(Clear(more_urgent.event.id))).priority == 3


def test_a_notification_asks_for_nothing_once_it_is_over() -> None:
    write = Writer()
    write(Raise(event(), cause=("TIC-1",), latch=True))
    assert replay(write.records).state is State.UNACKNOWLEDGED
    alarm = replay(write.clear())
    assert (alarm.kind, alarm.state) == (AlarmKind.NOTIFICATION, State.NORMAL)


def test_a_new_case_in_an_old_alarm_takes_its_own_kind_and_priority() -> None:
    write = Writer()
    write(raise_alarm(priority=1), Acknowledge())
    write.clear()
    alarm = replay(write(Raise(event(T0 + HOUR_NS), cause=("LIC-1",))))
    assert (alarm.kind, alarm.priority, alarm.cause, alarm.action) == (AlarmKind.NOTIFICATION, 4, ("LIC-1",), "")


def test_a_clock_that_was_set_back_changes_no_order() -> None:
    write = Writer()
    write(raise_alarm())
    alarm = advance(replay(write.records), Record("a1", 2, T0 - HOUR_NS, "ann", Acknowledge()))
    assert alarm.state is State.ACKNOWLEDGED
    assert alarm.acknowledged is not None
    assert alarm.acknowledged.at == write.at


def test_signatures_and_words_are_kept() -> None:
    write = Writer()
    write(raise_alarm())
    write(Acknowledge(), Comment("valve was stuck"), Assign("bo"), Mark(False), by="ann")
    alarm = replay(write.records)
    assert alarm.acknowledged is not None
    assert (alarm.acknowledged.by, alarm.assigned, alarm.false, alarm.number) == ("ann", "bo", False, 5)
    assert [(remark.by, remark.text) for remark in alarm.remarks] == [("ann", "valve was stuck")]
    assert alarm.marked is not None
    assert alarm.marked.at == write.at


def test_numbers_decide_who_was_first() -> None:
    write = Writer()
    write(raise_alarm())
    alarm = advance(replay(write.records), Record("a1", 2, write.at + 1, "ann", Acknowledge()))
    with pytest.raises(AlarmConflictError) as caught:
        advance(alarm, Record("a1", 2, write.at + 2, "bo", SHELVE))
    assert caught.value.what == "alarm a1 has a record 2 already, its last is 2"
    with pytest.raises(AlarmError) as gap:
        advance(alarm, Record("a1", 4, write.at + 2, "bo", SHELVE))
    assert gap.value.what == "record 4 of alarm a1 follows record 2"


BAD: dict[str, tuple[Act, str]] = {
    "event twice": (raise_alarm(), f"it cannot take 'raise', event {event().id} is in it already"),
    "another asset": (
        raise_alarm(event(asset="pump 2")),
        "it cannot take 'raise', the event is of asset 'pump 2', the alarm of 'pump 1'",
    ),
    "unknown event revised": (Revise(event(T0 + 1)), f"it cannot take 'revise', event {event(T0 + 1).id} is not in it"),
    "unknown event cleared": (Clear("x"), "it cannot take 'clear', event x is not open in it"),
    "no reason to shelve": (Shelve(LATER, " "), "it cannot take 'shelve', it needs a reason"),
    "shelf in the past": (Shelve(T0, "known"), "it cannot take 'shelve', its end, 2025-10-09T08:53:20Z, is over"),
    "no reason to take out": (TakeOut(""), "it cannot take 'take-out', it needs a reason"),
    "out in the past": (TakeOut("away", T0), "it cannot take 'take-out', its end, 2025-10-09T08:53:20Z, is over"),
    "suppressed in the past": (
        Suppress("p", SuppressedBy.SETTLING, T0),
        "it cannot take 'suppress', its end, 2025-10-09T08:53:20Z, is over",
    ),
    "no such suppression": (Unsuppress("p"), "it cannot take 'unsuppress', p does not suppress it"),
    "empty comment": (Comment("\n"), "it cannot take 'comment', it is empty"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_makes_no_sense_is_refused_with_its_reason(name: str) -> None:
    act, message = BAD[name]
    write = Writer()
    write(raise_alarm())
    records = write(act)
    with pytest.raises(AlarmError) as caught:
        replay(records)
    assert caught.value.what == f"alarm a1 is unacknowledged: {message}"
    assert caught.value.at.time == "2025-10-09T08:55:20Z"


def test_the_same_cause_suppresses_once() -> None:
    write = Writer()
    write(raise_alarm(), SUPPRESS)
    with pytest.raises(AlarmError, match="parent suppresses it already"):
        replay(write(SUPPRESS))


def test_an_alarm_begins_with_a_raise_and_is_of_one_alarm() -> None:
    with pytest.raises(AlarmError, match="the first record of an alarm is 'acknowledge', not 'raise'"):
        replay([Record("a1", 1, T0, "ann", Acknowledge())])
    with pytest.raises(AlarmError, match="an alarm without a record"):
        replay([])
    with pytest.raises(AlarmError, match="a record of alarm 'a2' among those of 'a1'"):
        replay([Record("a1", 1, T0, "andon", raise_alarm()), Record("a2", 2, T0, "ann", Acknowledge())])


def test_moments_stop_at_the_time_asked_for() -> None:
    write = Writer()
    write(raise_alarm(), Acknowledge())
    write.clear()
    found = [(moment.before, moment.alarm.state) for moment in moments(write.records, T0 + 2 * MIN)]
    assert found == [(State.NORMAL, State.UNACKNOWLEDGED), (State.UNACKNOWLEDGED, State.ACKNOWLEDGED)]
