"""One tag as the checks see it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from andon.auditing.series import robust_sd, runs_of, series_of, step_sd, thin
from andon.plant.arrays import BoolArray
from andon.plant.status import Status
from tests.auditing.signals import ar, series, times


def naive_runs(same: BoolArray) -> list[tuple[int, int]]:
    """Stretches of True, one sample at a time."""
    out: list[tuple[int, int]] = []
    for at, yes in enumerate(same):
        if yes and out and out[-1][0] + out[-1][1] == at:
            out[-1] = (out[-1][0], out[-1][1] + 1)
        elif yes:
            out.append((at, 1))
    return out


@given(arrays(np.bool_, st.integers(0, 40)))
def test_runs_are_those_of_the_naive_twin(same: BoolArray) -> None:
    start, length = runs_of(same)
    assert list(zip(start.tolist(), length.tolist(), strict=True)) == naive_runs(same)


def test_only_valid_finite_values_count() -> None:
    values = np.array([1.0, np.nan, 3.0, np.inf, 1e38, 6.0], dtype=np.float32)
    status = np.array([Status.GOOD, Status.GOOD, Status.BAD, Status.GOOD, Status.GOOD, Status.INTERPOLATED], dtype=np.uint8)
    made = series_of("t", "", False, times(6), values, status)
    assert made.value.tolist() == [1.0, 6.0]
    assert made.time.tolist() == [times(6)[0], times(6)[5]]
    assert made.outlandish == 3  # NaN, inf and 1e38 whose status says good
    assert made.counts.tolist() == [4, 0, 1, 0, 1]


@given(st.integers(1, 400_000))
def test_thinning_keeps_enough_and_few(count: int) -> None:
    kept = thin(np.arange(count)).size
    assert min(count, 32_768) <= kept <= max(65_536, count // ((count // 65_536) | 1) + 1)


def test_robust_sd_is_that_of_a_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(5, 3, 100_000)
    assert abs(robust_sd(values) - 3) < 0.05
    values[:20_000] = 1e6
    assert robust_sd(values) < 4.5


def test_step_of_a_resting_tag_is_that_of_its_moves() -> None:
    values = np.repeat(np.arange(50.0) * 2, 10)
    assert series(values).change_sd == 0
    assert step_sd(series(values)) == 1.4826 * 2
    assert step_sd(series(np.ones(20))) == 0
    assert step_sd(series(ar(2000, 0.0, 1)[:, 0])) > 1
