"""A soft sensor in service: any cut gives the same predictions, and no result acts before it is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.arrays import Float64Array
from andon.plant.errors import BundleError, EvidenceError
from andon.plant.label import LabResults
from andon.plant.time import MINUTE_NS
from andon.plant.verdict import QualityPredictions, Why
from andon.plant.window import Prepared
from andon.scoring.quality import QualityModel, inside, join_predictions
from tests.fresh_process import loaded
from tests.scoring.soft_sensor import FIRST, changed, prepared, responses, results, sensor

ROWS = 160


def whole(model: QualityModel, ticks: Prepared, lab: LabResults | None, trace: Float64Array | None = None) -> QualityPredictions:
    return model.predict(ticks, lab, trace, None, model.start())[0]


def columns(predictions: QualityPredictions) -> Float64Array:
    return np.stack([predictions.value, predictions.low, predictions.high])


@settings(max_examples=15, deadline=None)
@given(
    cuts=st.sets(st.integers(1, ROWS - 1), max_size=6),
    kind=st.sampled_from(["linear", "kernel", "trees", "log", "blend"]),
    mode=st.sampled_from(["lab", "inputs"]),
    every=st.integers(1, 20),
    delay=st.integers(0, 30),
    reset=st.integers(1, ROWS - 1),
    missing=st.sampled_from([0.0, 0.3]),
    on_time=st.booleans(),
    mix=st.booleans(),
)
def test_any_cut_gives_the_same_predictions(
    cuts: set[int], kind: str, mode: str, every: int, delay: int, reset: int, missing: float, on_time: bool, mix: bool
) -> None:
    model, lab = sensor(responses()[kind], mode, mix=mix), results(ROWS, every, delay)
    ticks = prepared(ROWS, resets=(0, reset), missing=missing)
    trace = np.abs(np.sin(np.arange(ROWS) / 9.0)) * 4.0
    at_once = whole(model, ticks, lab, trace)
    state, parts = model.start(), []
    edges = [0, *sorted(cuts), ROWS]
    for low, high in pairwise(edges):
        now = ticks.part(low, high)
        # Handed over all at the beginning, or each in the chunk in which it becomes known.
        tick = lab.result_time // MINUTE_NS
        due = (tick >= FIRST + low) & (tick < FIRST + high) if on_time else np.full(len(tick), low == 0)
        part = replace(lab, sample_time=lab.sample_time[due], result_time=lab.result_time[due], value=lab.value[due])
        got, state = model.predict(now, part, trace[low:high], None, state)
        parts.append(got)
    joined = join_predictions(parts)
    np.testing.assert_allclose(columns(joined), columns(at_once), rtol=0, atol=1e-9)
    assert (joined.why == at_once.why).all()


@settings(max_examples=15, deadline=None)
@given(which=st.integers(0, 30), value=st.floats(-1e3, 1e3), every=st.integers(1, 5), delay=st.integers(0, 40))
def test_nothing_before_its_result_time_changes(which: int, value: float, every: int, delay: int) -> None:
    model, ticks, lab = sensor(), prepared(ROWS), results(ROWS, every, delay)
    before, after = whole(model, ticks, lab), whole(model, ticks, changed(lab, which, value))
    early = ticks.time < lab.result_time[which]
    early |= ticks.time <= lab.sample_time[which]  # nor at the tick of its own sample
    np.testing.assert_array_equal(columns(before)[:, early], columns(after)[:, early])


def test_a_result_does_change_what_comes_after() -> None:
    model, ticks, lab = sensor(), prepared(ROWS), results(ROWS, 5, 6)
    before, after = whole(model, ticks, lab), whole(model, ticks, changed(lab, 10, 90.0))
    first = np.flatnonzero(~np.isclose(before.value, after.value, equal_nan=True))[0]
    assert ticks.time[first] == lab.result_time[10]


def test_a_long_recording_is_answered_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    model, ticks, lab = sensor(), prepared(ROWS), results(ROWS, 5, 6)
    at_once, state = model.predict(ticks, lab, np.ones(ROWS), None, model.start())
    monkeypatch.setattr("andon.scoring.quality._PIECE", 37)
    pieces, later = model.predict(ticks, lab, np.ones(ROWS), None, model.start())
    np.testing.assert_allclose(columns(pieces), columns(at_once), rtol=0, atol=1e-9)
    np.testing.assert_allclose(later.checks, state.checks, atol=1e-9)


def test_future_inputs_change_nothing() -> None:
    model, ticks = sensor(), prepared(ROWS)
    x = ticks.x.copy()
    x[100:] += 1.0
    later = whole(model, replace(ticks, x=x), None)
    np.testing.assert_array_equal(columns(later)[:, :100], columns(whole(model, ticks, None))[:, :100])
    # and the dead time holds: an input acts two ticks later at the earliest
    assert later.value[101] == whole(model, ticks, None).value[101]


def test_mode_inputs_takes_no_value_from_results_but_its_interval_does() -> None:
    model, ticks = sensor(mode="inputs"), prepared(ROWS)
    without, with_results = whole(model, ticks, None), whole(model, ticks, results(ROWS, 5, 6))
    np.testing.assert_array_equal(without.value, with_results.value)
    assert np.nanmax(np.abs(without.low - with_results.low)) > 0.0


def test_abnormality_widens() -> None:
    model, ticks = sensor(), prepared(ROWS)
    calm, odd = whole(model, ticks, None, np.zeros(ROWS)), whole(model, ticks, None, np.full(ROWS, 5.0))
    ok = calm.why == 0
    assert (odd.high - odd.low)[ok].min() > (calm.high - calm.low)[ok].min()
    np.testing.assert_array_equal(calm.value[ok], odd.value[ok])


def test_no_interval_is_wider_than_the_training_range() -> None:
    model = replace(sensor(), low=49.0, high=51.0)
    got = whole(model, prepared(ROWS), results(ROWS, 3, 4))
    assert np.nanmax(got.high - got.low) <= 2.0 + 1e-9


def test_refusals_have_their_reason() -> None:
    ticks = prepared(ROWS)
    x, valid, why = ticks.x.copy(), ticks.valid.copy(), ticks.why.copy()
    x[60:63] = 7.5
    valid[80] = False
    valid[90, :2] = False
    why[100:110] = Why.MACHINE_OFF
    got = whole(sensor(), replace(ticks, x=x, valid=valid, why=why), None)
    assert set(got.why[:4].tolist()) == {Why.WARMING_UP}
    assert got.why[62] == Why.OUTSIDE_TRAINED_REGION
    assert got.why[80] == Why.NO_DATA
    assert got.why[90] == Why.TOO_FEW_VALID
    assert set(got.why[100:110].tolist()) == {Why.MACHINE_OFF}
    assert (np.isnan(got.value) == (got.why != 0)).all()
    assert not inside(got, np.full(ROWS, 50.0))[got.why != 0].any()


def test_a_result_that_comes_too_late_is_counted_and_teaches_nothing() -> None:
    model, ticks = sensor(remember=16), prepared(ROWS)
    lab = results(ROWS, 10, 40)
    _, state = model.predict(ticks, lab, None, None, model.start())
    assert state.too_late == int((lab.result_time <= ticks.time[-1]).sum())
    np.testing.assert_array_equal(columns(whole(model, ticks, lab)), columns(whole(model, ticks, None)))


def test_what_quality_tells_the_detector() -> None:
    model, ticks, lab = sensor(), prepared(ROWS), results(ROWS, 10, 6)
    predictions, state = model.predict(ticks, lab, None, None, model.start())
    assert len(state.checks) > 10
    sample, known, score = state.checks[5]
    row = int(sample) - FIRST
    value = lab.value[lab.sample_time == sample * MINUTE_NS][0]
    assert known == sample + 6
    assert np.sign(score) == np.sign(value - predictions.value[row])


def test_input_is_not_changed() -> None:
    model, ticks, lab = sensor(), prepared(ROWS), results(ROWS, 3, 4)
    x, state = ticks.x.copy(), model.start()
    model.predict(ticks, lab, None, None, state)
    np.testing.assert_array_equal(ticks.x, x)
    assert state.tick == -1
    assert (state.ticks == -1).all()


@pytest.mark.parametrize("kind", ["linear", "kernel", "trees", "log", "blend"])
@pytest.mark.parametrize("mix", [False, True])
def test_stored_and_restored_predicts_the_same(kind: str, mix: bool) -> None:
    import json

    model, ticks, lab = sensor(responses()[kind], mix=mix), prepared(ROWS), results(ROWS, 3, 4)
    again = QualityModel.from_arrays(json.loads(json.dumps(model.meta())), model.to_arrays())
    np.testing.assert_array_equal(columns(whole(again, ticks, lab)), columns(whole(model, ticks, lab)))


def test_a_damaged_model_is_refused() -> None:
    model = sensor()
    arrays = {name: array for name, array in model.to_arrays().items() if name != "response.bias"}
    with pytest.raises(BundleError, match="quality response 'linear' is not whole"):
        QualityModel.from_arrays(model.meta(), arrays)
    with pytest.raises(BundleError, match="schema version 99"):
        QualityModel.from_arrays(model.meta() | {"schema_version": 99}, model.to_arrays())
    with pytest.raises(BundleError, match="'wizard' is not a quality response"):
        QualityModel.from_arrays(model.meta() | {"response": "wizard"}, model.to_arrays())


def test_a_model_without_a_mix_is_written_as_older_readers_know_it() -> None:
    assert sensor().meta()["schema_version"] == 1
    assert "mix" not in sensor().meta()
    assert sensor(mix=True).meta()["schema_version"] == 2


def test_where_inputs_mislead_a_mix_leans_on_the_last_results() -> None:
    ticks = prepared(400)
    tick = np.arange(FIRST, FIRST + 400, dtype=np.int64)
    level = 70.0 + 3.0 * np.sin(tick / 60.0)  # has nothing to do with the inputs, and stands far from what they say
    lab = LabResults("unit", "purity", tick * MINUTE_NS, (tick + 3) * MINUTE_NS, level)
    error = {}
    for mix in (False, True):
        value = whole(replace(sensor(mix=mix), low=0.0, high=100.0), ticks, lab).value[200:]
        error[mix] = float(np.sqrt(np.nanmean((value - level[200:]) ** 2)))
    assert error[True] < 0.5 * error[False]


def test_wrong_ticks_are_refused() -> None:
    model, ticks = sensor(), prepared(ROWS)
    _, state = model.predict(ticks, None, None, None, model.start())
    with pytest.raises(EvidenceError, match="these ticks were answered before"):
        model.predict(ticks, None, None, None, state)
    with pytest.raises(EvidenceError, match="trained at another sampling interval"):
        whole(model, replace(ticks, interval_ns=2 * MINUTE_NS), None)
    with pytest.raises(EvidenceError, match="reads c, which the recording does not have"):
        whole(model, replace(ticks, channels=("a", "b", "d")), None)


def test_channels_are_found_by_name_in_any_order() -> None:
    model, ticks = sensor(), prepared(ROWS)
    turned = replace(ticks, channels=("c", "a", "b"), x=ticks.x[:, [2, 0, 1]], valid=ticks.valid[:, [2, 0, 1]])
    np.testing.assert_allclose(whole(model, turned, None).value, whole(model, ticks, None).value, atol=1e-12)


def test_the_runtime_needs_no_training_stack() -> None:
    assert loaded("import andon.scoring.quality", ("torch", "sklearn", "scipy", "pandas")) == []
