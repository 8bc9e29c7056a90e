"""Merging and rolling up, beside the obvious way."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from andon.plant.rows import Rows, join, merged
from andon.plant.status import Status
from andon.store.segments import bins as binning
from tests.store.segments import naive

CELL = st.tuples(st.floats(width=32, min_value=-1e6, max_value=1e6) | st.just(math.nan), st.sampled_from([int(s) for s in Status]))
ROW = st.tuples(st.integers(0, 2), st.integers(-30, 30), st.tuples(CELL, CELL))


def rows_of(drawn: list[tuple[int, int, tuple[tuple[float, int], ...]]]) -> Rows:
    n = len(drawn)
    return Rows(
        np.array([row[0] for row in drawn], dtype=np.int32),
        np.array([row[1] for row in drawn], dtype=np.int64),
        np.array([[cell[0] for cell in row[2]] for row in drawn], dtype=np.float32).reshape(n, 2),
        np.array([[cell[1] for cell in row[2]] for row in drawn], dtype=np.uint8).reshape(n, 2),
    )


@given(st.lists(ROW, max_size=30))
def test_the_later_row_wins_where_it_says_something(drawn: list[tuple[int, int, tuple[tuple[float, int], ...]]]) -> None:
    rows = rows_of(drawn)
    before = (rows.values.tobytes(), rows.status.tobytes())
    expected: dict[tuple[int, int], list[tuple[float, int]]] = {}
    for asset, time, cells in drawn:
        there = expected.setdefault((asset, time), list(cells))
        for tag, cell in enumerate(cells):
            if cell[1] != Status.MISSING:
                there[tag] = cell
    got = merged(rows)
    assert list(zip(got.asset.tolist(), got.time.tolist(), strict=True)) == sorted(expected)
    for row, key in enumerate(sorted(expected)):
        assert got.status[row].tolist() == [cell[1] for cell in expected[key]]
        assert np.array_equal(got.values[row], np.array([cell[0] for cell in expected[key]], dtype=np.float32), equal_nan=True)
    assert (rows.values.tobytes(), rows.status.tobytes()) == before
    again = merged(join([got, got]))
    assert again.values.tobytes() == got.values.tobytes()


@given(st.lists(ROW, max_size=40), st.integers(1, 9), st.integers(1, 4))
def test_rolling_up(drawn: list[tuple[int, int, tuple[tuple[float, int], ...]]], length: int, more: int) -> None:
    bins = binning.of_rows(merged(rows_of(drawn)))
    got = binning.rolled_up(bins, length)
    for row, (asset, begin, tag, low, high, mean, count, status) in enumerate(naive.rolled_up(bins, length)):
        at = row // 2
        assert (got.asset[at], got.time[at], got.count[at, tag], got.status[at, tag]) == (asset, begin, count, status)
        for array, value in ((got.low, low), (got.high, high)):
            assert array[at, tag] == value or (math.isnan(array[at, tag]) and math.isnan(value))
        np.testing.assert_allclose(got.mean[at, tag], mean, rtol=1e-5, atol=1e-2)
    assert len(naive.rolled_up(bins, length)) == 2 * len(got)
    # In two steps as in one.
    twice = binning.rolled_up(got, length * more)
    once = binning.rolled_up(bins, length * more)
    for name in ("asset", "time", "low", "high", "count", "status"):
        assert np.array_equal(getattr(twice, name), getattr(once, name), equal_nan=name in ("low", "high"))
    np.testing.assert_allclose(twice.mean, once.mean, rtol=1e-5, atol=1e-2)


def test_bins_before_the_epoch_and_from_another_origin() -> None:
    rows = rows_of([(0, time, ((float(time), 0), (math.nan, 3))) for time in (-11, -10, -1, 0, 9, 10)])
    assert binning.rolled_up(binning.of_rows(rows), 10).time.tolist() == [-20, -10, 0, 10]
    assert binning.rolled_up(binning.of_rows(rows), 10, origin=-11).time.tolist() == [-11, -1, 9]
