"""The fleet in lockstep: see `scoring.fleet.Fleet` for the door, and `AssetByAsset` for what it must answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.evidence.events import Span
from andon.plant.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from andon.plant.errors import EvidenceError, PreparationError
from andon.plant.file.schema import OutOfService
from andon.plant.grid import tick_of
from andon.plant.label import Label, LabelKind, LabResults
from andon.plant.rows import Rows
from andon.plant.time import format_instant
from andon.plant.verdict import TOP_TAGS, QualityPredictions, Why
from andon.plant.window import Prepared
from andon.preparing.lockstep import Labelled
from andon.scoring.blas_threads import one_blas_thread
from andon.scoring.detector import LAST, LINEAR, NETWORK, judged_part
from andon.scoring.fleet import AssetByAsset, Judged, Named
from andon.scoring.kept_state import misfit
from andon.scoring.lockstep.parts import Parts, make_parts
from andon.scoring.lockstep.sensors import HandOver, keep_results, predict_each
from andon.scoring.lockstep.state import LockstepState, from_arrays, join, split, start, to_arrays
from andon.scoring.monitor import NAMED_ABOVE, Monitor, MonitorState
from andon.scoring.tag_shares import largest, of_tags, tags_of_channels

_JUDGED = int(Why.JUDGED)


class Lockstep:
    """Assets of one model, a tick of all at once.

    Parameters
    ----------
    monitor : the model
    assets : A names

    Raises
    ------
    PreparationError : the model is not for an asset, or prepares them in different ways
    EvidenceError : its assets have different detectors
    """

    def __init__(self, monitor: Monitor, assets: Sequence[str]) -> None:
        self.monitor, self.assets = monitor, tuple(assets)
        self.parts: Parts = make_parts(monitor, self.assets)
        self._at = {name: at for at, name in enumerate(self.assets)}
        self._warm_up = monitor.detector.warm_up
        ids = monitor.tag_ids
        self._tag_of_channel, self._tag_count = tags_of_channels(self.parts.prepare.plan.channel_tags, ids), len(ids)

    @property
    def tags(self) -> tuple[str, ...]:
        """Inputs of the preparation."""
        return self.parts.tags

    @property
    def keeps_states(self) -> bool:
        """See `Fleet`."""
        return False

    def start(self) -> LockstepState:
        """Nothing seen yet."""
        return start(self.parts)

    def join(self, next_tick: int | None, states: Sequence[MonitorState]) -> LockstepState:
        """Go on from the states of single assets, as `AssetByAsset` has them.

        Raises
        ------
        PreparationError : samples wait in one of them, or they are at different ticks
        """
        return join(self.parts, next_tick, states)

    def split(self, state: LockstepState) -> tuple[int | None, tuple[MonitorState, ...]]:
        """The state as `AssetByAsset` goes on with it."""
        return state.next_tick, split(self.parts, state)

    def step(
        self,
        rows: Rows,
        upto: int,
        state: LockstepState,
        *,
        thresholds: Float64Array | None = None,
        labels: Sequence[Label] = (),
        lab: Sequence[LabResults] = (),
        out_of_service: Sequence[OutOfService] = (),
    ) -> tuple[Judged, LockstepState]:
        """See `Fleet.step`. `state` is used up.

        Raises
        ------
        EvidenceError : `state` was used before
        PreparationError : rows of a tick that was judged already, or of one after `upto`
        """
        if state.spent:
            raise EvidenceError("this state was used up by an earlier step", do="go on with the state that the step gave back")
        interval = self.monitor.preparation.interval_ns
        tick, last = tick_of(rows.time, interval), upto // interval
        first = state.next_tick
        if first is None:
            first = int(tick.min()) if len(tick) else last + 1
        if len(tick) and not first <= int(tick.min()) <= int(tick.max()) <= last:
            low, high = format_instant(int(rows.time.min())), format_instant(int(rows.time.max()))
            raise PreparationError(
                f"rows from {low} to {high}, but the ticks to be judged are those from {format_instant(first * interval)} "
                f"to {format_instant(last * interval)}",
                do="give the rows of complete ticks, in order",
            )
        if len(tick) and not bool((rows.asset[1:] > rows.asset[:-1]).all() and tick[0] == tick[-1]):
            order = np.lexsort((rows.time, rows.asset, tick))
            rows, tick = rows.take(order), tick[order]
        edges = np.searchsorted(tick, np.arange(first, last + 2))
        levels = self.parts.thresholds if thresholds is None else np.asarray(thresholds, dtype=np.float64)
        said = _Said(self, first, last, levels)
        planned = self._planned(labels)
        results = HandOver(tuple(lab), np.zeros(len(self.assets), dtype=bool))
        state.spent = True  # also where a tick fails half-way
        with one_blas_thread():
            for k in range(first, last + 1):
                own = rows.take(slice(int(edges[k - first]), int(edges[k - first + 1])))
                self._tick(k, own, state, levels, said, planned, results, out_of_service)
        if lab and self.parts.sensors:
            keep_results(self.parts.members, self.assets, results, state)
        return said.judged(state), state.follow(max(first, last + 1))

    def _planned(self, labels: Sequence[Label]) -> list[Labelled]:
        return [
            Labelled(self._at[label.asset] if label.asset else -1, label.start, label.end)
            for label in labels
            if label.kind == LabelKind.PLANNED and (not label.asset or label.asset in self._at)
        ]

    def _tick(
        self,
        k: int,
        rows: Rows,
        state: LockstepState,
        levels: Float64Array,
        said: _Said,
        planned: Sequence[Labelled],
        results: HandOver,
        out_of_service: Sequence[OutOfService],
    ) -> None:
        """One tick of all assets, in the order in which data flows."""
        parts = self.parts
        prepared, live = parts.prepare.tick(k, rows, state.prepare, planned=planned, out_of_service=out_of_service)
        expectations = {LINEAR: parts.linear.run(prepared, state.linear)}
        if parts.network is not None and state.network is not None:
            expectations[NETWORK] = parts.network.run(prepared, expectations[LINEAR], state.network)
        if self.monitor.detector.reads_last:
            expectations[LAST] = parts.linear.last_value(prepared, expectations[LINEAR], state.linear)
        seen, told = judged_part(prepared, expectations, self.monitor.detector.exogenous)
        near = parts.opener.centre + NAMED_ABOVE * (levels - parts.opener.centre)
        trace, above, shares = parts.views.run(seen, told, state.views, np.where(live, near, np.inf))
        state.age[prepared.reset] = 0
        warming = (state.age < self._warm_up) & (prepared.why == _JUDGED)
        why = np.where(warming, np.uint8(Why.WARMING_UP), prepared.why)
        state.age += 1
        heard = trace
        if parts.sensors:
            tables, heard = predict_each(
                parts.members, prepared, live, self.assets, expectations.get(NETWORK), trace, levels, results, state
            )
            said.predicted(tables)
        turned = parts.opener.advance(k, heard, why == _JUDGED, live, levels, state.opener)
        said.take(k, why, heard, prepared, turned.active, above, shares)
        said.turn(turned.opened, turned.closed)

    def open_span(self, state: LockstepState, asset: int) -> Span | None:
        """See `Fleet`."""
        return state.opener.span(asset)

    def to_kept(self, state: LockstepState) -> tuple[dict[str, NDArray[Any]], Any]:
        """See `Fleet`. The arrays are copies."""
        return to_arrays(state)

    def from_kept(self, arrays: Mapping[str, NDArray[Any]], shape: Any) -> LockstepState:
        """See `Fleet`. What `AssetByAsset` kept is understood too.

        Raises
        ------
        StoreError : the state is of other assets or of another model
        """
        if isinstance(shape, Mapping) and "lockstep" in shape:
            return from_arrays(self.parts, arrays, shape)
        try:
            next_tick, states = AssetByAsset(self.monitor, self.assets).from_kept(arrays, shape)
            return self.join(next_tick, states)
        except (TypeError, ValueError, IndexError, AttributeError, PreparationError) as error:
            raise misfit(error) from error


@dataclass(slots=True)
class _Near:
    """Assets near their threshold at one tick."""

    row: int
    asset: Int64Array
    shares: Float32Array


class _Said:
    """What the ticks of one step say, while they are written."""

    def __init__(self, fleet: Lockstep, first: int, last: int, levels: Float64Array) -> None:
        self._fleet, self._first, self._levels = fleet, first, levels
        shape = (max(last - first + 1, 0), len(fleet.assets))
        self._tick = np.arange(first, last + 1, dtype=np.int64)
        self._why, self._mode = np.full(shape, Why.NO_DATA, dtype=np.uint8), np.full(shape, -1, dtype=np.int16)
        self._active, self._evidence = np.zeros(shape, dtype=bool), np.full(shape, np.nan)
        self._near: list[_Near] = []
        self._opened: dict[int, list[Span | None]] = {}
        self._closed: list[tuple[int, Span]] = []
        self._tables: dict[int, list[tuple[QualityPredictions, ...]]] = {}

    def take(
        self,
        k: int,
        why: NDArray[np.uint8],
        heard: Float64Array,
        prepared: Prepared,
        active: BoolArray,
        above: Int64Array,
        shares: Float32Array,
    ) -> None:
        row = k - self._first
        self._why[row], self._mode[row], self._active[row] = why, prepared.mode, active
        np.copyto(self._evidence[row], heard, where=why == _JUDGED)
        if len(above):
            self._near.append(_Near(row, above, shares))

    def turn(self, opened: Int64Array, closed: Sequence[tuple[int, Span]]) -> None:
        """Spans that opened and closed; what opened before it closed again is told as it ended."""
        for at, span in closed:
            self._closed.append((at, span))
            mine = self._opened.get(at)
            if mine and mine[-1] is None:
                mine[-1] = span
        for at in opened.tolist():
            self._opened.setdefault(at, []).append(None)

    def predicted(self, tables: Mapping[int, tuple[QualityPredictions, ...]]) -> None:
        for at, mine in tables.items():
            self._tables.setdefault(at, []).append(mine)

    def judged(self, state: LockstepState) -> Judged:
        judge = self._why == Why.JUDGED
        p = np.full(judge.shape, np.nan)
        _, asset = np.nonzero(judge)
        p[judge] = self._fleet.parts.p_maps(asset, self._evidence[judge])
        opened = []
        for at in sorted(self._opened):
            for span in self._opened[at]:
                now = span or state.opener.span(at)
                assert now is not None
                opened.append((at, now))
        closed = sorted(self._closed, key=lambda item: (item[0], item[1].start))
        return Judged(
            self._tick, self._why, self._active, self._evidence, p, self._levels, self._mode, self._named(), tuple(opened), tuple(closed),
            tuple((at, _joined(tables)) for at, tables in sorted(self._tables.items())),
        )  # fmt: skip

    def _named(self) -> Named:
        if not self._near:
            none = np.zeros(0, dtype=np.int32)
            return Named(none, none, np.zeros((0, TOP_TAGS), dtype=np.int32), np.zeros((0, TOP_TAGS), dtype=np.float32))
        row = np.concatenate([np.full(len(one.asset), one.row, dtype=np.int32) for one in self._near])
        asset = np.concatenate([one.asset for one in self._near]).astype(np.int32)
        shares = np.concatenate([one.shares for one in self._near])
        tags, most = largest(of_tags(shares, self._fleet._tag_of_channel, self._fleet._tag_count), TOP_TAGS)
        order = np.lexsort((row, asset))
        return Named(row[order], asset[order], tags[order].astype(np.int32), most[order])


def _joined(steps: Sequence[tuple[QualityPredictions, ...]]) -> tuple[QualityPredictions, ...]:
    """One table a target, of all ticks."""
    if len(steps) == 1:
        return steps[0]
    from andon.scoring.quality import join_predictions

    return tuple(join_predictions([step[number] for step in steps]) for number in range(len(steps[0])))
