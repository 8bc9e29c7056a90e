"""Messages that have to go out: kept until they are sent, tried again with longer waits, each key once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from andon.store.database.tables import outbox
from andon.store.database.upserting import insert_new


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message.

    Attributes
    ----------
    sequence : its place among all
    key : given by the writer; the same key again is the same message
    to : name of the link out
    at : ns UTC, when it was written
    due : ns UTC, when it is to be tried next
    failures : how often it failed
    error : of the last failure
    done : ns UTC, when it was sent or given up; None while it waits
    data : JSON values
    """

    sequence: int
    key: str
    to: str
    at: int
    due: int
    failures: int
    error: str
    done: int | None
    data: Mapping[str, Any]


def put(connection: Connection, key: str, to: str, data: Mapping[str, Any], *, at: int, most_waiting: int | None = None) -> bool:
    """Keep a message; False where its key is known. Of too many that wait for one link the oldest are given up.

    Parameters
    ----------
    most_waiting : how many may wait for this link
    """
    row = {"key": key, "to": to, "at": at, "due": at, "failures": 0, "error": "", "data": dict(data)}
    new = insert_new(connection, outbox, row)
    if new and most_waiting is not None:
        waiting = select(outbox.c.sequence).where(outbox.c.to == to, outbox.c.done.is_(None)).order_by(outbox.c.sequence.desc())
        too_many = connection.execute(waiting.offset(most_waiting)).scalars().all()
        if too_many:
            given_up = update(outbox).where(outbox.c.to == to, outbox.c.done.is_(None), outbox.c.sequence <= max(too_many))
            connection.execute(given_up.values(done=at, error="too many messages waited"))
    return new


def every_waiting(connection: Connection) -> list[Outgoing]:
    """All messages that wait, oldest first, due or not."""
    query = select(outbox).where(outbox.c.done.is_(None)).order_by(outbox.c.sequence)
    return [Outgoing(**row._mapping) for row in connection.execute(query)]


def moved(connection: Connection, key: str, *, failures: int, due: int, error: str) -> None:
    """A message that waits was tried so often, why it failed last, and when it is tried again."""
    values = {"failures": failures, "error": error[:2_000], "due": due}
    connection.execute(update(outbox).where(outbox.c.key == key, outbox.c.done.is_(None)).values(values))


def ended(connection: Connection, key: str, error: str, *, at: int) -> None:
    """A message was sent, or will never be, and this is why."""
    connection.execute(update(outbox).where(outbox.c.key == key).values(done=at, error=error[:2_000]))


def waiting(connection: Connection) -> dict[str, int]:
    """link -> how many messages wait."""
    query = select(outbox.c.to, func.count()).where(outbox.c.done.is_(None)).group_by(outbox.c.to).order_by(outbox.c.to)
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def sweep(connection: Connection, *, before: int) -> int:
    """Remove messages that were done before an instant; how many."""
    return int(connection.execute(delete(outbox).where(outbox.c.done.is_not(None), outbox.c.done < before)).rowcount)
