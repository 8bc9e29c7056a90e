"""A SQLite file and a PostgreSQL with empty tables, made once, to copy from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.store.database import Database
from tests.postgres_server import PASSWORD, PostgresServer


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with empty tables."""
    path = tmp_path_factory.mktemp("empty") / "empty.sqlite"
    Database(path).close()
    return path


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A running PostgreSQL with a database `empty` to copy from."""
    running = PostgresServer()
    try:
        running.run_sql("CREATE DATABASE empty")
        Database(running.url("empty"), password=PASSWORD).close()
        yield running
    finally:
        running.remove()
