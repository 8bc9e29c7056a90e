"""Laws of the views: any cut, no future, units, lost tags, restart; and that faults are seen."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evidence.lines import Statistic
from andon.evidence.views import Views, fit_views
from andon.plant.arrays import Float64Array
from andon.plant.errors import BundleError, EvidenceError
from andon.plant.window import Expectation, Prepared
from andon.scoring.linear_core import LinearCore
from andon.training.linear import fit_linear_core
from tests.evidence.wandering import moved, part_of, plant, without

TRAIN = 1500


@cache
def fitted() -> tuple[LinearCore, Views]:
    ticks = plant(TRAIN)
    rows = np.ones(TRAIN, dtype=bool)
    core = fit_linear_core(ticks, rows)
    return core, fit_views(ticks, expect(core, ticks), rows)


def expect(core: LinearCore, ticks: Prepared) -> dict[str, Expectation]:
    return {"linear": core.run(ticks, core.start())[0]}


def trace_of(ticks: Prepared) -> Float64Array:
    core, views = fitted()
    return views.run(ticks, expect(core, ticks), views.start())[0].trace


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.just(1), st.integers(1, 70)), min_size=1, max_size=12), st.integers(0, 20))
def test_any_cut_gives_the_same_views(cuts: list[int], seed: int) -> None:
    core, views = fitted()
    random = np.random.default_rng(seed)
    rows = sum(cuts)
    ticks = without(plant(rows, seed=seed, first=int(random.integers(0, 99))), random.random((rows, 6)) < 0.1)
    ticks = replace(ticks, reset=ticks.reset | (random.random(rows) < 0.02))
    expected = core.run(ticks, core.start())[0]
    whole, _ = views.run(ticks, {"linear": expected}, views.start(), shares_above=0.5)
    state, low, shares = views.start(), 0, []
    for cut in cuts:
        part = {"linear": part_of(expected, low, low + cut)}
        piece, state = views.run(ticks.part(low, low + cut), part, state, shares_above=0.5)
        np.testing.assert_allclose(piece.view, whole.view[low : low + cut], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(piece.trace, whole.trace[low : low + cut], rtol=1e-4, atol=1e-5)
        shares.append(piece.shares)
        low += cut
    joined = np.concatenate(shares)
    if len(joined) == len(whole.shares):  # a trace within 1e-4 of the limit may fall on either side
        np.testing.assert_allclose(joined, whole.shares, atol=1e-3)


def test_the_future_does_not_matter() -> None:
    ticks = plant(300, seed=3)
    changed = moved(ticks, np.full(6, 5.0, dtype=np.float32), 200)
    np.testing.assert_array_equal(trace_of(changed)[:200], trace_of(ticks)[:200])


def test_normal_time_stays_near_its_quantile_and_faults_stand_out() -> None:
    normal = trace_of(plant(4000, seed=5))
    limit = np.quantile(normal, 0.999)
    assert np.quantile(normal, 0.99) < 1.5 * np.quantile(trace_of(plant(TRAIN)), 0.99)
    for channel in range(6):
        step = np.zeros(6, dtype=np.float32)
        step[channel] = 4.0
        assert (trace_of(moved(plant(400, seed=6), step, 200))[205:] > limit).mean() > 0.5, channel


@pytest.mark.parametrize("kind", ["stuck", "noise", "surge"])
def test_other_faults_are_seen(kind: str) -> None:
    limit = np.quantile(trace_of(plant(4000, seed=5)), 0.999)
    ticks = plant(600, seed=8)
    x = ticks.x.copy()
    if kind == "stuck":
        x[300:, 2] = x[300, 2]
    elif kind == "noise":
        x[300:, 2] += np.random.default_rng(0).normal(0.0, 3.0, 300).astype(np.float32)
    else:  # along the direction in which all tags always move
        _, vectors = np.linalg.eigh(np.cov(plant(TRAIN).x.T))
        x[300:] += 8.0 * vectors[:, -1].astype(np.float32)
    assert (trace_of(replace(ticks, x=x))[380:] > limit).mean() > 0.3


def test_lost_tags_raise_no_alarm_and_faults_elsewhere_are_still_seen() -> None:
    whole = trace_of(plant(3000, seed=9))
    limit = np.quantile(whole, 0.99)
    gone = np.zeros((3000, 6), dtype=bool)
    gone[500:, [1, 4]] = True
    lost = trace_of(without(plant(3000, seed=9), gone))
    assert (lost[600:] > limit).mean() < 0.03
    assert np.median(lost[600:]) == pytest.approx(np.median(whole[600:]), rel=0.35)
    step = np.zeros(6, dtype=np.float32)
    step[0] = 4.0
    assert (trace_of(without(moved(plant(3000, seed=9), step, 1000), gone))[1010:] > limit).mean() > 0.9


def test_nothing_valid_is_no_evidence() -> None:
    ticks = plant(50, seed=2)
    silent = trace_of(without(ticks, np.ones((50, 6), dtype=bool)))
    assert np.isfinite(silent).all()
    assert silent.max() < np.quantile(trace_of(plant(2000, seed=2)), 0.99)


def test_no_score_depends_on_the_unit_or_the_order_of_tags() -> None:
    ticks = plant(900, seed=1)
    order = np.array([5, 2, 0, 1, 4, 3])
    rows = np.arange(900) < 600
    traces = []
    for one in (ticks, replace(ticks, x=np.ascontiguousarray(ticks.x[:, order]))):
        core = fit_linear_core(one, rows)
        views = fit_views(one, expect(core, one), rows)
        traces.append(views.run(one, expect(core, one), views.start())[0].trace)
    np.testing.assert_allclose(traces[0], traces[1], rtol=5e-3, atol=5e-3)


def test_rows_outside_normal_time_are_not_learnt_from() -> None:
    ticks = plant(900, seed=1)
    rows = np.arange(900) < 700
    wild = replace(ticks, x=np.where(rows[:, None], ticks.x, np.float32(30.0)))
    core = fit_linear_core(ticks, rows)
    first = fit_views(ticks, expect(core, ticks), rows)
    second = fit_views(wild, expect(core, wild), rows)
    for a, b in zip(first.lines, second.lines, strict=True):
        np.testing.assert_allclose(a.precision, b.precision, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(a.scale, b.scale, rtol=1e-5)


def test_shares_point_at_the_tag_and_sum_to_one() -> None:
    core, views = fitted()
    step = np.zeros(6, dtype=np.float32)
    step[3] = 6.0
    ticks = moved(plant(300, seed=4), step, 200)
    seen, _ = views.run(ticks, expect(core, ticks), views.start(), shares_above=4.0)
    assert set(seen.share_rows.tolist()) == set(np.flatnonzero(seen.trace > 4.0).tolist())
    np.testing.assert_allclose(seen.shares.sum(axis=1), 1.0, atol=1e-5)
    late = seen.shares[seen.share_rows >= 210]
    assert late.mean(axis=0).argmax() == 3


def test_round_trip_through_arrays() -> None:
    core, views = fitted()
    ticks = plant(100, seed=7)
    again = Views.from_arrays(views.to_arrays())
    assert again.names == views.names
    a, _ = again.run(ticks, expect(core, ticks), again.start())
    np.testing.assert_array_equal(a.view, views.run(ticks, expect(core, ticks), views.start())[0].view)
    arrays = views.to_arrays()
    with pytest.raises(BundleError, match=r"array '0.gain' is absent"):
        Views.from_arrays({name: value for name, value in arrays.items() if name != "0.gain"})
    with pytest.raises(BundleError, match="is not a valid Statistic"):
        Views.from_arrays({**arrays, "0.statistics": np.frombuffer(b"loudest", dtype=np.uint8)})


def test_hotelling_for_the_classical_candidate() -> None:
    ticks = plant(2000)
    rows = np.ones(2000, dtype=bool)
    views = fit_views(ticks, {}, rows, only=("level",), spans={"level": (1.0,)}, statistics=(Statistic.QUADRATIC,))
    view = views.run(ticks, {}, views.start())[0].view[:, 0]
    centred = ticks.x - ticks.x.mean(axis=0)
    expected = np.einsum("tc,cd,td->t", centred, np.linalg.inv(np.cov(centred.T)), centred)
    assert np.corrcoef(view, expected)[0, 1] > 0.999
    assert 0.001 < (view > 1.0).mean() < 0.012  # the larger quantile of two halves


def test_wrong_material_is_refused() -> None:
    core, views = fitted()
    with pytest.raises(EvidenceError, match="the core 'linear' is absent"):
        views.run(plant(5), {}, views.start())
    with pytest.raises(EvidenceError, match="4 channels, but the views were fitted on 6"):
        views.run(plant(5, 4), expect(core, plant(5)), views.start())
    with pytest.raises(EvidenceError, match="7 rows of normal time; at least 20 are needed"):
        fit_views(plant(30), {}, np.arange(30) < 7)
