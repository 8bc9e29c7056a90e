"""What an event leads to is kept in several places at once; whatever refuses, it is asked again and stands once in each."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from andon.alarms.book import Book
from andon.plant.errors import StoreError
from andon.plant.rows import Rows
from andon.store.database import alarm_records, events
from andon.store.database.database import Database
from andon.store.ledger import Draft, Entry, Ledger
from andon.streaming.keeping import AlarmDesk, Keeping
from andon.streaming.openings import Openings
from andon.streaming.served import Said
from andon.streaming.watermark import clock_mark
from tests.alarms.events import T0, event
from tests.alarms.plants import plant


def test_what_a_ledger_refuses_is_asked_again_and_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, refusals = Ledger(tmp_path / "ledger.jsonl"), [1]
    append = Ledger.append_all

    def refuse_once(self: Ledger, drafts: list[Draft]) -> list[Entry]:
        if refusals:
            refusals.pop()
            raise StoreError("the disk is full")
        return append(self, drafts)

    monkeypatch.setattr(Ledger, "append_all", refuse_once)
    none, found = Rows.none(1), event(T0)
    said = Said(None, none, none, none, opened=(found,))
    served: Any = SimpleNamespace(arrivals=SimpleNamespace(closed=T0))
    nothing: Any = None
    with Database(tmp_path / "live.sqlite") as database:
        openings = Openings(ledger, tmp_path / "opened.json")
        desk = AlarmDesk(Book(plant()), database)
        keeping = Keeping(nothing, nothing, nothing, database, desk, openings)
        with pytest.raises(StoreError, match="the disk is full"):
            keeping.keep(clock_mark(T0, {}), [(served, said)])
        for _ in range(2):
            keeping.keep(clock_mark(T0, {}), [(served, said)])
        openings.close()
        assert database.read(events.count) == 1
        assert [row.number for row in database.read(lambda connection: alarm_records.of_alarm(connection, found.id))] == [1]
        assert len(desk.open(T0)) == 1
    assert [entry.data["event"] for entry in ledger.entries("event-opened")] == [found.id]
