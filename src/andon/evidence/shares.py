"""Shares: which channels the evidence of a tick or an event comes from.

The spread is a sum over channels and the quadratic form is one too, e_i (P e)_i, so their shares are exact and sum to the
statistic (those of the quadratic form may be negative); the extent is a mean. The strongest entry is one channel's, yet its
part is shared as the spread is: where many channels deviate, the first alone would hide the others (of the tags of injected
faults, 76 % instead of 72 % stand first). Views are joined by their part of the soft sum. Novelty is not a sum: its shares
are an occlusion, the distance that goes when the shape of one channel is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from andon.evidence.lines import Lines, Statistic
from andon.plant.arrays import Float32Array, Float64Array, FloatArray

if TYPE_CHECKING:
    from andon.evidence.novelty import Novelty


def line_shares(line: Lines, y: Float32Array, pulled: Float32Array, squared: Float32Array) -> Float32Array:
    """Exact parts of the channels in every statistic of a line.

    Parameters
    ----------
    y, pulled, squared : (S, T, C) as from `Lines.entries`

    Returns
    -------
    (S, N, T, C) float32 in the unit of the scaled statistic: sums over C to the view, but for what missing channels add
    """
    out = np.zeros((len(line.spans), len(line.statistics), *y.shape[1:]), dtype=np.float32)
    for index, statistic in enumerate(line.statistics):
        if statistic is Statistic.SPREAD:
            out[:, index] = np.log1p(squared)
        elif statistic is Statistic.EXTENT:
            out[:, index] = np.abs(y) * line.size[:, None, :]
        elif statistic is Statistic.QUADRATIC:
            out[:, index] = y * pulled
        else:
            spread = np.log1p(squared)
            out[:, index] = spread * (squared.max(axis=-1) / np.maximum(spread.sum(axis=-1), 1e-9))[..., None]
    out /= line.scale[:, :, None, None]
    return out


def tick_shares(kept: Sequence[tuple[Lines, Float32Array, Float32Array, Float32Array]], channels: int) -> Float32Array:
    """Shares of ticks over all views, joined by their part of the soft sum.

    Parameters
    ----------
    kept : the lines of each source with their vectors (S, N, C) at the ticks wanted, see `Lines.entries`

    Returns
    -------
    (N, C) float32, rows sum to 1
    """
    total = np.zeros((kept[0][1].shape[1] if kept else 0, channels))
    for line, y, pulled, squared in kept:
        parts = line_shares(line, y, pulled, squared)
        view = parts.sum(axis=-1, dtype=np.float64)
        weight = np.log1p(np.maximum(view, 0.0)) / np.where(np.abs(view) > 1e-12, view, 1.0) / view.shape[0] / view.shape[1]
        total += np.einsum("snt,sntc->tc", weight, parts)
    return normalised(total).astype(np.float32)


def normalised(parts: FloatArray) -> Float64Array:
    """(N, C) rows that sum to 1; equal shares where there is nothing to share."""
    whole = parts.sum(axis=-1, keepdims=True, dtype=np.float64)
    out: Float64Array = np.where(np.abs(whole) > 1e-12, parts / np.where(np.abs(whole) > 1e-12, whole, 1.0), 1.0 / max(parts.shape[-1], 1))
    return out


def event_shares(shares: Float32Array, evidence: Float64Array) -> Float64Array:
    """Shares of an event: those of its ticks, weighted by their evidence.

    Parameters
    ----------
    shares : (N, C) of the ticks from onset to peak
    evidence : (N,) their trace

    Returns
    -------
    (C,) float64, sums to 1
    """
    weight = np.asarray(evidence, dtype=np.float64)
    out: Float64Array = normalised((weight @ shares.astype(np.float64))[None])[0]
    return out


def novelty_shares(novelty: Novelty, patch: Float32Array) -> Float64Array:
    """Occlusion of the novelty of one patch.

    Parameters
    ----------
    patch : (patch, C) scaled values, gaps filled

    Returns
    -------
    (C,) float64, sums to 1; the part of the distance that goes when the shape of one channel is the average one
    """
    described = novelty.describe(patch[None])
    channels = patch.shape[1]
    shape = (described - novelty.centre).reshape(-1, channels)
    without = np.repeat(shape[None], channels, axis=0)
    without[np.arange(channels), :, np.arange(channels)] = 0.0
    distances = novelty.nearest(without.reshape(channels, -1) + novelty.centre)
    whole = float(novelty.nearest(described)[0])
    gone = np.maximum(whole - distances.astype(np.float64), 0.0)
    out: Float64Array = normalised(gone[None])[0]
    return out


def by_tag(shares: FloatArray, channel_tags: Sequence[str]) -> dict[str, float]:
    """Shares (C,) of channels summed over the channels of each tag."""
    out: dict[str, float] = {}
    for tag, share in zip(channel_tags, shares, strict=True):
        out[tag] = out.get(tag, 0.0) + float(share)
    return out
