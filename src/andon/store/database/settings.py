"""Settings that people change in the console, each with a version, so that two who change the same one notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from andon.plant.errors import ConflictError
from andon.store.database import changes
from andon.store.database.tables import settings
from andon.store.database.upserting import upsert


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `version` is 1, 2, 3, ... and `value` JSON values."""

    key: str
    version: int
    value: Any
    by: str
    at: int


def get(connection: Connection, key: str) -> Setting | None:
    """The setting of a key; None where nobody set it."""
    row = connection.execute(select(settings).where(settings.c.key == key)).one_or_none()
    return None if row is None else Setting(**row._mapping)


def every(connection: Connection, prefix: str = "") -> dict[str, Setting]:
    """All settings whose key begins with `prefix`."""
    query = select(settings).where(settings.c.key.startswith(prefix, autoescape=True)).order_by(settings.c.key)
    return {row.key: Setting(**row._mapping) for row in connection.execute(query)}


def put(connection: Connection, key: str, value: Any, *, by: str, at: int, expected: int | None = None) -> Setting:
    """Set a value.

    Parameters
    ----------
    expected : the version that the writer saw, 0 for none; anything goes where it is None

    Raises
    ------
    ConflictError : someone else set it since
    """
    there = get(connection, key)
    version = there.version if there is not None else 0
    if expected is not None and expected != version:
        raise ConflictError(f"the setting {key!r} was changed meanwhile", do="read it again and decide anew")
    setting = Setting(key, version + 1, value, by, at)
    upsert(connection, settings, {"key": key, "version": version + 1, "value": value, "by": by, "at": at})
    changes.note(connection, "setting", key, at=at)
    return setting
