"""Requests that may come twice: the second one gets the answer of the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update

from andon.plant.errors import ConflictError
from andon.store.database.tables import idempotency
from andon.store.database.upserting import insert_new


@dataclass(frozen=True, slots=True)
class Answered:
    """What the first request was answered: an HTTP status and JSON values."""

    status: int
    answer: Any


def begin(connection: Connection, key: str, scope: str, request: str, *, at: int) -> Answered | None:
    """Take a key; None where this request is the first, and has to be done.

    Parameters
    ----------
    key : from the caller's header
    scope : user and route: the same key of someone else is another one
    request : hash of the content

    Raises
    ------
    ConflictError : the key was used for another content, or the first request is not done yet
    """
    if insert_new(connection, idempotency, {"key": key, "scope": scope, "request": request, "at": at}):
        return None
    row = connection.execute(select(idempotency).where(idempotency.c.key == key, idempotency.c.scope == scope)).one()
    if row.request != request:
        raise ConflictError("the idempotency key was used for another request", do="use a new key for each request")
    if row.status is None:
        raise ConflictError("the same request is being worked on", do="wait and ask again")
    return Answered(row.status, row.answer)


def finish(connection: Connection, key: str, scope: str, status: int, answer: Any) -> None:
    """Keep the answer of the first request. In the transaction of the work itself, so that both hold or neither."""
    wanted = (idempotency.c.key == key, idempotency.c.scope == scope)
    connection.execute(update(idempotency).where(*wanted).values(status=status, answer=answer))


def give_up(connection: Connection, key: str, scope: str) -> None:
    """Free a key whose request failed, so that it may be tried again."""
    wanted = (idempotency.c.key == key, idempotency.c.scope == scope, idempotency.c.status.is_(None))
    connection.execute(delete(idempotency).where(*wanted))


def sweep(connection: Connection, *, before: int) -> int:
    """Remove keys taken before an instant; how many."""
    return int(connection.execute(delete(idempotency).where(idempotency.c.at < before)).rowcount)
