"""Quality live: whatever the cuts and whenever results are handed over, the monitor predicts what `score` predicts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import andon
from andon.plant.label import LabResults
from andon.plant.recording import Recording
from andon.scoring.monitor import Monitor
from andon.scoring.quality_of import join_steps
from tests.scoring.soft_sensor import sensor
from tests.small_plant import ASSET, TAGS, Line, values

STEP_NS = 300_000_000_000
START = 1_790_000_000_000_000_000 // STEP_NS
ROWS = 300


@pytest.fixture(scope="module")
def monitor(line: Line) -> Monitor:
    """The linear monitor of the small line with two soft sensors made by hand."""
    plain = andon.load(line.model)
    channels = tuple(channel.name for channel in plain.preparation.channels[:3])
    one = replace(sensor(), channels=channels, interval_ns=STEP_NS, region=replace(sensor().region, limit=1e6))
    return replace(plain, quality=(one, replace(one, target="strength", mode="inputs")))


def recording() -> Recording:
    table = values(ROWS, 4)
    table[150:190, 1] += 1.0
    return Recording.from_arrays(ASSET, TAGS, (START + np.arange(ROWS, dtype=np.int64)) * STEP_NS, table)


def laboratory(every: int, delay: int, target: str = "purity") -> LabResults:
    row = np.arange(0, ROWS, every, dtype=np.int64)
    time = (START + row) * STEP_NS
    return LabResults(ASSET, target, time, time + delay * STEP_NS, 50.0 + 3.0 * np.random.default_rng(every).normal(size=len(row)))


def between(lab: LabResults, low: int, high: int) -> LabResults:
    """Results that become known at the rows low..high."""
    row = lab.result_time // STEP_NS - START
    due = (row >= low) & (row < high)
    return replace(lab, sample_time=lab.sample_time[due], result_time=lab.result_time[due], value=lab.value[due])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cuts=st.sets(st.integers(1, ROWS - 1), max_size=6), every=st.integers(1, 20), delay=st.integers(0, 25), at_once=st.booleans())
def test_any_cut_predicts_what_score_predicts(monitor: Monitor, cuts: set[int], every: int, delay: int, at_once: bool) -> None:
    lab, whole = [laboratory(every, delay), laboratory(every, delay, "strength")], recording()
    scored = monitor.score(whole, lab=lab)
    assert scored.quality is not None
    state, steps = monitor.start(), []
    for low, high in pairwise([0, *sorted(cuts), ROWS]):
        part = replace(whole, time=whole.time[low:high], values=whole.values[low:high], status=whole.status[low:high])
        given_ = (lab if low == 0 else []) if at_once else [between(item, low, high) for item in lab]
        step, state = monitor.run(part, state, lab=given_, until=int(whole.time[-1]) if high == ROWS else None)
        steps.append(step.quality)
    live = join_steps(steps)
    assert live is not None
    assert live.target == scored.quality.target
    assert live.sample_time.tobytes() == scored.quality.sample_time.tobytes()
    np.testing.assert_array_equal(live.why, scored.quality.why)
    for name in ("value", "low", "high"):
        np.testing.assert_allclose(getattr(live, name), getattr(scored.quality, name), rtol=0, atol=1e-5)


def test_tick_by_tick_and_a_result_moves_the_bias_only_once_it_has_come(monitor: Monitor) -> None:
    whole, lab = recording(), laboratory(10, 6)
    moved = replace(lab, value=lab.value + np.where(np.arange(len(lab.value)) == 10, 30.0, 0.0))  # sampled at row 100, known at 106
    answers = []
    for results in (lab, moved):
        state, rows = monitor.start(), []
        for row in range(140):
            cut = slice(row, row + 1)
            part = replace(whole, time=whole.time[cut], values=whole.values[cut], status=whole.status[cut])
            step, state = monitor.run(part, state, lab=[between(results, row, row + 1)], until=int(whole.time[row]))
            rows.append(step.quality[0].value)
        answers.append(np.concatenate(rows))
    assert len(answers[0]) == 140
    np.testing.assert_array_equal(answers[0][:106], answers[1][:106])
    assert answers[1][106] > answers[0][106] + 1.0
    scored = monitor.score(whole, lab=[lab])
    assert scored.quality is not None
    np.testing.assert_allclose(answers[0], scored.quality.value[:140], rtol=0, atol=1e-5)


def test_a_model_without_targets_says_nothing_of_quality(monitor: Monitor) -> None:
    plain = replace(monitor, quality=())
    assert plain.score(recording(), lab=[laboratory(5, 5)]).quality is None
    step, _ = plain.run(recording(), plain.start(), lab=[laboratory(5, 5)])
    assert step.quality == ()
