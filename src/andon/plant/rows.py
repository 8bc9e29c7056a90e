"""Rows of several assets of one model: what waits for its tick, and what a fleet is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import BoolArray, Float32Array, Int64Array, IntArray, StatusArray, TimeArray


@dataclass(frozen=True, slots=True)
class Rows:
    """N rows of a fleet's assets and inputs.

    Attributes
    ----------
    asset : (N,) int32, index into the fleet's assets
    time : (N,) int64 ns
    values : (N, M) float32, inputs in the fleet's order
    status : (N, M) uint8
    """

    asset: IntArray
    time: TimeArray
    values: Float32Array
    status: StatusArray

    def part(self, which: BoolArray | Int64Array) -> Rows:
        """Some of the rows."""
        return Rows(self.asset[which], self.time[which], self.values[which], self.status[which])

    @staticmethod
    def joined(blocks: Sequence[Rows], width: int) -> Rows:
        """All of them, one after the other; of M = `width` inputs."""
        if len(blocks) == 1:
            return blocks[0]
        if not blocks:
            return Rows(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros((0, width), np.float32), np.zeros((0, width), np.uint8))
        return Rows(
            np.concatenate([block.asset for block in blocks]),
            np.concatenate([block.time for block in blocks]),
            np.concatenate([block.values for block in blocks]),
            np.concatenate([block.status for block in blocks]),
        )
