"""Families of candidates: what they fit is what scoring evaluates, and each finds what it is made for."""

from __future__ import annotations

import numpy as np
import pytest

from andon.plant.arrays import Float64Array
from andon.plant.window import Prepared
from andon.scoring.input_history import HistoryPlan, follow, start_history
from andon.scoring.responses import Inputs, LinearResponse
from andon.training.quality import smooth_response
from andon.training.quality.correction import fit_correction, known_residuals
from andon.training.quality.dead_time import estimate_dead_time
from andon.training.quality.family import Family, search
from andon.training.quality.labelled import Labelled, Tables, build_tables, forward_folds, label_rows
from andon.training.quality.log_target import EitherScale, log_scale
from andon.training.quality.nonlinear import BoostedTrees, KernelOnMeans, NetworkMedian, blend
from andon.training.quality.smooth_response import (
    Constant,
    PartialLeastSquares,
    RidgeOnFeatures,
    RidgeOnLags,
    SmoothResponse,
    fading_root,
    whiten_steps,
)
from tests.training.quality.plant_with_lab import DEAD, inputs, laboratory, prepared, target

PLAN = HistoryPlan((0, 1, 2), 0, 24, 1, (1, 4, 8, 16))
FAMILIES: list[Family] = [
    Constant(),
    RidgeOnLags(lags=20),
    PartialLeastSquares(lags=20),
    SmoothResponse(shapes=((20, 0.9),)),
    SmoothResponse(shapes=((20, 0.9),), against_known=True),
    KernelOnMeans(((0, 2),), few=200, most=300),
    BoostedTrees(),
    RidgeOnFeatures(),
    NetworkMedian(),
    EitherScale(RidgeOnLags(lags=20)),
]


def case(
    rows: int = 900, wander: float = 0.3, bend: float = 0.0, seed: int = 0
) -> tuple[Prepared, Labelled, Tables, Float64Array, Float64Array]:
    """Recording, labels, tables, scaled target, network features."""
    x = inputs(rows, seed)
    ticks, y = prepared(x), target(x, seed, wander, bend)
    labels = label_rows(ticks, laboratory(y, 1, 6))
    features = np.tanh(x @ np.random.default_rng(3).normal(size=(3, 4)))
    tables = build_tables(ticks, PLAN, labels.row, features.astype(np.float32), (x[:, 0] * 0.5).astype(np.float32))
    return ticks, labels, tables, (labels.value - labels.value.mean()) / labels.value.std(), features


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@pytest.mark.parametrize("mode", ["lab", "inputs"])
def test_what_is_fitted_is_what_scoring_evaluates(family: Family, mode: str) -> None:
    ticks, labels, tables, y, features = case(300)
    history, _ = follow(PLAN, start_history(PLAN), ticks)
    seen = Inputs(PLAN, history, features.astype(np.float32), (inputs(300)[:, 0] * 0.5).astype(np.float32))
    for group in (family.groups(mode)[0], family.groups(mode)[-1]):
        for number, words, fitted in family.path(tables, y, labels, group):
            np.testing.assert_allclose(fitted.response.value(seen), fitted.of(tables), atol=1e-6, err_msg=f"{number} {words}")
            break


@pytest.mark.parametrize(
    "family", [RidgeOnLags(lags=20), SmoothResponse(shapes=((20, 0.9),)), KernelOnMeans(((0, 2),))], ids=lambda f: f.name
)
def test_one_setting_alone_is_the_same_as_in_its_path(family: Family) -> None:
    _, labels, tables, y, _ = case(250)
    group = family.groups("lab")[-1]
    fits = list(family.path(tables, y, labels, group))
    number, words, fitted = fits[2]
    (again,) = list(family.path(tables, y, labels, group, number))
    assert again[:2] == (number, words)
    np.testing.assert_allclose(again[2].of(tables), fitted.of(tables), atol=1e-9)


def test_ridge_equals_scikit_learn() -> None:
    from sklearn.linear_model import Ridge

    _, labels, tables, y, _ = case(300)
    family = RidgeOnLags(lags=10)
    raw = tables.lags[:, :10].reshape(len(y), -1)
    scaled = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    expected = Ridge(30.0).fit(scaled, y).predict(scaled)
    (_, words, fitted) = list(family.path(tables, y, labels, 10))[2]
    assert words == "10 lags, penalty 30"
    np.testing.assert_allclose(fitted.of(tables), expected, atol=1e-8)


def test_a_response_fitted_against_the_wander_is_nearer_the_truth() -> None:
    error = {}
    for rho in (0.0, 0.98):
        total = 0.0
        for seed in range(3):
            ticks, labels, tables, y, _ = case(500, wander=1.0, seed=seed)
            del ticks
            pure = target(inputs(500, seed), seed, wander=0.0)
            fitted = list(SmoothResponse().path(tables, y, labels, (24, 0.9, rho)))[2][2]
            gap = fitted.of(tables) * labels.value.std() + labels.value.mean() - pure
            total += float(np.var(gap))
        error[rho] = total
    assert error[0.98] < 0.5 * error[0.0]


def test_whitening_by_hand() -> None:
    _, labels, _, _, _ = case(60)
    # rho 0.6: (v1 - 0.6 v0) / 0.8
    got = whiten_steps(np.array([1.0, 2.0] + [0.0] * 58), labels, 0.6)
    assert got[:2].tolist() == pytest.approx([1.0, 1.4 / 0.8])


def test_fading_root_makes_the_kernel() -> None:
    root = fading_root(6, 0.8)
    lag = np.arange(6)
    np.testing.assert_allclose(root @ root.T, 0.8 ** np.maximum(lag[:, None], lag[None, :]), atol=1e-9)


def test_the_kernel_finds_a_product_that_a_line_cannot() -> None:
    _, labels, tables, y, _ = case(900, wander=0.05, bend=1.0)
    folds = forward_folds(labels.row)
    (bent,) = search(KernelOnMeans(((1, 2, 3),)), tables, y, labels, folds, "inputs")
    (line,) = search(RidgeOnLags(lags=20), tables, y, labels, folds, "inputs")
    assert bent.loss < 0.7 * line.loss
    mixed, weight = blend(y, [line, bent], labels, folds, "inputs")
    assert weight.min() >= 0.0
    assert weight[1] > weight[0]
    np.testing.assert_allclose(mixed.final.of(tables), mixed.final.of(tables.rows(np.arange(len(y)))))


def test_dead_time_is_found_and_its_curve_falls_beyond_it() -> None:
    ticks, labels, _, _, _ = case(1500, wander=0.1)
    dead = estimate_dead_time(ticks, labels, (0, 1, 2), 30)
    assert DEAD - 1 <= dead.ticks <= DEAD + 2
    assert dead.explained[0] > 0.8
    assert dead.explained[-1] < dead.explained[0] - 0.2
    assert len(dead.channel_lag) == 3
    assert DEAD <= dead.channel_lag[0] <= DEAD + 6


def test_inputs_too_slow_to_tell_have_no_dead_time() -> None:
    rng = np.random.default_rng(0)
    row = np.arange(900)
    x = np.stack([np.sin(row / 40.0 + phase) for phase in range(3)], axis=1) + 0.002 * rng.normal(size=(900, 3))
    ticks = prepared(x)
    labels = label_rows(ticks, laboratory(100.0 + x[:, 0] + 0.3 * rng.normal(size=900), 1, 6))
    dead = estimate_dead_time(ticks, labels, (0, 1, 2), 10)
    assert dead.explained.min() > 0.8
    assert dead.ticks == 0


def test_a_cut_prior_keeps_nearly_all_of_its_variance() -> None:
    whole, cut = fading_root(40, 0.9), fading_root(40, 0.9, 16)
    assert cut.shape == (40, 16)
    kernel = whole @ whole.T
    assert np.trace(cut @ cut.T) > 0.98 * np.trace(kernel)
    assert np.linalg.eigvalsh(kernel - cut @ cut.T).max() < 0.01 * np.linalg.eigvalsh(kernel).max()
    np.testing.assert_array_equal(fading_root(40, 0.9, 40), whole)


def test_noise_has_no_dead_time() -> None:
    ticks, labels, _, _, _ = case(400)
    from dataclasses import replace

    noise = replace(labels, value=np.random.default_rng(0).normal(size=len(labels.row)))
    assert estimate_dead_time(ticks, noise, (0, 1, 2), 30).ticks == 0


def test_known_residuals_look_back_by_result_time() -> None:
    _, labels, _, _, _ = case(80)
    residual = np.arange(80.0) ** 2
    known = known_residuals(residual, labels)
    assert np.isnan(known[5]).all()
    # at sample 20 the newest known is sample 14 (6 ticks late), the one before is 13
    assert known[20, :2].tolist() == [196.0, 196.0 - 169.0]
    slow = residual[0]
    for value in residual[1:15]:
        slow += 2.0 / 21.0 * (value - slow)
    assert known[20, 2] == pytest.approx(slow)


def test_a_wandering_residual_is_corrected_and_white_noise_is_not() -> None:
    _, labels, _, _, _ = case(900)
    rng = np.random.default_rng(0)
    wander = np.zeros(900)
    for t in range(1, 900):
        wander[t] = 0.98 * wander[t - 1] + rng.normal()
    corrected = fit_correction(wander, labels)
    assert 0.5 < corrected.weight[0] + corrected.weight[2] < 1.1
    assert corrected.corrected_error < 0.8 * corrected.response_error
    assert corrected.usual_age == 6.0
    white = fit_correction(rng.normal(size=900), labels)
    assert white.corrected_error > 0.97 * white.response_error
    assert abs(white.weight).sum() < 0.35


@pytest.mark.parametrize("down", [False, True])
def test_a_target_that_moves_by_factors_is_fitted_on_its_logarithm(down: bool) -> None:
    _, labels, tables, y, _ = case(900, wander=0.1)
    burst = np.exp(1.2 * y)  # a concentration; or what is left of it to 100 %
    value = -burst if down else burst
    value = (value - value.mean()) / value.std()
    folds = forward_folds(labels.row)
    (plain,) = search(RidgeOnLags(lags=20), tables, value, labels, folds, "inputs")
    (both,) = search(EitherScale(RidgeOnLags(lags=20)), tables, value, labels, folds, "inputs")
    assert "logarithm" in both.setting
    assert both.loss < 0.6 * plain.loss
    assert log_scale(value).sign == (-1.0 if down else 1.0)


def test_a_target_that_moves_by_amounts_is_not() -> None:
    _, labels, tables, y, _ = case(900, wander=0.1)
    (found,) = search(EitherScale(RidgeOnLags(lags=20)), tables, y, labels, forward_folds(labels.row), "inputs")
    assert "logarithm" not in found.setting


def test_a_prediction_on_the_logarithm_stays_near_what_was_trained() -> None:
    y = np.random.default_rng(0).exponential(size=500)
    scale = log_scale(y)
    part = LinearResponse(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0), np.asarray(0.0))
    np.testing.assert_allclose(scale.response(part).back(scale.to(y)), y, rtol=1e-9)
    far = scale.response(part).back(np.array([-1e9, 1e9]))
    assert scale.end < far[0] < y.min()
    assert y.max() < far[1] < 8.0 * y.max()


@pytest.mark.parametrize("late", [False, True])
def test_with_many_channels_the_cut_prior_is_what_scoring_evaluates(late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smooth_response, "MOST_COLUMNS", 24)  # eight columns for each of three channels
    ticks, labels, tables, y, _ = case(300)
    history, _ = follow(PLAN, start_history(PLAN), ticks)
    family = SmoothResponse(shapes=((20, 0.9),), against_known=late)
    for _, _, fitted in family.path(tables, y, labels, family.groups("lab")[0]):
        np.testing.assert_allclose(fitted.response.value(Inputs(PLAN, history, None, None))[labels.row], fitted.of(tables), atol=1e-9)
    (found,) = search(family, tables, y, labels, forward_folds(labels.row), "inputs")
    assert found.loss < 0.8
    short = RidgeOnLags(lags=20)
    _, words, _ = next(iter(short.path(tables, y, labels, short.groups("lab")[0])))
    assert words.startswith("8 lags")
