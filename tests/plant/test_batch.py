"""Batches: shapes are held, and an asset's rows become a recording."""

from __future__ import annotations

import numpy as np
import pytest

from andon.plant.batch import Batch
from andon.plant.errors import ReadingError
from andon.plant.status import Status

GOOD, MISSING = int(Status.GOOD), int(Status.MISSING)


def batch() -> Batch:
    return Batch(
        source="line",
        received=9,
        assets=("P-1", "泵<2>"),
        tags=("a", "b"),
        asset=np.array([0, 1, 0, 0], dtype=np.int32),
        time=np.array([20, 20, 10, 20], dtype=np.int64),
        values=np.array([[1, 2], [5, 6], [3, 4], [7, np.nan]], dtype=np.float32),
        status=np.array([[GOOD, GOOD], [GOOD, GOOD], [GOOD, GOOD], [GOOD, MISSING]], dtype=np.uint8),
    )


def test_an_asset_of_a_batch_is_a_recording_in_order_and_the_later_row_wins_tag_by_tag() -> None:
    recording = batch().of_asset("P-1")
    assert recording.time.tolist() == [10, 20]
    assert recording.values.tolist() == [[3, 4], [7, 2]]
    assert recording.status.tolist() == [[GOOD, GOOD], [GOOD, GOOD]]
    assert batch().of_asset("泵<2>").values.tolist() == [[5, 6]]


def test_an_unknown_asset_is_refused() -> None:
    with pytest.raises(KeyError):
        batch().of_asset("P-3")


def test_arrays_that_do_not_fit_are_refused() -> None:
    good = batch()
    with pytest.raises(ReadingError, match="1 times and 2 tags"):
        Batch("line", 0, good.assets, good.tags, good.asset, good.time[:1], good.values, good.status)
