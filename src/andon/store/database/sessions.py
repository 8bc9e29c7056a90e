"""Sessions of the console, by the hash of their secret, and links that can be used once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from andon.store.database.tables import links, sessions, users


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser.

    Attributes
    ----------
    hash : of its secret, from `hash_secret`
    user, role : whose it is, and what he may do now
    created, seen, expires : ns UTC
    data : CSRF hash and the like, JSON values
    """

    hash: str
    user: str
    role: str
    created: int
    seen: int
    expires: int
    data: Mapping[str, Any] = field(default_factory=dict)


def open_session(connection: Connection, hash_: str, user: str, *, at: int, expires: int, data: Mapping[str, Any] | None = None) -> None:
    """Keep a new session."""
    row = {"hash": hash_, "user": user, "created": at, "seen": at, "expires": expires, "data": dict(data or {})}
    connection.execute(insert(sessions).values(**row))


def find(connection: Connection, hash_: str, *, now: int) -> Session | None:
    """The session of a hash that has not expired and whose user may sign in."""
    query = (
        select(sessions, users.c.role)
        .join(users, users.c.name == sessions.c.user)
        .where(sessions.c.hash == hash_, sessions.c.expires > now, users.c.enabled.is_(True))
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Session(**row._mapping)


def of_user(connection: Connection, user: str, *, now: int) -> list[Session]:
    """The sessions of a user that have not expired, newest first."""
    query = (
        select(sessions, users.c.role)
        .join(users, users.c.name == sessions.c.user)
        .where(sessions.c.user == user, sessions.c.expires > now)
        .order_by(sessions.c.created.desc())
    )
    return [Session(**row._mapping) for row in connection.execute(query)]


def last_seen(connection: Connection) -> dict[str, int]:
    """user -> ns UTC at which a session that is kept was used last; a session that was ended is not."""
    query = select(sessions.c.user, func.max(sessions.c.seen)).group_by(sessions.c.user)
    return {str(user): int(seen) for user, seen in connection.execute(query)}


def touch(connection: Connection, hash_: str, *, at: int, expires: int) -> None:
    """Note that a session was used, and until when it holds now."""
    connection.execute(update(sessions).where(sessions.c.hash == hash_).values(seen=at, expires=expires))


def close(connection: Connection, hash_: str) -> bool:
    """Sign out; whether there was such a session."""
    return bool(connection.execute(delete(sessions).where(sessions.c.hash == hash_)).rowcount)


def close_all(connection: Connection, user: str) -> int:
    """Sign a user out everywhere; how many sessions that were."""
    return int(connection.execute(delete(sessions).where(sessions.c.user == user)).rowcount)


def sweep(connection: Connection, *, now: int) -> int:
    """Remove sessions and links that have expired; how many."""
    gone = connection.execute(delete(sessions).where(sessions.c.expires <= now)).rowcount
    return int(gone + connection.execute(delete(links).where(links.c.expires <= now)).rowcount)


def add_link(connection: Connection, hash_: str, purpose: str, *, at: int, expires: int, data: Mapping[str, Any] | None = None) -> None:
    """Keep a link that can be used once."""
    connection.execute(insert(links).values(hash=hash_, purpose=purpose, created=at, expires=expires, data=dict(data or {})))


def drop_links(connection: Connection, purpose: str, data: Mapping[str, Any]) -> int:
    """Make links of a purpose with that data good no more; how many were."""
    wanted = (links.c.purpose == purpose, links.c.used.is_(None), links.c.data == dict(data))
    return int(connection.execute(delete(links).where(*wanted)).rowcount)


def use_link(connection: Connection, hash_: str, purpose: str, *, now: int) -> Mapping[str, Any] | None:
    """Use a link up; its data, or None where it is unknown, was used, has expired, or is for something else."""
    wanted = (links.c.hash == hash_, links.c.purpose == purpose, links.c.used.is_(None), links.c.expires > now)
    if not connection.execute(update(links).where(*wanted).values(used=now)).rowcount:
        return None
    data: Mapping[str, Any] = connection.execute(select(links.c.data).where(links.c.hash == hash_)).scalar_one()
    return data
