"""Look at a database without changing anything: of which revision its tables are, and whether SQLite's file is whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from andon.store.database.database import address_of, told_address
from andon.store.database.failures import translated
from andon.store.database.migrating import revision_of


def revision_at(url: str, *, password: str | None = None) -> str | None:
    """The revision of the tables of a database; None where it has none.

    Raises
    ------
    AskUserError : no address of a database that Andon knows
    StoreError : it gives no answer
    """
    address = address_of(url, password)
    engine = create_engine(address, connect_args={"timeout": 5}, poolclass=NullPool)
    try:
        with translated(told_address(address)), engine.connect() as connection:
            return revision_of(connection)
    finally:
        engine.dispose()


def damage_of(file: Path, *, thorough: bool = False) -> str:
    """What SQLite finds wrong in a file, which another process may be writing; empty where it is whole.

    Parameters
    ----------
    thorough : indexes are compared with their tables, too, which takes as long as reading everything twice
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            told = str(connection.execute("PRAGMA integrity_check(1)" if thorough else "PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        told = str(error)
    return "" if told == "ok" else told
