"""API tokens: kept as a hash, with scopes, an end, and the time they were used last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from andon.store.database import changes
from andon.store.database.tables import tokens, users


@dataclass(frozen=True, slots=True)
class Token:
    """One token, without its hash.

    Attributes
    ----------
    id : for lists and for revoking
    name : what it is for
    user, role : whose it is, and what he may do now
    scopes : what it may be used for
    created, expires, seen, revoked : ns UTC; None for never
    """

    id: str
    name: str
    user: str
    role: str
    scopes: tuple[str, ...]
    created: int
    expires: int | None
    seen: int | None
    revoked: int | None


def add(
    connection: Connection, key: str, hash_: str, name: str, user: str, scopes: Iterable[str], *, at: int, expires: int | None = None
) -> None:
    """Keep a token.

    Parameters
    ----------
    key : its id
    hash_ : of the secret, from `hash_secret`
    """
    connection.execute(
        insert(tokens).values(id=key, hash=hash_, name=name, user=user, scopes=sorted(set(scopes)), created=at, expires=expires)
    )
    changes.note(connection, "token", key, at=at)


def find(connection: Connection, hash_: str, *, now: int) -> Token | None:
    """The token of a secret's hash, where it holds now and its user is enabled."""
    query = _query().where(
        tokens.c.hash == hash_,
        tokens.c.revoked.is_(None),
        (tokens.c.expires.is_(None)) | (tokens.c.expires > now),
        users.c.enabled.is_(True),
    )
    return next(iter(_read(connection, query)), None)


def every(connection: Connection, user: str | None = None) -> list[Token]:
    """All tokens, newest first, those that were revoked too; of one user where named."""
    query = _query().order_by(tokens.c.created.desc(), tokens.c.id)
    return _read(connection, query if user is None else query.where(tokens.c.user == user))


def touch(connection: Connection, key: str, *, at: int) -> None:
    """Note that a token was used."""
    connection.execute(update(tokens).where(tokens.c.id == key).values(seen=at))


def revoke(connection: Connection, key: str, *, at: int) -> bool:
    """End a token; whether it held until now."""
    gone = connection.execute(update(tokens).where(tokens.c.id == key, tokens.c.revoked.is_(None)).values(revoked=at)).rowcount
    if gone:
        changes.note(connection, "token", key, at=at)
    return bool(gone)


def _query() -> Any:
    columns = [column for column in tokens.columns if column.name != "hash"]
    return select(*columns, users.c.role).join(users, users.c.name == tokens.c.user)


def _read(connection: Connection, query: Any) -> list[Token]:
    return [Token(**{**row._mapping, "scopes": tuple(row.scopes)}) for row in connection.execute(query)]
