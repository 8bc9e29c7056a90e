"""A result that comes twice changes nothing; one that is corrected moves what is predicted from then on, and the interval learns once."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.label import LabResults
from andon.plant.time import MINUTE_NS
from andon.plant.verdict import QualityPredictions
from andon.scoring.quality import QualityModel
from andon.scoring.quality_walk import QualityState
from tests.scoring.soft_sensor import FIRST, prepared, results, sensor

ROWS = 160


def predicted(model: QualityModel, lab: LabResults) -> tuple[QualityPredictions, QualityState]:
    return model.predict(prepared(ROWS), lab, None, None, model.start())


def joined(*parts: LabResults) -> LabResults:
    return replace(
        parts[0], sample_time=np.concatenate([part.sample_time for part in parts]),
        result_time=np.concatenate([part.result_time for part in parts]), value=np.concatenate([part.value for part in parts]),
    )  # fmt: skip


def again(lab: LabResults, which: int, later: int, value: float | None = None) -> LabResults:
    """One result once more, `later` ticks later, with another value or the same."""
    one = slice(which, which + 1)
    values = lab.value[one] if value is None else np.array([value])
    return replace(lab, sample_time=lab.sample_time[one], result_time=lab.result_time[one] + later * MINUTE_NS, value=values)


@settings(max_examples=25, deadline=None)
@given(which=st.integers(0, 9), later=st.integers(0, 40), mode=st.sampled_from(["lab", "inputs"]), mix=st.booleans())
def test_the_same_result_twice_changes_nothing(which: int, later: int, mode: str, mix: bool) -> None:
    model, lab = sensor(mode=mode, mix=mix), results(100, 10, 3)
    once, state = predicted(model, lab)
    twice, other = predicted(model, joined(lab, again(lab, which, later)))
    for name in ("value", "low", "high", "why"):
        np.testing.assert_array_equal(getattr(once, name), getattr(twice, name))
    assert len(state.checks) == len(other.checks)


def test_a_correction_moves_the_prediction_from_then_on_and_the_interval_learns_once() -> None:
    model, lab = sensor(), results(100, 10, 3)
    wrong = replace(lab, value=np.where(np.arange(len(lab.value)) == 5, 500.0, lab.value))
    right, _ = predicted(model, lab)
    typed, typed_state = predicted(model, wrong)
    mended, state = predicted(model, joined(wrong, again(lab, 5, 4)))
    tick = int(lab.sample_time[5] // MINUTE_NS) - FIRST
    known, corrected = tick + 3, tick + 7
    np.testing.assert_array_equal(mended.value[:corrected], typed.value[:corrected])
    assert np.nanmax(np.abs(typed.value[known:corrected] - right.value[known:corrected])) > 50
    beyond = slice(corrected, tick + 10 + 3)  # until the next result is known
    assert np.nanmax(np.abs(mended.value[beyond] - right.value[beyond])) < 0.2 * np.nanmax(
        np.abs(typed.value[beyond] - right.value[beyond])
    )
    assert len(state.checks) == len(typed_state.checks)


def test_a_result_that_is_forgotten_is_counted_and_changes_nothing() -> None:
    model, lab = sensor(remember=16), results(100, 10, 3)
    late = replace(again(lab, 1, 60), sample_time=lab.sample_time[1:2] + MINUTE_NS)
    once, state = predicted(model, lab)
    twice, other = predicted(model, joined(lab, late))
    np.testing.assert_array_equal(once.value, twice.value)
    assert (state.too_late, other.too_late) == (0, 1)


@pytest.mark.parametrize("cuts", [(60,), (53, 57, 58), tuple(range(1, ROWS))])
def test_a_correction_is_the_same_live(cuts: tuple[int, ...]) -> None:
    model, lab = sensor(), results(100, 10, 3)
    lab = joined(lab, again(lab, 5, 4, 61.0), again(lab, 5, 4), again(lab, 4, 9, 40.0))
    whole, _ = predicted(model, lab)
    state, values = model.start(), []
    for low, high in pairwise([0, *cuts, ROWS]):
        row = lab.result_time // MINUTE_NS - FIRST
        due = (row >= low) & (row < high)
        now = replace(lab, sample_time=lab.sample_time[due], result_time=lab.result_time[due], value=lab.value[due])
        part, state = model.predict(prepared(ROWS).part(low, high), now, None, None, state)
        values.append(part.value)
    np.testing.assert_allclose(np.concatenate(values), whole.value, rtol=0, atol=1e-9)
