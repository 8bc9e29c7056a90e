"""Events of many assets in lockstep: `EventOpener.advance` for all of them at one tick, in arrays.

Each asset has its own rule and threshold. Only where an event opens or closes does anything happen asset by asset; a property test holds
this and `EventOpener` to the same spans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.evidence.events import CUSUM_CLIP, CUSUM_UNIT, NEVER, OpenerState, Opening, Span
from andon.plant.arrays import BoolArray, Float64Array, Int64Array
from andon.plant.errors import EvidenceError
from andon.plant.state_arrays import misfit, to_arrays, with_arrays


@dataclass(slots=True)
class AllOpenerState:
    """`OpenerState` of A assets, changed by every tick.

    Attributes
    ----------
    recent : (m, A) evidence of the last m ticks, that of tick k at k modulo m; -inf where it was not judged
    judged_tick, last_tick, last_on, cusum, zero_tick : (A,) int64
    on, open : (A,) bool; open: a span is there, in the arrays that follow
    onset, start, peak : (A,) int64
    peak_evidence, threshold : (A,) float64
    """

    recent: Float64Array
    judged_tick: Int64Array
    last_tick: Int64Array
    last_on: Int64Array
    cusum: Int64Array
    zero_tick: Int64Array
    on: BoolArray
    open: BoolArray
    onset: Int64Array
    start: Int64Array
    peak: Int64Array
    peak_evidence: Float64Array
    threshold: Float64Array

    def span(self, at: int) -> Span | None:
        """The open span of an asset."""
        if not self.open[at]:
            return None
        return Span(
            int(self.onset[at]), int(self.start[at]), int(self.peak[at]), None, float(self.peak_evidence[at]), float(self.threshold[at])
        )

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Copies of everything, by name."""
        return to_arrays(self)

    @classmethod
    def from_arrays(cls, fresh: AllOpenerState, arrays: Mapping[str, NDArray[Any]]) -> AllOpenerState:
        """The inverse, for the assets of `fresh`.

        Raises
        ------
        EvidenceError : an array is absent or of another shape
        """
        given, recent = dict(arrays), arrays.get("recent")
        if recent is not None and recent.ndim == 2 and recent.shape[1:] == fresh.recent.shape[1:]:
            given["recent"] = ring_of(len(fresh.recent), recent, arrays.get("last_tick"))
        if name := misfit(fresh, given):
            raise EvidenceError(f"the stored state of events does not fit ({name})", do="start anew without a state")
        return with_arrays(fresh, given)


def ring_of(longest: int, recent: NDArray[Any], last_tick: NDArray[Any] | None) -> NDArray[Any]:
    """The ring of recent evidence for a rule that looks at `longest` ticks: another budget may look at more or fewer.

    As much is known as the old rule still had to look at, so that what follows is what one asset alone would say.
    """
    had = len(recent)
    if had == longest or last_tick is None or not len(last_tick):
        return recent
    out = np.full((longest, *recent.shape[1:]), -np.inf)
    last = int(np.max(last_tick))
    for age in range(min(had, longest) - 1):
        out[(last - age) % longest] = recent[(last - age) % had]
    return out


@dataclass(frozen=True, slots=True)
class Turned:
    """What one tick changed. A assets.

    Attributes
    ----------
    active : (A,) bool, the tick belongs to an event
    opened : assets at which a span opened; it stands in the state
    closed : asset and final span
    """

    active: BoolArray
    opened: Int64Array
    closed: tuple[tuple[int, Span], ...]


class OpenTogether:
    """Opens events of A assets.

    Parameters
    ----------
    openings : the rule of each asset
    """

    def __init__(self, openings: Sequence[Opening]) -> None:
        self.count = len(openings)
        self.hysteresis, self.centre, self.band, self.unit = (
            np.array([getattr(one, name) for one in openings], dtype=np.float64) for name in ("hysteresis", "centre", "band", "unit")
        )
        self.gap = np.array([one.gap_ticks for one in openings], dtype=np.int64)
        self._n = np.array([one.n for one in openings], dtype=np.int64)
        self._m = np.array([max(one.m, 1) for one in openings], dtype=np.int64)
        self.longest = int(self._m.max())
        self._alike = bool((self._n == self._n[0]).all() and (self._m == self._m[0]).all())

    def start(self) -> AllOpenerState:
        """Before the first tick."""
        return self.join([OpenerState()] * self.count)

    def join(self, states: Sequence[OpenerState]) -> AllOpenerState:
        """The states of the assets together."""
        recent = np.full((self.longest, self.count), -np.inf)
        for at, state in enumerate(states):
            for tick, value in state.recent:
                if state.last_tick - tick < self.longest:
                    recent[tick % self.longest, at] = value
        none = Span(0, 0, 0, None, 0.0, 0.0)
        spans = [state.span or none for state in states]

        def whole(name: str) -> Int64Array:
            return np.array([getattr(state, name) for state in states], dtype=np.int64)

        parts = {name: whole(name) for name in ("judged_tick", "last_tick", "last_on", "cusum", "zero_tick")}
        parts |= {name: np.array([getattr(span, name) for span in spans], dtype=np.int64) for name in ("onset", "start", "peak")}
        peak_evidence, threshold = (np.array([getattr(span, name) for span in spans]) for name in ("peak_evidence", "threshold"))
        on, open_ = np.array([state.on for state in states]), np.array([state.span is not None for state in states])
        return AllOpenerState(recent, on=on, open=open_, peak_evidence=peak_evidence, threshold=threshold, **parts)

    def split(self, state: AllOpenerState) -> tuple[OpenerState, ...]:
        """The state of each asset by itself."""
        out = []
        for at in range(self.count):
            m, last = int(self._m[at]), int(state.last_tick[at])
            ticks = range(last - m + 2, last + 1) if last != NEVER else range(0)
            kept = ((tick, float(state.recent[tick % self.longest, at])) for tick in ticks)
            recent = tuple(pair for pair in kept if pair[1] > -np.inf)
            out.append(
                OpenerState(
                    recent, int(state.judged_tick[at]), last, bool(state.on[at]), int(state.last_on[at]), state.span(at),
                    int(state.cusum[at]), int(state.zero_tick[at]),
                )
            )  # fmt: skip
        return tuple(out)

    def advance(
        self, now: int, value: Float64Array, judged: BoolArray, live: BoolArray, level: Float64Array, state: AllOpenerState
    ) -> Turned:
        """One tick of all assets, the one after the last; `state` is moved on in place. The rule is `EventOpener.advance`.

        Parameters
        ----------
        now : tick
        value, level : (A,) evidence; threshold in force
        judged, live : (A,) can be judged; has a tick at all
        """
        closed: list[tuple[int, Span]] = []
        over = state.open & live & (now - state.last_on > self.gap)
        for at in np.flatnonzero(over).tolist():
            span = state.span(at)
            assert span is not None
            closed.append((at, Span(span.onset, span.start, span.peak, int(state.last_on[at]) + 1, span.peak_evidence, span.threshold)))
            state.open[at] = state.on[at] = False
        state.last_tick[live] = now
        judged = judged & live & ~np.isnan(value)
        value = np.where(judged, value, -np.inf)
        anew = judged & ((state.zero_tick == NEVER) | (now - state.judged_tick > self.gap))
        if anew.any():
            state.on[anew], state.cusum[anew], state.zero_tick[anew] = False, 0, now - 1
        held = self._held(now, value, state)
        gain = np.clip((np.where(judged, value, 0.0) - self.band) / self.unit * CUSUM_UNIT, -CUSUM_CLIP, CUSUM_CLIP)
        cusum = np.maximum(state.cusum + np.rint(gain).astype(np.int64), 0)
        zero = np.where(cusum == 0, now, state.zero_tick)
        exceeds = judged & (held >= level)
        begins = exceeds & ~state.open
        opened = np.flatnonzero(begins)
        if len(opened):
            state.open[opened] = True
            state.onset[opened] = np.minimum(zero[opened] + 1, now)
            state.start[opened] = state.peak[opened] = now
            state.peak_evidence[opened], state.threshold[opened] = value[opened], level[opened]
        ends = judged & ~exceeds & (value < self.centre + self.hysteresis * (level - self.centre))
        on = (state.on | exceeds) & ~ends
        active = judged & on & state.open
        higher = active & (value > state.peak_evidence)
        if higher.any():
            state.peak[higher], state.peak_evidence[higher] = now, value[higher]
        state.last_on[active] = now
        state.cusum = np.where(judged, np.where(active, 0, cusum), state.cusum)
        state.zero_tick = np.where(judged, np.where(active, now, zero), state.zero_tick)
        state.judged_tick[judged] = now
        state.on = np.where(judged, on, state.on)
        return Turned(active, opened.astype(np.int64), tuple(closed))

    def _held(self, now: int, value: Float64Array, state: AllOpenerState) -> Float64Array:
        """The n-th largest of the last m ticks."""
        if self.longest == 1:
            return value
        state.recent[now % self.longest] = value
        if self._alike:
            place = self.longest - int(self._n[0])
            held: Float64Array = np.partition(state.recent, place, axis=0)[place]
            return held
        age = (now - np.arange(self.longest)) % self.longest
        near = np.where(age[:, None] < self._m, state.recent, -np.inf)
        near.sort(axis=0)
        out: Float64Array = near[self.longest - self._n, np.arange(self.count)]
        return out
