"""One service for the tests of a module; passwords take a while to hash."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.running import Service, make_service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = make_service(tmp_path_factory.mktemp("service"))
    with made.client:
        yield made


@pytest.fixture
def fresh(service: Service) -> Service:
    """The service with nobody signed in and nothing asked."""
    service.sign_out()
    service.desk.asked.clear()
    service.desk.unknown.clear()
    service.desk.wrong.clear()
    service.watch.time += 3600 * 10**9
    return service
