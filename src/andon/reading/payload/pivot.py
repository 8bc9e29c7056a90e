"""Rows of a batch from what payloads say: single readings, or rows of tags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from andon.plant.arrays import Float32Array, IntArray, StatusArray, TimeArray
from andon.plant.batch import Batch
from andon.plant.status import Status
from andon.reading.payload.fault import Unreadable


def codes(names: Sequence[str]) -> tuple[IntArray, tuple[str, ...]]:
    """Each name's place among the distinct names, in order of first appearance."""
    index = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array(list(map(index.__getitem__, names)), dtype=np.int32), tuple(index)


def from_readings(
    source: str, received: int, assets: Sequence[str], tags: Sequence[str], time: TimeArray, values: Float32Array, status: StatusArray,
    *, most_values: int, history: bool = False,
) -> Batch:  # fmt: skip
    """A batch of single readings: one row per asset and time, in the order in which they first appear.

    Parameters
    ----------
    assets, tags : N names
    time : (N,) int64 ns UTC
    values : (N,) float32
    status : (N,) uint8
    most_values : rows × tags, at most

    Raises
    ------
    Unreadable : the table of rows and tags would be larger
    """
    asset_code, asset_names = codes(assets)
    tag_code, tag_names = codes(tags)
    stamps, stamp_code = np.unique(time, return_inverse=True)
    key = asset_code.astype(np.int64) * len(stamps) + stamp_code
    distinct, first, row_of = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    rows = rank[row_of]
    if len(distinct) * len(tag_names) > most_values:
        raise Unreadable("too-many-values", f"{len(distinct)} rows × {len(tag_names)} tags, at most {most_values} values")
    table = np.full((len(distinct), len(tag_names)), np.nan, dtype=np.float32)
    marks = np.full(table.shape, Status.MISSING, dtype=np.uint8)
    table[rows, tag_code] = values
    marks[rows, tag_code] = status
    keep = first[order]
    return Batch(source, received, asset_names, tag_names, asset_code[keep], time[keep], table, marks, history=history)


def from_rows(
    source: str, received: int, assets: Sequence[str], tags: tuple[str, ...], time: TimeArray, values: Float32Array, status: StatusArray,
    *, history: bool = False,
) -> Batch:  # fmt: skip
    """A batch of rows.

    Parameters
    ----------
    assets : N names
    tags : C tag ids, distinct
    time : (N,) int64 ns UTC
    values : (N, C) float32
    status : (N, C) uint8
    """
    asset_code, asset_names = codes(assets)
    return Batch(source, received, asset_names, tags, asset_code, time, values, status, history=history)
