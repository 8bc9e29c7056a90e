"""Statistics of one tag, against slow twins."""

from __future__ import annotations

import math
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.auditing.statistics import covered_share, describe, hold_of, nice_duration, nice_up, quantum_of
from andon.plant.time import HOUR_NS, MINUTE_NS, NS
from tests.auditing.signals import ar, series

VALUES = st.lists(st.one_of(st.just(math.nan), st.integers(-50, 50).map(float)), min_size=1, max_size=60)


@given(VALUES)
def test_statistics_are_those_of_the_naive_twin(values: list[float]) -> None:
    stats = describe(series(np.array(values)), MINUTE_NS)
    there = [value for value in values if not math.isnan(value)]
    assert (stats.rows, stats.valid, stats.missing) == (len(values), len(there), len(values) - len(there))
    if not there:
        assert math.isnan(stats.mean)
        return
    assert stats.mean == pytest.approx(sum(there) / len(there), abs=1e-9)
    assert stats.median == pytest.approx(np.median(there), abs=1e-12)
    assert (stats.minimum, stats.maximum) == (min(there), max(there))
    assert stats.distinct == len(set(there))
    assert stats.longest_run == max(len(list(run)) for _, run in groupby(there))
    assert stats.constant == (len(there) > 1 and len(set(there)) == 1)
    at = [k for k, value in enumerate(values) if not math.isnan(value)]
    gaps = [(b - a) * MINUTE_NS for a, b in pairwise(at)]
    assert stats.longest_gap_ns == max(gaps, default=0)


@given(VALUES, st.integers(1, 90))
def test_coverage_is_that_of_the_naive_twin(values: list[float], hold_min: int) -> None:
    # One second at a time: covered while the last value is younger than the hold.
    last, covered, total = -math.inf, 0, (len(values) - 1) * 60
    for second in range(total):
        if second % 60 == 0 and not math.isnan(values[second // 60]):
            last = second
        covered += second - last < hold_min * 60
    made = series(np.array(values))
    expected = covered / total if total else float(made.value.size > 0)
    assert covered_share(made, hold_min * MINUTE_NS) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("offset", "step", "found"), [(0.0, 0.25, 0.25), (100.0, 1.0, 1.0), (3.3, 0.1, 0.1), (-7.0, 5.0, 5.0)])
def test_a_quantum_is_found_in_float32(offset: float, step: float, found: float) -> None:
    values = np.sort(np.float32(offset + step * np.rint(ar(3000, 0.5, 3)[:, 0] * 20))).astype(np.float64)
    assert quantum_of(values, float(np.finfo(np.float32).eps) * float(np.abs(values).max())) == pytest.approx(found, rel=1e-3)


def test_noise_has_no_quantum() -> None:
    for scale in (1e-6, 1.0, 1e6):
        values = np.sort((ar(5000, 0.5, 4)[:, 0] * scale + scale).astype(np.float32)).astype(np.float64)
        assert quantum_of(values, float(np.finfo(np.float32).eps) * float(np.abs(values).max())) == 0.0
    assert quantum_of(np.array([1.0]), 0.0) == 0.0


def test_hold_is_twice_the_usual_spacing_and_at_most_an_hour() -> None:
    assert hold_of(np.full(100, MINUTE_NS), MINUTE_NS) == 2 * MINUTE_NS
    assert hold_of(np.full(100, 50 * MINUTE_NS), MINUTE_NS) == HOUR_NS
    assert hold_of(np.zeros(0, dtype=np.int64), 10 * NS) == 20 * NS


def test_nice_durations() -> None:
    assert nice_duration(59.4 * NS) == MINUTE_NS
    assert nice_duration(47 * NS) == 47 * NS
    assert nice_up(61 * NS) == 2 * MINUTE_NS
    assert nice_up(60 * NS) == MINUTE_NS
