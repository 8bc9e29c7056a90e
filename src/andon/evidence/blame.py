"""Blame: which tags people would name for an event, in the order of how far each left what it did before.

Shares of evidence say where the evidence comes from. They favour tags that the others do not explain, and of ten tags that a
common cause moves, each is explained by the other nine. People name all ten. So tags are put in the order of two plain sizes,
each over what is usual for the tag in training and shortly before the event: how far the tag is from where it was, and how far from
its forecast. The usual size before is added to that of training, so that a tag which was restless already is not blamed for it, and
a tag on its way back to the mean of training is not blamed either. A tag is blamed as much as both sizes agree (geometric mean);
logarithms are averaged over the event, so that one wild tick does not outweigh a lasting change. The shares have a small vote.
"""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import BoolArray, Float32Array, Float64Array, FloatArray

BEFORE = 30  # ticks before the onset that say where a tag was
LEAST = 6
SMALLEST_DEVIATION = 0.05
SMALLEST_RESIDUAL = 0.01
FAINT = 1e-3
VOTE = 0.25  # of the shares, as a power
SMALL_SHARE = 0.01


def usual_sizes(x: FloatArray, forecast: FloatArray, valid: BoolArray, rows: BoolArray) -> Float32Array:
    """The mean, the mean size of the deviation from it, and that of the residual of the forecast, on normal time.

    Parameters
    ----------
    x, forecast : (T, C) scaled; NaN forecast where there is none
    valid : (T, C) bool
    rows : (T,) bool, normal time

    Returns
    -------
    (3, C) float32, the sizes > 0
    """
    known = valid[rows]
    count = np.maximum(known.sum(axis=0), 1)
    values = np.where(known, x[rows], 0.0)
    mean = values.sum(axis=0, dtype=np.float64) / count
    deviation = np.where(known, np.abs(values - mean), 0.0)
    residual = np.where(known, np.abs(np.nan_to_num(x[rows] - forecast[rows])), 0.0)
    sizes = [part.sum(axis=0, dtype=np.float64) / count for part in (deviation, residual)]
    least = (SMALLEST_DEVIATION, SMALLEST_RESIDUAL)
    return np.stack([mean, *(np.maximum(size, small) for size, small in zip(sizes, least, strict=True))]).astype(np.float32)


def blame(
    x: FloatArray, forecast: FloatArray, valid: BoolArray, onset: int, usual: FloatArray, shares: FloatArray | None = None
) -> Float64Array:
    """How much each channel is to blame for an event.

    Parameters
    ----------
    x, forecast : (T, C) scaled, from up to `BEFORE` rows before the event to its end; NaN forecast where there is none
    valid : (T, C) bool
    onset : the event's first row
    usual : (3, C) from `usual_sizes`
    shares : (C,) of the event's evidence, which have a small vote; None: no vote

    Returns
    -------
    (C,) float64, >= 0, sums to 1
    """
    first = max(onset - BEFORE, 0) if onset >= LEAST else onset
    known = valid[first:]
    count = onset - first
    values = np.where(known, x[first:], 0.0).astype(np.float64)
    size = np.where(known, np.abs(np.nan_to_num(values - forecast[first:])), 0.0)
    mean, *own = np.asarray(usual, dtype=np.float64)
    seen = known[:count]
    there = seen.any(axis=0)
    where = mean.copy()
    if there.any():
        where[there] = np.nanmedian(np.where(seen, values[:count], np.nan)[:, there], axis=0)
    away = np.where(known, np.abs(values - where), 0.0)
    away[count:] = np.minimum(away[count:], np.abs(values[count:] - mean))
    parts = []
    for usually, part in zip(own, (away, size), strict=True):
        scale = usually + part[:count].sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        told = np.log1p(part[count:] / scale).mean(axis=0)
        parts.append(np.log(told / max(float(told.sum()), 1e-12) + FAINT))
    together = np.exp(0.5 * (parts[0] + parts[1]))
    if shares is not None:
        together *= (np.maximum(shares, 0.0) + SMALL_SHARE) ** (0.5 * VOTE)
    out: Float64Array = together / together.sum()
    return out
