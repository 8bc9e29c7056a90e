"""Tags that are copies of each other, in another unit or some time later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from andon.auditing.finding import Finding, TagStatistics, duration_text, make_finding, number_text, tag_toml
from andon.auditing.series import usable
from andon.plant.arrays import Float32Array, FloatArray, StatusArray, TimeArray
from andon.plant.time import HOUR_NS

SEGMENTS = 16  # stretches of consecutive rows that are compared
LENGTH = 1024  # rows in each
COPY = 0.999  # correlation of the changes from which one tag is another in a different unit
LAG = 0.98
_ACTIVE = 30.0  # changes of about equal size that must carry a correlation


@dataclass(frozen=True, slots=True)
class Likeness:
    """`second` is `first`, `lag` rows later, times `factor` (of the changes)."""

    first: int
    second: int
    lag: int
    correlation: float
    factor: float
    same: bool


def sample_changes(values: FloatArray, status: StatusArray) -> Float32Array:
    """Changes from row to row in at most 16 stretches of 1,024 rows, spread evenly; the last valid value held over gaps.

    Parameters
    ----------
    values, status : (T, C)

    Returns
    -------
    (S, L, C) float32, each tag scaled to unit energy over all stretches; zero where a tag does not move
    """
    rows, width = values.shape
    length = min(rows, LENGTH)
    count = max(1, min(SEGMENTS, rows // max(length, 1)))
    starts = np.linspace(0, rows - length, count).astype(np.int64)
    out = np.zeros((count, length, width), dtype=np.float32)
    for number, start in enumerate(starts):
        part = values[start : start + length].astype(np.float64)
        good = usable(part, status[start : start + length])
        at = np.where(good, np.arange(length)[:, None], -1)
        at = np.maximum.accumulate(at, axis=0)
        held = np.where(at >= 0, np.take_along_axis(np.where(good, part, 0.0), np.maximum(at, 0), axis=0), np.nan)
        change = np.diff(held, axis=0, prepend=held[:1])
        out[number] = np.where(np.isfinite(change), change, 0.0)
    return out


def likenesses(changes: Float32Array) -> list[Likeness]:
    """Pairs of tags whose changes agree, each tag with the first tag it is like.

    All pairs are correlated at all lags up to half a stretch at once, by their spectra (Wiener and Khinchin).

    Parameters
    ----------
    changes : (S, L, C) float32
    """
    length = changes.shape[1]
    x = changes.astype(np.float32)
    power = np.sqrt((x.astype(np.float64) ** 2).sum(axis=(0, 1)))
    scaled = np.divide(x, power, out=np.zeros_like(x), where=power > 0).astype(np.float32)
    fourth = (scaled.astype(np.float64) ** 4).sum(axis=(0, 1))
    active = np.flatnonzero((power > 0) & (fourth > 0) & (fourth * _ACTIVE < 1.0))
    if active.size < 2 or length < 64:
        return []
    scaled = scaled[:, :, active]
    size = 1 << (2 * length - 1).bit_length()
    spectrum = np.fft.rfft(scaled, n=size, axis=1).transpose(2, 0, 1).astype(np.complex64)  # (A, S, F)
    reach = length // 2
    lags = np.concatenate((np.arange(0, reach + 1), np.arange(-reach, 0)))
    found: list[Likeness] = []
    taken: set[int] = set()
    for i in range(active.size - 1):
        if i in taken:
            continue
        cross = np.einsum("sf,jsf->jf", spectrum[i].conj(), spectrum[i + 1 :], optimize=False)
        correlation = np.fft.irfft(cross, n=size, axis=1)
        near = np.concatenate((correlation[:, : reach + 1], correlation[:, -reach:]), axis=1)
        best = np.abs(near).argmax(axis=1)
        here, now = near[np.arange(best.size), best], near[:, 0]
        copies = np.abs(now) >= COPY
        lagged = (lags[best] != 0) & (np.abs(here) >= LAG) & (np.abs(now) < 0.9 * np.abs(here))
        for offset in np.flatnonzero(copies | lagged):
            j = i + 1 + int(offset)
            if j in taken:
                continue
            first, second = int(active[i]), int(active[j])
            lag = 0 if copies[offset] else int(lags[best[offset]])
            value = float(now[offset] if copies[offset] else here[offset])
            factor = float(np.sign(value) * power[second] / power[first])
            same = bool(copies[offset] and np.array_equal(changes[:, :, first], changes[:, :, second]))
            found.append(Likeness(first, second, lag, value, factor, same))
            taken.add(j)
    return found


def level_agreement(changes: Float32Array, pair: Likeness) -> float:
    """Correlation of the levels of a pair within the stretches, the later tag moved back by the lag."""
    first, second = (np.cumsum(changes[:, :, column].astype(np.float64), axis=1) for column in (pair.first, pair.second))
    if pair.lag > 0:
        first, second = first[:, : -pair.lag], second[:, pair.lag :]
    elif pair.lag < 0:
        first, second = first[:, -pair.lag :], second[:, : pair.lag]
    first, second = first - first.mean(axis=1, keepdims=True), second - second.mean(axis=1, keepdims=True)
    power = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return abs(float((first * second).sum())) / power if power > 0 else 0.0


def check_likeness(
    values: FloatArray, status: StatusArray, time: TimeArray, tags: Sequence[str], statistics: Sequence[TagStatistics]
) -> Iterator[Finding]:
    """Findings "copy", "scaled-copy" and "lagged-copy"; the tag with less data is the one to drop.

    Parameters
    ----------
    values, status : (T, C)
    """
    if values.shape[0] < 64 or values.shape[1] < 2:
        return
    spacing = int(np.median(np.diff(time)))
    changes = sample_changes(values, status)
    for pair in likenesses(changes):
        if level_agreement(changes, pair) < LAG:
            continue  # a controller answers the changes of its input, and yet goes its own way
        keep, drop = tags[pair.first], tags[pair.second]
        lag = pair.lag
        if statistics[pair.second].covered > statistics[pair.first].covered + 0.01:
            keep, drop, lag = drop, keep, -lag
        toml = tag_toml(drop, ("role", "ignored"))
        common = {"other": keep, "correlation": f"{abs(pair.correlation):.4f}"}
        if lag:
            hours = abs(lag) * spacing
            whole = hours % HOUR_NS == 0
            kind, weight = ("lagged-hours", 0.55) if whole else ("lagged-copy", 0.4)
            first, second = (keep, drop) if lag > 0 else (drop, keep)
            told = "" if whole else toml
            yield make_finding(kind, drop, weight, told, lag=duration_text(hours), first=first, second=second, **common)
        elif pair.same and statistics[pair.first].median == statistics[pair.second].median:
            yield make_finding("copy", drop, 0.5, toml, **common)
        else:
            yield make_finding("scaled-copy", drop, 0.4, toml, factor=number_text(pair.factor), **common)
