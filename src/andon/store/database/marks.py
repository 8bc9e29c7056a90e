"""Marks of events: what people said they were, true or false. The controller reads them; the last word counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from andon.plant.errors import AskUserError
from andon.store.database import changes
from andon.store.database.tables import marks
from andon.store.database.upserting import upsert

MARKS: tuple[str, ...] = ("true", "false")


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark of one event."""

    event: str
    mark: str
    by: str
    at: int


def put(connection: Connection, event: str, mark: str, *, by: str, at: int) -> Mark:
    """Mark an event; a mark before gives way.

    Raises
    ------
    AskUserError : neither true nor false
    """
    if mark not in MARKS:
        raise AskUserError(f"{mark!r} is no mark", do=f"use {' or '.join(MARKS)}")
    upsert(connection, marks, {"event": event, "mark": mark, "by": by, "at": at})
    changes.note(connection, "mark", event, at=at)
    return Mark(event, mark, by, at)


def remove(connection: Connection, event: str, *, at: int) -> bool:
    """Take a mark back; whether there was one."""
    gone = connection.execute(delete(marks).where(marks.c.event == event)).rowcount
    if gone:
        changes.note(connection, "mark", event, at=at)
    return bool(gone)


def of_events(connection: Connection, events: Iterable[str]) -> dict[str, Mark]:
    """event -> its mark, of those that have one."""
    wanted, found = list(events), dict[str, Mark]()
    for start in range(0, len(wanted), 500):
        query = select(marks).where(marks.c.event.in_(wanted[start : start + 500]))
        found |= {row.event: Mark(**row._mapping) for row in connection.execute(query)}
    return found


def since(connection: Connection, at: int) -> list[Mark]:
    """Marks set at or after an instant, in order of time."""
    query = select(marks).where(marks.c.at >= at).order_by(marks.c.at, marks.c.event)
    return [Mark(**row._mapping) for row in connection.execute(query)]
