"""From rows of normal time to lanes of pieces: what one update of stateful training sees.

A *segment* is an unbroken stretch of training rows: no reset, no excluded row inside. A *lane* walks through segments
piece by piece and carries its state; where it enters a segment it starts fresh. Targets never reach beyond the segment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from andon.plant.arrays import BoolArray, Float32Array, Int64Array
from andon.plant.window import Expectation, Prepared

TARGET_LIMIT = 10.0


@dataclass(frozen=True, slots=True)
class Scales:
    """Scale of the linear residual of each channel, (C,) float32 each, scaled units.

    `spread` is the log of the forecast residual's own root mean square in units of `forecast`: what a constant scale
    would be. The scale head begins there, so that it learns when a tag is restless, not how restless it is on average.
    """

    forecast: Float32Array
    level: Float32Array
    relation: Float32Array
    spread: Float32Array

    @property
    def log_scale(self) -> Float32Array:
        """(C,) log of the forecast residual's constant scale, scaled units."""
        return np.log(self.forecast) + self.spread


@dataclass(frozen=True, slots=True)
class LabTargets:
    """Laboratory values on the grid, standardised.

    Attributes
    ----------
    row : (M,) row of each sample, ascending
    target : (M,) index of its target
    value : (M,) float32
    """

    row: Int64Array
    target: Int64Array
    value: Float32Array


@dataclass(frozen=True, slots=True)
class Material:
    """Everything the loop reads, by reference: nothing is copied until a piece is cut. `linear.level` is (T, C)."""

    prepared: Prepared
    linear: Expectation
    scales: Scales
    horizon: int
    lab: LabTargets | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """One piece of every lane, as tensors.

    Attributes
    ----------
    x, expected, context : (B, T, C), (B, T, C), (B, T, K)
    valid : (B, T, C) bool
    forecast, level, relation : (B, T, C) what the linear core left, in units of its scale, bounded; 0 where not known
    forecast_known, level_known, relation_known : (B, T, C) one where it is known, else zero
    lab : (M, 4) float64 rows of lane, tick, target, value
    """

    x: Tensor
    valid: Tensor
    expected: Tensor
    context: Tensor
    forecast: Tensor
    level: Tensor
    relation: Tensor
    forecast_known: Tensor
    level_known: Tensor
    relation_known: Tensor
    lab: Tensor


def segments(rows: BoolArray, reset: BoolArray) -> Int64Array:
    """Unbroken stretches of `rows`, cut before each reset.

    Parameters
    ----------
    rows, reset : (T,) bool

    Returns
    -------
    (S, 2) int64, start and stop of each
    """
    inside = np.concatenate([[False], np.asarray(rows, dtype=bool), [False]])
    start = inside[1:-1] & (~inside[:-2] | reset)
    stop = np.flatnonzero(inside[1:-1] & (~inside[2:] | np.concatenate([reset[1:], [True]]))) + 1
    return np.stack([np.flatnonzero(start), stop], axis=1).astype(np.int64)


def draw_lanes(cuts: Int64Array, lanes: int, ticks: int, pieces: int, rng: np.random.Generator) -> tuple[Int64Array, BoolArray, Int64Array]:
    """Where each lane walks: starts spread evenly over all rows, with a random offset.

    Parameters
    ----------
    cuts : (S, 2) from `segments`
    lanes, ticks, pieces : B, T and how many pieces in a row

    Returns
    -------
    rows : (B, pieces * T) int64 row of each tick, -1 where the lane has none
    fresh : (B, pieces) bool, the lane enters a segment with this piece
    stop : (B, pieces) int64 end of the segment that the piece lies in
    """
    sizes = cuts[:, 1] - cuts[:, 0]
    before = np.concatenate([[0], np.cumsum(sizes)])
    total = int(before[-1])
    rows = np.full((lanes, pieces * ticks), -1, dtype=np.int64)
    fresh = np.zeros((lanes, pieces), dtype=bool)
    stop = np.zeros((lanes, pieces), dtype=np.int64)
    places = (np.arange(lanes) + rng.random(lanes)) / lanes * total
    for lane in range(lanes):
        segment = min(int(np.searchsorted(before, places[lane], side="right")) - 1, len(cuts) - 1)
        at = int(cuts[segment, 0] + places[lane] - before[segment])
        # A start close to the end of its segment would give a stub: step back for a whole walk where there is room.
        at = max(int(cuts[segment, 0]), min(at, int(cuts[segment, 1]) - pieces * ticks))
        for piece in range(pieces):
            if piece == 0 or at >= cuts[segment, 1]:
                if piece:
                    segment = int(rng.integers(len(cuts)))
                    at = int(cuts[segment, 0])
                fresh[lane, piece] = True
            stop[lane, piece] = cuts[segment, 1]
            until = min(at + ticks, int(cuts[segment, 1]))
            rows[lane, piece * ticks : piece * ticks + until - at] = np.arange(at, until)
            at = until
    return rows, fresh, stop


def cut_batch(material: Material, rows: Int64Array, stop: Int64Array) -> Batch:
    """The tensors of one piece of every lane.

    Parameters
    ----------
    rows : (B, T) row of each tick, -1 where none
    stop : (B,) end of each lane's segment
    """
    prepared, linear, scales = material.prepared, material.linear, material.scales
    here = np.maximum(rows, 0)
    known = rows >= 0
    last = prepared.rows - 1
    after = np.minimum(here + 1, last)
    later = np.minimum(here + material.horizon, last)
    x = prepared.x[here]
    valid = prepared.valid[here] & known[..., None]

    def left(target: Int64Array, expected: Float32Array, scale: Float32Array, inside: BoolArray) -> tuple[Tensor, Tensor]:
        rest = (prepared.x[target] - expected[target]) / scale
        usable = prepared.valid[target] & inside[..., None] & np.isfinite(rest)
        rest = np.clip(np.where(usable, rest, np.float32(0)), -TARGET_LIMIT, TARGET_LIMIT)
        return torch.from_numpy(rest), torch.from_numpy(usable.astype(np.float32))

    forecast, forecast_known = left(after, linear.forecast, scales.forecast, known & (here + 1 < stop[:, None]))
    level, level_known = left(later, linear.level, scales.level, known & (here + material.horizon < stop[:, None]))
    relation, relation_known = left(here, linear.relation, scales.relation, known)
    return Batch(
        torch.from_numpy(x),
        torch.from_numpy(valid),
        torch.from_numpy(linear.forecast[here]),
        torch.from_numpy(prepared.context[here]),
        forecast,
        level,
        relation,
        forecast_known,
        level_known,
        relation_known,
        _lab_of(material.lab, rows),
    )


def _lab_of(lab: LabTargets | None, rows: Int64Array) -> Tensor:
    """(M, 4) lane, tick, target, value of the laboratory samples inside the pieces."""
    if lab is None or len(lab.row) == 0:
        return torch.zeros((0, 4), dtype=torch.float64)
    found: list[np.ndarray[tuple[int, int], np.dtype[np.float64]]] = []
    for lane, line in enumerate(rows):
        have = line[line >= 0]
        if not len(have):
            continue
        low, high = np.searchsorted(lab.row, [have[0], have[-1] + 1])
        if high > low:
            tick = lab.row[low:high] - have[0]
            found.append(np.stack([np.full(high - low, lane), tick, lab.target[low:high], lab.value[low:high]], axis=1).astype(np.float64))
    return torch.from_numpy(np.concatenate(found)) if found else torch.zeros((0, 4), dtype=torch.float64)
