"""Every test of the database runs on SQLite and on PostgreSQL. Both begin as a copy of an empty one, so that tables are made once."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from andon.store.database import Database
from andon.store.database.tables import metadata
from tests.postgres_server import PASSWORD, PostgresServer

_names = itertools.count(1)


@pytest.fixture(scope="session")
def shared_url(server: PostgresServer) -> str:
    """A database of PostgreSQL that tests empty and use one after the other."""
    server.run_sql("CREATE DATABASE shared TEMPLATE empty")
    return server.url("shared")


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """Opens the same database, which was empty at first."""
    if request.param == "sqlite":
        return _sqlite(request, tmp_path)
    url: str = request.getfixturevalue("shared_url")
    server: PostgresServer = request.getfixturevalue("server")
    server.run_sql(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY", "shared")
    return lambda: Database(url, password=PASSWORD, backups=tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def opened_alone(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """Opens the same database, whose tables the test may change."""
    if request.param == "sqlite":
        return _sqlite(request, tmp_path)
    server: PostgresServer = request.getfixturevalue("server")
    name = f"d{next(_names)}"
    server.run_sql(f"CREATE DATABASE {name} TEMPLATE empty")
    return lambda: Database(server.url(name), password=PASSWORD, backups=tmp_path)


@pytest.fixture
def database(opened: Callable[[], Database]) -> Iterator[Database]:
    """An open database with empty tables."""
    with opened() as found:
        yield found


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> Callable[[], Database]:
    shutil.copy(request.getfixturevalue("empty_file"), folder / "andon.sqlite")
    return lambda: Database(f"sqlite:///{folder / 'andon.sqlite'}")
