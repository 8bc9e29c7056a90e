"""Range-based scores against TSB-AD's values, a naive twin from the paper, and by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evaluating.pointwise import composite_f1, point_adjusted_f1
from andon.evaluating.ranges import Bias, range_scores
from andon.plant.errors import EvaluationError

GOLDEN = json.loads((Path(__file__).parent / "golden" / "ranges.json").read_text())


@pytest.mark.parametrize("row", GOLDEN)
def test_equals_tsb_ad(row: dict[str, Any]) -> None:
    labels, alarm = ([int(c) for c in row[key]] for key in ("labels", "alarm"))
    got = range_scores(labels, alarm)
    assert (got.precision, got.recall, got.f1) == pytest.approx((row["precision"], row["recall"], row["f1"]), abs=1e-9)
    assert point_adjusted_f1(labels, alarm) == pytest.approx(row["point_adjusted"], abs=1e-9)
    assert composite_f1(labels, alarm) == pytest.approx(row["composite"], abs=1e-9)


def runs(bits: list[int]) -> list[set[int]]:
    """Runs of ones as sets of places."""
    out: list[set[int]] = []
    for t, bit in enumerate(bits):
        if bit and (t == 0 or not bits[t - 1]):
            out.append(set())
        if bit:
            out[-1].add(t)
    return out


def naive(ranges: list[set[int]], by: list[set[int]], existence: float, bias: str) -> float:
    """Equations 4-7 of Tatbul et al.: existence and overlap rewards with a cardinality of 1 / x."""
    total = 0.0
    for one in ranges:
        meeting = [other for other in by if one & other]
        value = most = 0.0
        for place in one:
            i, length = place - min(one) + 1, len(one)
            delta = {"flat": 1, "front": length - i + 1, "back": i, "middle": i if i <= length / 2 else length - i + 1}[bias]
            most += delta
            value += delta * any(place in other for other in by)
        overlap = value / most / max(1, len(meeting))
        total += existence * bool(meeting) + (1 - existence) * overlap
    return total / len(ranges) if ranges else 0.0


BITS = st.lists(st.integers(0, 1), min_size=12, max_size=12)


@settings(deadline=None)
@given(BITS, BITS, st.sampled_from(get_args(Bias)), st.sampled_from([0.0, 0.2, 1.0]))
def test_equals_the_naive_twin(labels: list[int], alarm: list[int], bias: Bias, existence: float) -> None:
    got = range_scores(labels, alarm, existence=existence, bias=bias)
    assert got.recall == pytest.approx(naive(runs(labels), runs(alarm), existence, bias), abs=1e-12)
    assert got.precision == pytest.approx(naive(runs(alarm), runs(labels), 0.0, "flat"), abs=1e-12)


def test_by_hand() -> None:
    # Half of one range of four in two pieces: existence 0.2, overlap 0.8 x (2/4) / 2 pieces = 0.2.
    got = range_scores([0, 1, 1, 1, 1, 0], [0, 1, 0, 1, 0, 0])
    assert got.recall == pytest.approx(0.4)
    assert got.precision == 1.0
    # The front counts 4 + 3 of 10.
    assert range_scores([1, 1, 1, 1], [1, 1, 0, 0], existence=0, bias="front").recall == pytest.approx(0.7)
    assert range_scores([0, 0], [0, 1]).f1 == 0.0


def test_bad_input_is_refused() -> None:
    with pytest.raises(EvaluationError, match="2 labels, but 1 alarms"):
        range_scores([0, 1], [1])
    with pytest.raises(EvaluationError, match="existence weight of 2"):
        range_scores([0, 1], [1, 1], existence=2)
