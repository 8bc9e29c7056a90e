"""The clock, waits between tries, and secrets from outside the plant file."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.plant.backoff import Backoff
from andon.plant.clock import SystemClock
from andon.plant.errors import AskUserError
from andon.plant.secret import LARGEST_BYTES, read_secret
from andon.plant.time import MINUTE_NS, NS


def test_the_system_clock() -> None:
    before = time.time_ns()
    clock = SystemClock()
    asyncio.run(clock.sleep(-5))
    asyncio.run(clock.sleep(1_000_000))
    assert before + 1_000_000 <= clock.now() <= time.time_ns()


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_waits_grow_to_a_bound_and_never_vanish(tries: int, luck: float) -> None:
    wait = Backoff(random=lambda: luck).wait_ns(tries)
    whole = min(NS * 2.0 ** min(tries - 1, 60), MINUTE_NS)
    assert 0.5 * whole - 1 <= wait <= whole


def test_waits_without_jitter() -> None:
    waits = [Backoff(NS, 8 * NS, jitter=0.0).wait_ns(tries) for tries in (1, 2, 3, 4, 5, 100)]
    assert waits == [NS, 2 * NS, 4 * NS, 8 * NS, 8 * NS, 8 * NS]


def test_waits_double_up_to_the_bound() -> None:
    policy = Backoff(100, 1_000, jitter=0.0)
    assert [policy.wait_ns(failures) for failures in (0, 1, 2, 3, 4, 5, 6, 10**9)] == [100, 100, 200, 400, 800, 1_000, 1_000, 1_000]


def test_jitter_only_shortens() -> None:
    whole = Backoff(1_000, 64_000, jitter=0.0)

    def some(seed: int) -> list[int]:
        policy = Backoff(1_000, 64_000, jitter=0.5, random=Random(seed).random)
        return [policy.wait_ns(failures) for failures in range(1, 201)]

    waits = some(1)
    for failures, wait in enumerate(waits, start=1):
        assert whole.wait_ns(failures) / 2 <= wait <= whole.wait_ns(failures)
    assert len(set(waits[10:])) > 100
    assert waits == some(1)


def test_secrets(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret ü\n", encoding="utf-8")
    assert read_secret("", "", key="k") is None
    assert read_secret("PASSWORD", "", key="k", environment={"PASSWORD": "x"}) == "x"
    assert read_secret("", str(file), key="k") == "s3cret ü"
    file.write_text("two lines\nof it\r\n", encoding="utf-8")
    assert read_secret("", str(file), key="k") == "two lines\nof it"


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "cannot read the secret: No such file or directory"), (b"", "the file of the secret is empty"),
    (b"\xff", "cannot read the secret: it is not UTF-8"),
     (b"x" * (LARGEST_BYTES + 1), "the file of the secret is too large")],
)  # fmt: skip
def test_a_secret_that_is_not_there(content: bytes | None, what: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AskUserError) as caught:
        read_secret("", str(file), key="link[1].password_file")
    assert caught.value.what == what
    assert caught.value.at.key == "link[1].password_file"
    with pytest.raises(AskUserError, match="ANDON_NOT_SET is not set"):
        read_secret("ANDON_NOT_SET", "", key="k", environment={})
