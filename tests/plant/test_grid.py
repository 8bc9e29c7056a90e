"""The grid of contract 1 against a naive twin."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.grid import tick_means, tick_of
from andon.plant.status import Status

SAMPLES = st.lists(
    st.tuples(st.integers(-40, 40), st.one_of(st.floats(-1e6, 1e6), st.just(math.nan), st.just(math.inf)), st.sampled_from(Status)),
    max_size=30,
)


def naive_means(samples: list[tuple[int, float, Status]], interval: int, first: int, last: int) -> tuple[list[float], list[int]]:
    values: list[float] = []
    states: list[int] = []
    for k in range(first, last + 1):
        inside = [(v, s) for t, v, s in samples if (k - 1) * interval < t <= k * interval]
        good = [(v, s) for v, s in inside if s in (Status.GOOD, Status.UNCERTAIN, Status.INTERPOLATED) and math.isfinite(v)]
        values.append(sum(v for v, _ in good) / len(good) if good else math.nan)
        kinds = {s for _, s in good}
        if kinds:
            worst: Status = next(s for s in (Status.UNCERTAIN, Status.INTERPOLATED, Status.GOOD) if s in kinds)
        else:
            worst = Status.BAD if any(s != Status.MISSING for _, s in inside) else Status.MISSING
        states.append(int(worst))
    return values, states


@settings(max_examples=200, deadline=None)
@given(SAMPLES, st.integers(1, 9), st.integers(-12, 5), st.integers(0, 12))
def test_the_naive_twin_says_the_same(samples: list[tuple[int, float, Status]], interval: int, first: int, length: int) -> None:
    samples = sorted(samples, key=lambda sample: sample[0])
    time = np.array([t for t, _, _ in samples], dtype=np.int64)
    values = np.array([v for _, v, _ in samples])
    status = np.array([s for _, _, s in samples], dtype=np.uint8)
    got, state = tick_means(tick_of(time, interval), values, status, first, first + length)
    expected, states = naive_means(samples, interval, first, first + length)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-6)
    assert state.tolist() == states


@given(st.integers(-(2**60), 2**60), st.integers(1, 10**13))
def test_a_tick_ends_where_its_samples_end(time: int, interval: int) -> None:
    k = int(tick_of(np.array([time]), interval)[0])
    assert (k - 1) * interval < time <= k * interval


def test_a_large_offset_loses_nothing() -> None:
    """1e9 + 0.1, 0.2, 0.3: the mean is 1e9 + 0.2 to the last digit that a float64 has there."""
    values = 1e9 + np.array([0.1, 0.2, 0.3])
    got, _ = tick_means(np.zeros(3, dtype=np.int64), values, np.zeros(3, dtype=np.uint8), 0, 0)
    assert abs(got[0] - (1e9 + 0.2)) < 2e-7


def test_equal_samples_have_exactly_their_value() -> None:
    got, _ = tick_means(np.zeros(3, dtype=np.int64), np.full(3, 0.1), np.zeros(3, dtype=np.uint8), 0, 0)
    assert got[0] == 0.1
