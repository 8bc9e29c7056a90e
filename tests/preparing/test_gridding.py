"""All tags at once on the grid, against the one rule for one tag in `andon.plant.grid`."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.grid import tick_means, tick_of
from andon.plant.status import Status, is_valid
from andon.preparing.gridding import NEVER, last_true, tick_table


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 40), st.sampled_from([1, 3, 10]), st.floats(0, 1))
def test_the_table_says_what_tick_means_says(seed: int, number: int, interval: int, share_good: float) -> None:
    random = np.random.default_rng(seed)
    time = np.unique(random.integers(1, 60, size=number)).astype(np.int64)
    values = random.normal(size=(len(time), 3))
    status = np.where(random.random(values.shape) < share_good, 0, random.integers(0, 5, size=values.shape)).astype(np.uint8)
    ok = is_valid(status)
    tick = tick_of(time, interval)
    first, last = (int(tick[0]), int(tick[-1]) + 2) if len(time) else (0, 2)
    table = tick_table(time, tick, values, ok, status, first, last, np.array([False, False, True]))
    for column in range(2):
        mean, _ = tick_means(tick, values[:, column], status[:, column], first, last)
        np.testing.assert_allclose(table.value[:, column], mean, atol=1e-12)
    for k in range(first, last + 1):
        row = k - first
        for column in range(3):
            inside = np.flatnonzero(tick == k)
            usable = [index for index in inside if ok[index, column]]
            good = [index for index in inside if status[index, column] == Status.GOOD]
            real = [index for index in usable if status[index, column] != Status.INTERPOLATED]
            assert table.good_time[row, column] == (time[good[-1]] if good else NEVER)
            np.testing.assert_equal(table.good_value[row, column], values[good[-1], column] if good else np.nan)
            assert table.real_time[row, column] == (time[real[-1]] if real else NEVER)
            if column == 2:
                np.testing.assert_equal(table.value[row, column], values[usable[-1], column] if usable else np.nan)

    if table.whole:
        assert np.isfinite(table.value).all()
        assert (table.good_time != NEVER).all()


def test_last_true() -> None:
    """Index 0 is the state before; row t is index t + 1."""
    assert last_true(np.array([False, True, False, True])).tolist() == [0, 2, 2, 4]
    assert last_true(np.array([[True, False], [False, False], [False, True]])).tolist() == [[1, 0], [1, 0], [1, 3]]
