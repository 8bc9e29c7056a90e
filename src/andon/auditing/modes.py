"""Levels a tag rests at: operating modes, and the machine being off."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from andon.auditing.finding import Finding, TagStatistics, make_finding, number_text
from andon.auditing.series import Series, runs_of
from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.tag import Role

_BINS = 64


@dataclass(frozen=True, slots=True)
class Levels:
    """Two levels of one tag, `threshold` apart.

    Attributes
    ----------
    low_share : share of the samples below the threshold
    low, high : median below and above it; low_spread, high_spread : robust standard deviations there
    crossings : how often the tag goes from one to the other
    """

    threshold: float
    low: float
    high: float
    low_spread: float
    high_spread: float
    low_share: float
    crossings: int

    @property
    def off_below(self) -> bool:
        """True where the level nearer to zero is the lower one."""
        return abs(self.low) <= abs(self.high)

    @property
    def low_is_off(self) -> bool:
        """True where the level nearer to zero is flat and near zero: the machine seems to be off there."""
        calm, other = (self.low, self.high) if self.off_below else (self.high, self.low)
        spread = self.low_spread if self.off_below else self.high_spread
        share = self.low_share if self.off_below else 1 - self.low_share
        distance = abs(self.high - self.low)
        return abs(calm) <= 0.05 * abs(other) and spread <= 0.02 * distance and share <= 0.7

    def in_off(self, value: Float64Array) -> BoolArray:
        """True where a value is on the level nearer to zero."""
        return np.asarray(value < self.threshold if self.off_below else value > self.threshold, dtype=np.bool_)


def levels_of(series: Series, stats: TagStatistics) -> Levels | None:
    """The two levels that a tag switches between, or None.

    There must be a valley in the histogram (below a quarter of the lower peak), levels well apart (Ashman's D
    above 4), at least three switches (one, where the level is flat and near zero), long stays, and quick switches. The
    last tells a process that switches from one that wanders: a random walk takes about as long to cross the valley as
    it stays on a side.
    """
    if stats.valid < 200 or stats.constant or stats.distinct < 2:
        return None
    low, high = series.quantile(0.002), series.quantile(0.998)
    if not high > low:
        return None
    edges = np.linspace(low, high, _BINS + 1)
    cuts = np.searchsorted(series.ordered, edges)
    cuts[-1] = np.searchsorted(series.ordered, edges[-1], side="right")  # the last bin holds its upper edge
    counts = np.diff(cuts).astype(np.float64)
    threshold = _valley(counts, edges)
    if threshold is None:
        return None
    at = int(np.searchsorted(series.ordered, threshold))
    below, above = series.ordered[:at], series.ordered[at:]
    share = at / series.ordered.size
    if not 0.003 <= share <= 0.997:
        return None
    bottom, top = float(below[below.size // 2]), float(above[above.size // 2])
    spread_low, spread_high = _spread(below), _spread(above)
    distance = top - bottom
    if distance <= 4 * math.sqrt((spread_low**2 + spread_high**2) / 2):
        return None
    side = series.value > threshold
    switches = np.flatnonzero(side[1:] != side[:-1])
    if switches.size < 1:
        return None
    stay = series.value.size / (switches.size + 1)
    if stay < 10:
        return None
    reach = max(1, int(stay / 20))
    before = np.maximum(switches - reach + 1, 0)
    after = np.minimum(switches + reach, series.value.size - 1)
    quick = np.abs(series.value[after] - series.value[before]) >= 0.6 * distance
    if float(quick.mean()) < 0.7:
        return None
    found = Levels(_round_between(threshold, bottom, top), bottom, top, spread_low, spread_high, share, int(switches.size))
    return found if switches.size >= 3 or found.low_is_off else None


def check_modes(series: Series, stats: TagStatistics, role: Role, levels: Levels | None) -> Iterator[Finding]:
    """Finding "modes": a measured tag rests at two levels and switches between them."""
    if role is not Role.MEASURED or levels is None or levels.low_is_off or not 0.02 <= levels.low_share <= 0.98:
        return
    toml = '[modes]\nfrom = "discovered"'
    yield make_finding(
        "modes", series.tag, 0.35, toml, low=number_text(levels.low), high=number_text(levels.high), share=levels.low_share,
        crossings=levels.crossings,
    )  # fmt: skip


def _valley(counts: Float64Array, edges: Float64Array) -> float | None:
    """The middle of the emptiest bins between the two main groups of a histogram."""
    smooth = np.convolve(np.pad(counts, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
    centres = (edges[:-1] + edges[1:]) / 2
    weight = np.cumsum(smooth)
    total = float(weight[-1])
    if total <= 0:
        return None
    sums = np.cumsum(smooth * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (sums[-1] * weight / total - sums) ** 2 / (weight * (total - weight))
    cut = int(np.nanargmax(np.where(np.isfinite(between), between, -1)))
    left, right = int(np.argmax(smooth[: cut + 1])), cut + 1 + int(np.argmax(smooth[cut + 1 :])) if cut + 1 < len(smooth) else cut
    if right - left < 3:
        return None
    inner = counts[left + 1 : right]
    lowest = float(inner.min())
    if lowest > 0.25 * min(smooth[left], smooth[right]):
        return None
    start, length = runs_of(inner <= lowest)
    longest = int(np.argmax(length))
    first = left + 1 + int(start[longest])
    return float((edges[first] + edges[first + int(length[longest])]) / 2)


def _spread(ordered: Float64Array) -> float:
    """Robust standard deviation of sorted values, by their inner 80 %."""
    if ordered.size < 2:
        return 0.0
    last = ordered.size - 1
    return float(ordered[int(0.9 * last)] - ordered[int(0.1 * last)]) / 2.563


def _round_between(value: float, low: float, high: float) -> float:
    """The shortest number near `value` that stands well between two levels."""
    for digits in range(1, 8):
        short = float(f"{value:.{digits}g}")
        if abs(short - value) <= 0.1 * (high - low) and low < short < high:
            return short
    return value
