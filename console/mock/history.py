"""Seeded histories at 1 Hz, read at any zoom: extremes and mean of buckets that do not move while the window does."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from andon.service.schema import Columns

STEP = 16
DAY = 86_400


@dataclass(frozen=True)
class Level:
    """Buckets of `width` seconds."""

    width: int
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    mean: NDArray[np.float32]


@dataclass(frozen=True)
class Series:
    """Values at 1 Hz from `start`, NaN where missing."""

    start: int
    values: NDArray[np.float32]
    made: dict[int, Level] = field(default_factory=dict)

    @cached_property
    def levels(self) -> list[Level]:
        """Coarser and coarser, each from the one before."""
        found = [Level(1, self.values, self.values, self.values)]
        while found[-1].low.size > 4 * STEP:
            last = found[-1]
            size = last.low.size // STEP * STEP
            low, high, mean = (part[:size].reshape(-1, STEP) for part in (last.low, last.high, last.mean))
            with np.errstate(all="ignore"):
                good = np.isfinite(mean).sum(1)
                total = np.where(np.isfinite(mean), mean, 0).sum(1, dtype=np.float64)
                averaged = np.where(good > 0, total / np.maximum(good, 1), np.nan).astype(np.float32)
            found.append(Level(last.width * STEP, np.fmin.reduce(low, axis=1), np.fmax.reduce(high, axis=1), averaged))
        return found

    def columns(self, start: float, end: float, points: int, now: float) -> tuple[Columns, float]:
        """At most about `points` buckets between `start` and `end`, none later than `now`; and the width of a bucket."""
        end = min(end, now)
        wanted = max(1.0, (end - start) / max(points, 1))
        level = next(item for item in reversed(self.levels) if item.width <= wanted)
        group = max(1, int(np.ceil(wanted / level.width)))
        width = level.width * group
        first = max(0, int(np.floor((start - self.start) / width))) * group
        last = min(level.low.size, max(0, int(np.ceil((end - self.start) / width)) * group))
        if last <= first:
            return Columns(time=[], low=[], high=[], mean=[]), float(width)
        edges = np.arange(first, last, group) - first
        part = slice(first, last)
        with np.errstate(all="ignore"):
            low = np.fmin.reduceat(level.low[part], edges)
            high = np.fmax.reduceat(level.high[part], edges)
            good = np.add.reduceat(np.isfinite(level.mean[part]).astype(np.float64), edges)
            mean = np.add.reduceat(np.nan_to_num(level.mean[part].astype(np.float64)), edges) / np.where(good > 0, good, np.nan)
        time = self.start + (edges + first) * level.width + (width - 1) / 2
        return Columns(time=time.tolist(), low=column(low), high=column(high), mean=column(mean)), 0.0 if width == 1 else float(width)

    def at(self, moment: float) -> float | None:
        """The value at a moment; the last one kept where the moment is later."""
        where = int(min(max(moment - self.start, 0), self.values.size - 1))
        value = float(self.values[where])
        return value if np.isfinite(value) else None


def column(values: NDArray[np.floating]) -> list[float | None]:
    """Numbers for JSON, five significant digits."""
    rounded: NDArray[np.float64] = np.asarray(values, np.float64)
    with np.errstate(all="ignore"):
        scale = 10.0 ** (4 - np.floor(np.log10(np.maximum(np.abs(rounded), 1e-9))))
    out = np.round(rounded * scale) / scale
    return [float(value) if good else None for value, good in zip(out.tolist(), np.isfinite(out).tolist(), strict=True)]


def wave(size: int, start: int, period: float, phase: float) -> NDArray[np.float32]:
    """A slow swing, from a table: cheap over millions of seconds."""
    time = np.arange(size, dtype=np.float32) + np.float32(start % int(period))
    return np.asarray(np.sin(time * np.float32(2 * np.pi / period) + np.float32(phase)), np.float32)


def noise(size: int, seed: int, smooth: int) -> NDArray[np.float32]:
    """Noise of unit variance whose neighbours are alike over about `smooth` seconds."""
    drawn = np.random.default_rng(seed).standard_normal(size + smooth).astype(np.float32)
    if smooth <= 1:
        return drawn[:size]
    total = np.cumsum(drawn, dtype=np.float64)
    return np.asarray((total[smooth:] - total[:-smooth]) / np.sqrt(smooth), np.float32)[:size]
