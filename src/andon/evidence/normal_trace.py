"""The evidence of held-back normal time, as the model carries it: any other budget is calibrated from it without data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import BoolArray, Float32Array, FloatArray, Int64Array
from andon.plant.errors import EvidenceError


@dataclass(frozen=True, slots=True)
class NormalTrace:
    """One stretch of evidence over time.

    Attributes
    ----------
    trace : (T,) float32 >= 0; calibration itself uses these rounded values, so nothing is lost by keeping them
    judge : (T,) bool, False where the tick cannot be judged
    tick : (T,) int64, increasing
    """

    trace: Float32Array
    judge: BoolArray
    tick: Int64Array

    @property
    def judged_ticks(self) -> int:
        """How many ticks can be judged."""
        return int(np.count_nonzero(self.judge))

    @property
    def wall_ticks(self) -> int:
        """Ticks from the first to the last, judged or not."""
        return int(self.tick[-1] - self.tick[0]) + 1 if len(self.tick) else 0


def as_pieces(
    traces: FloatArray | Sequence[FloatArray], judges: BoolArray | Sequence[BoolArray], ticks: Int64Array | Sequence[Int64Array]
) -> tuple[NormalTrace, ...]:
    """One stretch or several, checked.

    Raises
    ------
    EvidenceError : lengths differ, ticks do not increase, or nothing is there
    """
    if isinstance(traces, np.ndarray):
        traces, judges, ticks = [traces], [np.asarray(judges)], [np.asarray(ticks)]
    pieces = []
    for number, (trace, judge, tick) in enumerate(zip(traces, judges, ticks, strict=True)):
        if not len(trace) == len(judge) == len(tick):
            raise EvidenceError(
                f"stretch {number} has {len(trace)} values of evidence, {len(judge)} marks and {len(tick)} ticks",
                do="pass arrays of equal length",
            )
        if len(tick) > 1 and not bool((np.diff(tick) > 0).all()):
            raise EvidenceError(f"the ticks of stretch {number} do not increase", do="sort the ticks, keep each once")
        value = np.asarray(trace, dtype=np.float32)
        ok = np.asarray(judge, dtype=bool) & np.isfinite(value)
        pieces.append(NormalTrace(np.where(ok, value, np.float32(0.0)), ok, np.asarray(tick, dtype=np.int64)))
    if not pieces or not any(piece.judged_ticks for piece in pieces):
        raise EvidenceError("no tick of the held-back normal time can be judged", do="hold back more normal time for calibration")
    return tuple(pieces)


def pack(pieces: Sequence[NormalTrace], prefix: str) -> dict[str, np.ndarray]:
    """Arrays of a safetensors file; `unpack` reads them."""
    return {
        f"{prefix}.trace": np.concatenate([piece.trace for piece in pieces]),
        f"{prefix}.judge": np.packbits(np.concatenate([piece.judge for piece in pieces])),
        f"{prefix}.tick": _steps([piece.tick for piece in pieces]),
        f"{prefix}.length": np.array([len(piece.tick) for piece in pieces], dtype=np.int64),
    }


def unpack(arrays: dict[str, np.ndarray], prefix: str) -> tuple[NormalTrace, ...]:
    """What `pack` wrote."""
    lengths = [int(count) for count in arrays[f"{prefix}.length"]]
    trace = arrays[f"{prefix}.trace"]
    if any(length < 0 for length in lengths) or sum(lengths) != len(trace):
        raise EvidenceError(f"the stretches of {prefix} do not add up to its {len(trace)} values", do="train the model again")
    judge = np.unpackbits(arrays[f"{prefix}.judge"], count=len(trace)).astype(bool)
    ticks = _from_steps(arrays[f"{prefix}.tick"], lengths)
    pieces, low = [], 0
    for length, tick in zip(lengths, ticks, strict=True):
        pieces.append(NormalTrace(trace[low : low + length], judge[low : low + length], tick))
        low += length
    return tuple(pieces)


def _steps(ticks: Sequence[Int64Array]) -> Int64Array:
    """Ticks as (piece, row, step) wherever they do not just count on: three numbers for each gap and each piece."""
    rows: list[tuple[int, int, int]] = []
    for number, tick in enumerate(ticks):
        if len(tick):
            rows.append((number, 0, int(tick[0])))
            jump = np.flatnonzero(np.diff(tick) != 1) + 1
            rows += [(number, int(row), int(tick[row])) for row in jump]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _from_steps(steps: Int64Array, lengths: Sequence[int]) -> list[Int64Array]:
    out = []
    for number, length in enumerate(lengths):
        tick = np.arange(length, dtype=np.int64)
        mine = steps[steps[:, 0] == number]
        if len(mine):
            offset = mine[:, 2] - mine[:, 1]
            tick = tick + offset[np.searchsorted(mine[:, 1], tick, side="right") - 1]
        out.append(tick)
    return out
