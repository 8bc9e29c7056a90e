"""Users, with a role and the hash of a password. One administrator always stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from andon.plant.errors import AskUserError, ConflictError, RefusedError
from andon.store.database import changes
from andon.store.database.tables import sessions, tokens, users
from andon.store.database.upserting import insert_new

ROLES: tuple[str, ...] = ("viewer", "operator", "engineer", "administrator")
"""Each may do what those before it may."""


@dataclass(frozen=True, slots=True)
class User:
    """One user.

    Attributes
    ----------
    name : unique
    role : of `ROLES`
    password_hash : as argon2 writes it; empty where no password was set
    enabled : may sign in
    created : ns UTC
    data : language and the like, JSON values
    """

    name: str
    role: str
    password_hash: str
    enabled: bool
    created: int
    data: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Without the hash."""
        return f"User(name={self.name!r}, role={self.role!r}, enabled={self.enabled})"


def add(connection: Connection, name: str, role: str, password_hash: str, *, at: int, data: Mapping[str, Any] | None = None) -> User:
    """Make a user.

    Raises
    ------
    ConflictError : the name is taken
    AskUserError : no such role, or no name
    """
    _check_role(role)
    if not name.strip():
        raise AskUserError("a user needs a name")
    user = User(name, role, password_hash, True, at, dict(data or {}))
    row = {"name": name, "role": role, "password_hash": password_hash, "enabled": True, "created": at, "data": dict(user.data)}
    if not insert_new(connection, users, row):
        raise ConflictError(f"there is a user {name!r} already", do="choose another name")
    changes.note(connection, "user", name, at=at)
    return user


def get(connection: Connection, name: str) -> User | None:
    """The user of a name."""
    return next(iter(_read(connection, select(users).where(users.c.name == name))), None)


def everyone(connection: Connection) -> list[User]:
    """All users, by name."""
    return _read(connection, select(users).order_by(users.c.name))


def change(
    connection: Connection,
    name: str,
    *,
    at: int,
    role: str | None = None,
    password_hash: str | None = None,
    enabled: bool | None = None,
    data: Mapping[str, Any] | None = None,
) -> User:
    """Change what is named. A new password, and being disabled, end every session of the user; being disabled ends the tokens too.

    Raises
    ------
    AskUserError : no such user or role
    RefusedError : the last administrator would be gone
    """
    if role is not None:
        _check_role(role)
    new = {"role": role, "password_hash": password_hash, "enabled": enabled, "data": dict(data) if data is not None else None}
    values = {key: value for key, value in new.items() if value is not None}
    if get(connection, name) is None:
        raise AskUserError(f"there is no user {name!r}", do="see the users: andon user list")
    if values:
        connection.execute(update(users).where(users.c.name == name).values(**values))
    _keep_an_administrator(connection)
    if password_hash is not None or enabled is False:
        connection.execute(delete(sessions).where(sessions.c.user == name))
    if enabled is False:
        connection.execute(update(tokens).where(tokens.c.user == name, tokens.c.revoked.is_(None)).values(revoked=at))
    changes.note(connection, "user", name, at=at)
    found = get(connection, name)
    assert found is not None
    return found


def remove(connection: Connection, name: str, *, at: int) -> None:
    """Remove a user with sessions and tokens.

    Raises
    ------
    AskUserError : no such user
    RefusedError : the last administrator would be gone
    """
    change(connection, name, at=at, enabled=False)
    connection.execute(delete(users).where(users.c.name == name))


def count(connection: Connection) -> int:
    """How many there are: 0 at the first start."""
    return int(connection.execute(select(func.count()).select_from(users)).scalar_one())


def _keep_an_administrator(connection: Connection) -> None:
    left = select(func.count()).select_from(users).where(users.c.role == "administrator", users.c.enabled.is_(True))
    if not connection.execute(left).scalar_one():
        raise RefusedError("the last administrator stays", do="make another administrator first")


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise AskUserError(f"{role!r} is no role", do=f"use one of {', '.join(ROLES)}")


def _read(connection: Connection, query: Any) -> list[User]:
    return [User(**row._mapping) for row in connection.execute(query)]
