"""States of arrays go out as copies by name and come back; the first part that does not fit is named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.state_arrays import misfit, to_arrays, with_arrays


@dataclass(slots=True)
class Some:
    level: Float64Array
    on: BoolArray


def some(value: float) -> Some:
    return Some(np.full((2, 3), value), np.array([True, value > 1]))


def test_out_and_back() -> None:
    state = some(2.0)
    arrays = to_arrays(state)
    state.level[:] = 7.0
    back = with_arrays(some(0.0), arrays)
    assert (back.level == 2.0).all()
    assert back.on.tolist() == [True, True]
    arrays["level"][:] = 9.0
    assert (back.level == 2.0).all()


def test_types_are_those_of_the_fresh_state_and_more_is_ignored() -> None:
    fresh = some(0.0)
    back = with_arrays(fresh, {"level": np.ones((2, 3), np.float32), "on": np.array([1, 0]), "other": np.zeros(1)})
    assert (back.level.dtype, back.on.dtype) == (np.dtype(np.float64), np.dtype(np.bool_))
    assert back.on.tolist() == [True, False]
    assert (fresh.level == 0.0).all()


@pytest.mark.parametrize(
    ("change", "name"),
    [({}, ""), ({"level": np.ones((3, 2))}, "level"), ({"on": np.ones(3, bool)}, "on"), ({"on": None}, "on")],
)
def test_the_first_misfit_is_named(change: dict[str, object], name: str) -> None:
    arrays = {**to_arrays(some(1.0)), **change}
    assert misfit(some(0.0), {key: value for key, value in arrays.items() if value is not None}) == name  # type: ignore[misc]
