"""Bodies are bounded while they arrive; callers have a rate; memory for callers is bounded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, Request, post
from litestar.testing import TestClient

from andon.service.browser_headers import browser_headers
from andon.service.limits import Buckets, Rate, bounded_bodies
from andon.service.problems import HANDLERS, problem_answers


@post("/api/v1/echo")
async def echo(request: Request) -> dict[str, int]:  # type: ignore[type-arg]
    return {"bytes": len(await request.body())}


@post("/api/v1/ingest/line")
async def ingest(request: Request) -> dict[str, int]:  # type: ignore[type-arg]
    return {"bytes": len(await request.body())}


@pytest.fixture
def client() -> Iterator[TestClient[Litestar]]:
    app = Litestar([echo, ingest], openapi_config=None, exception_handlers=HANDLERS)
    bounded = bounded_bodies(app, most=1000, most_ingest=5000, ingest_path="/api/v1/ingest")
    wrapped = browser_headers(problem_answers(bounded), tls=True)
    with TestClient(wrapped) as client:
        yield client  # type: ignore[misc]


def test_a_body_over_the_limit_is_refused_by_its_length_and_while_it_arrives(client: TestClient[Litestar]) -> None:
    assert client.post("/api/v1/echo", content=b"x" * 1000).json() == {"bytes": 1000}
    told = client.post("/api/v1/echo", content=b"x" * 1001)
    assert told.status_code == 413
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json()["type"] == "too-large"

    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    told = client.post("/api/v1/echo", content=pieces())
    assert (told.status_code, told.json()["type"]) == (413, "too-large")


def test_pushes_of_samples_have_their_own_limit(client: TestClient[Litestar]) -> None:
    assert client.post("/api/v1/ingest/line", content=b"x" * 5000).json() == {"bytes": 5000}
    assert client.post("/api/v1/ingest/line", content=b"x" * 5001).status_code == 413


def test_every_answer_carries_the_browser_headers_refusals_too(client: TestClient[Litestar]) -> None:
    for size in (1, 2000):
        headers = client.post("/api/v1/echo", content=b"x" * size).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["strict-transport-security"].startswith("max-age=")


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_no_caller_gets_more_than_its_rate(waits: list[float]) -> None:
    buckets, now, taken = Buckets(Rate(per_s=10, burst=20)), 0.0, 0
    for wait in waits:
        now += wait
        taken += buckets.take("one", now) == 0.0
    assert taken <= 20 + 10 * now + 1e-6


def test_waiting_as_told_is_enough_and_callers_are_apart() -> None:
    buckets = Buckets(Rate(per_s=2, burst=1))
    assert buckets.take("one", 0.0) == 0.0
    wait = buckets.take("one", 0.0)
    assert wait == pytest.approx(0.5)
    assert buckets.take("two", 0.0) == 0.0
    assert buckets.take("one", wait + 1e-9) == 0.0


def test_the_callers_longest_unseen_are_forgotten() -> None:
    buckets = Buckets(Rate(per_s=1, burst=1), most=100)
    for at in range(1000):
        buckets.take(str(at), 0.0)
    assert len(buckets._buckets) == 100
