"""A fleet: the assets that share a model, judged together as their ticks become complete.

`Fleet` is the door that the live loop knows. `AssetByAsset` walks through the assets one by one with `Monitor.run`, so it is the
definition of what every faster fleet must answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from andon.evidence.events import Span
from andon.plant.arrays import BoolArray, Float32Array, Float64Array, Int64Array, IntArray, StatusArray
from andon.plant.file.schema import OutOfService
from andon.plant.label import Label, LabResults
from andon.plant.recording import Recording
from andon.plant.rows import Rows
from andon.plant.verdict import TOP_TAGS, QualityPredictions, Verdict, Why
from andon.preparing.plan import make_plan
from andon.scoring.kept_state import from_kept, to_kept
from andon.scoring.monitor import Monitor, MonitorState, Step
from andon.scoring.tag_shares import largest, of_tags, tags_of_channels

_ANOMALOUS, _NORMAL, _CANNOT_JUDGE = (np.uint8(one) for one in (Verdict.ANOMALOUS, Verdict.NORMAL, Verdict.CANNOT_JUDGE))
_JUDGED, _NO_DATA = int(Why.JUDGED), int(Why.NO_DATA)  # an Enum is slow to ask


@dataclass(frozen=True, slots=True)
class Named:
    """The tags of the ticks that came near the threshold. N such ticks.

    Attributes
    ----------
    row, asset : (N,) row of `Judged.tick`, index of the asset
    tags : (N, 5) int32, index into the monitor's tags, -1 where none
    shares : (N, 5) float32
    """

    row: IntArray
    asset: IntArray
    tags: IntArray
    shares: Float32Array


@dataclass(frozen=True, slots=True)
class Judged:
    """What a fleet says of K ticks of its A assets.

    Attributes
    ----------
    tick : (K,) int64, consecutive
    why : (K, A) uint8, `Why`; NO_DATA before an asset's first sample
    active : (K, A) bool, ticks that belong to an event
    evidence, p : (K, A) float64; NaN where not judged
    threshold : (A,) float64, in force
    mode : (K, A) int16, -1 before the first sample
    named : tags of the ticks near the threshold
    opened, closed : (index of the asset, span in ticks)
    quality : (index of the asset, one table a target)
    """

    tick: Int64Array
    why: StatusArray
    active: BoolArray
    evidence: Float64Array
    p: Float64Array
    threshold: Float64Array
    mode: IntArray
    named: Named
    opened: tuple[tuple[int, Span], ...]
    closed: tuple[tuple[int, Span], ...]
    quality: tuple[tuple[int, tuple[QualityPredictions, ...]], ...] = ()

    @property
    def verdict(self) -> StatusArray:
        """(K, A) uint8, `Verdict`."""
        told = np.where(self.active, _ANOMALOUS, _NORMAL)
        return np.where(self.why == _JUDGED, told, _CANNOT_JUDGE)


class Fleet(Protocol):
    """Assets of one model."""

    @property
    def monitor(self) -> Monitor:
        """The model."""

    @property
    def assets(self) -> tuple[str, ...]:
        """A names."""

    @property
    def tags(self) -> tuple[str, ...]:
        """M inputs, in the order of the rows that it is given."""

    @property
    def keeps_states(self) -> bool:
        """A step leaves the state that it was given as it was, so that it can be tried; else it uses it up."""

    def start(self) -> Any:
        """State before the first sample."""

    def step(
        self,
        rows: Rows,
        upto: int,
        state: Any,
        *,
        thresholds: Float64Array | None = None,
        labels: Sequence[Label] = (),
        lab: Sequence[LabResults] = (),
        out_of_service: Sequence[OutOfService] = (),
    ) -> tuple[Judged, Any]:
        """Judge every tick up to `upto` (ns, of the grid).

        Parameters
        ----------
        rows : those of the ticks that became complete, by time
        thresholds : (A,), from the controller; default: the calibration's
        labels : planned work is not judged
        lab : results that have come since the last step, each once
        out_of_service : tags that must not be used
        """

    def open_span(self, state: Any, asset: int) -> Span | None:
        """The event of an asset that is open now."""

    def split(self, state: Any) -> tuple[int | None, tuple[MonitorState, ...]]:
        """The next tick, and the state of each asset by itself."""

    def join(self, next_tick: int | None, states: Sequence[MonitorState]) -> Any:
        """The inverse: assets may come from other fleets of the same model."""

    def to_kept(self, state: Any) -> tuple[dict[str, NDArray[Any]], Any]:
        """The state as arrays and JSON."""

    def from_kept(self, arrays: Mapping[str, NDArray[Any]], shape: Any) -> Any:
        """The inverse."""


@dataclass(frozen=True, slots=True)
class AssetByAsset:
    """The plain fleet: each asset by itself. Its state is a `MonitorState` for each, and the next tick."""

    monitor: Monitor
    assets: tuple[str, ...]
    tags: tuple[str, ...] = field(init=False, compare=False)
    members: tuple[Monitor, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tags", tuple(dict.fromkeys(make_plan(self.monitor.preparation).tags)))
        object.__setattr__(self, "members", tuple(self.monitor.of(name) for name in self.assets))

    @property
    def keeps_states(self) -> bool:
        """See `Fleet`."""
        return True

    def start(self) -> tuple[int | None, tuple[MonitorState, ...]]:
        """Nothing seen yet."""
        return None, tuple(member.start() for member in self.members)

    def step(
        self,
        rows: Rows,
        upto: int,
        state: tuple[int | None, tuple[MonitorState, ...]],
        *,
        thresholds: Float64Array | None = None,
        labels: Sequence[Label] = (),
        lab: Sequence[LabResults] = (),
        out_of_service: Sequence[OutOfService] = (),
    ) -> tuple[Judged, tuple[int | None, tuple[MonitorState, ...]]]:
        """See `Fleet.step`. The first tick of all is that of the first sample."""
        interval = self.monitor.preparation.interval_ns
        last = upto // interval
        first, states = state
        if first is None:
            first = -(-int(rows.time.min()) // interval) if len(rows.time) else last + 1
        own_levels = [member.calibration.threshold for member in self.members] if thresholds is None else thresholds
        levels = np.asarray(own_levels, dtype=np.float64)
        order = np.argsort(rows.asset, kind="stable")
        edges = np.searchsorted(rows.asset[order], np.arange(len(self.assets) + 1))
        steps: list[Step | None] = []
        after: list[MonitorState] = []
        for at, name in enumerate(self.assets):
            own = rows.take(order[edges[at] : edges[at + 1]])
            if not len(own.time) and states[at].prepare is None:
                steps.append(None)
                after.append(states[at])
                continue
            recording = Recording(name, self.tags, own.time, own.values, own.status)
            own_lab = [item for item in lab if item.asset in ("", name)]
            step, new = self.members[at].run(
                recording, states[at], labels=labels, lab=own_lab, out_of_service=out_of_service, until=last * interval,
                threshold=float(levels[at]),
            )  # fmt: skip
            steps.append(step)
            after.append(new)
        return _judged(self.members, np.arange(first, last + 1, dtype=np.int64), steps, levels), (
            max(first, last + 1),
            tuple(after),
        )

    def split(self, state: tuple[int | None, tuple[MonitorState, ...]]) -> tuple[int | None, tuple[MonitorState, ...]]:
        """The next tick and the state of each asset, as every fleet gives them."""
        return state

    def join(self, next_tick: int | None, states: Sequence[MonitorState]) -> tuple[int | None, tuple[MonitorState, ...]]:
        """The inverse of `split`."""
        return next_tick, tuple(states)

    def open_span(self, state: tuple[int | None, tuple[MonitorState, ...]], asset: int) -> Span | None:
        """See `Fleet`."""
        return state[1][asset].opener.span

    def to_kept(self, state: Any) -> tuple[dict[str, NDArray[Any]], Any]:
        """See `Fleet`."""
        return to_kept(state)

    def from_kept(self, arrays: Mapping[str, NDArray[Any]], shape: Any) -> Any:
        """See `Fleet`.

        Raises
        ------
        StoreError : the state is of other assets
        """
        state = from_kept(arrays, shape, self.monitor.preparation)
        if len(state[1]) != len(self.assets):
            from andon.plant.errors import StoreError

            raise StoreError(f"the kept state is of {len(state[1])} assets, not {len(self.assets)}", do="start without it")
        return state


def _judged(members: Sequence[Monitor], tick: Int64Array, steps: Sequence[Step | None], levels: Float64Array) -> Judged:
    """The assets' steps side by side."""
    rows, width = len(tick), len(steps)
    why = np.full((rows, width), _NO_DATA, dtype=np.uint8)
    active = np.zeros((rows, width), dtype=bool)
    evidence = np.full((rows, width), np.nan)
    mode = np.full((rows, width), -1, dtype=np.int16)
    opened: list[tuple[int, Span]] = []
    closed: list[tuple[int, Span]] = []
    named: list[tuple[Int64Array, int, Int64Array, Float32Array]] = []
    for at, step in enumerate(steps):
        if step is None or not step.prepared.rows:
            continue
        here = step.prepared.tick - tick[0]
        why[here, at] = step.detection.why
        active[here, at] = step.active
        evidence[here, at] = step.evidence
        mode[here, at] = step.prepared.mode
        opened += [(at, span) for span in step.opened]
        closed += [(at, span) for span in step.closed]
        near = step.detection.views.share_rows
        if len(near):
            named.append((here[near], at, *_largest(members[at], step)))
    judge = why == _JUDGED
    p = np.full((rows, width), np.nan)
    for at, member in enumerate(members):
        p[judge[:, at], at] = member.calibration.p_map(evidence[judge[:, at], at])
    evidence[~judge] = np.nan
    quality = tuple((at, step.quality) for at, step in enumerate(steps) if step is not None and step.quality)
    return Judged(tick, why, active, evidence, p, levels, mode, _joined(named), tuple(opened), tuple(closed), quality)


def _largest(monitor: Monitor, step: Step) -> tuple[Int64Array, Float32Array]:
    """The five tags with the largest shares at each tick of the step that has shares."""
    ids = monitor.tag_ids
    return largest(of_tags(step.detection.views.shares, tags_of_channels(step.prepared.channel_tags, ids), len(ids)), TOP_TAGS)


def _joined(parts: Sequence[tuple[Int64Array, int, Int64Array, Float32Array]]) -> Named:
    if not parts:
        none = np.zeros(0, dtype=np.int32)
        return Named(none, none, np.zeros((0, TOP_TAGS), dtype=np.int32), np.zeros((0, TOP_TAGS), dtype=np.float32))
    return Named(
        np.concatenate([row for row, *_ in parts]).astype(np.int32),
        np.concatenate([np.full(len(row), at, dtype=np.int32) for row, at, *_ in parts]),
        np.concatenate([tags for *_, tags, _ in parts]).astype(np.int32),
        np.concatenate([shares for *_, shares in parts]),
    )
