"""A threshold without a promise."""

from __future__ import annotations

import json

import numpy as np
import pytest

from andon.evidence.calibrate import CalibrationRefused, rebudget
from andon.evidence.calibration import Calibration
from andon.evidence.normal_trace import as_pieces
from andon.evidence.unpromised import without_promise
from andon.plant.budget import parse_budget
from andon.plant.time import HOUR_NS
from tests.evidence.steady import MINUTE, every, steady_trace


def test_nothing_that_was_seen_opens_an_event() -> None:
    trace = steady_trace(200, 3)
    made = without_promise(as_pieces(trace, *every(200)), MINUTE, parse_budget("1/week"))
    assert made.made_no_promise
    assert made.threshold > trace.max()
    opener = made.opener()
    found, _ = opener.run(trace, *every(200), opener.start(), made.threshold)
    assert not found.opened
    assert made.budget.per_ns == 200 * MINUTE
    assert made.severity(made.threshold) == 0.0


def test_its_rate_is_that_of_nothing_seen() -> None:
    made = without_promise(as_pieces(steady_trace(600, 3), *every(600)), MINUTE, parse_budget("1/week"))
    assert made.expected(10 * HOUR_NS) == pytest.approx(1.0, rel=0.05)
    low, high = made.prediction_interval(10 * HOUR_NS)
    assert low == 0
    assert high >= 3


@pytest.mark.parametrize("constant", [0.0, 2.0])
def test_constant_evidence_has_a_threshold_above_it(constant: float) -> None:
    made = without_promise(as_pieces(np.full(100, constant), *every(100)), MINUTE, parse_budget("1/day"))
    assert made.threshold > constant
    assert np.isfinite([made.threshold, made.tail_scale, made.decade]).all()


def test_it_goes_into_a_model_and_another_promise_is_refused() -> None:
    made = without_promise(as_pieces(steady_trace(200, 3), *every(200)), MINUTE, parse_budget("1/week"), seed=4)
    back = Calibration.from_parts(json.loads(json.dumps(made.to_dict())), made.to_arrays())
    assert back.to_dict() == made.to_dict()
    assert back.made_no_promise
    with pytest.raises(CalibrationRefused):
        rebudget(back, parse_budget("1/week"))
