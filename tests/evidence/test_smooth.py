"""The blocked recursion against the recursion."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from andon.evidence.smooth import alpha_of, smooth
from andon.plant.arrays import Float32Array


def naive(x: Float32Array, spans: tuple[float, ...], state: Float32Array) -> Float32Array:
    out = np.empty((len(spans), *x.shape))
    for index, span in enumerate(spans):
        alpha = 2.0 / (span + 1.0)
        y = state[index].astype(np.float64)
        for t in range(len(x)):
            y = (1.0 - alpha) * y + alpha * x[t]
            out[index, t] = y
    return out.astype(np.float32)


@given(st.integers(0, 200), st.integers(1, 4), st.lists(st.sampled_from([1.0, 2.0, 5.0, 80.0, 1280.0]), min_size=1, max_size=3))
def test_equals_the_plain_recursion(rows: int, width: int, spans: list[float]) -> None:
    random = np.random.default_rng(rows)
    x = random.normal(size=(rows, width)).astype(np.float32)
    state = random.normal(size=(len(spans), width)).astype(np.float32)
    y, after = smooth(x, tuple(spans), state)
    expected = naive(x, tuple(spans), state)
    np.testing.assert_allclose(y, expected, atol=2e-6)
    np.testing.assert_allclose(after, expected[:, -1] if rows else state, atol=2e-6)


@given(st.lists(st.integers(1, 90), min_size=1, max_size=8))
def test_any_cut_gives_the_same_means(cuts: list[int]) -> None:
    rows = sum(cuts)
    x = np.random.default_rng(rows).normal(size=(rows, 3)).astype(np.float32)
    spans = (1.0, 7.0, 300.0)
    start = np.zeros((3, 3), dtype=np.float32)
    whole, _ = smooth(x, spans, start)
    state, pieces, low = start, [], 0
    for cut in cuts:
        y, state = smooth(x[low : low + cut], spans, state)
        pieces.append(y)
        low += cut
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole, atol=2e-6)


def test_span_one_follows_the_value_itself() -> None:
    assert alpha_of(1.0) == 1.0
    x = np.arange(6, dtype=np.float32)[:, None]
    y, _ = smooth(x, (1.0,), np.full((1, 1), 9.0, dtype=np.float32))
    np.testing.assert_array_equal(y[0], x)
