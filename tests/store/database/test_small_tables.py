"""Events, labels, comments, settings, marks, idempotency keys, documents, the searchable ledger, the outbox and the changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.plant.errors import AskUserError, ConflictError
from andon.plant.label import Label, LabelKind
from andon.store.database import (
    Database,
    audit,
    changes,
    comments,
    documents,
    events,
    idempotency,
    labels,
    marks,
    outbox,
    settings,
)
from andon.store.ledger import Ledger
from andon.store.models import ModelStore
from andon.store.results import event_from_dict, event_to_dict
from andon.store.times import from_text
from tests.store.result_samples import events as sample_events


def test_events_are_written_again_as_they_move(database: Database) -> None:
    rows = [event_to_dict(event) for event in sample_events()]
    assert [database.write(lambda c, row=row: events.put(c, row, at=1)) for row in rows] == [True] * len(rows)  # type: ignore[misc]
    assert not database.write(lambda c: events.put(c, rows[0], at=2))
    for row, event in zip(rows, sample_events(), strict=True):
        found = database.read(lambda c, row=row: events.get(c, row["id"]))  # type: ignore[misc]
        assert found is not None
        assert (event_from_dict(found.data), found.start, found.end, found.changed) == (event, event.start, event.end, 1)
    assert database.read(lambda c: events.get(c, "none")) is None
    lasting = {row["id"] for row in rows if row["end"] is None}
    assert {one.id for one in database.read(events.open_events)} == lasting
    ended = rows[0] | {"end": rows[0]["start"], "severity": 0.25}
    assert database.write(lambda c: events.put(c, ended, at=3))
    found = database.read(lambda c: events.get(c, rows[0]["id"]))
    assert found is not None
    assert (found.end, found.changed) == (from_text(ended["start"]), 3)
    assert rows[0]["id"] not in {one.id for one in database.read(events.open_events)}


def test_events_are_paged_by_time(database: Database) -> None:
    row = event_to_dict(sample_events()[0])

    def at(number: int, asset: str) -> dict[str, object]:
        time = f"2026-01-01T00:00:{number:02d}Z"
        return row | {"id": f"{asset}{number}", "asset": asset, "start": time, "end": time if number % 2 else None}

    for number in range(10):
        for asset in ("a", "b"):
            database.write(lambda c, number=number, asset=asset: events.put(c, at(number, asset), at=1))  # type: ignore[misc]
    start, end = from_text("2026-01-01T00:00:04Z"), from_text("2026-01-01T00:00:07Z")
    found = database.read(lambda c: events.between(c, start, end))
    assert [one.id for one in found] == ["a0", "b0", "a2", "b2", "a4", "b4", "a5", "b5", "a6", "b6"]
    assert database.read(lambda c: events.newest(c, "b")) == database.read(lambda c: events.between(c, start, 2**62, asset="b"))[-1]
    assert database.read(lambda c: events.newest(c, "none")) is None
    assert database.read(events.count) == len(database.read(lambda c: events.between(c, 0, 2**62)))
    assert [one.id for one in database.read(lambda c: events.between(c, start, end, asset="b"))] == ["b0", "b2", "b4", "b5", "b6"]
    paged, after = list[str](), None
    while page := database.read(lambda c, after=after: events.between(c, start, end, after=after, most=3)):  # type: ignore[misc]
        paged += [one.id for one in page]
        after = (page[-1].start, page[-1].id)
    assert paged == [one.id for one in found]


def test_labels(database: Database) -> None:
    label = Label("pump", 10, 20, LabelKind.FALSE, "probe <b>cleaned</b>", "ana", 30)
    kept = database.write(lambda c: labels.put(c, "l1", label, at=31))
    assert (kept.label, kept.withdrawn) == (label, None)
    moved = Label("pump", 10, 25, LabelKind.PLANNED, "", "bob")
    assert database.write(lambda c: labels.put(c, "l1", moved, at=40)).label == Label("pump", 10, 25, LabelKind.PLANNED, "", "bob", 40)
    database.write(lambda c: labels.put(c, "l2", Label("fan", 0, 5, LabelKind.FAULT), at=41))
    assert [one.id for one in database.read(lambda c: labels.between(c, 4, 11))] == ["l2", "l1"]
    assert [one.id for one in database.read(lambda c: labels.between(c, 5, 25, asset="pump"))] == ["l1"]
    assert database.write(lambda c: labels.withdraw(c, "l1", at=50))
    assert not database.write(lambda c: labels.withdraw(c, "l1", at=51))
    assert database.read(lambda c: labels.between(c, 0, 100, asset="pump")) == []
    gone = database.read(lambda c: labels.get(c, "l1"))
    assert gone is not None
    assert gone.withdrawn == 50
    with pytest.raises(AskUserError, match="a label ends after it begins"):
        database.write(lambda c: labels.put(c, "l3", Label("fan", 5, 5, LabelKind.FAULT), at=60))


def test_comments_come_once(database: Database) -> None:
    one = database.write(lambda c: comments.add(c, "k1", "case:1", "checked the valve", by="ana", at=1))
    again = database.write(lambda c: comments.add(c, "k1", "case:1", "checked the valve", by="ana", at=2))
    two = database.write(lambda c: comments.add(c, "k2", "case:1", "阀门", by="bob", at=3))
    database.write(lambda c: comments.add(c, "k3", "case:2", "other", by="bob", at=3))
    assert again == one
    assert database.read(lambda c: comments.of_subject(c, "case:1")) == [one, two]


def test_settings_have_versions(database: Database) -> None:
    assert database.read(lambda c: settings.get(c, "notify.mail")) is None
    assert database.write(lambda c: settings.put(c, "notify.mail", ["a@b"], by="ana", at=1, expected=0)).version == 1
    assert database.write(lambda c: settings.put(c, "notify.mail", None, by="ana", at=2, expected=1)).version == 2
    for expected in (0, 1, 3):
        with pytest.raises(ConflictError, match=r"the setting 'notify.mail' was changed meanwhile"):
            database.write(lambda c, expected=expected: settings.put(c, "notify.mail", 1, by="bob", at=3, expected=expected))  # type: ignore[misc]
    database.write(lambda c: settings.put(c, "notify%mail", 1, by="bob", at=3))
    found = database.read(lambda c: settings.every(c, "notify%"))
    assert list(found) == ["notify%mail"]
    kept = database.read(lambda c: settings.get(c, "notify.mail"))
    assert kept is not None
    assert (kept.value, kept.version, kept.by) == (None, 2, "ana")


def test_marks(database: Database) -> None:
    database.write(lambda c: marks.put(c, "e1", "true", by="ana", at=1))
    database.write(lambda c: marks.put(c, "e1", "false", by="bob", at=2))
    database.write(lambda c: marks.put(c, "e2", "true", by="ana", at=3))
    found = database.read(lambda c: marks.of_events(c, ["e1", "e2", *(f"x{n}" for n in range(1_200))]))
    assert {event: mark.mark for event, mark in found.items()} == {"e1": "false", "e2": "true"}
    assert [mark.event for mark in database.read(lambda c: marks.since(c, 2))] == ["e1", "e2"]
    assert database.write(lambda c: marks.remove(c, "e1", at=4))
    assert not database.write(lambda c: marks.remove(c, "e1", at=5))
    with pytest.raises(AskUserError, match="'maybe' is no mark"):
        database.write(lambda c: marks.put(c, "e1", "maybe", by="ana", at=1))


def test_a_request_that_comes_twice_is_done_once(database: Database) -> None:
    assert database.write(lambda c: idempotency.begin(c, "k", "ana POST /push", "h1", at=1)) is None
    with pytest.raises(ConflictError, match="the same request is being worked on"):
        database.write(lambda c: idempotency.begin(c, "k", "ana POST /push", "h1", at=2))
    assert database.write(lambda c: idempotency.begin(c, "k", "bob POST /push", "h1", at=2)) is None
    database.write(lambda c: idempotency.finish(c, "k", "ana POST /push", 202, {"rows": 7}))
    assert database.write(lambda c: idempotency.begin(c, "k", "ana POST /push", "h1", at=3)) == idempotency.Answered(202, {"rows": 7})
    with pytest.raises(ConflictError, match="was used for another request"):
        database.write(lambda c: idempotency.begin(c, "k", "ana POST /push", "h2", at=3))
    database.write(lambda c: idempotency.give_up(c, "k", "bob POST /push"))
    assert database.write(lambda c: idempotency.begin(c, "k", "bob POST /push", "h3", at=4)) is None
    assert database.write(lambda c: idempotency.sweep(c, before=4)) == 1


def test_the_state_of_models_stands_in_the_database(database: Database, tmp_path: Path) -> None:
    keeper = documents.DocumentState(database)
    assert keeper.read() is None
    store = ModelStore(tmp_path / "models", keep=keeper)
    store.save("pump", "v1", b"one", ["pump 1"], at=10)
    store.promote("pump", "v1", at=11, by="ana")
    assert not (tmp_path / "models" / "state.json").exists()
    kept = keeper.read()
    assert kept is not None
    assert kept["champions"]["pump 1"]["version"] == "v1"
    assert ModelStore(tmp_path / "models", keep=keeper).state() == store.state()
    # A file that was there before is only a value that lags: the ledger says what holds.
    assert ModelStore(tmp_path / "models").state() == store.state()


def test_the_ledger_can_be_searched(database: Database, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for number in range(7):
        ledger.append("promoted" if number % 2 else "budget-set", {"n": number}, at=100 + number, by="ana" if number < 4 else "bob")
    assert database.write(lambda c: audit.catch_up(c, ledger)) == 7
    assert database.write(lambda c: audit.catch_up(c, ledger)) == 0
    ledger.append("promoted", {"n": 7}, at=200, by="bob")
    assert database.write(lambda c: audit.catch_up(c, ledger)) == 1
    newest = database.read(lambda c: audit.page(c, most=3))
    assert [one.number for one in newest] == [8, 7, 6]
    assert newest[0].hash == ledger.head()[1]
    assert [one.number for one in database.read(lambda c: audit.page(c, before=6, what="promoted"))] == [4, 2]
    assert [one.number for one in database.read(lambda c: audit.page(c, by="ana", most=2))] == [4, 3]
    other = Ledger(tmp_path / "other.jsonl")
    other.append("note", {}, at=1)
    assert database.write(lambda c: audit.catch_up(c, other)) == 1
    assert database.read(audit.count) == 1


def test_the_outbox_keeps_until_sent(database: Database) -> None:
    assert database.write(lambda c: outbox.put(c, "k1", "mail", {"text": "温度"}, at=10))
    assert not database.write(lambda c: outbox.put(c, "k1", "mail", {"text": "other"}, at=11))
    database.write(lambda c: outbox.put(c, "k2", "mqtt", {}, at=12))
    one, two = database.read(outbox.every_waiting)
    assert (one.key, one.data, two.to) == ("k1", {"text": "温度"}, "mqtt")
    database.write(lambda c: outbox.moved(c, "k1", failures=1, due=20, error="no route"))
    again = database.read(outbox.every_waiting)[0]
    assert (again.key, again.failures, again.due, again.error) == ("k1", 1, 20, "no route")
    database.write(lambda c: outbox.ended(c, "k1", "", at=21))
    database.write(lambda c: outbox.ended(c, "k2", "refused", at=22))
    database.write(lambda c: outbox.moved(c, "k2", failures=9, due=99, error="too late to matter"))
    assert database.read(outbox.every_waiting) == []
    assert database.read(outbox.waiting) == {}
    for number in range(5):
        database.write(lambda c, number=number: outbox.put(c, f"n{number}", "mail", {}, at=30, most_waiting=3))  # type: ignore[misc]
    assert [x.key for x in database.read(outbox.every_waiting)] == ["n2", "n3", "n4"]
    assert database.read(outbox.waiting) == {"mail": 3}
    assert database.write(lambda c: outbox.sweep(c, before=30)) == 2


def test_changes_go_on_counting(database: Database) -> None:
    assert database.read(changes.last) == 0
    first = database.write(lambda c: changes.note(c, "alarm", "a", at=1))
    second = database.write(lambda c: changes.note(c, "event", "e", at=2))
    assert second > first
    assert [one.key for one in database.read(lambda c: changes.since(c, first))] == ["e"]
    assert [one.key for one in database.read(lambda c: changes.since(c, 0, topics=["alarm"], most=5))] == ["a"]
    assert database.write(lambda c: changes.forget(c, before=99)) == 1
    assert database.write(lambda c: changes.note(c, "alarm", "b", at=3)) > second
