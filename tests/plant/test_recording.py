"""Recordings: what they refuse, what they keep."""

from __future__ import annotations

import numpy as np
import pytest

from andon.plant.errors import ReadingError
from andon.plant.recording import Recording
from andon.plant.status import Status

TIME = np.array([1, 2, 3])


def test_shapes_must_fit() -> None:
    with pytest.raises(ReadingError, match="do not fit 3 times and 1 tags"):
        Recording("m", ("a",), TIME, np.zeros((2, 1)), np.zeros((2, 1), dtype=np.uint8))


def test_ids_stand_once() -> None:
    with pytest.raises(ReadingError, match="tag ids stand twice: a"):
        Recording.from_arrays("m", ("a", "a"), TIME, np.zeros((3, 2)))


@pytest.mark.parametrize("time", [[1, 1, 2], [1, 3, 2]])
def test_time_increases(time: list[int]) -> None:
    with pytest.raises(ReadingError, match="not strictly increasing"):
        Recording.from_arrays("m", ("a",), np.array(time), np.zeros((3, 1)))


def test_what_is_not_finite_is_missing() -> None:
    recording = Recording.from_arrays("m", ("a",), TIME, np.array([[1.0], [np.nan], [-np.inf]]))
    assert recording.status[:, 0].tolist() == [Status.GOOD, Status.MISSING, Status.MISSING]
    assert np.isnan(recording.values[1:]).all()
    assert recording.valid()[:, 0].tolist() == [True, False, False]


def test_float64_stays_only_where_float32_would_lose_steps() -> None:
    ordinary = Recording.from_arrays("m", ("a",), TIME, np.array([[1.0], [1.5], [2.0]]))
    counter = Recording.from_arrays("m", ("a",), TIME, 1e9 + np.array([[1.0], [2.0], [3.0]]))
    assert ordinary.values.dtype == np.float32
    assert counter.values.dtype == np.float64
    assert np.diff(counter.column("a")).tolist() == [1.0, 1.0]


def test_column_between_select() -> None:
    recording = Recording.from_arrays("m", ("a", "b"), TIME, np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]), units=("bar", "K"))
    recording.status[1, 0] = Status.BAD
    np.testing.assert_equal(recording.column("a"), [1.0, np.nan, 3.0])
    assert recording.between(2, 3).time.tolist() == [2]
    assert recording.between(None, None).rows == 3
    other = recording.select(("b", "absent"))
    assert other.units == ("K", "")
    assert other.column("b").tolist() == [4.0, 5.0, 6.0]
    assert other.status[:, 1].tolist() == [Status.MISSING] * 3
