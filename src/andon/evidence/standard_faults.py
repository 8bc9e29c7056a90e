"""Standard faults: what a plant would do to one tag, injected into normal time to price an alarm budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from andon.evidence.fault_trace import FaultTrace
from andon.evidence.normal_trace import NormalTrace
from andon.plant.arrays import BoolArray, Float64Array, FloatArray, Int64Array
from andon.plant.errors import EvidenceError
from andon.plant.time import DAY_NS, HOUR_NS
from andon.plant.window import Prepared

STANDARD_FAULTS: tuple[tuple[str, float, int], ...] = (
    ("step", 2.0, 0),
    ("step", 4.0, 0),
    ("drift", 2.0, HOUR_NS),
    ("drift", 4.0, HOUR_NS),
    ("drift", 2.0, DAY_NS),
    ("drift", 4.0, DAY_NS),
    ("noise", 3.0, 0),
    ("stuck", 0.0, 0),
    ("oscillation", 2.0, 0),
)
"""(kind, size in standard deviations of the tag's normal residual or factor of its noise, time to reach it)."""

_LIMIT = 50.0
_LEAST_WATCH = 100
_MOST_WATCH = 1000
_WARM = 400


@dataclass(frozen=True, slots=True)
class Injection:
    """What was injected where.

    Attributes
    ----------
    kind, size, over_ns : one of `STANDARD_FAULTS`
    tag, channel : the tag, and its channel in `Prepared.x`
    at : tick of the first changed value
    """

    kind: str
    size: float
    over_ns: int
    tag: str
    channel: int
    at: int


def standard_faults(
    prepared: Prepared,
    sigma: FloatArray,
    *,
    count: int = 108,
    seed: int = 0,
    watch_ns: int = 8 * HOUR_NS,
    warm_ns: int | None = None,
    rows: BoolArray | None = None,
) -> Iterator[tuple[Injection, Prepared]]:
    """Pieces of normal time with one fault each; the caller turns them into evidence.

    Each kind is injected equally often, on a random tag and at a random time, and stays to the end of its piece, which is
    watched for `watch_ns` (kept within 100-1,000 ticks) after the fault has reached its size. A drift longer than the
    recording is left out and its share goes to the other kinds.

    Parameters
    ----------
    prepared : normal time
    sigma : (C,) standard deviation of each channel's normal residual, in the units of `prepared.x`; 0 or NaN: no fault there
    count : number of injections
    seed : the same seed gives the same faults
    watch_ns : time to find a fault in
    warm_ns : normal time before the fault, for the state of the evidence; None: 400 ticks
    rows : (T,) bool, where pieces may lie; None: where preparation can judge

    Raises
    ------
    EvidenceError : the recording is too short for any fault, or no channel has a residual
    """
    interval = prepared.interval_ns
    ok = (prepared.why == 0) if rows is None else rows & (prepared.why == 0)
    spread = np.asarray(sigma, dtype=np.float64)
    usable = np.flatnonzero(np.isfinite(spread) & (spread > 0) & prepared.valid[ok].any(axis=0)) if ok.any() else np.array([], dtype=int)
    if len(usable) == 0:
        raise EvidenceError("no tag has a residual that a fault could be injected on", do="train on time in which the tags move")
    watch = int(np.clip(watch_ns // interval, _LEAST_WATCH, _MOST_WATCH))
    warm = _WARM if warm_ns is None else max(int(warm_ns // interval), 1)
    starts: dict[int, Int64Array] = {}
    kinds = []
    for standard in STANDARD_FAULTS:
        length = standard[2] // interval + watch
        if length not in starts:
            starts[length] = _starts(prepared, ok, warm, length)
        if len(starts[length]):
            kinds.append(standard)
    if not kinds:
        raise EvidenceError(
            f"{prepared.rows} ticks of normal time are too few for a standard fault, {warm + watch} in one stretch are needed",
            do="hold back more normal time for calibration",
        )
    rng = np.random.default_rng(seed)
    for number in range(count):
        kind, size, over_ns = kinds[number % len(kinds)]
        length = over_ns // interval + watch
        channel = int(rng.choice(usable))
        first = int(rng.choice(starts[length]))
        piece = prepared.part(first, first + warm + length)
        injection = Injection(kind, size, over_ns, prepared.channel_tags[channel], channel, int(piece.tick[warm]))
        yield injection, inject(piece, injection, float(spread[channel]), rng)


def inject(piece: Prepared, injection: Injection, sigma: float, rng: np.random.Generator) -> Prepared:
    """A copy of `piece` with the fault from `injection.at` to its end; the piece starts with a reset.

    Parameters
    ----------
    piece : normal time
    injection : the fault
    sigma : standard deviation of the channel's normal residual
    rng : for noise and the oscillation's period
    """
    at = int(injection.at - piece.tick[0])
    x = piece.x.copy()
    column = x[at:, injection.channel].astype(np.float64)
    valid = piece.valid[at:, injection.channel]
    changed = column + _deviation(injection, column, valid, sigma, max(injection.over_ns // piece.interval_ns, 1), rng)
    x[at:, injection.channel] = np.where(valid, np.clip(changed, -_LIMIT, _LIMIT), column)
    reset = piece.reset.copy()
    reset[0] = True
    return replace(piece, x=x, reset=reset)


def _deviation(
    injection: Injection, column: Float64Array, valid: BoolArray, sigma: float, over: int, rng: np.random.Generator
) -> Float64Array:
    after = np.arange(len(column), dtype=np.float64)
    sign = 1.0 if rng.random() < 0.5 else -1.0
    match injection.kind:
        case "step":
            return np.full(len(column), sign * injection.size * sigma)
        case "drift":
            return np.asarray(sign * injection.size * sigma * np.minimum((after + 1.0) / over, 1.0))
        case "noise":
            # independent noise that brings the residual's standard deviation to `size` times its own
            return np.asarray(np.sqrt(injection.size**2 - 1.0) * sigma * rng.standard_normal(len(column)))
        case "stuck":
            held = column[np.argmax(valid)] if valid.any() else 0.0
            return np.asarray(held - column)
        case "oscillation":
            period = float(np.exp(rng.uniform(np.log(8.0), np.log(60.0))))
            return np.asarray(np.sqrt(2.0) * injection.size * sigma * np.sin(2.0 * np.pi * (after + 1.0) / period))
    raise ValueError(f"no standard fault is called {injection.kind!r}")


def _starts(prepared: Prepared, ok: BoolArray, warm: int, length: int) -> Int64Array:
    """First rows of stretches of warm + length ticks, nearly all judgeable, without a reset inside."""
    whole = warm + length
    if prepared.rows < whole:
        return np.array([], dtype=np.int64)
    good = np.concatenate([[0], np.cumsum(ok)])
    broken = np.concatenate([[0], np.cumsum(prepared.reset)])
    first = np.arange(prepared.rows - whole + 1)
    share = (good[first + whole] - good[first]) / whole
    clean = broken[first + whole] - broken[first + 1] == 0
    fault = (good[first + whole] - good[first + warm]) / length
    return np.asarray(first[(share >= 0.9) & (fault >= 0.9) & clean & ok[first + warm]], dtype=np.int64)


def fault_trace(injection: Injection, trace: FloatArray, judge: BoolArray, tick: Int64Array, before_ticks: int = 120) -> FaultTrace:
    """The evidence of an injected piece, with `before_ticks` of the time before the fault.

    Parameters
    ----------
    injection : what was injected
    trace, judge, tick : (T,) evidence of the piece that `standard_faults` gave
    """
    low = max(int(np.searchsorted(tick, injection.at)) - before_ticks, 0)
    value = np.asarray(trace[low:], dtype=np.float32)
    ok = np.asarray(judge[low:], dtype=bool) & np.isfinite(value)
    piece = NormalTrace(np.where(ok, value, np.float32(0.0)), ok, np.asarray(tick[low:], dtype=np.int64))
    return FaultTrace(injection.kind, injection.size, injection.over_ns, injection.tag, injection.at, piece)
