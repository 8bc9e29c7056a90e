"""Statistics of one tag: availability in time, distribution, step size, repetition."""

from __future__ import annotations

import numpy as np

from andon.auditing.finding import TagStatistics
from andon.auditing.series import Series, robust_sd, runs_of, step_sd, thin
from andon.plant.arrays import Float64Array, Int64Array
from andon.plant.status import Status
from andon.plant.time import HOUR_NS, MINUTE_NS, NS

GAP = 10  # a gap is large from this many typical spacings on
NICE_NS = tuple(
    [n * 1_000_000 for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)]
    + [n * NS for n in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)]
    + [n * MINUTE_NS for n in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)]
    + [n * HOUR_NS for n in (1, 2, 3, 4, 6, 8, 12, 24, 168)]
)


def nice_duration(ns: float, within: float = 0.03) -> int:
    """The customary duration within that share of `ns`, else `ns` itself, at least 1."""
    nearest = min(NICE_NS, key=lambda size: abs(size - ns))
    return nearest if abs(nearest - ns) <= within * nearest else max(round(ns), 1)


def nice_up(ns: float) -> int:
    """The smallest customary duration that is not shorter than `ns`."""
    return next((size for size in NICE_NS if size >= ns * 0.999), max(round(ns), 1))


def describe(series: Series, interval_ns: int) -> TagStatistics:
    """The statistics that need no other check.

    Parameters
    ----------
    interval_ns : the recording's own spacing, which bounds the hold from below
    """
    value, ordered = series.value, series.ordered
    base = TagStatistics(
        tag=series.tag,
        unit=series.unit,
        rows=series.rows,
        valid=value.size,
        missing=int(series.counts[Status.MISSING]),
        bad=int(series.counts[Status.BAD]) + series.outlandish,
        uncertain=int(series.counts[Status.UNCERTAIN]),
        interpolated=int(series.counts[Status.INTERPOLATED]),
    )
    if value.size == 0:
        return base
    fields = {name: getattr(base, name) for name in ("tag", "unit", "rows", "valid", "missing", "bad", "uncertain", "interpolated")}
    spacing = np.diff(series.time)
    typical = int(np.median(thin(spacing))) if spacing.size else 0
    hold = hold_of(spacing, interval_ns)
    repeated = series.change == 0
    _, lengths = runs_of(repeated)
    distinct = 1 + int(np.count_nonzero(np.diff(ordered)))
    constant = bool(ordered[-1] - ordered[0] <= 2 * series.resolution * (distinct > 1))
    return TagStatistics(
        **fields,
        first=int(series.time[0]),
        last=int(series.time[-1]),
        spacing_ns=typical,
        longest_gap_ns=int(spacing.max()) if spacing.size else 0,
        gaps=int(np.count_nonzero(spacing > GAP * typical)),
        hold_ns=hold,
        covered=covered_share(series, hold),
        minimum=float(ordered[0]),
        maximum=float(ordered[-1]),
        mean=float(value.mean()),
        median=_middle(ordered),
        sd=float(value.std()),
        robust_sd=robust_sd(value),
        step_sd=step_sd(series),
        distinct=distinct,
        quantum=quantum_of(ordered, series.resolution),
        repeated=float(repeated.mean()) if repeated.size else 0.0,
        longest_run=1 + int(lengths.max()) if lengths.size else 1,
        constant=constant and value.size > 1,
    )


def _middle(ordered: Float64Array) -> float:
    """The median of sorted values."""
    half = ordered.size // 2
    return float(ordered[half]) if ordered.size % 2 else float(ordered[half - 1] + ordered[half]) / 2


def hold_of(spacing: Int64Array, interval_ns: int) -> int:
    """How long the last good value may stand: twice the spacing that 99.5 % of samples keep, at most an hour.

    Parameters
    ----------
    spacing : (N-1,) int64 ns between valid samples
    interval_ns : sampling interval; the hold is at least two of them where an hour allows
    """
    usual = float(np.quantile(thin(spacing), 0.995)) if spacing.size else 0.0
    return int(min(nice_up(max(2 * usual, 2 * interval_ns)), HOUR_NS))


def covered_share(series: Series, hold_ns: int) -> float:
    """Share of the recording's time with a valid value no older than the hold."""
    length = series.end - series.start
    if length <= 0 or series.time.size == 0:
        return 1.0 if series.time.size else 0.0
    ages = np.diff(np.append(series.time, series.end))
    return float(np.minimum(ages, hold_ns).sum() / length)


def quantum_of(ordered: Float64Array, resolution: float) -> float:
    """The step of which all differences between values are whole multiples; 0 where there is none.

    Parameters
    ----------
    ordered : (N,) sorted values
    resolution : the smallest difference that the stored format can hold; steps below 16 of them are not judged
    """
    gaps = np.diff(ordered)
    gaps = gaps[gaps > 4 * resolution]
    if gaps.size < 2:
        return 0.0
    step = float(gaps.min())
    if step < 16 * resolution:
        return 0.0
    for _ in range(2):  # the smallest gap carries a rounding error; the sum of all gaps corrects it
        whole = np.rint(gaps / step)
        step = float(gaps.sum() / whole.sum())
    if np.count_nonzero(np.abs(gaps - whole * step) > 4 * resolution + 1e-3 * step) > 1e-3 * gaps.size:
        return 0.0
    # Any few numbers are multiples of something small; a step is believed only where it is met often.
    return step if np.count_nonzero(whole == 1) * 4 >= gaps.size else 0.0
