"""Hit rate by hand."""

from __future__ import annotations

import math

import pytest

from andon.evaluating.responsibility import hit_rate
from andon.plant.errors import EvaluationError


def test_hand_counted() -> None:
    shares = {"a": 0.5, "b": 0.3, "c": 0.2, "d": -0.1}
    # Two true tags: the first two of the ranking are a, b; at 150 % the first three.
    assert hit_rate([shares], [{"a", "c"}]) == 0.5
    assert hit_rate([shares], [{"a", "c"}], 150) == 1.0
    # One true tag at 150 %: floor(1.5) = 1.
    assert hit_rate([shares], [{"b"}], 150) == 0.0
    assert hit_rate([shares, shares], [{"a"}, {"b"}]) == 0.5


def test_ties_do_not_depend_on_the_order_of_tags() -> None:
    assert hit_rate([{"b": 1.0, "a": 1.0}], [{"a"}]) == hit_rate([{"a": 1.0, "b": 1.0}], [{"a"}]) == 1.0


def test_events_without_named_tags_are_left_out() -> None:
    assert math.isnan(hit_rate([{"a": 1.0}], [set()]))
    with pytest.raises(EvaluationError, match="1 rankings"):
        hit_rate([{"a": 1.0}], [])
