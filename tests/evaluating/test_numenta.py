"""Numenta's NAB score against a naive twin from the paper's formulas, and by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evaluating.numenta import numenta_scores
from andon.plant.errors import EvaluationError


def sigma(y: float) -> float:
    """2 / (1 + e^5y) - 1, and -1 from three widths behind a window on."""
    return -1.0 if y >= 3 else 2 / (1 + math.exp(5 * y)) - 1


def naive(windows: list[int], alarms: list[int], false_weight: float, miss_weight: float) -> float:
    """Tick by tick: a window earns its earliest alarm, every alarm outside costs by its distance to the window before."""
    count = len(windows)
    runs: list[list[int]] = []
    for t, inside in enumerate(windows):
        if inside and t and windows[t - 1]:
            runs[-1].append(t)
        elif inside:
            runs.append([t])
    score, probation = 0.0, min(math.floor(0.15 * count), 750)
    runs_that_count = [run for run in runs if run[-1] >= probation]
    for run in runs_that_count:
        earned = [sigma(-(run[-1] - t + 1) / len(run)) / sigma(-1) for t in run if alarms[t] and t >= probation]
        score += max(earned) if earned else -miss_weight
    for t in range(probation, count):
        if alarms[t] and not windows[t]:
            before = [run for run in runs if run[-1] < t]
            score += false_weight * (sigma((t - before[-1][-1]) / max(len(before[-1]) - 1, 1)) if before else -1.0)
    total = len(runs_that_count)
    return 100 * (score + miss_weight * total) / (total + miss_weight * total) if total else math.nan


BITS = st.lists(st.integers(0, 1), min_size=30, max_size=30)


@settings(deadline=None)
@given(BITS, BITS)
def test_equals_the_naive_twin(windows: list[int], alarms: list[int]) -> None:
    got = numenta_scores([windows], [alarms])
    for value, (false, miss) in ((got.standard, (0.11, 1.0)), (got.low_fp, (0.22, 1.0)), (got.low_fn, (0.11, 2.0))):
        assert value == pytest.approx(naive(windows, alarms, false, miss), abs=1e-9, nan_ok=True)


def test_silence_perfection_and_one_false_alarm() -> None:
    window = [0] * 50 + [1] * 10 + [0] * 40
    nothing = [0] * 100
    assert numenta_scores([window], [nothing]).standard == 0.0
    prompt = [int(t == 50) for t in range(100)]
    assert numenta_scores([window], [prompt]).standard == pytest.approx(100.0)
    # Before any window a false alarm costs its full price: 0.11 of a span of 2.
    early = [int(t in (20, 50)) for t in range(100)]
    got = numenta_scores([window], [early])
    assert got.standard == pytest.approx(100 - 100 * 0.11 / 2)
    assert (got.detected, got.missed, got.false) == (1, 0, 1)
    # Just behind the window it costs nearly nothing.
    late = [int(t in (50, 60)) for t in range(100)]
    assert numenta_scores([window], [late]).standard > 98


def test_probation_counts_for_nothing() -> None:
    window = [0] * 20 + [1] * 5 + [0] * 75
    alarms = [1] * 15 + [0] * 5 + [1] + [0] * 79
    assert numenta_scores([window], [alarms]).standard == pytest.approx(100.0)


def test_bad_input_is_refused() -> None:
    with pytest.raises(EvaluationError, match="1 recordings with windows"):
        numenta_scores([[1]], [])
    with pytest.raises(EvaluationError, match="2 ticks with windows, but 1 alarms"):
        numenta_scores([[0, 1]], [[1]])
    assert math.isnan(numenta_scores([[0, 0]], [[0, 1]]).standard)
