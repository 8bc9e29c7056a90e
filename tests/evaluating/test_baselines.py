"""Simple detectors: naive twins, laws, and that each finds the fault it is made for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from andon.evaluating.baselines import BASELINES, baseline_answers, fit_baseline, limit_for_events
from andon.evaluating.events import spans
from andon.plant.budget import parse_budget
from andon.plant.errors import EvaluationError
from andon.plant.time import MINUTE_NS
from andon.plant.window import Prepared

NAMES = list(BASELINES)


def recording(rows: int = 3000, tags: int = 4, seed: int = 0) -> Prepared:
    """Correlated noise with a slow part, every twentieth value missing, two resets."""
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(2, tags))
    x = rng.normal(size=(rows, 2)) @ mix + 0.3 * rng.normal(size=(rows, tags))
    valid = rng.random((rows, tags)) > 0.05
    reset = np.zeros(rows, dtype=bool)
    reset[[0, rows // 2]] = True
    names = tuple(f"tag {c}" for c in range(tags))
    return Prepared(
        "a", names, names, (), MINUTE_NS, np.arange(rows, dtype=np.int64), np.where(valid, x, 0).astype(np.float32), valid,
        np.zeros((rows, 0), np.float32), np.zeros(rows, np.int16), np.zeros(rows, np.uint8), reset,
    )  # fmt: skip


def half(prepared: Prepared) -> NDArray[np.bool_]:
    return np.arange(prepared.rows) < prepared.rows // 2


def naive(name: str, prepared: Prepared, normal: NDArray[Any]) -> list[float]:
    """Row by row, in plain Python where that is readable."""
    x = np.where(prepared.valid, prepared.x.astype(float), np.nan)
    rows, tags = x.shape
    out = []
    if name == "last-value":
        step = [[np.nan if t == 0 or prepared.reset[t] else x[t, c] - x[t - 1, c] for c in range(tags)] for t in range(rows)]
        scale = np.nanstd(np.array(step)[normal], axis=0)
        for t in range(rows):
            out.append(max([0.0, *(abs(step[t][c]) / scale[c] for c in range(tags) if not np.isnan(step[t][c]))]))
    elif name == "one-tag-limit":
        centre, scale = np.nanmean(x[normal], axis=0), np.nanstd(x[normal], axis=0)
        for t in range(rows):
            out.append(max([0.0, *(abs(x[t, c] - centre[c]) / scale[c] for c in range(tags) if prepared.valid[t, c])]))
    elif name == "ewma-t2":
        centre = np.nanmean(x[normal], axis=0)
        filled = np.where(np.isnan(x), centre, x)
        smooth = filled.copy()
        for t in range(1, rows):
            if not prepared.reset[t]:
                smooth[t] = 0.875 * smooth[t - 1] + 0.125 * filled[t]
        z = smooth[normal]
        covariance = np.cov(z.T, bias=True)
        share = tags / (tags + len(z))
        inverse = np.linalg.inv((1 - share) * covariance + share * np.diag(np.diag(covariance)))
        out = [float((row - z.mean(axis=0)) @ inverse @ (row - z.mean(axis=0))) for row in smooth]
    return out


@pytest.mark.parametrize("name", ["last-value", "one-tag-limit", "ewma-t2"])
def test_equals_the_naive_twin(name: str) -> None:
    prepared = recording(500)
    got = fit_baseline(name, prepared, half(prepared)).score(prepared)
    expected = np.array(naive(name, prepared, half(prepared)))
    judged = prepared.valid.any(axis=1)
    np.testing.assert_allclose(got[judged], expected[judged], rtol=1e-9, atol=1e-9)


def test_pca_equals_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    prepared = replace(recording(600), valid=np.ones((600, 4), dtype=bool))
    normal = half(prepared)
    x = prepared.x.astype(float)
    z = (x - x[normal].mean(axis=0)) / x[normal].std(axis=0)
    model = PCA(n_components=0.95, svd_solver="full").fit(z[normal])
    t = model.transform(z)
    t2 = (t**2 / (model.explained_variance_ * (normal.sum() - 1) / normal.sum())).sum(axis=1)
    spe = ((z - model.inverse_transform(t)) ** 2).sum(axis=1)
    expected = t2 / np.quantile(t2[normal], 0.99) + spe / np.quantile(spe[normal], 0.99)
    np.testing.assert_allclose(fit_baseline("pca-t2-spe", prepared, normal).score(prepared), expected, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_laws(name: str) -> None:
    prepared = recording(800)
    before = prepared.x.copy()
    normal = half(prepared)
    score = fit_baseline(name, prepared, normal).score(prepared)
    np.testing.assert_array_equal(prepared.x, before)  # input unchanged
    assert np.isfinite(score[prepared.valid.any(axis=1)]).all()
    # Nothing later is used: cut off the end, and the rest stays.
    cut = fit_baseline(name, prepared, normal).score_of(prepared.part(0, 700))
    np.testing.assert_allclose(cut, fit_baseline(name, prepared, normal).score_of(prepared)[:700], rtol=1e-9)
    # The order of tags does not matter, nor does the unit of one of them.
    turned = replace(prepared, x=prepared.x[:, ::-1], valid=prepared.valid[:, ::-1])
    np.testing.assert_allclose(fit_baseline(name, turned, normal).score(turned), score, rtol=1e-6)
    stretched = replace(prepared, x=prepared.x * np.array([8, 1, 1, 1], dtype=np.float32))
    np.testing.assert_allclose(fit_baseline(name, stretched, normal).score(stretched), score, rtol=1e-5)
    # Rows that cannot be judged have no score.
    off = replace(prepared, why=np.where(np.arange(800) % 100 < 5, np.uint8(3), np.uint8(0)))
    assert np.isnan(fit_baseline(name, off, normal).score(off)[::100]).all()


@pytest.mark.parametrize(
    ("name", "kind"), [("last-value", "jump"), ("one-tag-limit", "large"), ("ewma-t2", "shift"), ("pca-t2-spe", "relation")]
)
def test_each_finds_the_fault_it_is_made_for(name: str, kind: str) -> None:
    prepared = recording(4000)
    x = prepared.x.copy()
    at = slice(3500, 3560)
    if kind == "jump":
        x[3500] += 12
    elif kind == "large":
        x[at, 1] += 15
    elif kind == "shift":
        x[at] += 2.5
    else:
        x[at, 2] = -x[at, 2] + 3
    changed = replace(prepared, x=np.where(prepared.valid, x, 0).astype(np.float32))
    rows = np.arange(4000)
    answers = baseline_answers(changed, rows < 2000, (rows >= 2000) & (rows < 3400), rows >= 3400, parse_budget("2/day"), [name])
    hits = np.flatnonzero(answers[0].alarm) + 3400
    assert ((hits >= 3500) & (hits < 3580)).any()
    assert len(hits[(hits < 3500) | (hits > 3620)]) <= 3


def test_a_channel_that_never_moved_and_one_without_values() -> None:
    prepared = recording(400)
    x, valid = prepared.x.copy(), prepared.valid.copy()
    x[:, 0], valid[:, 1] = 0, False
    odd = replace(prepared, x=x, valid=valid)
    for name in NAMES:
        assert np.isfinite(fit_baseline(name, odd, half(odd)).score(odd)[odd.valid.any(axis=1)]).all()


def test_the_limit_keeps_the_promise_where_it_was_set() -> None:
    rng = np.random.default_rng(2)
    time = np.arange(5000, dtype=np.int64) * MINUTE_NS
    score = rng.gumbel(size=5000)
    score[::50] = np.nan
    judge = time < 4000 * MINUTE_NS
    for promised in (0, 1, 5.5, 40):
        limit = limit_for_events(score, judge, time, promised, 10 * MINUTE_NS)
        alarm = judge & (np.nan_to_num(score, nan=-9) > limit)
        assert len(spans(time, alarm, 10 * MINUTE_NS)) <= promised
    lower = limit_for_events(score, judge, time, 40, 10 * MINUTE_NS)
    alarm = judge & (np.nan_to_num(score, nan=-9) > lower)
    assert len(spans(time, alarm, 10 * MINUTE_NS)) >= 30  # and does not give it away
    assert limit_for_events(score, np.zeros(5000, bool), time, 1) == np.inf
    with pytest.raises(EvaluationError, match="promise of -1"):
        limit_for_events(score, judge, time, -1)


def test_always_alarm_has_no_limit() -> None:
    prepared = recording(300)
    rows = np.arange(300)
    (answer,) = baseline_answers(prepared, rows < 100, (rows >= 100) & (rows < 200), rows >= 200, parse_budget("1/week"), ["always-alarm"])
    assert answer.alarm.all()


def test_bad_input_is_refused() -> None:
    prepared = recording(100)
    with pytest.raises(EvaluationError, match="no baseline 'magic'") as caught:
        fit_baseline("magic", prepared, half(prepared))
    assert "ewma-t2" in caught.value.do
    with pytest.raises(EvaluationError, match="5 normal rows are too few"):
        fit_baseline("ewma-t2", prepared, np.arange(100) < 5)


def test_an_empty_recording_scores_nothing() -> None:
    prepared = recording(100)
    for name in NAMES:
        assert fit_baseline(name, prepared, half(prepared)).score(prepared.part(0, 0)).shape == (0,)
