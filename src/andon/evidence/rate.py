"""How often events would open at each threshold, with the uncertainty of that rate.

Counted where counting resolves (at least 10 events), by a generalised Pareto tail on declustered peaks beyond; the
uncertainty is a Bayesian bootstrap over blocks of time, so bursts and slow changes widen it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from andon.evidence.events import Ground, Opening, first_exceedances, ground
from andon.evidence.normal_trace import NormalTrace
from andon.evidence.tail import Tail, fit_tail
from andon.plant.arrays import Float64Array, Int64Array

FEWEST_PEAKS = 30
COUNTED = 10
_TAIL_PEAKS = 60
_CLUMPS = 40
_LEVELS = 48
_BLOCKS = 40
_REPLICATES = 400


@dataclass(frozen=True, slots=True)
class RateCurve:
    """Event rate against threshold, on one opening rule.

    Attributes
    ----------
    level : (L,) thresholds, increasing; the lowest gives the largest count
    counted : (L,) events counted at each
    replicate : (R, L) events per judged tick in each bootstrap replicate, not increasing in the level
    anchor : index of the highest level at which counting resolves; beyond it the tail takes over
    tail : R Pareto tails, None where there are too few peaks
    peaks : number of declustered peaks of the tail
    clumping : >= 0, how much the dispersion exceeds 1 per event per judged tick; thinning events thins it in proportion
    """

    level: Float64Array
    counted: Int64Array
    replicate: Float64Array
    anchor: int
    tail: Tail | None
    peaks: int
    clumping: float

    def dispersion(self, threshold: float) -> float:
        """Variance over mean of counts at a threshold whose rate is known; >= 1, larger where events come in bursts."""
        return 1.0 + self.clumping * float(np.median(self.rates(threshold)))

    def rates(self, threshold: float) -> Float64Array:
        """(R,) events per judged tick at a threshold."""
        top = self.level[self.anchor]
        if threshold <= top or self.tail is None:
            at = int(np.clip(np.searchsorted(self.level, threshold), 1, len(self.level) - 1)) if len(self.level) > 1 else 0
            if at == 0:
                return self.replicate[:, 0]
            low, high = self.level[at - 1], self.level[at]
            part = float(np.clip((threshold - low) / (high - low), 0.0, 1.0))
            logs = np.log(np.maximum(self.replicate[:, at - 1 : at + 1], 1e-300))
            return np.exp((1.0 - part) * logs[:, 0] + part * logs[:, 1])
        reached = np.maximum(self.tail.survival(top)[:, 0], 1e-300)
        return self.replicate[:, self.anchor] * self.tail.survival(threshold)[:, 0] / reached

    def threshold_for(self, rate: float, confidence: float) -> float:
        """The lowest threshold whose rate is at most `rate` (per judged tick) with this confidence."""

        def enough(threshold: float) -> bool:
            return float(np.quantile(self.rates(threshold), confidence)) <= rate

        low = float(self.level[0])
        if enough(low):
            return low
        step = max(float(self.level[-1] - self.level[0]), 1e-9)
        high = float(self.level[-1])
        for _ in range(60):
            if enough(high):
                break
            high += step
            step *= 1.5
        for _ in range(50):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if enough(middle) else (middle, high)
        return high


def rate_curve(pieces: Sequence[NormalTrace], opening: Opening, seed: int = 0) -> RateCurve:
    """Count events at many thresholds, in blocks of time.

    Parameters
    ----------
    pieces : stretches of normal time that share one threshold
    opening : persistence, hysteresis, merge gap
    seed : of the bootstrap

    Returns
    -------
    the curve; `tail` is None and `peaks` small where there is too little to fit one
    """
    grounds = [ground(piece.trace, piece.judge, piece.tick, opening) for piece in pieces]
    judged = sum(piece.judged_ticks for piece in pieces)
    blocks = int(np.clip(judged // (4 * opening.gap_ticks), 1, _BLOCKS))
    places = _block_of(pieces, judged, blocks)
    level = _level_grid(grounds, opening.gap_ticks)
    count = np.zeros((len(level), blocks))
    for g, place in zip(grounds, places, strict=True):
        for row, threshold in enumerate(level):
            start, _ = first_exceedances(g, float(threshold), opening)
            count[row] += np.bincount(place[start], minlength=blocks)
    total = count.sum(axis=1)
    usable = int(np.argmax(total))  # below this level events merge, and counts fall again
    level, count, total = level[usable:], count[usable:], total[usable:]
    resolved = np.flatnonzero(total >= COUNTED)
    anchor = int(resolved[-1]) if len(resolved) else 0
    long_run, plain = _variances(count[anchor])
    rng = np.random.default_rng(seed)
    weight = rng.exponential(1.0, (_REPLICATES, blocks))
    weight /= weight.mean(axis=1, keepdims=True)
    weight = np.maximum(1.0 + (weight - 1.0) * np.sqrt(max(long_run / plain, 1.0) if plain > 0 else 1.0), 1e-6)
    weight /= weight.mean(axis=1, keepdims=True)
    raw = weight @ count.T / judged
    replicate = np.maximum.accumulate(raw[:, ::-1], axis=1)[:, ::-1]
    # A rate of 0 seen on few blocks is no promise: half an event stands for what was not seen.
    replicate = np.maximum(replicate, 0.5 / judged)
    tail, peaks = _fit(grounds, places, opening, _level_grid(grounds, opening.gap_ticks), weight)
    return RateCurve(level, total.astype(np.int64), replicate, anchor, tail, peaks, _clumping(count, total, judged))


def _block_of(pieces: Sequence[NormalTrace], judged: int, blocks: int) -> list[Int64Array]:
    """The block of each row: equal shares of judged time."""
    out, before = [], 0
    for piece in pieces:
        done = before + np.cumsum(piece.judge)
        out.append(np.minimum((np.maximum(done - 1, 0) * blocks) // max(judged, 1), blocks - 1).astype(np.int64))
        before = int(done[-1]) if len(done) else before
    return out


def _level_grid(grounds: Sequence[Ground], gap_ticks: int) -> Float64Array:
    """Levels that windows of one merge gap exceed with shares from 0.95 down to one window in all."""
    tops = []
    for g in grounds:
        pad = -len(g.held) % gap_ticks
        tops.append(np.concatenate([g.held, np.full(pad, -np.inf)]).reshape(-1, gap_ticks).max(axis=1))
    top = np.concatenate(tops)
    top = np.sort(top[top > -np.inf])
    if len(top) == 0:
        return np.array([0.0])
    share = np.geomspace(1.0 / len(top), 0.95, _LEVELS)
    return np.unique(top[np.clip(((1.0 - share) * len(top)).astype(int), 0, len(top) - 1)])


def _variances(count: Float64Array) -> tuple[float, float]:
    """Long-run variance (Bartlett window) and plain variance of block counts."""
    n = len(count)
    if n < 2:
        return float(count.mean()), float(count.mean())
    off = count - count.mean()
    plain = float((off @ off) / (n - 1))
    lags = max(1, n // 8)
    long_run = plain
    for lag in range(1, lags + 1):
        long_run += 2.0 * (1.0 - lag / (lags + 1.0)) * float(off[lag:] @ off[:-lag]) / (n - 1)
    return max(long_run, 0.25 * plain), plain


def _clumping(count: Float64Array, total: Float64Array, judged: int) -> float:
    """Excess dispersion per event rate, from the highest level with `_CLUMPS` events; drawn towards none by ten blocks."""
    many = np.flatnonzero(total >= _CLUMPS)
    at = int(many[-1]) if len(many) else 0
    blocks, mean = count.shape[1], float(count[at].mean())
    if mean <= 0:
        return 0.0
    excess = max(_variances(count[at])[0] / mean - 1.0, 0.0) * blocks / (blocks + 10.0)
    return float(excess * judged / total[at])


def _fit(
    grounds: Sequence[Ground],
    places: Sequence[Int64Array],
    opening: Opening,
    level: Float64Array,
    weight: Float64Array,
) -> tuple[Tail | None, int]:
    """Pareto tails of the peaks over the highest level that leaves enough of them, declustered by the merge gap alone."""
    runs = replace(opening, hysteresis=1.0)
    most, spans, base = 0, [], 0.0
    for threshold in level[::-1]:
        found = [first_exceedances(g, float(threshold), runs) for g in grounds]
        number = sum(len(start) for start, _ in found)
        if number > most:
            most, spans, base = number, found, float(threshold)
        if number >= _TAIL_PEAKS:
            break
    peak, block = [], []
    for g, place, (start, last) in zip(grounds, places, spans, strict=False):
        if len(start):
            peak.append(np.maximum.reduceat(np.append(g.held, -np.inf), np.column_stack([start, last + 1]).ravel())[::2])
            block.append(place[start])
    if not peak:
        return None, 0
    excess = np.concatenate(peak) - base
    keep = excess >= 0
    excess, where = excess[keep], np.concatenate(block)[keep]
    if len(excess) < FEWEST_PEAKS or not np.any(excess > 0):
        return None, len(excess)
    return fit_tail(excess, base, weight[:, where]), len(excess)
