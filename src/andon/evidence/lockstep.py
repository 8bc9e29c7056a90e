"""The views of many assets at one tick: `Views` with the assets in the place of the rows.

The same lines, statistics and shares as in history; only the means are moved by one tick for all assets at once, and the last rows of the
novelty view lie in a ring that all share the place in, for all are at the same tick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from andon.evidence.lines import filled_values, source_values
from andon.evidence.novelty import Novelty
from andon.evidence.shares import tick_shares
from andon.evidence.smooth import alpha_of
from andon.evidence.soft_sum import soft_sum
from andon.evidence.views import Views, ViewState
from andon.evidence.workspace import Workspace
from andon.plant.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from andon.plant.window import Expectation, Prepared

CHUNK = 256  # assets; what is worked out of so many stays in the processor's cache
PATCHES = 64  # that are described at once


@dataclass(slots=True)
class AllViewState:
    """`ViewState` of A assets, changed by every tick.

    Attributes
    ----------
    means : (M, A, C) float32, the means of the lines whose dimensions are channels
    states : (S, A, D) float32 per source of other dimensions
    ring : (A, patch, C) float32, the last rows; that of tick k lies at k modulo patch
    age : (A,) int64, ticks since the last reset
    novelty : (A,) float32
    """

    means: Float32Array
    states: tuple[Float32Array, ...]
    ring: Float32Array
    age: Int64Array
    novelty: Float32Array


class ViewsTogether:
    """Runs fitted views over A assets.

    Parameters
    ----------
    views : of the model
    count : A
    """

    def __init__(self, views: Views, count: int) -> None:
        self.views, self.count = views, count
        self._alphas = [np.array([alpha_of(span) for span in line.spans], dtype=np.float32)[:, None, None] for line in views.lines]
        self._room = Workspace()
        shape = views.novelty
        self._waves = None if shape is None else np.concatenate([shape.waves, shape.waves])

    def start(self) -> AllViewState:
        """Before the first tick."""
        return self.join([self.views.start()] * self.count, 0)

    def join(self, states: list[ViewState], next_tick: int) -> AllViewState:
        """The states of the assets together, before `next_tick`."""
        patch = 1 if self.views.novelty is None else self.views.novelty.patch
        ring = np.zeros((len(states), patch, self.views.channels), dtype=np.float32)
        ring[:, (next_tick + 1 + np.arange(patch - 1)) % patch] = np.stack([state.ring for state in states])
        return AllViewState(
            np.stack([state.means for state in states], axis=1),
            tuple(np.stack([state.states[index] for state in states], axis=1) for index in range(len(states[0].states))),
            ring,
            np.array([state.age for state in states], dtype=np.int64),
            np.array([state.novelty for state in states], dtype=np.float32),
        )

    def split(self, state: AllViewState, next_tick: int) -> list[ViewState]:
        """The state of each asset by itself, before `next_tick`."""
        patch = state.ring.shape[1]
        order = (next_tick + 1 + np.arange(patch - 1)) % patch
        return [
            ViewState(
                state.means[:, at].copy(), tuple(part[:, at].copy() for part in state.states), state.ring[at, order],
                int(state.age[at]), np.float32(state.novelty[at]),
            )
            for at in range(self.count)
        ]  # fmt: skip

    def run(
        self, prepared: Prepared, expectations: Mapping[str, Expectation], state: AllViewState, shares_above: Float64Array
    ) -> tuple[Float64Array, Int64Array, Float32Array]:
        """Views of one tick of all assets; `state` is moved on in place.

        Parameters
        ----------
        prepared, expectations : rows are assets, all at the same tick
        shares_above : (A,) shares are given where the trace is above

        Returns
        -------
        trace (A,); the assets that shares are given for (N,); their shares (N, C)
        """
        fresh = np.flatnonzero(prepared.reset)
        if len(fresh):
            state.means[:, fresh] = 0.0
            for part in state.states:
                part[:, fresh] = 0.0
            state.age[fresh] = 0
            state.novelty[fresh] = 0.0
        k = int(prepared.tick[0])
        trace = np.empty(self.count)
        view = np.empty((self.count, len(self.views.names)), dtype=np.float32)
        for low in range(0, self.count, CHUNK):
            high = min(low + CHUNK, self.count)
            self._lines(prepared, expectations, state, low, high, view[low:high], k)
        if self.views.novelty is not None:
            self._novelty(self.views.novelty, state, k)
            view[:, -1] = state.novelty
        trace = soft_sum(view, self.views.weights)
        state.age += 1
        above = np.flatnonzero(trace > shares_above)
        return trace, above, self._shares(above, prepared.valid, state)

    def _lines(
        self,
        prepared: Prepared,
        expectations: Mapping[str, Expectation],
        state: AllViewState,
        low: int,
        high: int,
        view: Float32Array,
        k: int,
    ) -> None:
        """Views of the assets low..high, novelty aside."""
        part = prepared.valid[low:high]
        valid = None if bool(part.all()) else part
        filled = filled_values(prepared, expectations, low, high, valid is None)
        if self.views.novelty is not None:
            state.ring[low:high, k % self.views.novelty.patch] = filled
        column = at = other = 0
        for line, alpha in zip(self.views.lines, self._alphas, strict=True):
            mask = valid if line.of_channels else None
            values = source_values(line.source, filled, mask, expectations, low, high, line.unit, line.centre, self._room)
            if line.of_channels:
                means = state.means[at : at + len(line.spans), low:high]
                at += len(line.spans)
            else:
                means = state.states[other][:, low:high]
                other += 1
            step = np.subtract(values, means, out=self._room.take("step", means.shape))
            step *= alpha
            means += step
            y = means if mask is None else means.copy()
            for index, one in enumerate(line.each):
                pulled, squared = one.entries(y[index : index + 1], mask, self._room)
                count = len(one.statistics)
                view[:, column : column + count] = one.statistic(y[index : index + 1], pulled, squared, mask, self._room)[0].T
                column += count

    def _novelty(self, shape: Novelty, state: AllViewState, k: int) -> None:
        """A new distance for the assets whose patch is whole, every `stride` ticks."""
        if k % shape.stride:
            return
        due = np.flatnonzero(state.age >= shape.patch - 1)
        if not len(due):
            return
        assert self._waves is not None
        # The ring begins anywhere: the waves are turned, not the rows.
        turned = (-k - 1) % shape.patch
        waves = np.ascontiguousarray(self._waves[turned : turned + shape.patch])
        everybody = len(due) == self.count
        described = np.empty((len(due), shape.waves.shape[1] * self.views.channels), dtype=np.float32)
        for low in range(0, len(due), PATCHES):
            rows = due[low : low + PATCHES]
            patches = state.ring[low : low + PATCHES] if everybody else state.ring[rows]
            described[low : low + PATCHES] = shape.describe(patches, waves)
        distance = shape.nearest(described) / np.float32(self.views.novelty_scale)
        state.novelty[due] = distance

    def _shares(self, above: Int64Array, valid: BoolArray, state: AllViewState) -> Float32Array:
        """(N, C) shares of the assets `above`, whose means were moved already."""
        if not len(above):
            return self.views.nothing[1]
        part = valid[above]
        mask = None if bool(part.all()) else part
        vectors, at = [], 0
        for line in self.views.lines:
            if line.of_channels:
                y = state.means[at : at + len(line.spans), above]
                at += len(line.spans)
                vectors.append((line, y, *line.entries(y, mask)))
        return tick_shares(vectors, self.views.channels)
