"""Conditional means against the textbook formula; what is left after filling."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from andon.evidence.impute import ConditionalFill, patterns
from andon.plant.arrays import Float32Array


def covariance(width: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    a = np.random.default_rng(seed).normal(size=(width, width + 3))
    return a @ a.T / (width + 3) + 0.1 * np.eye(width)


@given(st.integers(2, 6), st.integers(0, 10_000))
def test_fills_the_conditional_mean_and_keeps_the_quadratic_form(width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    sigma = covariance(width, seed)
    precision = np.linalg.inv(sigma)
    y = random.normal(size=(1, 20, width)).astype(np.float32)
    valid = random.random((20, width)) < 0.6
    filled = y.copy()
    fill = ConditionalFill(precision[None].astype(np.float32))
    fill.fill(filled, valid)
    single: Float32Array = np.asarray(precision, dtype=np.float32)
    squared: Float32Array = np.asarray((filled @ single) ** 2 / np.diag(single), dtype=np.float32)
    fill.gain(squared, valid)
    for t in range(20):
        here, gone = np.flatnonzero(valid[t]), np.flatnonzero(~valid[t])
        if not here.size:
            np.testing.assert_array_equal(filled[0, t], 0.0)
            continue
        inner = np.linalg.inv(sigma[np.ix_(here, here)])
        mean = sigma[np.ix_(gone, here)] @ inner @ y[0, t, here]
        np.testing.assert_allclose(filled[0, t, gone], mean, rtol=2e-3, atol=2e-3)
        form = y[0, t, here] @ inner @ y[0, t, here]
        np.testing.assert_allclose(filled[0, t] @ precision @ filled[0, t], form, rtol=5e-3, atol=5e-3)
        own = (inner @ y[0, t, here]) ** 2 / np.diag(inner)
        np.testing.assert_allclose(squared[0, t, here], own, rtol=2e-2, atol=2e-2)


def test_rows_of_equal_validity_come_together_once() -> None:
    valid = np.array([[1, 1], [0, 1], [1, 0], [0, 1], [0, 0]], dtype=bool)
    found = {tuple(pattern.tolist()): rows.tolist() for rows, pattern in patterns(valid)}
    assert found == {(False, True): [1, 3], (True, False): [2], (False, False): [4]}


def test_nothing_missing_changes_nothing() -> None:
    y = np.ones((1, 3, 2), dtype=np.float32)
    ConditionalFill(np.eye(2, dtype=np.float32)[None]).fill(y, np.ones((3, 2), dtype=bool))
    np.testing.assert_array_equal(y, 1.0)
