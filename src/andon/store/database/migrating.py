"""The tables of an older Andon become those of this one; before anything changes, a backup is made.

Alembic runs the revisions in `migrations/versions/`. It is imported only where there is something to do.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from andon.plant.errors import At, RefusedError, StoreError
from andon.plant.time import NS
from andon.store.database.tables import HEAD, is_sqlite

_SCRIPTS = "andon.store.database:migrations"


def bring_up_to_date(engine: Engine, where: str, backups: Path, at: int, *, scripts: str = _SCRIPTS, head: str = HEAD) -> Path | None:
    """Make or migrate the tables.

    Parameters
    ----------
    engine : that may write
    where : the database, for errors
    backups : folder for the backup
    at : ns UTC, now
    scripts, head : the revisions and the last of them

    Returns
    -------
    the backup that was made before tables were changed; None where none had to be changed

    Raises
    ------
    RefusedError : a newer Andon made the tables, or they are not ours
    StoreError : the backup or the change failed; then the tables are as they were
    """
    with engine.connect() as connection:
        revision, tables = revision_of(connection), inspect(connection).get_table_names()
        connection.rollback()
    if revision == head:
        return None
    if revision is None and "alarm_records" in tables:
        raise RefusedError("there are tables of ours without a revision", at=At(file=where), do="restore a backup")

    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", scripts)
    config.set_main_option("path_separator", "os")
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions(head=head)]
    if revision is not None and revision not in known:
        raise RefusedError(
            f"its tables are of revision {revision}, this Andon knows {known[0]}", at=At(file=where), do="update Andon, or restore a backup"
        )
    backup = _back_up(engine, backups, revision, at) if revision is not None else None
    with engine.begin() as connection:
        if not is_sqlite(engine):
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(1634624623)")  # two services that start at once take turns
            if revision_of(connection) == head:
                return backup
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, head)
        except CommandError as error:
            raise StoreError(f"the tables cannot be migrated: {error}", at=At(file=where), do="restore the backup") from error
    return backup


def revision_of(connection: Connection) -> str | None:
    """The revision that the tables are of; None where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def _back_up(engine: Engine, folder: Path, revision: str, at: int) -> Path:
    when = datetime.fromtimestamp(at // NS, tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    if is_sqlite(engine):
        path = folder / f"{Path(str(engine.url.database)).name}.before-{revision}-{when}"
        copy_sqlite(Path(str(engine.url.database)), path)
        return path
    from andon.store.database.export import export_tables

    path = folder / f"andon-postgresql.before-{revision}-{when}.jsonl"
    with engine.connect() as connection:
        export_tables(connection, path, reflect=True)
        connection.rollback()
    return path


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a SQLite file that others may be writing; `target` is whole or absent.

    Raises
    ------
    StoreError : the disk refuses
    """
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        reading, writing = sqlite3.connect(source), sqlite3.connect(part)
        try:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")
        finally:
            writing.close()
            reading.close()
        with open(part, "rb") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
    except (sqlite3.Error, OSError) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise StoreError(f"cannot copy the database: {error}", at=At(file=str(target)), do="free some space and try again") from error
