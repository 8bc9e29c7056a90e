"""The linear core of many assets at one tick: their last rows in one ring, one matrix product for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from andon.evidence.fill_together import FillTogether
from andon.evidence.impute import ConditionalFill
from andon.plant.arrays import Float32Array
from andon.plant.window import Expectation, Prepared
from andon.scoring.linear_core import LinearCore, LinearState


@dataclass(slots=True)
class AllLinearState:
    """`LinearState` of A assets, changed by every tick.

    Attributes
    ----------
    ring : (A, R + 1, C) float32, deviations of the last rows; that of tick k lies at k modulo R + 1
    """

    ring: Float32Array


class LinearTogether:
    """Runs a linear core over A assets. The ring stays where it is: the weights are turned instead, which is a slice of them laid twice.

    Parameters
    ----------
    core : of the model
    count : A
    """

    def __init__(self, core: LinearCore, count: int) -> None:
        self.core, self.count = core, count
        self._fill = FillTogether(ConditionalFill(core.precision[None]))
        oldest_first = np.ascontiguousarray(core.weights[::-1])
        self._twice = np.concatenate([oldest_first, oldest_first])
        width = core.channels
        self._log_scale = np.broadcast_to(np.log(core.scale), (count, width))
        self._shift = np.concatenate([core.mean, core.mean, np.zeros(core.states, dtype=np.float32)])
        self._empty = (np.zeros((count, 0), dtype=np.float32), np.zeros((count, 0, 0), dtype=np.float32))

    def join(self, states: Sequence[LinearState], next_tick: int) -> AllLinearState:
        """The states of the assets together, before `next_tick`."""
        depth = self.core.depth
        ring = np.zeros((len(states), depth + 1, self.core.channels), dtype=np.float32)
        ring[:, (next_tick - depth + np.arange(depth)) % (depth + 1)] = np.stack([state.ring for state in states])
        return AllLinearState(ring)

    def split(self, state: AllLinearState, next_tick: int) -> list[Float32Array]:
        """(R, C) the last rows of each asset, oldest first."""
        depth = self.core.depth
        order = (next_tick - depth + np.arange(depth)) % (depth + 1)
        return [state.ring[at, order] for at in range(self.count)]

    def run(self, prepared: Prepared, state: AllLinearState) -> Expectation:
        """What the core expects of one tick of all assets; `state` is moved on in place. See `LinearCore.run`; rows are assets."""
        core, depth, width = self.core, self.core.depth, self.core.channels
        k = int(prepared.tick[0])
        place = k % (depth + 1)
        now = prepared.x - core.mean
        if not bool(prepared.valid.all()):
            self._fill.fill(now[None], prepared.valid)
        state.ring[:, place] = now
        fresh = np.flatnonzero(prepared.reset)
        if len(fresh):
            state.ring[fresh] = now[fresh, None, :]
        begin = (depth - place) % (depth + 1)
        weights = self._twice[begin : begin + depth + 1].reshape(-1, self._twice.shape[2])
        out = np.matmul(state.ring.reshape(self.count, -1), weights)
        out += self._shift
        if len(fresh):
            out[fresh, :width] = np.nan
        level, quality = self._empty
        return Expectation(out[:, :width], out[:, width : 2 * width], self._log_scale, level, out[:, 2 * width :], quality)

    def last_value(self, prepared: Prepared, told: Expectation, state: AllLinearState) -> Expectation:
        """The forecast that everything stays as it is, after `run` of the same tick. See `LinearCore.last_value`."""
        before = (int(prepared.tick[0]) - 1) % (self.core.depth + 1)
        forecast = state.ring[:, before] + self.core.mean
        forecast[prepared.reset] = np.nan
        return replace(told, forecast=forecast)
