"""Events: when the evidence says that a deviation opens, lasts and ends.

One rule for history and live: a tick exceeds where the n-th largest of the last m values reaches the threshold; an event
opens there, stays on until the evidence falls below the release level, and takes in whatever exceeds again less than the
merge gap later. `EventOpener.run` gives the same events for any cut of a trace; CUSUM sums are whole numbers, so the
onset does not depend on the cut either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, FloatArray, Int64Array

CUSUM_UNIT = 1 << 16
CUSUM_CLIP = 1 << 30
_SCALAR_ROWS = 8
NEVER = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Opening:
    """What, beside the threshold, decides whether an event opens and ends; calibrated together with it.

    Attributes
    ----------
    n, m : a tick exceeds where `n` of the last `m` ticks reach the threshold; ticks that cannot be judged do not
    hysteresis : release level = centre + hysteresis x (threshold - centre), 0-1
    centre : median of the trace on normal time
    band : upper edge of the normal band, for the onset: 75 % quantile of the trace on normal time
    gap_ticks : events closer than this are one
    unit : > 0, size of the evidence that the onset's sums are counted in
    """

    n: int = 1
    m: int = 1
    hysteresis: float = 0.7
    centre: float = 0.0
    band: float = 0.0
    gap_ticks: int = 60
    unit: float = 1.0

    def release(self, threshold: FloatArray | float) -> Float64Array:
        """The level at which an event ends."""
        return np.asarray(self.centre + self.hysteresis * (np.asarray(threshold, dtype=np.float64) - self.centre))


@dataclass(frozen=True, slots=True)
class Span:
    """One event in ticks.

    Attributes
    ----------
    onset : when the evidence left its normal band, looking back from `start`; never after it
    start : when it opened
    peak : when the evidence was greatest
    end : first tick after the evidence had returned (merged returns do not count); None while it lasts
    peak_evidence, threshold : at the peak; in force at `start`
    """

    onset: int
    start: int
    peak: int
    end: int | None
    peak_evidence: float
    threshold: float


def still_seen(recent: tuple[tuple[int, float], ...], last: int, m: int) -> tuple[tuple[int, float], ...]:
    """Of (tick, evidence), oldest first, what a rule that looks at `m` ticks still sees at the tick after `last`; nothing older is kept."""
    first = 0
    while first < len(recent) and last + 1 - recent[first][0] >= m:
        first += 1
    return recent[first:] if first else recent


@dataclass(frozen=True, slots=True)
class OpenerState:
    """What an opener remembers between chunks: plain numbers only."""

    recent: tuple[tuple[int, float], ...] = ()
    judged_tick: int = NEVER
    last_tick: int = NEVER
    on: bool = False
    last_on: int = NEVER
    span: Span | None = None
    cusum: int = 0
    zero_tick: int = NEVER


@dataclass(frozen=True, slots=True)
class EventSpans:
    """Events of one chunk.

    Attributes
    ----------
    opened : spans that opened in this chunk, as known at its end
    closed : spans that closed in this chunk, final
    active : (T,) bool, ticks that belong to an event (judged, on)
    """

    opened: tuple[Span, ...]
    closed: tuple[Span, ...]
    active: BoolArray


def persisted(value: FloatArray, tick: Int64Array, n: int, m: int) -> Float64Array:
    """The n-th largest of the values of the last m ticks: it reaches a level exactly where n of m do.

    Parameters
    ----------
    value : (T,) evidence, -inf where not judged
    tick : (T,) int64, increasing; ticks that are absent count as not judged

    Returns
    -------
    (T,) float64
    """
    x = np.asarray(value, dtype=np.float64)
    if m <= 1 or len(x) == 0:
        return x
    stack = np.full((m, len(x)), -np.inf)  # stack[b, i]: the value b ticks before row i
    stack[0] = x
    for back in range(1, min(m, len(x))):
        apart = tick[back:] - tick[:-back]
        near = np.flatnonzero(apart < m)
        stack[apart[near], near + back] = x[near]
    return np.asarray(-np.partition(-stack, n - 1, axis=0)[n - 1])


@dataclass(frozen=True, slots=True)
class Ground:
    """A trace made ready for finding events at many thresholds.

    Attributes
    ----------
    x : (T,) evidence, -inf where not judged
    held : (T,) the n-th largest of the last m values; -inf where not judged
    tick : (T,) int64
    judged_before : (T + 1,) index of the last judged row before each row, -1 where none
    holes : rows whose last judged tick lies more than the merge gap back
    """

    x: Float64Array
    held: Float64Array
    tick: Int64Array
    judged_before: Int64Array
    holes: Int64Array


def ground(trace: FloatArray, judge: BoolArray, tick: Int64Array, opening: Opening) -> Ground:
    """Prepare a trace for `first_exceedances` and `last_on`: everything that does not depend on the threshold."""
    ok = np.asarray(judge, dtype=bool) & ~np.isnan(trace)
    x = np.where(ok, np.asarray(trace, dtype=np.float64), -np.inf)
    held = np.where(ok, persisted(x, tick, opening.n, opening.m), -np.inf)
    rows = np.where(ok, np.arange(len(x)), -1)
    before = np.concatenate([[-1], np.maximum.accumulate(rows)]) if len(x) else np.array([-1])
    at = np.flatnonzero(ok)
    holes = at[1:][np.diff(tick[at]) > opening.gap_ticks] if len(at) else at
    return Ground(x, held, np.asarray(tick, dtype=np.int64), before.astype(np.int64), holes.astype(np.int64))


def first_exceedances(g: Ground, threshold: FloatArray | float, opening: Opening) -> tuple[Int64Array, Int64Array]:
    """Where events open, and the last row that each is on.

    Parameters
    ----------
    g : the trace
    threshold : scalar or (T,)

    Returns
    -------
    start : (E,) int64 rows
    last : (E,) int64 rows, the last judged row on
    """
    above = np.flatnonzero(g.held >= threshold)
    if len(above) == 0:
        return above.astype(np.int64), above.astype(np.int64)
    release = opening.release(threshold)
    low = (g.x < release) & (g.held < threshold) & (g.x > -np.inf)
    low[g.holes] = True
    clear = np.append(np.flatnonzero(low), len(g.x))
    stop = clear[np.searchsorted(clear, above + 1)]  # first row after an exceedance that ends the run
    on_until = np.maximum(g.judged_before[np.minimum(stop, np.append(above[1:], len(g.x)))], above)
    fresh = np.ones(len(above), dtype=bool)
    fresh[1:] = g.tick[above[1:]] - g.tick[on_until[:-1]] > opening.gap_ticks
    first = np.flatnonzero(fresh)
    return above[first].astype(np.int64), on_until[np.append(first[1:], len(above)) - 1].astype(np.int64)


class EventOpener:
    """Finds events in a trace, chunk by chunk.

    Parameters
    ----------
    opening : persistence, hysteresis, merge gap, normal band
    """

    def __init__(self, opening: Opening) -> None:
        self.opening = opening

    def start(self) -> OpenerState:
        """State before the first tick."""
        return OpenerState()

    def run(
        self, trace: FloatArray, judge: BoolArray, tick: Int64Array, state: OpenerState, thresholds: FloatArray | float
    ) -> tuple[EventSpans, OpenerState]:
        """Events of the next chunk.

        Parameters
        ----------
        trace : (T,) evidence >= 0; NaN counts as not judged
        judge : (T,) bool
        tick : (T,) int64, increasing, after the last tick of `state`
        state : from `start` or the chunk before
        thresholds : scalar, or (T,) where a controller moves it

        Returns
        -------
        events of this chunk, state for the next one. Any cut of a trace opens and closes the same spans.
        """
        count = len(trace)
        if count <= _SCALAR_ROWS:
            return self._run_scalar(trace, judge, tick, state, thresholds)
        return self._run_rows(trace, judge, tick, state, thresholds)

    def finish(self, state: OpenerState) -> Span | None:
        """The span still open at the end of a recording, with its end where the evidence has returned already."""
        if state.span is None:
            return None
        return state.span if state.on else replace(state.span, end=state.last_on + 1)

    def advance(self, now: int, value: float, judged: bool, level: float, state: OpenerState) -> tuple[OpenerState, Span | None]:
        """The rule as one reads it, for one tick; the live path, and the twin of `_run_rows`.

        Parameters
        ----------
        now : tick
        value, judged, level : evidence, whether it can be judged, threshold in force
        state : before this tick

        Returns
        -------
        state after it (`state.span` is the event that is open, `state.last_on == now` where this tick belongs to it), and
        the span that closed at this tick, if one did
        """
        o, span, on, closed = self.opening, state.span, state.on, None
        if span is not None and now - state.last_on > o.gap_ticks:
            closed, span, on = replace(span, end=state.last_on + 1), None, False
        if not judged or value != value:
            recent = still_seen(state.recent, now, o.m)
            if closed is None:
                return replace(state, last_tick=now, recent=recent) if state.last_tick != now else state, None
            return replace(state, last_tick=now, span=None, on=False, recent=recent), closed
        cusum, zero, last_on, recent = state.cusum, state.zero_tick, state.last_on, ()
        if zero == NEVER or now - state.judged_tick > o.gap_ticks:
            on, cusum, zero = False, 0, now - 1
        held = value
        if o.m > 1:
            near = (*still_seen(state.recent, now - 1, o.m), (now, value))
            held = sorted([v for _, v in near], reverse=True)[o.n - 1] if len(near) >= o.n else -np.inf
            recent = still_seen(near, now, o.m)
        scaled = (value - o.band) / o.unit * CUSUM_UNIT
        cusum = max(0, cusum + round(min(max(scaled, -CUSUM_CLIP), CUSUM_CLIP)))
        if cusum == 0:
            zero = now
        if held >= level:
            on = True
            if span is None:
                span = Span(min(zero + 1, now), now, now, None, value, level)
        elif on and value < o.centre + o.hysteresis * (level - o.centre):
            on = False
        if on and span is not None:
            last_on, cusum, zero = now, 0, now
            if value > span.peak_evidence:
                span = replace(span, peak=now, peak_evidence=value)
        return OpenerState(recent, now, now, on, last_on, span, cusum, zero), closed

    def _run_scalar(
        self, trace: FloatArray, judge: BoolArray, tick: Int64Array, state: OpenerState, thresholds: FloatArray | float
    ) -> tuple[EventSpans, OpenerState]:
        levels = (
            np.asarray(thresholds, dtype=np.float64).tolist() if isinstance(thresholds, np.ndarray) else [float(thresholds)] * len(trace)
        )
        opened: dict[int, Span] = {}
        closed: list[Span] = []
        active = np.zeros(len(trace), dtype=bool)
        for row in range(len(trace)):
            now = int(tick[row])
            before = state.span
            state, ended = self.advance(now, float(trace[row]), bool(judge[row]), levels[row], state)
            if ended is not None:
                closed.append(ended)
                if ended.start in opened:
                    opened[ended.start] = ended
            if state.span is not None and (state.span.start in opened or before is None or before.start != state.span.start):
                opened[state.span.start] = state.span
            active[row] = state.last_on == now
        return EventSpans(tuple(opened.values()), tuple(closed), active), state

    def _run_rows(
        self, trace: FloatArray, judge: BoolArray, tick: Int64Array, state: OpenerState, thresholds: FloatArray | float
    ) -> tuple[EventSpans, OpenerState]:
        """The same rule on whole arrays; Python loops over events only."""
        o, rows = self.opening, len(trace)
        g = self._ground_after(trace, judge, tick, state)
        judged = g.x > -np.inf
        above = np.flatnonzero(g.held >= thresholds)
        low = judged & (g.x < o.release(thresholds)) & (g.held < thresholds)
        low[g.holes] = True
        clear = np.append(np.flatnonzero(low), rows)
        stop = clear[np.searchsorted(clear, above + 1)]
        until = np.maximum(g.judged_before[np.minimum(stop, np.append(above[1:], rows))], above)
        edge = np.zeros(rows + 1, dtype=np.int64)
        np.add.at(edge, above, 1)
        np.add.at(edge, until + 1, -1)
        first_on = -1  # last row of the run that was on when the chunk began
        if state.on:
            first_on = int(g.judged_before[min(int(clear[0]), int(above[0]) if len(above) else rows)])
            edge[0] += 1
            edge[first_on + 1] -= 1
        active = (np.cumsum(edge[:-1]) > 0) & judged

        span, last_on = state.span, state.last_on
        if first_on >= 0:
            last_on = int(tick[first_on])
        gain = np.zeros(rows, dtype=np.int64)
        scaled = (g.x[judged] - o.band) / o.unit * CUSUM_UNIT
        gain[judged] = np.rint(np.clip(scaled, -CUSUM_CLIP, CUSUM_CLIP)).astype(np.int64)
        peaks = np.where(active, g.x, -np.inf)
        opened: list[Span] = []
        closed: list[Span] = []

        def grow(now: Span, low_row: int, high_row: int) -> Span:
            if high_row < low_row:
                return now
            top = low_row + int(np.argmax(peaks[low_row : high_row + 1]))
            return replace(now, peak=int(tick[top]), peak_evidence=float(g.x[top])) if peaks[top] > now.peak_evidence else now

        fresh = np.ones(len(above), dtype=bool)
        fresh[1:] = tick[above[1:]] - tick[until[:-1]] > o.gap_ticks
        if len(above) and span is not None:
            fresh[0] = tick[above[0]] - last_on > o.gap_ticks
        begins = np.flatnonzero(fresh)
        if span is not None:
            carried = int(begins[0]) if len(begins) else len(above)
            end_row = int(until[carried - 1]) if carried else first_on
            span = grow(span, 0, end_row)
            if carried:
                last_on = int(tick[end_row])
            if len(begins) or tick[-1] - last_on > o.gap_ticks:
                closed.append(replace(span, end=last_on + 1))
                span = None
        levels = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), (rows,))
        for order, first in enumerate(begins):
            row = int(above[first])
            final = int(until[(begins[order + 1] if order + 1 < len(begins) else len(above)) - 1])
            _, zero = self._look_back(g, gain, active, row, state)
            span = Span(min(zero + 1, int(tick[row])), int(tick[row]), int(tick[row]), None, float(g.x[row]), float(levels[row]))
            span, last_on = grow(span, row, final), int(tick[final])
            if order + 1 < len(begins) or tick[-1] - last_on > o.gap_ticks:
                span = replace(span, end=last_on + 1)
                closed.append(span)
                opened.append(span)
                span = None
            else:
                opened.append(span)
        on = span is not None and (int(stop[-1]) == rows if len(above) else state.on and int(clear[0]) == rows)
        cusum, zero = self._look_back(g, gain, active, rows, state)
        seen = np.flatnonzero(judged)
        judged_tick = int(tick[seen[-1]]) if len(seen) else state.judged_tick
        newest = seen[-(o.m - 1) :] if o.m > 1 else seen[:0]
        recent = still_seen((*state.recent, *((int(tick[i]), float(g.x[i])) for i in newest)), int(tick[-1]), o.m)
        out = OpenerState(recent, judged_tick, int(tick[-1]), on, last_on, span, cusum, zero)
        return EventSpans(tuple(opened), tuple(closed), active), out

    def _ground_after(self, trace: FloatArray, judge: BoolArray, tick: Int64Array, state: OpenerState) -> Ground:
        """The chunk's ground, with the persistence window and the holes seen from `state`."""
        o, kept = self.opening, len(state.recent)
        g = ground(trace, judge, tick, replace(o, n=1, m=1))
        held = g.x
        if o.m > 1:
            x = np.concatenate([[value for _, value in state.recent], g.x])
            when = np.concatenate([np.array([t for t, _ in state.recent], dtype=np.int64), tick])
            held = np.where(g.x > -np.inf, persisted(x, when, o.n, o.m)[kept:], -np.inf)
        first = np.flatnonzero(g.x > -np.inf)[:1]
        late = len(first) > 0 and (state.zero_tick == NEVER or tick[first[0]] - state.judged_tick > o.gap_ticks)
        return replace(g, held=held, holes=np.concatenate([first, g.holes]) if late else g.holes)

    def _look_back(self, g: Ground, gain: Int64Array, active: BoolArray, row: int, state: OpenerState) -> tuple[int, int]:
        """The one-sided CUSUM at `row` (or at the end of the chunk), and the last tick at which it was 0.

        It starts anew after every tick that belonged to an event and after every hole.
        """
        stop = min(row + 1, len(gain))
        on = np.flatnonzero(active[:row])
        after_on = int(on[-1]) + 1 if len(on) else 0
        hole = int(g.holes[np.searchsorted(g.holes, stop) - 1]) if len(g.holes) and g.holes[0] < stop else -1
        begin, cusum, zero = 0, state.cusum, state.zero_tick
        if hole >= after_on:
            begin, cusum, zero = hole, 0, int(g.tick[hole]) - 1
        elif after_on:
            begin, cusum, zero = after_on, 0, int(g.tick[after_on - 1])
        total = cusum + np.cumsum(gain[begin:stop])
        if len(total) == 0:
            return cusum, zero
        floor = np.minimum(np.minimum.accumulate(total), 0)
        at_zero = np.flatnonzero((total == floor) & (g.x[begin:stop] > -np.inf))
        if len(at_zero):
            zero = int(g.tick[begin + at_zero[-1]])
        return int(total[-1] - floor[-1]), zero
