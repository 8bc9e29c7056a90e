"""The linear core runs the same in any cut, and says what its matrices say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.arrays import Float32Array
from andon.plant.errors import BundleError, EvidenceError
from andon.plant.window import Prepared
from andon.scoring.linear_core import LinearCore
from tests.evidence.wandering import plant, without


def core(channels: int = 4, depth: int = 3, states: int = 2, seed: int = 0) -> LinearCore:
    random = np.random.default_rng(seed)
    weights = 0.2 * random.normal(size=(depth + 1, channels, 2 * channels + states)).astype(np.float32)
    weights[0, :, :channels] = 0.0
    for lag in range(depth + 1):
        weights[lag, np.arange(channels), channels + np.arange(channels)] = 0.0
    a = random.normal(size=(channels, channels))
    precision = np.linalg.inv(a @ a.T + np.eye(channels)).astype(np.float32)
    return LinearCore(
        random.normal(size=channels).astype(np.float32), weights, np.exp(random.normal(size=channels)).astype(np.float32), precision
    )


def naive(model: LinearCore, ticks: Prepared) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Row by row; gaps filled from the covariance."""
    channels = model.channels
    sigma = np.linalg.inv(model.precision.astype(np.float64))
    rows: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    out = np.zeros((ticks.rows, model.weights.shape[2]))
    for t in range(ticks.rows):
        z = (ticks.x[t] - model.mean).astype(np.float64)
        here, gone = np.flatnonzero(ticks.valid[t]), np.flatnonzero(~ticks.valid[t])
        if gone.size:
            z[gone] = sigma[np.ix_(gone, here)] @ np.linalg.inv(sigma[np.ix_(here, here)]) @ z[here] if here.size else 0.0
        if ticks.reset[t]:
            rows = [z] * model.depth
        rows.append(z)
        for lag in range(model.depth + 1):
            out[t] += rows[-1 - lag] @ model.weights[lag]
    forecast = out[:, :channels] + model.mean
    forecast[ticks.reset] = np.nan
    return (
        forecast.astype(np.float32),
        (out[:, channels : 2 * channels] + model.mean).astype(np.float32),
        out[:, 2 * channels :].astype(np.float32),
    )


def ticks_with_gaps(rows: int, seed: int) -> Prepared:
    random = np.random.default_rng(seed)
    ticks = without(plant(rows, 4, seed), random.random((rows, 4)) < 0.15)
    reset = ticks.reset | (random.random(rows) < 0.03)
    return replace(ticks, reset=reset)


@pytest.mark.parametrize("seed", range(3))
def test_equals_the_naive_twin(seed: int) -> None:
    model, ticks = core(seed=seed), ticks_with_gaps(150, seed)
    expected, _ = model.run(ticks, model.start())
    forecast, relation, features = naive(model, ticks)
    np.testing.assert_allclose(expected.forecast, forecast, atol=2e-4)
    np.testing.assert_allclose(expected.relation, relation, atol=2e-4)
    np.testing.assert_allclose(expected.features, features, atol=2e-4)
    np.testing.assert_allclose(np.exp(expected.log_scale), np.tile(model.scale, (150, 1)), rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=10), st.integers(0, 50))
def test_any_cut_gives_the_same_expectation(cuts: list[int], seed: int) -> None:
    model, ticks = core(), ticks_with_gaps(sum(cuts), seed)
    whole, _ = model.run(ticks, model.start())
    state, low = model.start(), 0
    for cut in cuts:
        piece, state = model.run(ticks.part(low, low + cut), state)
        for name in ("forecast", "relation", "features"):
            np.testing.assert_allclose(getattr(piece, name), getattr(whole, name)[low : low + cut], atol=1e-5, err_msg=name)
        low += cut


def test_the_input_is_left_as_it_was_and_the_future_does_not_matter() -> None:
    model, ticks = core(), ticks_with_gaps(80, 5)
    before = ticks.x.copy()
    whole, _ = model.run(ticks, model.start())
    np.testing.assert_array_equal(ticks.x, before)
    changed = ticks.x.copy()
    changed[40:] += 3.0
    other, _ = model.run(replace(ticks, x=changed), model.start())
    np.testing.assert_array_equal(other.forecast[:41], whole.forecast[:41])
    np.testing.assert_array_equal(other.relation[:40], whole.relation[:40])


def test_round_trip_through_arrays() -> None:
    model = core()
    again = LinearCore.from_arrays(model.to_arrays(), model.about)
    ticks = plant(30, 4)
    np.testing.assert_array_equal(again.run(ticks, again.start())[0].relation, model.run(ticks, model.start())[0].relation)


def test_wrong_material_is_refused() -> None:
    model = core()
    with pytest.raises(EvidenceError, match="5 channels, but the model was trained on 4"):
        model.run(plant(3, 5), model.start())
    arrays = model.to_arrays()
    with pytest.raises(BundleError, match="array 'scale' is absent"):
        LinearCore.from_arrays({name: value for name, value in arrays.items() if name != "scale"})
    with pytest.raises(BundleError, match="do not fit 4 channels"):
        LinearCore.from_arrays({**arrays, "scale": np.ones(3, dtype=np.float32)})
