"""Choosing a soft sensor end to end on a simulated plant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from andon.plant.arrays import BoolArray
from andon.plant.errors import TrainingError
from andon.plant.label import LabResults
from andon.plant.time import MINUTE_NS
from andon.plant.window import Prepared
from andon.scoring.quality import QualityModel
from andon.training.quality import QualityReport, fit_quality
from andon.training.quality.family import Family
from andon.training.quality.report import pinball, score_period
from andon.training.quality.smooth_response import RidgeOnLags, SmoothResponse
from tests.training.quality.plant_with_lab import DEAD, inputs, laboratory, prepared, target

ROWS = 600


def periods(rows: int = ROWS) -> tuple[BoolArray, BoolArray, BoolArray]:
    row = np.arange(rows)
    return row < 0.5 * rows, (row >= 0.52 * rows) & (row < 0.7 * rows), row >= 0.7 * rows


def plant(every: int = 2, delay: int = 6, seed: int = 0) -> tuple[Prepared, LabResults]:
    x = inputs(ROWS, seed)
    return prepared(x), laboratory(target(x, seed), every, delay)


@pytest.fixture(scope="module")
def fitted() -> tuple[QualityModel, QualityReport]:
    ticks, lab = plant()
    return fit_quality(ticks, lab, *periods())


def test_every_candidate_is_there_and_the_best_on_the_calibration_period_is_chosen(fitted: tuple[QualityModel, QualityReport]) -> None:
    model, report = fitted
    names = {item.name for item in report.candidates}
    assert {"last lab value", "moving mean", "ridge on lags", "PLS", "gradient boosting", "smooth response"} <= names
    best = min(report.candidates, key=lambda item: item.calibrate.pinball)
    assert report.chosen == model.candidate
    assert report.chosen in (best.name, "blend")  # a blend that is as good within one standard error comes first
    assert all(item.evaluate is not None for item in report.candidates)
    late = {item.name: item.evaluate.pinball for item in report.candidates if item.evaluate is not None}
    assert report.would_have_won == min(late, key=lambda name: late[name])


def test_it_beats_the_trivial_ones_and_covers(fitted: tuple[QualityModel, QualityReport]) -> None:
    _, report = fitted
    late = {item.name: item.evaluate for item in report.candidates}
    own, last = late[report.chosen], late["last lab value"]
    assert own is not None
    assert last is not None
    assert own.pinball < 0.8 * last.pinball
    assert own.r2 > 0.7
    assert 0.8 <= own.coverage <= 0.98
    assert own.refused <= 0.02
    assert [item.group for item in report.coverage] == ["all", "mode 0", "block 1"]
    assert DEAD - 1 <= report.dead_time.ticks <= DEAD + 2


def test_the_evaluation_period_changes_neither_choice_nor_model() -> None:
    ticks, lab = plant()
    few: list[Family] = [RidgeOnLags(lags=10), SmoothResponse(shapes=((20, 0.9),))]
    model, _ = fit_quality(ticks, lab, *periods(), families=few)
    value = lab.value.copy()
    late = lab.sample_time >= (ticks.tick[0] + int(0.7 * ROWS)) * MINUTE_NS
    value[late] = 7.0
    other, _ = fit_quality(ticks, replace(lab, value=value), *periods(), families=few)
    assert other.meta() == model.meta()
    for name, array in other.to_arrays().items():
        np.testing.assert_array_equal(array, model.to_arrays()[name])


def test_mode_inputs_does_not_choose_a_candidate_that_needs_results() -> None:
    ticks, lab = plant(every=4)
    model, report = fit_quality(ticks, lab, *periods(), mode="inputs", families=[RidgeOnLags(lags=10)])
    assert model.mode == "inputs"
    assert {item.name for item in report.candidates if not item.eligible} == {"last lab value", "moving mean"}
    assert report.chosen not in ("last lab value", "moving mean")


def test_a_sensor_of_inputs_that_mislead_says_that_it_needs_results() -> None:
    ticks, lab = plant(every=1)
    few: list[Family] = [RidgeOnLags(lags=10)]
    _, fine = fit_quality(ticks, lab, *periods(), mode="inputs", families=few)
    assert not fine.needs_results
    value = lab.value.copy()
    late = periods()[2]
    value[late] += 40.0  # the level leaves for inputs that look the same
    _, moved = fit_quality(ticks, replace(lab, value=value), *periods(), mode="inputs", families=few)
    assert moved.needs_results
    _, corrected = fit_quality(ticks, replace(lab, value=value), *periods(), mode="lab", families=few)
    assert not corrected.needs_results


def test_what_cannot_be_learnt_is_refused_with_a_reason() -> None:
    ticks, lab = plant()
    train, calibrate, evaluate = periods()
    with pytest.raises(TrainingError, match="the training period does not end before the calibration period"):
        fit_quality(ticks, lab, calibrate, train)
    with pytest.raises(TrainingError, match="'both' is not a mode of quality prediction"):
        fit_quality(ticks, lab, train, calibrate, mode="both")
    with pytest.raises(TrainingError, match="every result of butane is the same"):
        fit_quality(ticks, replace(lab, value=np.full(len(lab.value), 3.0)), train, calibrate, evaluate)
    few = replace(lab, sample_time=lab.sample_time[::10], result_time=lab.result_time[::10], value=lab.value[::10])
    with pytest.raises(TrainingError, match="15 results to learn butane from and 5 to calibrate on are too few"):
        fit_quality(ticks, few, train, calibrate)
    with pytest.raises(TrainingError, match="no input moves in the training period"):
        fit_quality(replace(ticks, x=np.zeros_like(ticks.x)), lab, train, calibrate)


def test_scores_by_hand() -> None:
    # one result 1 above a prediction: 0.5 at the median, 0.9 at the 90 % quantile, 0.1 below it
    assert pinball(np.array([1.0]), np.array([0.0]), 0.9)[0] == pytest.approx(0.9)
    assert pinball(np.array([0.0]), np.array([1.0]), 0.9)[0] == pytest.approx(0.1)
    got = score_period(np.array([1.0, 2.0, 5.0]), np.array([1.0, 3.0, np.nan]), np.zeros(3), np.array([1.5, 1.5, 9.0]), 0.9)
    assert got.results == 2
    assert got.refused == pytest.approx(1 / 3)
    assert got.mae == 0.5
    assert got.coverage == 0.5
    assert score_period(np.ones(2), np.full(2, np.nan), np.ones(2), np.ones(2), 0.9).refused == 1.0


def test_with_results_a_soft_sensor_may_look_at_newer_inputs_than_the_dead_time_that_inputs_alone_tell() -> None:
    ticks, lab = plant(every=1, delay=8)
    few: list[Family] = [RidgeOnLags(lags=10)]
    model, report = fit_quality(ticks, lab, *periods(), families=few)
    assert 0 <= model.plan.dead == report.dead_time.used <= report.dead_time.ticks
    alone, told = fit_quality(ticks, lab, *periods(), mode="inputs", families=few)
    assert alone.plan.dead == told.dead_time.used == told.dead_time.ticks
    given, said = fit_quality(ticks, lab, *periods(), families=few, dead_time_ns=3 * MINUTE_NS)
    assert given.plan.dead == said.dead_time.used == said.dead_time.ticks == 3


def test_a_class_is_calibrated_on_the_calibration_period_and_judged_later() -> None:
    ticks, lab = plant(every=1)
    model, report = fit_quality(ticks, lab, *periods(), families=[RidgeOnLags(lags=10)], limits=(-np.inf, float(np.median(lab.value))))
    assert model.spec is not None
    assert report.spec is not None
    assert report.spec_score is not None
    assert report.spec_score.brier < 0.8 * report.spec_score.base_brier
    again = QualityModel.from_arrays(model.meta(), model.to_arrays())
    first, _ = model.predict(ticks, lab, None, None, model.start())
    second, _ = again.predict(ticks, lab, None, None, again.start())
    np.testing.assert_array_equal(first.value, second.value)
    ok = np.isfinite(first.value)
    assert first.value[ok].min() >= 0.0
    assert first.value[ok].max() <= 1.0
    assert set(np.unique(np.concatenate([first.low[ok], first.high[ok]]))) <= {0.0, 1.0}
    assert (report.held.known > report.held.tick).all()
