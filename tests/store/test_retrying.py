"""Waits grow, stay within their bound, and differ from one another."""

from __future__ import annotations

from itertools import islice

from andon.store.retrying import Retrying


def test_waits_double_up_to_the_bound() -> None:
    policy = Retrying(first=100, factor=2.0, most=1_000)
    assert [policy.delay(failures) for failures in (0, 1, 2, 3, 4, 5, 6, 10**9)] == [100, 100, 200, 400, 800, 1_000, 1_000, 1_000]


def test_jitter_only_shortens() -> None:
    policy = Retrying(first=1_000, factor=2.0, most=64_000, jitter=0.5)
    waits = list(islice(policy.delays(seed=1), 200))
    for failures, wait in enumerate(waits, start=1):
        assert policy.delay(failures) / 2 <= wait <= policy.delay(failures)
    assert len(set(waits[10:])) > 100
    assert waits == list(islice(policy.delays(seed=1), 200))
