"""What changed, in order. A console that was away asks for what came after the last sequence that it saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from andon.store.database.tables import changes


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed.

    Attributes
    ----------
    sequence : grows; a later change has a greater one
    topic : kind of thing: "alarm", "event", "label", ...
    key : which one
    at : ns UTC
    """

    sequence: int
    topic: str
    key: str
    at: int


def note(connection: Connection, topic: str, key: str, *, at: int) -> int:
    """Write down that something changed; its sequence."""
    found = connection.execute(insert(changes).values(topic=topic, key=key, at=at).returning(changes.c.sequence)).scalar_one()
    return int(found)


def note_all(connection: Connection, what: Iterable[tuple[str, str, int]]) -> None:
    """`note` of several (topic, key, at), in order."""
    rows = [{"topic": topic, "key": key, "at": at} for topic, key, at in what]
    if rows:
        connection.execute(insert(changes), rows)


def since(connection: Connection, sequence: int, *, topics: Iterable[str] = (), most: int = 1_000) -> list[Change]:
    """Changes after a sequence, oldest first, of some topics where named."""
    query = select(changes).where(changes.c.sequence > sequence).order_by(changes.c.sequence).limit(most)
    if wanted := list(topics):
        query = query.where(changes.c.topic.in_(wanted))
    return [Change(**row._mapping) for row in connection.execute(query)]


def last(connection: Connection) -> int:
    """The greatest sequence; 0 where nothing ever changed."""
    return int(connection.execute(select(func.max(changes.c.sequence))).scalar() or 0)


def forget(connection: Connection, before: int) -> int:
    """Remove what changed before an instant; the number removed. The newest stays, so that sequences go on."""
    newest = last(connection)
    return int(connection.execute(delete(changes).where(changes.c.at < before, changes.c.sequence < newest)).rowcount)
