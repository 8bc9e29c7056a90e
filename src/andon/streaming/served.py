"""One fleet in service: what waits, its state, thresholds, open events. Entries of the journal in, verdicts and events out.

What is said of a tick does not depend on how many ticks became complete with it: thresholds, openings and revisions are those of one
tick after the other. Ticks that became complete together are judged together only where that is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from andon.evidence.events import Span
from andon.plant.batch import Batch
from andon.plant.file.schema import OutOfService
from andon.plant.grid import tick_of
from andon.plant.label import Label, LabelKind, LabResults
from andon.plant.recording import Recording
from andon.plant.rows import Rows
from andon.plant.verdict import Event
from andon.scoring.explain import explain, stretch
from andon.scoring.fleet import Fleet, Judged
from andon.scoring.silence import pass_silence, silence_of
from andon.streaming.arrivals import Arrivals, Arrived
from andon.streaming.control import Control, EndPlanned, Marked, Planned, Promised, PutBack, Result, TakeOut
from andon.streaming.limits import Closed, Limit
from andon.streaming.watermark import NOTHING, LinkTime, Patience, Watermark

FIRST_REVISION = 8
FEW_ASSETS = 16
"""A fleet of so few assets is judged in whole stretches where nothing happens; of more, something happens at most ticks of a backlog."""
RECENT_RESULTS = 64
MOST_TICKS = 20_000
"""Ticks that a small fleet judges at once: memory."""
LONG_SILENCE = 1_000
"""Ticks of silence that are worth passing in one step."""


_PARTS = ("asset", "time", "values", "status")


class History(Protocol):
    """Samples that are kept, those of the last moments too."""

    def read(self, asset: str, tags: Sequence[str], start: int, end: int) -> Recording:
        """Samples of an asset with start <= time <= end (ns)."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a fleet says of ticks that are judged at once; the first after an entry tells of the entry's samples, too.

    Attributes
    ----------
    judged : new ticks; None where none became complete
    opened, revised, closed : events, with their tags and sentence
    rows : samples of the new ticks, to be kept
    late : samples of ticks that were judged already
    ahead : samples whose time lies in the future
    """

    judged: Judged | None
    rows: Rows
    late: Rows
    ahead: Rows
    opened: tuple[Event, ...] = ()
    revised: tuple[Event, ...] = ()
    closed: tuple[Event, ...] = ()


@dataclass(slots=True)
class Served:
    """A fleet in service. It changes only in `take`, `tick` and `tell`, by the entries of the journal and nothing else.

    Attributes
    ----------
    name : of the model
    fleet : judges
    history : samples to explain events from
    arrivals : what waits
    state : of the fleet
    limits : threshold of each asset
    planned : planned work, by id
    out : tags out of service
    open : open spans by asset, with the duration in ticks at which they are next revised
    recent : the last results of each asset and target, for a model that takes over
    """

    name: str
    fleet: Fleet
    history: History
    arrivals: Arrivals
    state: Any
    limits: list[Limit]
    planned: dict[str, Planned] = field(default_factory=dict)
    out: dict[tuple[str, str], TakeOut] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    open: dict[int, tuple[Span, int]] = field(default_factory=dict)
    recent: dict[tuple[str, str], list[Result]] = field(default_factory=dict)
    _levels: NDArray[np.float64] = field(init=False)
    _levels_until: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self._levels = np.zeros(len(self.limits))
        self._levels_until = np.full(len(self.limits), NOTHING, dtype=np.int64)

    @classmethod
    def begin(cls, name: str, fleet: Fleet, history: History, patience: Patience, since: int) -> Served:
        """Nothing seen yet; thresholds are the model's."""
        monitor = fleet.monitor
        limits = []
        for asset in fleet.assets:
            own = monitor.of(asset).calibration
            promise = Promised(asset, own.threshold, own.tail_scale, own.budget.rate_per_hour, own.running_share, since)
            limits.append(Limit(promise))
        arrivals = Arrivals(fleet.assets, fleet.tags, monitor.preparation.interval_ns, patience)
        return cls(name, fleet, history, arrivals, fleet.start(), limits)

    def take(self, batch: Batch) -> list[Said]:
        """Samples."""
        before = self.arrivals.closed
        arrived, self.arrivals = self.arrivals.take(batch)
        return self._judge(arrived, before)

    def tick(self, now: int, connected: Mapping[str, bool]) -> list[Said]:
        """A moment of the clock."""
        before = self.arrivals.closed
        arrived, self.arrivals = self.arrivals.tick(now, connected)
        return self._judge(arrived, before)

    def tell(self, control: Control) -> None:
        """What somebody says; in force from the next tick on."""
        match control:
            case Planned():
                self.planned[control.id] = control
            case EndPlanned(id=key, at=at) if key in self.planned:
                self.planned[key] = msgspec.structs.replace(self.planned[key], end=min(self.planned[key].end, at))
            case TakeOut():
                self.out[(control.asset, control.tag)] = control
            case PutBack():
                self.out.pop((control.asset, control.tag), None)
            case Result() if control.asset in self.fleet.assets or not control.asset:
                self.results.append(control)
                last = self.recent.setdefault((control.asset, control.target), [])
                last.append(control)
                del last[:-RECENT_RESULTS]
            case Marked() | Promised() if control.asset in self.fleet.assets:
                at = self.fleet.assets.index(control.asset)
                limit = self.limits[at]
                self._set_limit(at, limit.with_mark(control) if isinstance(control, Marked) else limit.with_promise(control))
            case _:
                pass

    def thresholds(self, time: int) -> NDArray[np.float64]:
        """(A,) thresholds in force at a moment; moments come in order."""
        due = np.flatnonzero(self._levels_until <= time)
        if len(due):
            self._levels = self._levels.copy()
            for at in due:
                self._levels[at], self.limits[at] = self.limits[at].at(time)
                self._levels_until[at] = self.limits[at].holds_until(time)
        return self._levels

    def set_limits(self, limits: list[Limit]) -> None:
        """Other limits for all assets: a model takes over."""
        self.limits = limits
        self._levels_until[:] = NOTHING

    def _set_limit(self, at: int, limit: Limit) -> None:
        """Something was said that moves a threshold."""
        self.limits[at] = limit
        self._levels_until[at] = NOTHING

    def _judge(self, arrived: Arrived, before: int) -> list[Said]:
        """Every tick after `before` (ns) that is complete now."""
        quiet = Said(None, arrived.rows, arrived.late, arrived.ahead)
        if arrived.upto == NOTHING:
            return [quiet]
        interval, rows = self.arrivals.interval, arrived.rows
        last = arrived.upto // interval
        first = before // interval + 1
        if before == NOTHING:
            first = -(-int(rows.time[0]) // interval) if len(rows) else last
        lab, self.results = lab_of(self.results), []
        most = 1 if len(self.fleet.assets) > FEW_ASSETS or not self.fleet.keeps_states else MOST_TICKS
        told: list[Said] = []
        stretches = self._stretches(rows, first, last)[::-1]
        while stretches:
            low, high, silent = stretches.pop()
            if silent and not self.open:
                self.state = pass_silence(self.fleet, self.state, high + 1)
                continue
            if high - low >= most:
                stretches.append((low + most, high, False))
                high = low + most - 1
            own = rows if low == first and high == last else _between(rows, (low - 1) * interval, high * interval)
            said = self._stretch(own, low, high, lab)
            if said is None:  # something happens in there: in two halves, the first one first
                middle = (low + high) // 2
                stretches += [(middle + 1, high, False), (low, middle, False)]
                continue
            lab = []
            told.append(said)
        self._forget_planned(arrived.upto)
        return [replace(told[0], rows=arrived.rows, late=arrived.late, ahead=arrived.ahead), *told[1:]] if told else [quiet]

    def _stretches(self, rows: Rows, first: int, last: int) -> list[tuple[int, int, bool]]:
        """The ticks first..last in order: low, high, and whether all are silent and nothing that is said later depends on them."""
        if last - first < LONG_SILENCE:
            return [(first, last, False)]
        silence = silence_of(self.fleet)
        if silence is None:
            return [(first, last, False)]
        came = np.unique(tick_of(rows.time, self.arrivals.interval))
        out, begin, edges = [], first, np.concatenate([[first - 1], came, [last + 1]])
        for at in np.flatnonzero(np.diff(edges) > silence.before + silence.after + LONG_SILENCE):
            low, high = int(edges[at]) + 1 + silence.before, int(edges[at + 1]) - 1 - silence.after
            out += [(begin, low - 1, False), (low, high, True)]
            begin = high + 1
        return [*out, (begin, last, False)]

    def _stretch(self, rows: Rows, low: int, high: int, lab: Sequence[LabResults]) -> Said | None:
        """Judge low <= tick <= high at once; None, and nothing is changed, where one tick after the other could say something else."""
        interval, alone = self.arrivals.interval, low == high
        if not alone and not self._steady(low, high):
            return None
        levels = self.thresholds(low * interval)
        judged, state = self.fleet.step(
            rows, high * interval, self.state, thresholds=levels, labels=self.labels(), lab=lab, out_of_service=self.out_of_service()
        )
        if not alone and (judged.opened or judged.closed):
            return None
        self.state = state
        none = Rows.none(rows.values.shape[1])
        if not len(judged.tick):
            return Said(None, none, none, none)
        return Said(judged, none, none, none, *self._events(judged, levels))

    def _steady(self, low: int, high: int) -> bool:
        """No threshold moves and no revision is due after the tick `low` up to `high`."""
        start, end = low * self.arrivals.interval, high * self.arrivals.interval
        if any(low <= span.start + due <= high for span, due in self.open.values()):
            return False
        return not any(limit.holds_until(start) <= end for limit in self.limits)

    def _events(self, judged: Judged, levels: NDArray[np.float64]) -> tuple[tuple[Event, ...], tuple[Event, ...], tuple[Event, ...]]:
        """Explain what opened and closed, and what has lasted twice as long as when it was explained last."""
        last, interval = int(judged.tick[-1]), self.arrivals.interval
        closed_at = {(at, span.start): span for at, span in judged.closed}
        told: dict[str, list[Event]] = {"opened": [], "revised": [], "closed": []}
        for at, span in judged.opened:
            final = closed_at.get((at, span.start))
            event = self.explain(at, final or span, last, float(levels[at]))
            told["opened"].append(event)
            if final is None:
                self.open[at] = (span, FIRST_REVISION)
        for at, span in judged.closed:
            self.open.pop(at, None)
            event = self.explain(at, span, last, float(levels[at]))
            told["closed"].append(event)
            end = event.end if event.end is not None else last * interval
            self._set_limit(at, self.limits[at].with_closed(Closed(event.id, event.start, end, event.peak_evidence)))
        for at, (span, due) in list(self.open.items()):
            lasted = last - span.start
            if lasted >= due:
                while lasted >= due:
                    due *= 2
                now = self.fleet.open_span(self.state, at) or span
                self.open[at] = (now, due)
                told["revised"].append(self.explain(at, now, last, float(levels[at])))
        return tuple(told["opened"]), tuple(told["revised"]), tuple(told["closed"])

    def explain(self, at: int, span: Span, last: int, level: float | None = None) -> Event:
        """The event of a span, from kept samples.

        Parameters
        ----------
        last : tick up to which is known
        level : threshold in force; default: the span's
        """
        level = span.threshold if level is None else level
        monitor, interval = self.fleet.monitor, self.arrivals.interval
        end = (span.end if span.end is not None else last) * interval
        name = self.fleet.assets[at]
        recording = self.history.read(name, self.fleet.tags, stretch(monitor, [span]), end)
        (event,) = explain(
            monitor, recording, [span], until=end, threshold=level, labels=self.labels(), out_of_service=self.out_of_service()
        )
        return event

    def labels(self) -> list[Label]:
        """Planned work, as labels."""
        return [
            Label(asset, item.start, item.end, LabelKind.PLANNED, item.why)
            for item in self.planned.values()
            for asset in item.assets or ("",)
        ]

    def out_of_service(self) -> list[OutOfService]:
        """Tags that must not be used."""
        return [OutOfService(item.tag, item.asset, item.until, item.why) for item in self.out.values()]

    def _forget_planned(self, time: int) -> None:
        """Planned work that ended long before an event could still be explained is forgotten."""
        reach = time - 8 * 86_400 * 10**9
        self.planned = {key: item for key, item in self.planned.items() if item.end > reach}

    def to_kept(self) -> tuple[dict[str, NDArray[Any]], Any]:
        """Everything that a restart needs, as arrays and JSON values."""
        arrays, shape = self.fleet.to_kept(self.state)
        arrays = {f"state.{name}": array for name, array in arrays.items()}
        for at, block in enumerate(self.arrivals.waiting):
            arrays |= _arrays_of(block, f"waiting.{at}")
        for at, (_, block) in enumerate(self.arrivals.held):
            arrays |= _arrays_of(block, f"held.{at}")
        mark = self.arrivals.mark
        about = {
            "assets": list(self.fleet.assets),
            "state": shape,
            "waiting": len(self.arrivals.waiting),
            "held": [source for source, _ in self.arrivals.held],
            "counts": msgspec.to_builtins(self.arrivals.counts),
            "mark": {
                "now": mark.now,
                "closed": mark.closed,
                "clock": mark.clock,
                "back": mark.back,
                "links": {name: msgspec.to_builtins(link) for name, link in mark.links.items()},
            },
            "limits": [limit.to_kept() for limit in self.limits],
            "planned": msgspec.to_builtins(list(self.planned.values())),
            "out": msgspec.to_builtins(list(self.out.values())),
            "results": msgspec.to_builtins(self.results),
            "recent": msgspec.to_builtins([item for items in self.recent.values() for item in items]),
            "version": self.fleet.monitor.version,
            "open": [[at, *_of_span(span), due] for at, (span, due) in self.open.items()],
        }
        return arrays, about

    def restore(self, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> None:
        """Go on where `to_kept` left off.

        Raises
        ------
        StoreError : it is of other assets or another model
        """
        from andon.plant.errors import StoreError
        from andon.streaming.arrivals import Counts

        if tuple(about["assets"]) != self.fleet.assets:
            raise StoreError("the checkpoint is of other assets", do="remove it: the journal is read from its beginning")
        state = {name.removeprefix("state."): array for name, array in arrays.items() if name.startswith("state.")}
        self.state = self.fleet.from_kept(state, about["state"])
        waiting = tuple(_rows_of(arrays, f"waiting.{at}") for at in range(about["waiting"]))
        kept = about["mark"]
        links = {name: LinkTime(**link) for name, link in kept["links"].items()}
        mark = Watermark(links, kept["now"], kept["closed"], kept.get("clock", 0), kept.get("back", 0))
        held = tuple((source, _rows_of(arrays, f"held.{at}")) for at, source in enumerate(about.get("held", ())))
        self.arrivals = replace(self.arrivals, waiting=waiting, held=held, mark=mark, counts=Counts(**about["counts"]))
        self.limits = [Limit.from_kept(item) for item in about["limits"]]
        self._levels_until[:] = NOTHING
        self.planned = {item["id"]: msgspec.convert(item, Planned) for item in about["planned"]}
        self.out = {(item["asset"], item["tag"]): msgspec.convert(item, TakeOut) for item in about["out"]}
        self.results = [msgspec.convert(item, Result) for item in about["results"]]
        self.recent = {}
        for item in about.get("recent", ()):
            result = msgspec.convert(item, Result)
            self.recent.setdefault((result.asset, result.target), []).append(result)
        self.open = {item[0]: (_to_span(item[1:7]), item[7]) for item in about["open"]}


def _arrays_of(rows: Rows, name: str) -> dict[str, NDArray[Any]]:
    return {f"{name}.{part}": getattr(rows, part) for part in _PARTS}


def _rows_of(arrays: Mapping[str, NDArray[Any]], name: str) -> Rows:
    return Rows(*(np.array(arrays[f"{name}.{part}"]) for part in _PARTS))


def _between(rows: Rows, after: int, upto: int) -> Rows:
    """Rows with after < time <= upto (ns), of rows in order of time."""
    low, high = np.searchsorted(rows.time, [after, upto], side="right")
    return rows.take(slice(int(low), int(high)))


def _of_span(span: Span) -> list[Any]:
    return [span.onset, span.start, span.peak, span.end, span.peak_evidence.hex(), span.threshold.hex()]


def _to_span(kept: Sequence[Any]) -> Span:
    onset, start, peak, end, evidence, threshold = kept
    return Span(onset, start, peak, end, float.fromhex(evidence), float.fromhex(threshold))


def lab_of(results: Sequence[Result]) -> list[LabResults]:
    """Single results as columns, one table an asset and target, in order of the samples."""
    tables: dict[tuple[str, str], list[Result]] = {}
    for item in results:
        tables.setdefault((item.asset, item.target), []).append(item)
    out = []
    for (asset, target), items in tables.items():
        items.sort(key=lambda item: item.sample_time)
        out.append(
            LabResults(
                asset, target,
                np.array([item.sample_time for item in items], dtype=np.int64),
                np.array([item.result_time for item in items], dtype=np.int64),
                np.array([item.value for item in items]),
            )
        )  # fmt: skip
    return out
