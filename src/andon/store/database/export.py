"""All tables as lines of JSON: the backup of PostgreSQL, and the way from one kind of database to the other."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, func, insert, select, text

from andon.plant.errors import At, RefusedError, StoreError
from andon.store.database.migrating import revision_of
from andon.store.database.tables import HEAD, Counted, metadata
from andon.store.durable_write import durable_write

_AT_ONCE = 500


def export_tables(connection: Connection, path: Path, *, reflect: bool = False) -> int:
    """Write every table into one file, as the connection's transaction sees them; the number of rows.

    Parameters
    ----------
    reflect : take the tables as they are in the database, of whatever revision

    Raises
    ------
    StoreError : the disk or the database refuses
    """
    tables = metadata
    if reflect:
        tables = MetaData()
        tables.reflect(connection)
    rows = 0
    with durable_write(path) as file:
        file.write(_line({"kind": "andon-tables", "schema_version": 1, "revision": revision_of(connection)}))
        for table in tables.sorted_tables:
            if table.name == "alembic_version":
                continue
            file.write(_line({"table": table.name, "columns": [column.name for column in table.columns]}))
            for row in connection.execution_options(yield_per=_AT_ONCE).execute(select(table).order_by(*table.primary_key.columns)):
                file.write(_line(list(row)))
                rows += 1
        file.write(_line({"rows": rows}))
    return rows


def import_tables(connection: Connection, path: Path) -> int:
    """Fill empty tables with what `export_tables` wrote; the number of rows. The caller's transaction takes all of them or none.

    Raises
    ------
    RefusedError : the tables are not empty, or the file is of another revision
    StoreError : the file is cut off or none of ours
    """
    for table in metadata.sorted_tables:
        if connection.execute(select(func.count()).select_from(table)).scalar():
            raise RefusedError(f"the table {table.name} is not empty", do="restore into a new database")
    try:
        return _fill(connection, path)
    except OSError as error:
        raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(path)), do="check the path") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError("not an export of tables", at=At(file=str(path)), do="name another backup") from error


def _fill(connection: Connection, path: Path) -> int:
    rows, end, waiting, table, columns = 0, None, list[dict[str, Any]](), None, list[str]()

    def flush() -> None:
        if waiting and table is not None:
            connection.execute(insert(table), waiting)
            waiting.clear()

    with open(path, encoding="utf-8") as file:
        about = json.loads(file.readline())
        if about["kind"] != "andon-tables" or about["schema_version"] != 1:
            raise ValueError(about)
        if about["revision"] != HEAD:
            raise RefusedError(
                f"tables of revision {about['revision']}, this Andon knows {HEAD}",
                at=At(file=str(path)),
                do="restore with the Andon that made it",
            )
        for line in file:
            item = json.loads(line)
            if isinstance(item, list):
                waiting.append(dict(zip(columns, item, strict=True)))
                rows += 1
                if len(waiting) >= _AT_ONCE:
                    flush()
                continue
            flush()
            if "rows" in item:
                end = item["rows"]
                continue
            table, columns = metadata.tables[item["table"]], item["columns"]
        flush()
    if end != rows:
        raise StoreError("cut off", at=At(file=str(path)), do="name another backup")
    _go_on_counting(connection)
    return rows


def _go_on_counting(connection: Connection) -> None:
    """Numbers that the database gives go on after those that were brought in."""
    if connection.dialect.name != "postgresql":
        return  # SQLite counts on from the greatest
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.type is Counted:
                greatest = connection.execute(select(func.max(column))).scalar()
                if greatest is not None:
                    name = f"{table.name}_{column.name}_seq"
                    connection.execute(text("SELECT setval(:name, :value)"), {"name": name, "value": greatest})


def _line(item: Iterable[Any]) -> bytes:
    return (json.dumps(item, ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n").encode("ascii")
