"""The OpenAPI document against the application: whatever fits it gets an answer that fits it, and nothing makes the service fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from andon.service.limits import Rate
from andon.service.settings import ServiceSettings
from tests.service.running import Service, make_service

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

FREELY = Rate(per_s=1e9, burst=1e9)
NOT_HERE = ("/api/v1/live", "/api/v1/sign-in", "/api/v1/first-sign-in", "/api/v1/new-password", "/api/v1/sign-out", "/metrics")
"""A stream without an end, and what hashes passwords or ends the session: tests of their own."""


@pytest.fixture(scope="module")
def open_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = make_service(tmp_path_factory.mktemp("fuzzed"), ServiceSettings(rate=FREELY, ingest_rate=FREELY))
    with service.client:
        service.sign_in("administrator")
        yield service


def fuzz(service: Service, examples: int, paths: tuple[str, ...] = ()) -> dict[str, str]:
    """Operation -> what went wrong."""
    from schemathesis.checks import content_type_conformance, not_a_server_error, response_schema_conformance, status_code_conformance

    found: dict[str, str] = {}
    document = schemathesis.openapi.from_dict(service.litestar.openapi_schema.to_schema())
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    for result in document.get_all_operations():
        operation = result.ok()
        if operation.path in NOT_HERE or (paths and operation.path not in paths):
            continue

        @settings(
            max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True,
            phases=[Phase.generate],
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            service.desk.asked.clear()
            service.watch.time += 10**9
            words = case.as_transport_kwargs(base_url="http://testserver.local")
            told = service.client.request(
                words["method"], words["url"], params=words.get("params"), json=words.get("json"), content=words.get("data"),
                headers={name: value for name, value in words["headers"].items() if name.lower() != "user-agent"},
            )  # fmt: skip
            case.validate_response(told, checks=checks)

        try:
            check()
        except BaseException as error:
            parts = getattr(error, "exceptions", [error])
            found[operation.label] = " | ".join(str(part)[:600] for part in parts)
    return found


def test_every_operation_answers_as_the_document_says(open_service: Service) -> None:
    """A few examples each; `ANDON_FUZZ=200` tries longer."""
    assert fuzz(open_service, int(os.environ.get("ANDON_FUZZ", "2"))) == {}


def test_what_does_not_fit_the_document_is_found(open_service: Service) -> None:
    """The fuzzer sees an answer of another shape, and an error of our own."""
    open_service.desk.__dict__["overview"] = lambda caller: {"tiles": 7}
    open_service.desk.__dict__["models"] = lambda: 1 / 0
    found = fuzz(open_service, 1, ("/api/v1/overview", "/api/v1/models"))
    del open_service.desk.__dict__["overview"], open_service.desk.__dict__["models"]
    assert set(found) == {"GET /api/v1/overview", "GET /api/v1/models"}
