"""Effective samples, shrinkage and precision by hand and by theory."""

from __future__ import annotations

import numpy as np
import pytest

from andon.evidence.fit_lines import moved
from andon.evidence.whiten import effective_samples, precision_of, shrinkage


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_effective_samples_of_a_first_order_process(memory: float) -> None:
    # Integrated autocorrelation time of AR(1): (1 + a) / (1 - a).
    random = np.random.default_rng(1)
    x = np.zeros((20_000, 4))
    for t in range(1, len(x)):
        x[t] = memory * x[t - 1] + random.normal(size=4)
    expected = len(x) * (1.0 - memory) / (1.0 + memory)
    assert effective_samples(x) == pytest.approx(expected, rel=0.15)


def test_effective_samples_do_not_depend_on_units_and_survive_constants() -> None:
    x = np.random.default_rng(2).normal(size=(500, 3)).cumsum(axis=0)
    assert effective_samples(x) == pytest.approx(effective_samples(x * [1e-3, 1.0, 1e6] + 5.0), rel=1e-6)
    assert effective_samples(np.ones((50, 2))) == 50.0
    assert effective_samples(np.ones((3, 2))) == 2.0


def test_shrinkage_follows_sklearn() -> None:
    from sklearn.covariance import oas

    for seed, rows in ((0, 30), (1, 100), (2, 1000)):
        x = np.random.default_rng(seed).normal(size=(rows, 8)) @ np.random.default_rng(9).normal(size=(8, 8))
        x -= x.mean(axis=0)
        sample = x.T @ x / rows
        width = 8
        # sklearn's formula drops the terms 2 / D of the paper; with both, the paper's.
        mean = np.trace(sample) / width
        squares, trace = (sample**2).sum(), np.trace(sample)
        paper = ((1 - 2 / width) * squares + trace**2) / ((rows + 1 - 2 / width) * (squares - trace**2 / width))
        assert shrinkage(sample, rows) == pytest.approx(min(paper, 1.0))
        _, theirs = oas(x, assume_centered=True)
        assert shrinkage(sample, rows) == pytest.approx(theirs, abs=0.12)
        assert mean > 0


def test_shrinkage_of_the_identity_is_whole_and_of_one_channel_none() -> None:
    assert shrinkage(np.eye(5), 100.0) == 1.0
    assert shrinkage(np.eye(1), 100.0) == 0.0


def test_precision_bounds_a_constant_channel_and_widens_with_an_uncertain_mean() -> None:
    covariance = np.diag([4.0, 0.0])
    floor = np.array([0.1, 0.1])
    sure = precision_of(covariance, 1000.0, 1e9, floor)
    np.testing.assert_allclose(np.diag(sure), [0.25, 100.0], rtol=1e-6)
    np.testing.assert_allclose(precision_of(covariance, 1000.0, 1.0, floor), sure / 2.0)


def test_what_stays_has_not_moved_and_what_wanders_has() -> None:
    random = np.random.default_rng(3)
    samples, blocks, width = 400, 8, 5
    steady = random.normal(size=(blocks, width)) / np.sqrt(samples)
    assert np.trace(moved(steady, np.eye(width), samples, np.full(width, 0.1))) < 0.02
    wandering = steady.copy()
    direction = np.array([1.0, -1.0, 0.0, 0.0, 0.0]) / np.sqrt(2.0)
    wandering += np.arange(blocks)[:, None] * direction
    found = moved(wandering, np.eye(width) + np.outer(direction, direction) * 5.0, samples, np.full(width, 0.1))
    values, vectors = np.linalg.eigh(found)
    assert values[-1] > 3.0
    assert abs(vectors[:, -1] @ direction) > 0.99
    assert moved(wandering[:2], np.eye(width), samples, np.full(width, 0.1)).max() == 0.0
