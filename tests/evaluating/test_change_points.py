"""NAB against the values of `tsad`, and by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from andon.evaluating.change_points import nab_scores
from andon.plant.errors import EvaluationError
from andon.plant.time import NS

GOLDEN = json.loads((Path(__file__).parent / "golden" / "nab.json").read_text())


@pytest.mark.parametrize("row", GOLDEN)
def test_equals_tsad(row: dict[str, Any]) -> None:
    points = [[t * NS for t in part["points"]] for part in row["recordings"]]
    alarms = [[t * NS for t in part["alarms"]] for part in row["recordings"]]
    got = nab_scores(points, alarms, row["window"] * NS, side=row["side"], overlap=row["overlap"])
    assert [got.standard, got.low_fp, got.low_fn] == pytest.approx(row["scores"], abs=1e-9)
    assert [got.detected, got.missed, got.false] == row["counts"]


def test_silence_is_zero_and_an_alarm_at_once_is_a_hundred() -> None:
    silent = nab_scores([[100], [50]], [[], []], 60)
    assert (silent.standard, silent.missed, silent.false) == (0.0, 2, 0)
    assert math.isnan(silent.delay_ns)
    prompt = nab_scores([[100], [50]], [[100], [50]], 60)
    assert prompt.standard == pytest.approx(100.0)
    assert prompt.low_fn == pytest.approx(100.0)
    assert prompt.delay_ns == 0


def test_a_false_alarm_costs_its_price() -> None:
    # One window, found at once: 1; nine false alarms at -0.11 leave 0.01; over a span of 2 that is 50.5 % of the way.
    got = nab_scores([[100]], [[100, *range(200, 209)]], 60)
    assert got.false == 9
    assert got.standard == pytest.approx(100 * (1 - 0.99 + 1) / 2)


def test_the_delay_is_seen_from_the_change_point() -> None:
    assert nab_scores([[100]], [[130]], 60).delay_ns == 30
    assert nab_scores([[100]], [[70]], 60, side="left").delay_ns == -30


def test_no_change_point_has_no_score() -> None:
    got = nab_scores([[]], [[5, 6]], 60)
    assert math.isnan(got.standard)
    assert got.false == 2


def test_bad_input_is_refused() -> None:
    with pytest.raises(EvaluationError, match="1 recordings with change points, but 2"):
        nab_scores([[1]], [[1], [2]], 60)
    with pytest.raises(EvaluationError, match="a window of 0 ns"):
        nab_scores([[1]], [[1]], 0)
    with pytest.raises(EvaluationError, match="go backwards"):
        nab_scores([[5, 1]], [[1]], 60)
