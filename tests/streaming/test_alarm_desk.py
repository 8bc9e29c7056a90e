"""The book of alarms after a restart: the same as from every record ever kept, read from those that matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, StaticPool, create_engine

from andon.alarms.book import KEEP_NS, Book
from andon.plant.alarm import Acknowledge, Act, AlarmKind, Comment, Shelve
from andon.plant.errors import AlarmError, StoreError
from andon.plant.time import DAY_NS, HOUR_NS
from andon.plant.verdict import Event
from andon.store.database import alarm_records, documents
from andon.store.database.database import Database
from andon.store.database.tables import metadata
from andon.streaming import keeping
from andon.streaming.keeping import IN_THE_BOOK, AlarmDesk
from tests.alarms.events import MIN, T0, event
from tests.alarms.plants import plant

T = TypeVar("T")
ASSETS = ("line", "pump 1", "pump 2", "motor", "other")
STEP = st.tuples(
    st.sampled_from(["open", "close", "shelve", "acknowledge", "comment", "wait", "note"]), st.integers(0, 40), st.integers(0, 2**16)
)


class InMemory(Database):
    """The tables without a file, for what is asked of them here."""

    def __init__(self) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        metadata.create_all(self.engine)

    def read(self, job: Callable[[Connection], T]) -> T:
        with self.engine.begin() as connection:
            return job(connection)

    write = read

    def close(self) -> None:
        self.engine.dispose()


@pytest.fixture
def database() -> Iterator[Database]:
    with InMemory() as opened:
        yield opened


def seen(desk: AlarmDesk, now: int) -> tuple[object, ...]:
    """Everything that can be asked of a desk once time has passed."""
    desk.tick(now)
    return desk.book.ids(), desk.open(now), desk.flood(now), [desk.alarm(alarm, now) for alarm in desk.book.ids()]


class Shift:
    """Events and people, up to days apart."""

    def __init__(self, database: Database) -> None:
        self.desk = AlarmDesk(Book(plant()), database)
        self.now = T0
        self.open: list[Event] = []

    def do(self, what: str, hours: int, choice: int) -> None:
        self.now += hours * HOUR_NS // 4 + MIN
        alarms = self.desk.open(self.now)
        chosen = alarms[choice % len(alarms)].id if alarms else ""
        if what == "open":
            found = event(self.now, ASSETS[choice % len(ASSETS)], severity=0.9)
            self.open.append(found)
            self.desk.event("opened", found, self.now)
        elif what == "close" and self.open:
            found = self.open.pop(choice % len(self.open))
            self.desk.event("closed", replace(found, end=self.now), self.now)
        elif what in ("shelve", "acknowledge", "comment") and chosen:
            acts: dict[str, Act] = {
                "shelve": Shelve(self.now + 2 * HOUR_NS, "busy"), "acknowledge": Acknowledge(), "comment": Comment("seen"),
            }  # fmt: skip
            try:
                self.desk.act(chosen, acts[what], at=self.now, by="ann")
            except AlarmError:
                return  # what cannot be done is tested elsewhere
        elif what == "note":
            self.desk.note()
        else:
            self.desk.tick(self.now)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEP, max_size=40), later=st.integers(0, 80))
def test_a_restart_has_the_book_that_every_record_gives(steps: list[tuple[str, int, int]], later: int) -> None:
    with InMemory() as database:
        shift = Shift(database)
        for step in steps:
            shift.do(*step)
        quick, whole = AlarmDesk(Book(plant()), database), AlarmDesk(Book(plant()), database)
        quick.load()
        whole.book.load(keeping.of_kept(row) for row in database.read(alarm_records.since))
        now = shift.now + later * HOUR_NS
        assert seen(quick, now) == seen(whole, now)


def test_a_restart_after_years_reads_what_is_open_and_recent(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = AlarmDesk(Book(plant()), database)
    standing = event(T0, "other", severity=0.9)
    desk.event("opened", standing, T0)
    for number in range(1, 120):
        at = T0 + number * DAY_NS
        found = event(at, "pump 1", severity=0.9)
        desk.event("opened", found, at)
        desk.act(found.id, Acknowledge(), at=at + MIN, by="ann")
        desk.event("closed", replace(found, end=at + HOUR_NS), at + HOUR_NS)
    now = T0 + 119 * DAY_NS + HOUR_NS + KEEP_NS // 2
    desk.tick(now)
    desk.note()
    fresh = event(now, "motor", severity=0.9)
    desk.event("opened", fresh, now)
    read: list[str] = []

    def counted(row: alarm_records.AlarmRecord) -> object:
        read.append(row.alarm)
        return of_kept(row)

    of_kept = keeping.of_kept
    monkeypatch.setattr(keeping, "of_kept", counted)
    again = AlarmDesk(Book(plant()), database)
    again.load()
    assert again.open(now) == desk.open(now)
    assert {alarm.event.id for alarm in again.open(now)} == {standing.id, fresh.id}
    assert len(read) < 12 < database.read(alarm_records.last_sequence) // 30
    assert again.open(now)[0].kind is AlarmKind.ALARM


def test_a_note_that_does_not_fit_is_passed_over(database: Database) -> None:
    desk = AlarmDesk(Book(plant()), database)
    desk.event("opened", event(T0), T0)
    notes: tuple[Any, ...] = ({"sequence": 99, "alarms": []}, {"alarms": []}, [], {"sequence": "1", "alarms": []})
    for note in notes:
        database.write(partial(documents.put, name=IN_THE_BOOK, data=note, at=T0))
        again = AlarmDesk(Book(plant()), database)
        again.load()
        assert again.open(T0) == desk.open(T0)


def test_a_database_that_refuses_the_note_changes_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = AlarmDesk(Book(plant()), database)
    desk.note()
    desk.event("opened", event(T0), T0)

    def refuse(job: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(database, "write", refuse)
        desk.note()
    again = AlarmDesk(Book(plant()), database)
    again.load()
    assert again.open(T0) == desk.open(T0)
    assert len(again.open(T0)) == 1
