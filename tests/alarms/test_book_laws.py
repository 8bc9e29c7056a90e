"""Laws of the book, by random histories: concurrent people, a database that fails, restarts; nothing is lost, doubled or different."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from andon.alarms.book import Book, Decision
from andon.alarms.grouping import commands
from andon.alarms.life import POSSIBLE, moments, replay, settle
from andon.alarms.pausing import covers
from andon.plant.alarm import (
    Acknowledge,
    Act,
    Alarm,
    Assign,
    Clear,
    Comment,
    Mark,
    Pause,
    PutBack,
    Raise,
    Record,
    Reset,
    Shelve,
    SuppressedBy,
    TakeOut,
    Unshelve,
)
from andon.plant.alarm_json import record_from_dict, record_to_dict
from andon.plant.errors import AlarmConflictError, AlarmError, StoreError
from andon.plant.verdict import Event
from tests.alarms.events import MIN, T0, event
from tests.alarms.plants import plant

ASSETS = st.sampled_from(["line", "pump 1", "pump 2", "motor", "other"])
TAGS = st.sampled_from(["TIC-1", "TIC-2", "FIC-1", "LIC-1"])
WHO = st.sampled_from(["ann", "bo"])
STEPS = st.integers(0, 40)
ACTS = st.one_of(
    st.just(Acknowledge()), st.just(Reset()), st.just(Unshelve()), st.just(PutBack()), st.builds(Mark, st.booleans()),
    st.just(Comment("seen")), st.builds(Assign, st.sampled_from(["ann", ""])), st.sampled_from(["shelve", "take-out", "take-out for good"]),
)  # fmt: skip


class Store:
    """What a database does: one row for each alarm and number."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Record] = {}
        self.down = False

    def write(self, records: tuple[Record, ...]) -> None:
        if self.down:
            raise StoreError("the database is down")
        for record in records:
            assert (record.alarm_id, record.number) not in self.rows, "a number twice"
            self.rows[record.alarm_id, record.number] = record

    def of(self, alarm_id: str) -> list[Record]:
        return sorted((record for (key, _), record in self.rows.items() if key == alarm_id), key=lambda record: record.number)

    def ids(self) -> list[str]:
        return list(dict.fromkeys(key for key, _ in self.rows))


class Shift(RuleBasedStateMachine):
    """Events, time, pauses and two people with their own view of the list, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store()
        self.now = T0
        self.opened: dict[str, Event] = {}
        self.closed: set[str] = set()
        self.seen: dict[str, dict[str, int]] = {"ann": {}, "bo": {}}
        self.pauses: list[Pause] = []

    @initialize(on_delay=st.sampled_from([0, 3 * MIN]), off_delay=st.sampled_from([0, 5 * MIN]), latch=st.booleans(), shelf=st.just(60))
    def begin(self, **settings_: Any) -> None:
        self.plant = plant(
            on_delay_ns=settings_["on_delay"], off_delay_ns=settings_["off_delay"], latch=settings_["latch"], rejoin_ns=20 * MIN,
            longest_shelf_ns=settings_["shelf"] * MIN,
        )  # fmt: skip
        self.book = Book(self.plant)

    def take(self, decision: Decision) -> None:
        self.store.write(decision.records)
        self.book.commit(decision)

    @rule(asset=ASSETS, tag=TAGS, severity=st.sampled_from([0.1, 0.6, 0.9]), wait=STEPS)
    def an_event_opens(self, asset: str, tag: str, severity: float, wait: int) -> None:
        self.now += wait * MIN
        found = event(self.now, asset, {tag: 1.0}, severity=severity)
        if found.id in self.opened:
            return
        self.opened[found.id] = found
        self.take(self.book.opened(found, self.now))
        assert self.book.opened(found, self.now).records == ()

    @precondition(lambda self: set(self.opened) - self.closed)
    @rule(data=st.data(), wait=STEPS)
    def an_event_closes(self, data: st.DataObject, wait: int) -> None:
        self.now += wait * MIN
        found = self.opened[data.draw(st.sampled_from(sorted(set(self.opened) - self.closed)))]
        self.closed.add(found.id)
        self.take(self.book.closed(replace(found, end=self.now), self.now))

    @precondition(lambda self: set(self.opened) - self.closed)
    @rule(data=st.data(), severity=st.sampled_from([0.6, 0.95]))
    def an_event_grows(self, data: st.DataObject, severity: float) -> None:
        key = data.draw(st.sampled_from(sorted(set(self.opened) - self.closed)))
        self.take(self.book.revised(replace(self.opened[key], severity=severity), self.now))

    @rule(wait=STEPS)
    def time_passes(self, wait: int) -> None:
        self.now += wait * MIN
        self.take(self.book.tick(self.now))

    @rule(asset=st.one_of(ASSETS, st.just("")), begin=st.integers(0, 20), length=st.integers(1, 60), tag=st.one_of(st.just(""), TAGS))
    def somebody_pauses(self, asset: str, begin: int, length: int, tag: str) -> None:
        start = self.now + begin * MIN
        made = Pause(SuppressedBy.MAINTENANCE, start, start + length * MIN, asset, (tag,) if tag else (), "why", "eve", self.now)
        if any(found.id == made.id for found in self.pauses):
            return
        self.take(self.book.pausing(made, self.now))
        self.book.keep(made, self.now)
        self.pauses.append(made)

    @precondition(lambda self: any(self.now < found.end for found in self.pauses))
    @rule(data=st.data())
    def somebody_lifts_a_pause(self, data: st.DataObject) -> None:
        index = data.draw(st.sampled_from([index for index, found in enumerate(self.pauses) if self.now < found.end]))
        lifted = replace(self.pauses[index], end=max(self.now, self.pauses[index].start))
        self.take(self.book.pausing(lifted, self.now))
        self.book.keep(lifted, self.now)
        self.pauses[index] = lifted

    @rule(who=WHO)
    def somebody_looks(self, who: str) -> None:
        self.seen[who] = {alarm.id: alarm.number for alarm in self.book.open(self.now)}

    @precondition(lambda self: any(self.seen.values()))
    @rule(who=WHO, data=st.data(), what=ACTS, wait=st.integers(0, 3))
    def somebody_acts_on_what_they_saw(self, who: str, data: st.DataObject, what: Act | str, wait: int) -> None:
        if not self.seen[who]:
            return
        self.now += wait * MIN
        alarm_id = data.draw(st.sampled_from(sorted(self.seen[who])))
        act = self.with_time(what)
        seen = self.seen[who][alarm_id]
        self.take(self.book.tick(self.now))
        before = self.book.alarm(alarm_id, self.now)
        try:
            self.take(self.book.act(alarm_id, act, at=self.now, by=who, seen=seen))
        except AlarmConflictError:
            assert before is not None
            assert before.number > seen
        except AlarmError:
            assert self.book.alarm(alarm_id, self.now) == before
        else:
            assert before is not None
            assert before.number == seen
            self.seen[who][alarm_id] = seen + 1

    def with_time(self, what: Act | str) -> Act:
        match what:
            case "shelve":
                return Shelve(self.now + 15 * MIN, "known")
            case "take-out":
                return TakeOut("away", self.now + 25 * MIN)
            case "take-out for good":
                return TakeOut("away")
            case _:
                assert not isinstance(what, str)
                return what

    @rule(asset=ASSETS)
    def the_database_is_down_for_a_moment(self, asset: str) -> None:
        found = event(self.now, asset, {"LIC-1": 1.0})
        if found.id in self.opened:
            return
        before = [settle(alarm, self.now) for alarm in self.book.open(self.now)]
        decision = self.book.opened(found, self.now)
        self.store.down = True
        try:
            self.take(decision)
        except StoreError:
            assert [settle(alarm, self.now) for alarm in self.book.open(self.now)] == before
        self.store.down = False
        again = self.book.opened(found, self.now)
        assert again.records == decision.records
        self.opened[found.id] = found
        self.take(again)

    @rule()
    def a_restart(self) -> None:
        """The book that the stored records bring back is the one that was."""
        before = {alarm.id: settle(alarm, self.now) for alarm in self.book.open(self.now)}
        book = Book(self.plant)
        rows = [json.loads(json.dumps(record_to_dict(record))) for record in self.store.rows.values()]
        book.load(record_from_dict(row) for row in rows)
        for pause in self.pauses:
            book.keep(pause, self.now)
        assert book.tick(self.now).records == self.book.tick(self.now).records
        assert {alarm.id: settle(alarm, self.now) for alarm in book.open(self.now)} == before
        assert book.flood(self.now) == self.book.flood(self.now)
        self.book = book

    @invariant()
    def no_event_is_lost_or_doubled(self) -> None:
        raised = [record.act.event.id for record in self.store.rows.values() if isinstance(record.act, Raise)]
        assert sorted(raised) == sorted(self.opened)
        cleared = [record.act.event for record in self.store.rows.values() if isinstance(record.act, Clear)]
        assert sorted(cleared) == sorted(self.closed)

    @invariant()
    def there_are_never_more_alarms_than_events(self) -> None:
        assert len(self.store.ids()) <= len(self.opened)
        activations = sum(settle(replay(self.store.of(alarm_id)), self.now).count for alarm_id in self.store.ids())
        assert activations <= len(self.opened)

    @invariant()
    def any_replay_gives_the_same_alarms(self) -> None:
        for alarm_id in self.store.ids():
            records = self.store.of(alarm_id)
            alarm = settle(replay(records), self.now)
            in_book = self.book.alarm(alarm_id, self.now)
            if in_book is not None:
                assert in_book == alarm
            else:
                assert alarm.closed
            last: Alarm | None = None
            for moment in moments(records, self.now):
                last = moment.alarm
            assert last is not None
            assert settle(last, self.now) == alarm

    @invariant()
    def an_open_event_is_in_an_open_alarm(self) -> None:
        open_alarms = self.book.open(self.now) if hasattr(self, "book") else ()
        there = {event_id for alarm in open_alarms for event_id, _ in alarm.open_events}
        assert there == set(self.opened) - self.closed

    @invariant()
    def what_is_suppressed_has_its_reason_and_what_has_a_reason_is_suppressed(self) -> None:
        if not hasattr(self, "book"):
            return
        self.take(self.book.tick(self.now))
        alarms = {alarm.id: alarm for alarm in self.book.open(self.now)}
        pauses = {pause.id: pause for pause in self.pauses}
        for alarm in alarms.values():
            causes = {found.cause for found in alarm.suppressions}
            for found in alarm.suppressions:
                if found.by is SuppressedBy.PARENT:
                    parent = alarms[found.cause]
                    assert commands(parent)
                    assert parent.priority <= alarm.priority
                    assert parent.asset in self.book.grouping.above(alarm.asset)
                elif alarm.open_events:
                    assert covers(pauses[found.cause], alarm.event, self.now)
            for other in alarms.values():
                if other.asset in self.book.grouping.above(alarm.asset) and commands(other) and other.priority <= alarm.priority:
                    assert other.id in causes
            for pause in self.pauses:
                if alarm.open_events and not pause.tags and covers(pause, alarm.event, self.now):
                    assert pause.id in causes

    @invariant()
    def one_open_case_for_each_asset_and_cause(self) -> None:
        open_alarms = [alarm for alarm in (self.book.open(self.now) if hasattr(self, "book") else ()) if not alarm.hidden]
        for index, first in enumerate(open_alarms):
            for second in open_alarms[:index]:
                assert first.asset != second.asset or not set(first.cause) & set(second.cause)


Shift.TestCase.settings = settings(
    max_examples=40,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestShift = Shift.TestCase


STEP = st.tuples(
    st.integers(0, 15),
    st.sampled_from(["open", "open", "close", "shelve", "acknowledge", "pause"]),
    ASSETS,
    TAGS,
    st.sampled_from([0.1, 0.6, 0.9]),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(STEP, max_size=15), st.lists(st.integers(0, 200), max_size=8), st.sampled_from([0, 4]), st.sampled_from([0, 4]))
def test_looking_more_often_changes_no_record(
    script: list[tuple[int, str, str, str, float]], looks: list[int], on_delay: int, off_delay: int
) -> None:
    """Time that passes in one step or in many gives the same records, in the same order."""

    def run(extra: list[int]) -> list[Record]:
        book = Book(plant(on_delay_ns=on_delay * MIN, off_delay_ns=off_delay * MIN, rejoin_ns=20 * MIN))
        records: list[Record] = []
        opened: list[Event] = []
        now, left = 0, sorted(extra)

        def take(decision: Decision) -> None:
            records.extend(decision.records)
            book.commit(decision)

        for wait, what, asset, tag, severity in [*script, (100, "look", "", "", 0.0)]:
            now += wait
            while left and left[0] <= now:
                take(book.tick(T0 + left.pop(0) * MIN))
            at = T0 + now * MIN
            if what == "open":
                found = event(at, asset, {tag: 1.0}, severity=severity)
                if all(found.id != other.id for other in opened):
                    opened.append(found)
                    take(book.opened(found, at))
            elif what == "close" and opened:
                take(book.closed(opened.pop(0), at))
            elif what == "pause":
                made = Pause(SuppressedBy.SETTLING, at + 3 * MIN, at + 12 * MIN, asset, (), tag, "eve", at)
                take(book.pausing(made, at))
                book.keep(made, at)
            elif what in ("shelve", "acknowledge"):
                take(book.tick(at))
                for alarm in [alarm for alarm in book.open(at) if alarm.asset == asset][:1]:
                    act: Act = Shelve(at + 7 * MIN, "known") if what == "shelve" else Acknowledge()
                    if type(act) in POSSIBLE[alarm.state]:
                        take(book.act(alarm.id, act, at=at, by="ann"))
            elif what == "look":
                take(book.tick(at))
        return records

    assert run(looks) == run([])
