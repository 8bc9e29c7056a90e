"""Insert a row, or change the one that has its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Write a row; where its primary key exists, the other columns take the new values."""
    keys = [column.name for column in table.primary_key.columns]
    rest = {name: value for name, value in row.items() if name not in keys}
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(table).values(dict(row)).on_conflict_do_update(index_elements=keys, set_=rest))
    else:
        connection.execute(postgresql.insert(table).values(dict(row)).on_conflict_do_update(index_elements=keys, set_=rest))


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Write a row where nothing has its key or another unique value of it; whether it was written."""
    if connection.dialect.name == "sqlite":
        return bool(connection.execute(sqlite.insert(table).values(dict(row)).on_conflict_do_nothing()).rowcount)
    return bool(connection.execute(postgresql.insert(table).values(dict(row)).on_conflict_do_nothing()).rowcount)
