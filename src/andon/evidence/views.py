"""Views of evidence: how far each tick is from normal time, seen at several time scales; their soft sum is the trace.

Sources are the residual of the forecast (fast), its size (agitation, extent), what the other channels leave unexplained
(relation; over long spans: strain) and its size (discord), the level (over long spans: drift), the canonical state, and the shape
of the last patch (novelty). Each source is
smoothed over several spans, see `lines`; every number is divided by its own quantile on normal time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from andon.evidence.blame import usual_sizes
from andon.evidence.fit_lines import QUANTILE, fit_lines
from andon.evidence.lines import LEVELS, Lines, Statistic, filled_values, source_values
from andon.evidence.live import Stack, stack, tick
from andon.evidence.novelty import Novelty, fit_novelty, patch_ends
from andon.evidence.shares import tick_shares
from andon.evidence.smooth import smooth
from andon.evidence.soft_sum import soft_sum, voices
from andon.evidence.workspace import Workspace
from andon.plant.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from andon.plant.errors import BundleError, EvidenceError
from andon.plant.window import Expectation, Prepared

CHUNK = 1024
SPANS: dict[str, tuple[float, ...]] = {
    "fast": (1.0, 5.0),
    "agitation": (10.0, 40.0),
    "relation": (1.0, 5.0),
    "strain": (20.0,),
    "level": (5.0,),
    "drift": (20.0, 80.0, 320.0, 1280.0),
    "extent": (10.0,),
    "discord": (5.0,),
    "state": (1.0, 5.0, 20.0),
}
KINDS = ("fast", "agitation", "extent", "relation", "strain", "discord", "level", "drift", "novelty")
OF_CORES = ("fast", "agitation", "extent", "relation", "strain", "discord")
STATISTICS = (Statistic.SPREAD, Statistic.STRONGEST, Statistic.EXTENT)
PATCH = 32
STRIDE = 4
SPANS_PER_TRAINING = 12.0
LEAST_ROWS = 20


@dataclass(frozen=True, slots=True)
class ViewTrace:
    """What the views say of each tick.

    Attributes
    ----------
    view : (T, V) float32, statistic over its own quantile on normal time
    trace : (T,) float64, the soft sum
    names : V names, "level:20:spread"
    share_rows : (N,) int64, rows with a trace above what was asked for
    shares : (N, C) float32, the part of each channel in the evidence of those rows; rows sum to 1
    """

    view: Float32Array
    trace: Float64Array
    names: tuple[str, ...]
    share_rows: Int64Array
    shares: Float32Array


@dataclass(frozen=True, slots=True)
class ViewState:
    """What the views remember between chunks.

    Attributes
    ----------
    means : (M, C) float32, the means of the lines whose dimensions are channels, in their order
    states : (S, D) float32 per source of other dimensions
    ring : (patch - 1, C) float32, the last rows
    age : ticks since the last reset
    novelty : the last novelty, 0 before the first patch
    """

    means: Float32Array
    states: tuple[Float32Array, ...]
    ring: Float32Array
    age: int
    novelty: np.float32


@dataclass(frozen=True, slots=True)
class Views:
    """Fitted views of one asset; see `fit_views`.

    Attributes
    ----------
    lines : one per source
    novelty : memory of shapes, or None
    novelty_scale : its quantile on normal time
    channels : C
    usual : (3, C) what is usual for each channel, for `blame`; None where there was no forecast, as in the first models
    """

    lines: tuple[Lines, ...]
    novelty: Novelty | None
    novelty_scale: float
    channels: int
    usual: Float32Array | None = None
    names: tuple[str, ...] = field(init=False, compare=False)
    weights: Float32Array = field(init=False, repr=False, compare=False)
    stacked: Stack | None = field(init=False, repr=False, compare=False)
    nothing: tuple[Int64Array, Float32Array] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named = [name for line in self.lines for name in line.names]
        object.__setattr__(self, "names", tuple(named + ([f"novelty:{self.novelty.patch}"] if self.novelty is not None else [])))
        object.__setattr__(self, "weights", voices(self.names))
        object.__setattr__(self, "stacked", stack(self.lines))
        nothing = (np.zeros(0, dtype=np.int64), np.zeros((0, self.channels), dtype=np.float32))
        object.__setattr__(self, "nothing", nothing)  # the shares of a tick that nobody asked about

    def start(self) -> ViewState:
        """State before the first tick."""
        patch = 1 if self.novelty is None else self.novelty.patch
        of_channels = sum(len(line.spans) for line in self.lines if line.of_channels)
        states = tuple(np.zeros((len(line.spans), len(line.centre)), dtype=np.float32) for line in self.lines if not line.of_channels)
        means = np.zeros((of_channels, self.channels), dtype=np.float32)
        return ViewState(means, states, np.zeros((patch - 1, self.channels), dtype=np.float32), 0, np.float32(0.0))

    def run(
        self, prepared: Prepared, expectations: Mapping[str, Expectation], state: ViewState, *, shares_above: float = np.inf
    ) -> tuple[ViewTrace, ViewState]:
        """Views of every tick; any cut gives the same answer.

        Parameters
        ----------
        prepared : T ticks
        expectations : core -> what it expected, as at fitting
        state : from `start` or from the run before
        shares_above : shares are given for ticks with a trace above this

        Raises
        ------
        EvidenceError : a core is absent, or other channels than at fitting
        """
        if prepared.x.shape[1] != self.channels:
            raise EvidenceError(
                f"{prepared.x.shape[1]} channels, but the views were fitted on {self.channels}", do="prepare with the model's preparation"
            )
        rows = prepared.rows
        view = np.empty((rows, len(self.names)), dtype=np.float32)
        if rows == 1 and self.stacked is not None:
            lived = self._tick(prepared, expectations, self.start() if prepared.reset[0] else state, view[0])
            if lived is not None:
                trace = soft_sum(view, self.weights)
                if trace[0] <= shares_above:
                    return ViewTrace(view, trace, self.names, *self.nothing), lived
        trace = np.empty(rows)
        chunk = _Chunk(self, prepared, expectations, Workspace(), [], [])
        borders = [0, *np.flatnonzero(prepared.reset).tolist(), rows]
        for low, high in pairwise(borders):
            if low < high and prepared.reset[low]:
                state = self.start()
            for start in range(low, high, CHUNK):
                stop = min(start + CHUNK, high)
                part = view[start:stop]
                state = chunk.run(start, stop, state, part)
                trace[start:stop] = soft_sum(part, self.weights)
                above = np.flatnonzero(trace[start:stop] > shares_above)
                if above.size:
                    chunk.keep(start, above)
        return ViewTrace(view, trace, self.names, *chunk.shares()), state

    def _tick(self, prepared: Prepared, expectations: Mapping[str, Expectation], state: ViewState, view: Float32Array) -> ViewState | None:
        """One live tick; None where it must go the long way."""
        assert self.stacked is not None
        for core in self.stacked.cores:
            if core not in expectations:
                raise EvidenceError(f"the core {core!r} is absent", do="run the cores that the views were fitted with")
        found = tick(self.stacked, prepared, expectations, state.means, view[: len(self.stacked.order)])
        if found is None:
            return None
        means, x = found
        novelty, ring = state.novelty, state.ring
        if self.novelty is not None:
            joined = np.concatenate([ring, x[None]])
            if int(prepared.tick[0]) % self.novelty.stride == 0 and state.age >= self.novelty.patch - 1:
                novelty = self.novelty.distance(joined[None])[0] / np.float32(self.novelty_scale)
            view[-1] = novelty
            ring = joined[1:]
        return ViewState(means, state.states, ring, state.age + 1, novelty)

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Plain arrays for safetensors."""
        out: dict[str, NDArray[np.generic]] = {
            "sources": _as_bytes([line.source for line in self.lines]),
            "channels": np.array([self.channels], dtype=np.int64),
        }
        for index, line in enumerate(self.lines):
            out[f"{index}.spans"] = np.array(line.spans, dtype=np.float64)
            out[f"{index}.statistics"] = _as_bytes([str(one) for one in line.statistics])
            for name in LINE_ARRAYS:
                out[f"{index}.{name}"] = getattr(line, name)
        if self.usual is not None:
            out["usual"] = self.usual
        if self.novelty is not None:
            out["novelty.shape"] = np.array([self.novelty.patch, self.novelty.stride], dtype=np.int64)
            out["novelty.scale"] = np.array([self.novelty_scale], dtype=np.float64)
            for name in NOVELTY_ARRAYS:
                out[f"novelty.{name}"] = getattr(self.novelty, name)
        return out

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Views:
        """The views from `to_arrays`.

        Raises
        ------
        BundleError : an array is absent or says something unknown
        """
        try:
            lines = []
            for index, source in enumerate(_as_texts(arrays["sources"])):
                parts = [np.ascontiguousarray(arrays[f"{index}.{name}"], dtype=np.float32) for name in LINE_ARRAYS]
                spans = tuple(float(span) for span in np.asarray(arrays[f"{index}.spans"], dtype=np.float64))
                statistics = tuple(Statistic(text) for text in _as_texts(arrays[f"{index}.statistics"]))
                lines.append(Lines(source, spans, statistics, *parts))
            novelty, scale = None, 1.0
            if "novelty.shape" in arrays:
                patch, stride = (int(value) for value in np.asarray(arrays["novelty.shape"], dtype=np.int64))
                scale = float(np.asarray(arrays["novelty.scale"], dtype=np.float64)[0])
                shape = [np.ascontiguousarray(arrays[f"novelty.{name}"], dtype=np.float32) for name in NOVELTY_ARRAYS]
                novelty = Novelty(patch, stride, *shape)
            usual = np.ascontiguousarray(arrays["usual"], dtype=np.float32) if "usual" in arrays else None
            return cls(tuple(lines), novelty, scale, int(np.asarray(arrays["channels"], dtype=np.int64)[0]), usual)
        except KeyError as gone:
            raise BundleError(f"views: array {gone} is absent", do="train the model again") from None
        except ValueError as wrong:
            raise BundleError(f"views: {wrong}", do="train the model again") from None


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The views of a few rows, no reset inside but perhaps at the first."""

    views: Views
    prepared: Prepared
    expectations: Mapping[str, Expectation]
    room: Workspace
    smoothed: list[Float32Array]
    kept: list[tuple[Int64Array, list[Float32Array]]]

    def run(self, low: int, high: int, state: ViewState, view: Float32Array) -> ViewState:
        """Write the views of the rows low..high; returns the state after them."""
        views, room = self.views, self.room
        part = self.prepared.valid[low:high]
        valid = None if bool(part.all()) else part
        filled = filled_values(self.prepared, self.expectations, low, high, valid is None)
        means = np.empty_like(state.means)
        states: list[Float32Array] = []
        self.smoothed.clear()
        at = line_at = 0
        for line in views.lines:
            mask = valid if line.of_channels else None
            values = source_values(line.source, filled, mask, self.expectations, low, high, line.unit, line.centre, room)
            if line.of_channels:
                places = slice(line_at, line_at + len(line.spans))
                y, means[places] = smooth(values, line.spans, state.means[places], room, f"{line.source}:smooth")
                line_at = places.stop
            else:
                y, after = smooth(values, line.spans, state.states[len(states)], room, f"{line.source}:smooth")
                states.append(after)
            for index, one in enumerate(line.each):
                pulled, squared = one.entries(y[index : index + 1], mask, room)
                count = len(one.statistics)
                view[:, at : at + count] = one.statistic(y[index : index + 1], pulled, squared, mask, room)[0].T
                at += count
            self.smoothed.append(y)
        novelty, ring = state.novelty, state.ring
        if views.novelty is not None:
            novelty, ring = self._novelty(filled, self.prepared.tick[low:high], state, view[:, at])
        return ViewState(means, tuple(states), ring, state.age + high - low, novelty)

    def keep(self, low: int, rows: Int64Array) -> None:
        """Keep what the shares need of some rows of the chunk that was run last and began at `low`."""
        self.kept.append((low + rows, [y[:, rows] for y in self.smoothed]))

    def shares(self) -> tuple[Int64Array, Float32Array]:
        """The rows kept (N,) and their shares (N, C); worked out together, for each chunk has only a few."""
        lines = self.views.lines
        found = [np.zeros((0, self.views.channels), dtype=np.float32)]
        rows = np.concatenate([np.zeros(0, dtype=np.int64), *(part for part, _ in self.kept)])
        whole = [np.concatenate([ys[index] for _, ys in self.kept], axis=1) for index in range(len(lines))] if self.kept else []
        for low in range(0, len(rows), CHUNK):
            part = self.prepared.valid[rows[low : low + CHUNK]]
            valid = None if bool(part.all()) else part
            vectors = []
            for line, y in zip(lines, whole, strict=True):
                if line.of_channels:
                    wanted = y[:, low : low + CHUNK]
                    vectors.append((line, wanted, *line.entries(wanted, valid)))
            found.append(tick_shares(vectors, self.views.channels))
        return rows, np.concatenate(found)

    def _novelty(self, filled: Float32Array, tick: Int64Array, state: ViewState, out: Float32Array) -> tuple[np.float32, Float32Array]:
        shape = self.views.novelty
        assert shape is not None
        joined = np.concatenate([state.ring, filled], axis=0)
        rows = len(filled)
        ends = np.flatnonzero(patch_ends(tick, state.age + np.arange(rows), shape.patch, shape.stride))
        if ends.size:
            distance = shape.distance_all(joined, ends + shape.patch - 1) / np.float32(self.views.novelty_scale)
            seen = np.searchsorted(ends, np.arange(rows), side="right")
            out[:] = np.concatenate([[state.novelty], distance])[seen]
        else:
            out[:] = state.novelty
        return out[-1], joined[rows:]


LINE_ARRAYS = ("centre", "unit", "precision", "gain", "size", "expected", "scale")
NOVELTY_ARRAYS = ("floor", "waves", "centre", "directions", "memory")


def _as_bytes(texts: list[str]) -> NDArray[np.generic]:
    return np.frombuffer("\n".join(texts).encode(), dtype=np.uint8).copy()


def _as_texts(array: NDArray[np.generic]) -> list[str]:
    return [text for text in np.asarray(array, dtype=np.uint8).tobytes().decode().split("\n") if text]


def fit_views(
    prepared: Prepared,
    expectations: Mapping[str, Expectation],
    rows: BoolArray,
    *,
    only: Iterable[str] | None = None,
    spans: Mapping[str, tuple[float, ...]] | None = None,
    statistics: tuple[Statistic, ...] = STATISTICS,
    diagonal: bool = False,
    principal: bool = False,
) -> Views:
    """Fit the views on normal time.

    Parameters
    ----------
    prepared : T ticks
    expectations : core ("linear", "network") -> what it expected of them
    rows : (T,) bool, normal time
    only : kinds to use: "fast", "agitation", "extent", "relation", "strain", "discord", "level", "drift",
        "state", "novelty"; all but "state" when absent
    spans : kind -> spans in ticks, in place of the defaults; spans longer than a twelfth of the normal time are left out
    statistics : what is read off the vectors; `Statistic.QUADRATIC` for the classical candidates
    diagonal : leave correlations out, each channel for itself
    principal : T² and SPE of principal components, see `principal`, in place of the inverse covariance; with `Statistic.QUADRATIC`

    Raises
    ------
    EvidenceError : fewer than 20 rows of normal time
    """
    usable = int(rows.sum())
    if usable < LEAST_ROWS:
        raise EvidenceError(f"{usable} rows of normal time; at least {LEAST_ROWS} are needed", do="give a longer training period")
    kinds = set(only) if only is not None else set(KINDS)
    wanted = {**SPANS, **(spans or {})}
    filled = filled_values(prepared, expectations, 0, prepared.rows, bool(prepared.valid.all()))
    sources = [kind for kind in LEVELS if kind in kinds]
    for core, expected in expectations.items():
        sources += [f"{core}.{kind}" for kind in OF_CORES if kind in kinds]
        if "state" in kinds and expected.features.shape[1]:
            sources.append(f"{core}.state")
    lines = []
    for source in sources:
        choice = wanted[source.rpartition(".")[2]]
        kept = tuple(span for span in choice if span * SPANS_PER_TRAINING <= usable) or choice[:1]
        lines.append(fit_lines(source, kept, statistics, filled, prepared, expectations, rows, diagonal=diagonal, principal=principal))
    novelty, scale = _fit_novelty(filled, prepared, rows) if "novelty" in kinds else (None, 1.0)
    usual = None
    for expected in expectations.values():
        usual = usual_sizes(prepared.x, expected.forecast, prepared.valid, rows)
        break
    return Views(tuple(lines), novelty, scale, prepared.x.shape[1], usual)


def _fit_novelty(filled: Float32Array, prepared: Prepared, rows: BoolArray) -> tuple[Novelty | None, float]:
    at = np.arange(prepared.rows)
    age = at - np.maximum.accumulate(np.where(prepared.reset, at, 0))
    blocked = np.concatenate([[0], np.cumsum(~rows)])
    ends = np.flatnonzero(patch_ends(prepared.tick, age, PATCH, STRIDE))
    ends = ends[blocked[ends + 1] == blocked[ends - PATCH + 1]]
    if len(ends) < 8:
        return None, 1.0
    novelty, distances = fit_novelty(filled, ends, PATCH, STRIDE)
    return novelty, max(float(np.quantile(distances, QUANTILE)), 1e-4) if len(distances) else 1.0
