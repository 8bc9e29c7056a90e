"""The ledger once more, as a table to search and to page through. The file is what counts and what is verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from andon.store.database import changes
from andon.store.database.tables import audit
from andon.store.ledger import Entry, Ledger


@dataclass(frozen=True, slots=True)
class Audited:
    """One entry of the ledger."""

    number: int
    at: int
    by: str
    what: str
    data: Any
    hash: str


def catch_up(connection: Connection, ledger: Ledger) -> int:
    """Bring in the entries that the table does not have; how many. A table of another ledger is filled anew."""
    newest = connection.execute(select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)).one_or_none()
    last = int(newest.number) if newest is not None else 0
    entries = ledger.since(max(last, 1))
    if newest is not None and (not entries or (entries[0].number, entries[0].hash) != (last, newest.hash)):
        connection.execute(delete(audit))
        last, entries = 0, ledger.since(1)
    return add(connection, [entry for entry in entries if entry.number > last])


def add(connection: Connection, entries: list[Entry]) -> int:
    """Bring in entries that follow those in the table; how many."""
    rows = [
        {"number": one.number, "at": one.at, "by": one.by, "what": one.what, "data": dict(one.data), "hash": one.hash} for one in entries
    ]
    if rows:
        connection.execute(insert(audit), rows)
        changes.note(connection, "ledger", str(rows[-1]["number"]), at=entries[-1].at)
    return len(rows)


def page(
    connection: Connection, *, before: int | None = None, what: str | None = None, by: str | None = None, most: int = 100
) -> list[Audited]:
    """Entries, newest first, with a number below `before`; of one kind or one author where named."""
    query = select(audit).order_by(audit.c.number.desc()).limit(most)
    for column, value in ((audit.c.what, what), (audit.c.by, by)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(audit.c.number < before)
    return [Audited(**row._mapping) for row in connection.execute(query)]


def count(connection: Connection) -> int:
    """How many entries the table has."""
    return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())
