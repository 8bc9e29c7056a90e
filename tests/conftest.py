"""Models that tests of the doors share, each trained once a session and read only; and a PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres_server import PASSWORD, PostgresServer
from tests.small_plant import Line, lines, make_line, write

settings.register_profile("busy", deadline=None)  # a machine that others use as well is no reason to fail
settings.load_profile("busy")


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """The small line with a model of the linear core alone."""
    return make_line(tmp_path_factory.mktemp("line"), "--no-network")


@pytest.fixture(scope="session")
def deep_line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """The small line with a network trained for a few seconds, and the best candidate that uses it, whatever the others find."""
    from andon.training import candidates, fit_monitor

    def with_network(tried: Sequence[candidates.Tried]) -> candidates.Tried:
        return candidates.choose([item for item in tried if any(name.startswith("network.") for name in item.detector.views.names)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_monitor, "choose", with_network)
        return make_line(tmp_path_factory.mktemp("deep"), "--time-limit", "5s")


@pytest.fixture
def own(line: Line, tmp_path: Path) -> Line:
    """A copy of `line` that a test may change."""
    shutil.copytree(line.models, tmp_path / "models")
    model = tmp_path / "models" / line.model.relative_to(line.models)
    return Line(tmp_path, {"models": [line.answer["models"][0] | {"path": str(model)}]})


@pytest.fixture(scope="session")
def new_export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """New data of the small line, with a fault in the middle."""
    return write(tmp_path_factory.mktemp("new") / "new.csv", lines())


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A running PostgreSQL with a database `empty` to copy from."""
    from andon.store.database import Database

    running = PostgresServer()
    try:
        running.run_sql("CREATE DATABASE empty")
        Database(running.url("empty"), password=PASSWORD).close()
        yield running
    finally:
        running.remove()
