"""Records are numbered within their alarm; two writers with one number: one wins, and a replay writes nothing twice."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from andon.plant.errors import ConflictError
from andon.store.database import Database, alarm_records, changes
from andon.store.database.alarm_records import AlarmRecord


def record(alarm: str, number: int, **more: object) -> AlarmRecord:
    return replace(AlarmRecord(alarm, number, 100 + number, "ana", "acknowledge", {"note": "温度 \x00", "n": number}), **more)  # type: ignore[arg-type]


def test_records_come_back_in_order(database: Database) -> None:
    given = [record("a", 1), record("b", 1), record("a", 2), record("b", 2), record("c", 1, at=500)]
    kept = database.write(lambda c: alarm_records.append_all(c, given))
    assert [one.sequence for one in kept] == sorted({one.sequence for one in kept})
    assert [replace(one, sequence=0) for one in kept] == given
    assert database.read(lambda c: alarm_records.of_alarm(c, "a")) == [kept[0], kept[2]]
    assert database.read(alarm_records.since) == kept
    assert database.read(lambda c: alarm_records.since(c, kept[1].sequence, most=2)) == kept[2:4]
    assert database.read(lambda c: alarm_records.between(c, 102, 103)) == kept[:4]  # whole alarms
    assert database.read(lambda c: alarm_records.between(c, 103, 500)) == []
    assert database.read(lambda c: [alarm_records.last_number(c, name) for name in "abcd"]) == [2, 2, 1, 0]
    assert [(one.topic, one.key) for one in database.read(lambda c: changes.since(c, 0))] == [("alarm", one.alarm) for one in given]


def test_the_same_record_again_changes_nothing(database: Database) -> None:
    one = database.write(lambda c: alarm_records.append(c, record("a", 1)))
    assert database.write(lambda c: alarm_records.append(c, record("a", 1))) == one
    assert len(database.read(alarm_records.since)) == 1


def test_a_replay_finds_its_acts_among_those_of_people(database: Database) -> None:
    def act(kind: str, at: int) -> AlarmRecord:
        return database.write(lambda c: alarm_records.append_once(c, "a", at=at, by="", kind=kind, data={"at": at}))

    first = [act("raise", 1), act("clear", 5)]
    person = database.write(lambda c: alarm_records.append(c, record("a", 3)))
    assert [act("raise", 1), act("clear", 5)] == first
    assert act("raise", 9).number == 4
    assert [one.number for one in (*first, person)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (record("a", 1, by="bob"), "record 1 of alarm a exists already"),
        (record("a", 3), "record 2 of alarm a is missing"),
        (record("a", 0), "record 0 of alarm a exists already|records count from 1"),
    ],
)
def test_a_wrong_number_is_refused(database: Database, wrong: AlarmRecord, what: str) -> None:
    database.write(lambda c: alarm_records.append(c, record("a", 1)))
    with pytest.raises(ConflictError, match=what) as caught:
        database.write(lambda c: alarm_records.append_all(c, [record("b", 1), wrong]))
    assert caught.value.do
    assert [one.alarm for one in database.read(alarm_records.since)] == ["a"]  # none of the two


def test_of_two_writers_one_wins_and_the_other_goes_on(database: Database) -> None:
    """Each adds ten acts, reading again where he was too late: twenty records, no gap, none lost."""

    def work(name: str) -> None:
        done = 0
        while done < 10:
            number = 1 + database.read(lambda c: alarm_records.last_number(c, "a"))
            try:
                database.write(lambda c, number=number, done=done: alarm_records.append(c, record("a", number, by=name, data={"n": done})))  # type: ignore[misc]
                done += 1
            except ConflictError:
                lost.append(name)

    lost: list[str] = []
    threads = [threading.Thread(target=work, args=(name,)) for name in ("ana", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = database.read(lambda c: alarm_records.of_alarm(c, "a"))
    assert [one.number for one in kept] == list(range(1, 21))
    for name in ("ana", "bob"):
        assert [one.data["n"] for one in kept if one.by == name] == list(range(10))
