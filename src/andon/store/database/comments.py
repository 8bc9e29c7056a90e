"""Comments on anything: an alarm, a case, a shift. Nobody changes a comment."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from andon.store.database import changes
from andon.store.database.tables import comments
from andon.store.database.upserting import insert_new


@dataclass(frozen=True, slots=True)
class KeptComment:
    """One comment.

    Attributes
    ----------
    sequence : its place among all
    subject : what it is about, such as "case:7f3a"
    text, by, at : what was said, by whom, ns UTC
    key : given by the writer; the same key again is the same comment
    """

    sequence: int
    subject: str
    text: str
    by: str
    at: int
    key: str


def add(connection: Connection, key: str, subject: str, text: str, *, by: str, at: int) -> KeptComment:
    """Keep a comment; the same key again changes nothing."""
    if insert_new(connection, comments, {"subject": subject, "text": text, "by": by, "at": at, "key": key}):
        changes.note(connection, "comment", subject, at=at)
    return KeptComment(**connection.execute(select(comments).where(comments.c.key == key)).one()._mapping)


def of_subject(connection: Connection, subject: str) -> list[KeptComment]:
    """Comments on a subject, oldest first."""
    query = select(comments).where(comments.c.subject == subject).order_by(comments.c.sequence)
    return [KeptComment(**row._mapping) for row in connection.execute(query)]
