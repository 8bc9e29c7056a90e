"""Single JSON documents by name. The state of models stands here under `serve`: `DocumentState` keeps it for `ModelStore`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from andon.store.database.database import Database
from andon.store.database.tables import documents
from andon.store.database.upserting import upsert


def get(connection: Connection, name: str) -> Any:
    """The document of a name; None where there is none."""
    return connection.execute(select(documents.c.data).where(documents.c.name == name)).scalar_one_or_none()


def put(connection: Connection, name: str, data: Any, *, at: int) -> None:
    """Keep a document, JSON values."""
    upsert(connection, documents, {"name": name, "at": at, "data": data})


class DocumentState:
    """Where `ModelStore` keeps the last value of its state: a row of the database in place of `state.json`."""

    def __init__(self, database: Database, name: str = "models") -> None:
        self._database = database
        self._name = name

    def read(self) -> Mapping[str, Any] | None:
        """The last value; None where there is none."""
        found = self._database.read(lambda connection: get(connection, self._name))
        return found if isinstance(found, dict) else None

    def write(self, data: Mapping[str, Any], *, at: int) -> None:
        """Keep a value."""
        self._database.write(lambda connection: put(connection, self._name, dict(data), at=at))
