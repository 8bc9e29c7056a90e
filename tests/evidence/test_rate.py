"""The rate curve: counts that the opener would give, replicates around them, a tail that starts where counting ends."""

from __future__ import annotations

import numpy as np
import pytest

from andon.evidence.events import EventOpener, Opening
from andon.evidence.normal_trace import NormalTrace
from andon.evidence.rate import COUNTED, RateCurve, rate_curve
from tests.evidence.steady import every, steady_trace

TICKS = 20_000


def opening_for(trace: np.ndarray) -> Opening:
    centre, band, high = np.quantile(trace, [0.5, 0.75, 0.99])
    return Opening(2, 3, 0.7, float(centre), float(band), 60, float(high - centre))


@pytest.fixture(scope="module")
def made() -> tuple[NormalTrace, Opening, RateCurve]:
    piece = NormalTrace(steady_trace(TICKS, 1).astype(np.float32), *every(TICKS))
    opening = opening_for(piece.trace)
    return piece, opening, rate_curve([piece], opening)


def test_counts_are_those_of_the_opener(made: tuple[NormalTrace, Opening, RateCurve]) -> None:
    piece, opening, curve = made
    opener = EventOpener(opening)
    for level, counted in zip(curve.level[::6], curve.counted[::6], strict=True):
        spans, _ = opener.run(piece.trace, piece.judge, piece.tick, opener.start(), float(level))
        assert len(spans.opened) == counted


def test_replicates_stand_around_the_counts(made: tuple[NormalTrace, Opening, RateCurve]) -> None:
    _, _, curve = made
    assert np.allclose(curve.replicate.mean(axis=0)[: curve.anchor] * TICKS, curve.counted[: curve.anchor], rtol=0.1)
    assert (np.diff(curve.replicate, axis=1) <= 1e-15).all()
    # a Poisson count of n has a relative spread of 1 / sqrt(n)
    anchor = curve.counted[curve.anchor]
    spread = np.std(curve.replicate[:, curve.anchor]) / np.mean(curve.replicate[:, curve.anchor])
    assert 0.6 / np.sqrt(anchor) < spread < 1.6 / np.sqrt(anchor)


def test_the_tail_begins_where_counting_ends(made: tuple[NormalTrace, Opening, RateCurve]) -> None:
    _, _, curve = made
    assert curve.counted[curve.anchor] >= COUNTED
    assert curve.counted[curve.anchor + 1 :].max() < COUNTED
    top = float(curve.level[curve.anchor])
    assert np.allclose(curve.rates(top + 1e-9), curve.rates(top), rtol=1e-6)
    levels = np.linspace(curve.level[0], curve.level[-1] * 1.3, 60)
    medians = [float(np.median(curve.rates(float(level)))) for level in levels]
    assert medians == sorted(medians, reverse=True)


def test_threshold_for_is_the_lowest_that_keeps_the_rate(made: tuple[NormalTrace, Opening, RateCurve]) -> None:
    _, _, curve = made
    for events in (30.0, 5.0, 0.5):
        rate = events / TICKS
        threshold = curve.threshold_for(rate, 0.8)
        assert np.quantile(curve.rates(threshold), 0.8) <= rate * (1 + 1e-9)
        assert np.quantile(curve.rates(threshold - 1e-3), 0.8) > rate


def test_more_held_back_time_leaves_a_smaller_margin() -> None:
    margins = []
    for ticks in (10_000, 100_000):
        piece = NormalTrace(steady_trace(ticks, 5).astype(np.float32), *every(ticks))
        curve = rate_curve([piece], opening_for(piece.trace))
        threshold = curve.threshold_for(5.0 / 10_000, 0.8)
        margins.append(float(np.median(curve.rates(threshold))) * 10_000 / 5.0)
    assert margins[0] < margins[1] < 1.0


def test_bursts_are_seen_in_the_dispersion() -> None:
    """Bursts of many events in one hour in ten days."""
    rng = np.random.default_rng(0)
    trace = rng.gamma(2.0, 1.0, 100_000)
    for start in range(5_000, 100_000, 15_000):
        trace[start : start + 1500 : 100] += 20.0
    piece = NormalTrace(trace.astype(np.float32), *every(100_000))
    opening = Opening(1, 1, 0.7, 1.7, 2.7, 30, 5.0)
    bursty = rate_curve([piece], opening)
    steady = rate_curve([NormalTrace(rng.gamma(2.0, 1.0, 100_000).astype(np.float32), *every(100_000))], opening)
    assert bursty.dispersion(15.0) > 1.7 > 1.3 > steady.dispersion(float(steady.level[0]))
    assert bursty.dispersion(15.0) > bursty.dispersion(27.0) > 1.0
