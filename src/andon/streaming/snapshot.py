"""What every asset is doing now, for the overview: last verdict, the last hour of evidence, since when. In memory, in arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.time import HOUR_NS
from andon.plant.verdict import QualityPredictions, Verdict, Why
from andon.scoring.fleet import Judged

POINTS = 60
STEP_NS = HOUR_NS // POINTS
NEVER = 0
WITHOUT_DATA = (Why.NO_DATA, Why.TOO_FEW_VALID)


@dataclass(frozen=True, slots=True)
class Now:
    """One asset now.

    Attributes
    ----------
    time : ns of the last tick; 0 before the first
    verdict, why : of it
    since : ns, since when the verdict has been that
    ratio : evidence over threshold; NaN where not judged
    hour : (60,) greatest ratio of each minute of the last hour, oldest first; NaN where there is none
    quality : newest prediction of each target, as tables of one row or more
    data_share : share of the last hour's ticks that had data enough to be judged, whatever else kept them from it; NaN before the first
    mode : operating mode of the last tick; -1 where it is not known
    """

    time: int
    verdict: Verdict
    why: Why
    since: int
    ratio: float
    hour: Float64Array
    quality: tuple[QualityPredictions, ...]
    data_share: float = float("nan")
    mode: int = -1


class Snapshot:
    """The assets of one fleet. Written by one thread; others read what was whole a moment ago."""

    def __init__(self, assets: Sequence[str]) -> None:
        count = len(assets)
        self.assets = tuple(assets)
        self._at = {name: at for at, name in enumerate(assets)}
        self._time = np.full(count, NEVER, dtype=np.int64)
        self._verdict = np.full(count, Verdict.CANNOT_JUDGE, dtype=np.uint8)
        self._why = np.full(count, Why.NO_DATA, dtype=np.uint8)
        self._since = np.full(count, NEVER, dtype=np.int64)
        self._ratio = np.full(count, np.nan)
        self._ring = np.full((count, POINTS), np.nan)
        self._seen, self._sound = np.zeros((count, POINTS), dtype=np.int32), np.zeros((count, POINTS), dtype=np.int32)
        self._mode = np.full(count, -1, dtype=np.int16)
        self._minute = np.full(count, -1, dtype=np.int64)
        self._quality: dict[int, tuple[QualityPredictions, ...]] = {}

    def take(self, judged: Judged, interval: int) -> list[int]:
        """Take in new ticks; the assets whose verdict or reason changed."""
        if not len(judged.tick):
            return []
        time = judged.tick * interval
        verdict = judged.verdict
        ratio = judged.evidence / judged.threshold
        before = self._verdict.copy(), self._why.copy()
        for row in range(len(time)):  # a handful: the ticks that became complete with one entry
            changed = (verdict[row] != self._verdict) | (judged.why[row] != self._why) | (self._since == NEVER)
            self._since[changed] = time[row]
            self._verdict, self._why = verdict[row].copy(), judged.why[row].copy()
            self._put(int(time[row]), ratio[row], ~np.isin(judged.why[row], WITHOUT_DATA))
        self._time[:] = time[-1]
        self._ratio, self._mode = ratio[-1].copy(), np.asarray(judged.mode[-1]).copy()
        for at, tables in judged.quality:
            if any(len(table.sample_time) for table in tables):
                self._quality[at] = tables
        moved = (self._verdict != before[0]) | (self._why != before[1])
        return [int(at) for at in np.flatnonzero(moved)]

    def of(self, asset: str) -> Now:
        """One asset now.

        Raises
        ------
        KeyError : it is not of this fleet
        """
        at = self._at[asset]
        minute = int(self._minute[at])
        hour = np.roll(self._ring[at], -(minute + 1) % POINTS) if minute >= 0 else self._ring[at].copy()
        seen = int(self._seen[at].sum())
        return Now(
            int(self._time[at]), Verdict(int(self._verdict[at])), Why(int(self._why[at])), int(self._since[at]), float(self._ratio[at]),
            hour, self._quality.get(at, ()), float(self._sound[at].sum()) / seen if seen else float("nan"), int(self._mode[at]),
        )  # fmt: skip

    def _put(self, time: int, ratio: Float64Array, sound: BoolArray) -> None:
        minute = time // STEP_NS
        old = self._minute
        fresh = minute > old
        gone = np.minimum(np.where(old < 0, POINTS, minute - old), POINTS)
        for at in np.flatnonzero(fresh):
            passed = slice(None) if gone[at] >= POINTS else [(int(old[at]) + step) % POINTS for step in range(1, int(gone[at]) + 1)]
            self._ring[at, passed] = np.nan
            self._seen[at, passed] = self._sound[at, passed] = 0
        self._minute = np.maximum(old, minute)
        place = minute % POINTS
        self._ring[:, place] = np.fmax(self._ring[:, place], ratio)
        self._seen[:, place] += 1
        self._sound[:, place] += sound
