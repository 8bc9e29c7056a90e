"""The closed forms against plain regressions, and the laws of the fitted core."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from andon.plant.errors import TrainingError
from andon.training.linear import Moments, _relation, _ridge, fit_linear_core
from tests.evidence.wandering import plant, without


def moments(rows: int = 400, width: int = 4, lags: int = 2) -> tuple[Moments, np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    x = plant(rows, width).x.astype(np.float64)
    joined = np.concatenate([x[lags - lag : rows - lag] for lag in range(lags + 1)], axis=1)
    return Moments(joined.T @ joined / len(joined), len(joined)), joined


def test_forecast_is_ridge_regression() -> None:
    from sklearn.linear_model import Ridge

    table, joined = moments()
    weights = _ridge(table, 4, 2, 0.05)
    theirs = Ridge(alpha=0.05 * len(joined), fit_intercept=False).fit(joined[:, 4:], joined[:, :4])
    np.testing.assert_allclose(weights.reshape(8, 4), theirs.coef_.T, atol=1e-8)


def test_relation_is_the_regression_on_the_other_channels() -> None:
    table, joined = moments(lags=1)
    weights = _relation(table, 4, 1, 1e-9)
    for channel in range(4):
        others = [column for column in range(8) if column % 4 != channel]
        theirs = np.linalg.lstsq(joined[:, others], joined[:, channel], rcond=None)[0]
        ours = weights[:, :, channel].reshape(-1)
        np.testing.assert_allclose(ours[others], theirs, atol=1e-5)
        np.testing.assert_array_equal(ours[[channel, 4 + channel]], 0.0)


def test_a_fitted_core_predicts_later_time_better_than_the_mean_and_the_last_value() -> None:
    ticks = plant(3000)
    core = fit_linear_core(ticks, np.arange(3000) < 2000)
    expected, _ = core.run(ticks, core.start())
    later = slice(2000, 3000)
    error = ((ticks.x - expected.forecast)[later] ** 2).mean()
    assert error < 0.95 * (ticks.x[later] ** 2).mean()
    assert error < 0.95 * (np.diff(ticks.x, axis=0)[later] ** 2).mean()
    relation = ((ticks.x - expected.relation)[later] ** 2).mean()
    assert relation < 0.9 * (ticks.x[later] ** 2).mean()
    np.testing.assert_allclose(core.scale, (ticks.x - expected.forecast)[1:2000].std(axis=0), rtol=0.05)


def test_a_channel_never_sees_itself_in_its_relation() -> None:
    ticks = plant(500)
    core = fit_linear_core(ticks, np.ones(500, dtype=bool))
    plain, _ = core.run(ticks, core.start())
    changed = ticks.x.copy()
    changed[:, 2] += np.random.default_rng(0).normal(size=500).astype(np.float32)
    other, _ = core.run(replace(ticks, x=changed), core.start())
    np.testing.assert_array_equal(other.relation[:, 2], plain.relation[:, 2])


def test_tag_order_is_irrelevant_and_the_seedless_fit_repeats() -> None:
    ticks = plant(600)
    order = np.array([3, 1, 5, 0, 2, 4])
    core = fit_linear_core(ticks, np.ones(600, dtype=bool))
    turned = fit_linear_core(replace(ticks, x=ticks.x[:, order]), np.ones(600, dtype=bool))
    expected, _ = core.run(ticks, core.start())
    other, _ = turned.run(replace(ticks, x=ticks.x[:, order]), turned.start())
    np.testing.assert_allclose(other.forecast, expected.forecast[:, order], atol=2e-4)
    again = fit_linear_core(ticks, np.ones(600, dtype=bool))
    np.testing.assert_array_equal(again.weights, core.weights)


def test_rows_outside_training_are_not_learnt_from() -> None:
    ticks = plant(900)
    rows = np.arange(900) < 600
    changed = ticks.x.copy()
    changed[600:] = 40.0
    first = fit_linear_core(ticks, rows)
    second = fit_linear_core(replace(ticks, x=changed), rows)
    np.testing.assert_array_equal(first.weights, second.weights)


def test_missing_samples_in_training_do_little_harm() -> None:
    ticks = plant(4000)
    rows = np.arange(4000) < 3000
    holes = without(ticks, np.random.default_rng(1).random((4000, 6)) < 0.05)
    whole, patched = fit_linear_core(ticks, rows), fit_linear_core(holes, rows)
    later = slice(3000, 4000)
    a, _ = whole.run(ticks, whole.start())
    b, _ = patched.run(ticks, patched.start())
    assert ((ticks.x - b.forecast)[later] ** 2).mean() < 1.02 * ((ticks.x - a.forecast)[later] ** 2).mean()


def test_a_constant_and_a_copied_channel_are_no_obstacle() -> None:
    ticks = plant(300)
    x = ticks.x.copy()
    x[:, 1] = 0.0
    x[:, 2] = x[:, 3]
    core = fit_linear_core(replace(ticks, x=x), np.ones(300, dtype=bool))
    expected, _ = core.run(replace(ticks, x=x), core.start())
    assert np.isfinite(expected.relation).all()
    assert np.abs(expected.relation[:, 2] - x[:, 2]).mean() < 0.2


def test_too_little_or_too_much_is_refused() -> None:
    with pytest.raises(TrainingError, match="usable rows of normal time"):
        fit_linear_core(plant(15), np.ones(15, dtype=bool))
    with pytest.raises(TrainingError, match="2501 channels in one asset"):
        fit_linear_core(plant(2, 2501), np.ones(2, dtype=bool))
