"""A SQLite file with empty tables, made once, to copy from."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.store.database import Database


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with empty tables."""
    path = tmp_path_factory.mktemp("empty") / "empty.sqlite"
    Database(path).close()
    return path
