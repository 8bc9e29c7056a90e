"""The coupling earns its place where errors grow with abnormality and features carry what inputs do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from andon.evidence.conformal import coverage
from andon.plant.arrays import Float64Array
from andon.plant.window import Expectation
from andon.scoring.expert_mix import ExpertMix
from andon.scoring.quality import Responded
from andon.training.quality.assemble import fit_scale, replay
from andon.training.quality.coupling import ablate_quality
from andon.training.quality.fit import fit_quality
from andon.training.quality.smooth_response import RidgeOnFeatures, RidgeOnLags
from tests.training.quality.plant_with_lab import inputs, laboratory, prepared, target

ROWS = 600


def expectation(features: Float64Array) -> Expectation:
    rows = len(features)
    empty = np.zeros((rows, 0), dtype=np.float32)
    return Expectation(empty, empty, empty, empty, features.astype(np.float32), np.zeros((rows, 0, 0), dtype=np.float32))


def test_features_that_carry_the_target_win_and_are_named() -> None:
    x = inputs(ROWS)
    rng = np.random.default_rng(5)
    hidden = np.zeros(ROWS)
    for t in range(1, ROWS):
        hidden[t] = 0.7 * hidden[t - 1] + rng.normal()
    y = target(x, wander=0.05) + 5.0 * np.tanh(hidden)
    features = np.stack([np.tanh(hidden), np.ones(ROWS)], axis=1)
    row = np.arange(ROWS)
    lines = ablate_quality(
        prepared(x), laboratory(y, 3, 6), row < 350, (row >= 360) & (row < 470), row >= 470,
        network=expectation(features), abnormality=None,
        families=[RidgeOnLags(lags=10), RidgeOnFeatures()],
    )  # fmt: skip
    assert [line.name for line in lines] == ["quality alone", "shared features"]
    assert lines[1].chosen in ("ridge on network features", "blend")
    before, after = lines[0].figures["rmse"], lines[1].figures["rmse"]
    assert before is not None
    assert after is not None
    assert after < 0.7 * before


def test_scale_follows_abnormality_only_upward() -> None:
    rng = np.random.default_rng(0)
    z = np.stack([np.ones(600), rng.normal(size=600), rng.random(600), rng.random(600) * 2], axis=1)
    wide = fit_scale(rng.normal(size=600) * np.exp(z[:, 3]), z, 1.0)
    assert wide.weight[3] > 0.2
    narrow = fit_scale(rng.normal(size=600) * np.exp(-z[:, 3]), z, 1.0)
    assert narrow.weight[3] == 0.0


def test_coverage_holds_while_the_process_is_disturbed() -> None:
    rows = 1200
    x = inputs(rows)
    rng = np.random.default_rng(7)
    trace = np.zeros(rows)
    for start in range(60, rows - 40, 100):
        trace[start : start + 25] = 6.0
    y = target(x, wander=0.05) + rng.normal(size=rows) * np.where(trace > 0, 6.0, 1.0)
    row = np.arange(rows)
    split = row < 600, (row >= 610) & (row < 800)
    ticks, lab = prepared(x), laboratory(y, 2, 6)
    held = {}
    for name, given in (("without", None), ("with", trace)):
        model, _ = fit_quality(ticks, lab, *split, abnormality=given, families=[RidgeOnLags(lags=20)])
        out = replay(model, ticks, lab, None, given, slice(800, rows))
        late = (row[::2] >= 800) & (trace[::2] > 0)
        at = row[::2][late]
        held[name] = coverage("disturbed", 0.9, lab.value[late], out.low[at], out.high[at]).measured
    assert held["with"] > held["without"] + 0.1
    assert held["with"] >= 0.8


def test_what_the_inputs_told_need_not_be_asked_again_for_the_same_model_with_a_mix() -> None:
    rows = 9_000  # more than one chunk
    x = inputs(rows)
    row, ticks, lab = np.arange(rows), prepared(x), laboratory(target(x, wander=0.05), 6, 6)
    model, _ = fit_quality(ticks, lab, row < 600, (row >= 610) & (row < 800), families=[RidgeOnLags(lags=20)])
    said: list[Responded] = []
    replay(replace(model, mix=None), ticks, lab, None, None, slice(800, rows), said)
    assert len(said) == 2
    told, asked = (replay(replace(model, mix=ExpertMix()), ticks, lab, None, None, slice(800, rows), given) for given in (said, None))
    for mine, other in ((told.value, asked.value), (told.low, asked.low), (told.high, asked.high)):
        np.testing.assert_array_equal(mine, other)


def test_results_are_not_needed_for_the_lines_that_have_no_ingredient() -> None:
    x = inputs(400)
    row = np.arange(400)
    lab = laboratory(target(x), 4, 6)
    lines = ablate_quality(
        prepared(x),
        replace(lab, unit="%"),
        row < 240,
        (row >= 250),
        None,
        network=None,
        abnormality=None,
        mode="inputs",
        families=[RidgeOnLags(lags=5)],
    )
    assert [line.name for line in lines] == ["quality alone"]
    assert lines[0].figures["coverage_disturbed"] is None
    assert lines[0].figures["coverage"] is not None
