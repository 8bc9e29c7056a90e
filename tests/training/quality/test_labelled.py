"""Results on ticks, and what was known when."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.plant.errors import TrainingError
from andon.plant.time import MINUTE_NS
from andon.plant.verdict import Why
from andon.scoring.input_history import HistoryPlan, follow, lagged, start_history
from andon.training.quality.labelled import build_tables, forward_folds, label_rows, newest_known, thin
from tests.training.quality.plant_with_lab import FIRST, inputs, laboratory, prepared, target


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 40)), min_size=1, max_size=30))
def test_newest_known_is_what_a_person_would_look_up(rows: list[tuple[int, int]]) -> None:
    tick = np.cumsum([gap for gap, _ in rows])
    known = tick + np.array([delay for _, delay in rows])
    got = newest_known(tick, known)
    for i, now in enumerate(tick):
        arrived = [j for j in range(len(tick)) if known[j] <= now]
        assert got[i] == max(arrived, default=-1)


def test_rows_that_cannot_be_judged_and_results_outside_are_left_out() -> None:
    x = inputs(400)
    ticks, lab = prepared(x), laboratory(target(x), 2, 4)
    why = ticks.why.copy()
    why[100:200] = Why.MACHINE_OFF
    value = lab.value.copy()
    value[0] = np.nan
    labels = label_rows(replace(ticks, why=why), replace(lab, value=value))
    assert len(labels.row) == 200 - 50 - 1
    assert (labels.delay == 4).all()
    assert not ((labels.row >= 100) & (labels.row < 200)).any()
    assert labels.last[0] == -1
    assert labels.last[2] == 0


def test_too_few_results_are_refused() -> None:
    x = inputs(100)
    with pytest.raises(TrainingError, match="only 10 results of butane fall on rows that can be judged"):
        label_rows(prepared(x), laboratory(target(x), 10, 1))


def test_a_part_keeps_who_was_known() -> None:
    x = inputs(300)
    labels = label_rows(prepared(x), laboratory(target(x), 3, 7))
    part = labels.part(labels.row >= 150)
    for i in range(10, 40):
        assert part.row[part.last[i]] == labels.row[labels.last[np.flatnonzero(labels.row == part.row[i])[0]]]


def test_thinning_keeps_pieces_of_neighbours() -> None:
    x = inputs(4000)
    labels = label_rows(prepared(x), laboratory(target(x), 1, 2))
    few = thin(labels, most=1000, piece=100)
    assert 800 <= len(few.row) <= 1000
    assert (np.diff(few.row) == 1).mean() > 0.95
    assert thin(labels, most=5000) is labels


def test_tables_are_what_scoring_sees() -> None:
    ticks = prepared(inputs(200))
    plan = HistoryPlan((0, 2), 3, 5, 2, (1, 4))
    row = np.array([0, 1, 50, 199])
    tables = build_tables(ticks, plan, row)
    history, _ = follow(plan, start_history(plan), ticks)
    np.testing.assert_array_equal(tables.means, history.means[row])
    for lag in range(5):
        np.testing.assert_array_equal(tables.lags[:, lag], lagged(plan, history, lag)[row])
    # by hand: lag 1 at row 50 is the mean of rows 50 - 3 - 2 and one before
    expected = ticks.x[[45, 44]][:, [0, 2]].astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(tables.lags[2, 1], expected, atol=1e-12)


def test_forward_folds_learn_from_the_past_only() -> None:
    row = np.arange(0, 600, 3)
    folds = forward_folds(row, purge=30)
    assert len(folds) == 5
    for learn, judge in folds:
        assert row[learn].max() < row[judge].min() - 30
    judged = np.concatenate([judge for _, judge in folds])
    np.testing.assert_array_equal(judged, np.arange(80, 200))


def test_a_sample_belongs_to_the_tick_that_closes_over_it() -> None:
    x = inputs(100)
    lab = laboratory(target(x), 2, 3)
    early = replace(lab, sample_time=lab.sample_time - MINUTE_NS // 2)
    assert (label_rows(prepared(x), early).row == label_rows(prepared(x), lab).row).all()
    assert lab.sample_time[0] == FIRST * MINUTE_NS
