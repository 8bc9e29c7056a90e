"""The views of many assets at one tick: `Views` with the assets in the place of the rows.

The same lines, statistics and shares as in history; only the means are moved by one tick for all assets at once, and the last rows of the
novelty view lie in a ring that all share the place in, for all are at the same tick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from andon.evidence.fill_together import FillTogether
from andon.evidence.lines import LARGEST, LEVELS, Lines, Statistic, filled_values, log_product, source_values
from andon.evidence.live import FULL, Stack
from andon.evidence.novelty import Novelty
from andon.evidence.shares import tick_shares
from andon.evidence.smooth import alpha_of
from andon.evidence.soft_sum import soft_sum
from andon.evidence.views import Views, ViewState
from andon.evidence.workspace import Workspace
from andon.plant.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from andon.plant.window import Expectation, Prepared

CHUNK = 1024  # assets; fewer calls are worth more than what stays in the cache
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
        stacked = views.stacked
        self._fill = FillTogether(stacked.fill if stacked is not None else views.lines[0].fill)
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
        view = np.empty((self.count, len(self.views.names)), dtype=np.float32)
        for low in range(0, self.count, CHUNK):
            high = min(low + CHUNK, self.count)
            self._lines(prepared, expectations, state, low, high, view[low:high], k)
        if self.views.stacked is not None:
            self._with_gaps(self.views.stacked, prepared.valid, state, view)
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
        row, channel = np.nonzero(~part) if valid is not None else (None, None)
        stacked = self.views.stacked is not None  # rows with gaps are worked out together afterwards
        column = at = other = 0
        for line, alpha in zip(self.views.lines, self._alphas, strict=True):
            mask = valid if line.of_channels else None
            values = source_values(line.source, filled, None, expectations, low, high, line.unit, line.centre, self._room)
            if mask is not None and line.source not in LEVELS:
                values[row, channel] = 0.0
            if line.of_channels:
                means = state.means[at : at + len(line.spans), low:high]
                at += len(line.spans)
            else:
                means = state.states[other][:, low:high]
                other += 1
            step = np.subtract(values, means, out=self._room.take("step", means.shape))
            step *= alpha
            means += step
            y = means if mask is None or stacked else means.copy()
            for index, one in enumerate(line.each):
                count = len(one.statistics)
                target = view[:, column : column + count]
                if stacked and count == len(FULL):
                    self._full(one, y[index], target)
                else:
                    gaps = None if stacked else mask
                    pulled, squared = one.entries(y[index : index + 1], gaps, self._room)
                    target[...] = one.statistic(y[index : index + 1], pulled, squared, gaps, self._room)[0].T
                column += count

    def _full(self, line: Lines, y: Float32Array, out: Float32Array) -> None:
        """The three statistics of a line (N, 3) of means (N, C) without gaps: `Lines.entries` and `Lines.statistic` in fewer passes."""
        rows, width = y.shape
        squared = np.matmul(line.factor[0].T, y.T, out=self._room.take("full", (width, rows)))
        np.square(squared, out=squared)
        strongest = squared.max(axis=0)
        top = float(strongest.max(initial=0.0))
        if top > LARGEST:
            np.minimum(squared, LARGEST, out=squared)
            np.minimum(strongest, LARGEST, out=strongest)
            top = float(LARGEST)
        squared += np.float32(1.0)
        numbers = np.empty((len(FULL), rows), dtype=np.float32)
        np.add.reduce(log_product(squared.T, 1.0 + top), axis=-1, out=numbers[FULL.index(Statistic.SPREAD)])
        numbers[FULL.index(Statistic.STRONGEST)] = strongest
        amount = np.abs(y, out=self._room.take("amount", y.shape))
        np.matmul(amount, line.size[0], out=numbers[FULL.index(Statistic.EXTENT)])
        np.divide(numbers.T, line.scale[0], out=out)

    def _with_gaps(self, lines: Stack, valid: BoolArray, state: AllViewState, view: Float32Array) -> None:
        """The rows with missing channels again, all lines at once: as `live.tick` has them, for many assets."""
        rows = np.flatnonzero(~valid.all(axis=1))
        if not len(rows):
            return
        valid = valid[rows]
        gone = ~valid
        size = np.abs(state.means[:, rows])
        y = state.means[lines.full[:, None], rows]
        self._fill.fill(y, valid)
        squared = np.matmul(y, lines.factor)
        np.square(squared, out=squared)
        self._fill.gain(squared, valid)
        squared[:, gone] = 0.0
        size[:, gone] = 0.0
        np.minimum(squared, LARGEST, out=squared)
        deep = len(lines.full)
        numbers = np.empty((2 * deep + len(size), len(rows)), dtype=np.float32)
        np.max(squared, axis=2, out=numbers[deep : 2 * deep])
        squared += np.float32(1.0)
        np.add.reduce(np.log(squared, out=squared), axis=2, out=numbers[:deep])
        np.matmul(size, lines.size[:, :, None], out=numbers[2 * deep :, :, None])
        lost = gone.T.astype(np.float32)
        numbers[:deep] += lines.spread_expected @ lost
        numbers[2 * deep :] += lines.extent_expected @ lost
        view[rows, : len(lines.order)] = (numbers[lines.order] / lines.scale[:, None]).T

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
