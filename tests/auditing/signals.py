"""Signals of known kind, made by seed: what the audit's tests are about."""

from __future__ import annotations

import numpy as np

from andon.auditing import Audit, Finding
from andon.auditing.inspection import inspect
from andon.auditing.series import Series, series_of
from andon.plant.arrays import Float64Array, TimeArray
from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.time import MINUTE_NS

START = 1_704_067_200_000_000_000  # 2024-01-01 00:00 UTC, a Monday


def ar(rows: int, phi: float, seed: int, tags: int = 1) -> Float64Array:
    """(rows, tags) of a first-order autoregression, standard deviation 1, begun in its stationary state."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(rows, tags)) * np.sqrt(1 - phi**2)
    out = np.empty((rows, tags))
    out[0] = rng.normal(size=tags)
    for row in range(1, rows):
        out[row] = phi * out[row - 1] + noise[row]
    return out


def times(rows: int, interval_ns: int = MINUTE_NS, start: int = START) -> TimeArray:
    """Even times."""
    return start + np.arange(rows, dtype=np.int64) * interval_ns


def recording(values: Float64Array, interval_ns: int = MINUTE_NS, start: int = START, **more: object) -> Recording:
    """A recording with tags t0, t1, ...; a vector is one tag."""
    table = values[:, None] if values.ndim == 1 else values
    return Recording.from_arrays("a", [f"t{k}" for k in range(table.shape[1])], times(len(table), interval_ns, start), table, **more)


def series(values: Float64Array, interval_ns: int = MINUTE_NS) -> Series:
    """One tag, stored as float32; NaN is missing."""
    stored = values.astype(np.float32)
    status = np.where(np.isfinite(stored), np.uint8(Status.GOOD), np.uint8(Status.MISSING))
    return series_of("t0", "", False, times(len(values), interval_ns), stored, status)


def kinds(values: Float64Array, interval_ns: int = MINUTE_NS) -> dict[str, Finding]:
    """Kind -> finding of one tag, checks of one tag only."""
    return {finding.kind: finding for finding in inspect(series(values, interval_ns), interval_ns, "UTC", None).findings}


def kinds_of(result: Audit, tag: str | None = None) -> dict[str, Finding]:
    """Kind -> finding of one tag, or of the whole recording."""
    return {finding.kind: finding for finding in result.of(tag)}
