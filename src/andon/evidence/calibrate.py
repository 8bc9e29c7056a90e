"""Calibration: the lowest threshold that keeps a budget on held-back normal time, with a margin for what is not known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from andon.evidence.calibration import Calibration, fit_p_map
from andon.evidence.events import Opening
from andon.evidence.fault_trace import FaultTrace, detect
from andon.evidence.normal_trace import NormalTrace, as_pieces
from andon.evidence.rate import FEWEST_PEAKS, RateCurve, rate_curve
from andon.plant.arrays import BoolArray, FloatArray, Int64Array
from andon.plant.budget import Budget
from andon.plant.errors import EvidenceError
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, format_duration

CONFIDENCE = 0.8
"""How sure the calibration is that the rate is at most the promise; its margin follows from it."""

DRIFT = 0.4
"""Log standard deviation of the rate between two periods of a process that counts as steady; widens the prediction."""

PERSISTENCE: tuple[tuple[int, int], ...] = ((1, 1), (2, 3), (3, 5))
HYSTERESIS: tuple[float, ...] = (0.7,)
_DEFAULT = (2, 3, 0.7)
_KEPT_RATES = 99
SHORT_GAP = 300


class CalibrationRefused(EvidenceError):
    """No honest promise can be made from the held-back normal time.

    Attributes
    ----------
    missing_days, missing : judgeable normal time that is missing, in days and as text, rounded up
    tightest : the rarest promise that can be made; None where none can
    """

    def __init__(self, what: str, missing_days: float, tightest: Budget | None) -> None:
        self.missing_days = missing_days
        self.tightest = tightest
        least = f"; the tightest promise now is {tightest}" if tightest else "; no promise can be made yet"
        unit = HOUR_NS if missing_days >= 1.0 else MINUTE_NS
        self.missing = format_duration(max(math.ceil(missing_days * DAY_NS / unit), 1) * unit)
        super().__init__(what, do=f"hold back {_days(missing_days)} more of normal running time{least}")


@dataclass(frozen=True, slots=True)
class _Candidate:
    opening: Opening
    curve: RateCurve
    threshold: float


def calibrate(
    traces: FloatArray | Sequence[FloatArray],
    judges: BoolArray | Sequence[BoolArray],
    ticks: Int64Array | Sequence[Int64Array],
    interval_ns: int,
    budget: Budget,
    *,
    faults: Sequence[FaultTrace] = (),
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Calibration:
    """Threshold, persistence, n-of-m and hysteresis for a budget, from held-back normal time.

    Each candidate of persistence gets the lowest threshold at which the event rate is at most the promise with
    `confidence`; where evidence of standard faults is given, the candidate that finds most of them is taken (ties: sooner).

    Parameters
    ----------
    traces : (T,) evidence >= 0, or several stretches (pieces of one asset, or sister assets) that share a threshold
    judges : (T,) bool each, False where the tick cannot be judged
    ticks : (T,) int64 each, increasing
    interval_ns : sampling interval
    budget : the promise, per judgeable running time
    faults : evidence of injected standard faults, kept for `cost`
    confidence : 0-1
    seed : of the bootstrap

    Raises
    ------
    CalibrationRefused : less normal time than one return period, or fewer than 30 declustered exceedances
    EvidenceError : arrays that do not fit each other

    References
    ----------
    Coles 2001, "An introduction to statistical modeling of extreme values", chapters 4-5.
    Rubin 1981, "The Bayesian bootstrap".
    """
    return calibrate_pieces(as_pieces(traces, judges, ticks), interval_ns, budget, faults=faults, confidence=confidence, seed=seed)


def calibrate_pieces(
    pieces: Sequence[NormalTrace],
    interval_ns: int,
    budget: Budget,
    *,
    faults: Sequence[FaultTrace] = (),
    confidence: float = CONFIDENCE,
    seed: int = 0,
    own: tuple[int, int] = (0, 0),
) -> Calibration:
    """`calibrate` on stretches that are checked already; `own` as in `Calibration`."""
    base, gap_ns = _work(pieces, interval_ns, budget.merge_gap_ns, bool(faults), seed)
    made = _promise(base, pieces, interval_ns, replace(budget, merge_gap_ns=gap_ns), faults, confidence, seed)
    return replace(made, own=own)


def rebudget(calibration: Calibration, budget: Budget) -> Calibration:
    """The same model under another promise: no training and no data, only the trace that the calibration carries.

    Raises
    ------
    CalibrationRefused : the held-back normal time is too short for the new promise
    """
    return calibrate_pieces(
        calibration.normal,
        calibration.interval_ns,
        budget,
        faults=calibration.faults,
        confidence=calibration.confidence,
        seed=calibration.seed,
        own=calibration.own,
    )


def rebudget_many(calibration: Calibration, budgets: Sequence[Budget]) -> tuple[Calibration | CalibrationRefused, ...]:
    """`rebudget` for each promise, events counted once for all; a promise that cannot be made gives its refusal."""
    work: dict[int, tuple[_GroundWork, int]] = {}
    out: list[Calibration | CalibrationRefused] = []
    for budget in budgets:
        gap = budget.merge_gap_ns
        if gap not in work:
            work[gap] = _work(calibration.normal, calibration.interval_ns, gap, bool(calibration.faults), calibration.seed)
        base, used_ns = work[gap]
        try:
            made = _promise(
                base, calibration.normal, calibration.interval_ns, replace(budget, merge_gap_ns=used_ns), calibration.faults,
                calibration.confidence, calibration.seed,
            )  # fmt: skip
            out.append(replace(made, own=calibration.own))
        except CalibrationRefused as refusal:
            out.append(refusal)
    return tuple(out)


@dataclass(frozen=True, slots=True)
class _GroundWork:
    """What does not depend on the promise: the evidence of judged ticks and the rate curve of each candidate."""

    values: FloatArray
    curves: tuple[tuple[Opening, RateCurve], ...]

    @property
    def able(self) -> bool:
        """True where some candidate has enough peaks for a tail."""
        return any(curve.tail is not None for _, curve in self.curves)


def _work(pieces: Sequence[NormalTrace], interval_ns: int, merge_gap_ns: int, choose: bool, seed: int) -> tuple[_GroundWork, int]:
    """The ground work, and the merge gap it was done with.

    Where a short time holds too few peaks that are a merge gap apart, a shorter gap is taken, a three-hundredth of that time and
    one tick at least. Events that it counts apart are at least as many as those of the longer gap, so the promise holds for that one too.
    """
    work = _ground_work(pieces, interval_ns, merge_gap_ns, choose, seed)
    shorter = max(sum(piece.judged_ticks for piece in pieces) // SHORT_GAP, 1) * interval_ns
    if work.able or shorter >= merge_gap_ns:
        return work, merge_gap_ns
    finer = _ground_work(pieces, interval_ns, shorter, choose, seed)
    return (finer, shorter) if finer.able else (work, merge_gap_ns)


def _ground_work(pieces: Sequence[NormalTrace], interval_ns: int, merge_gap_ns: int, choose: bool, seed: int) -> _GroundWork:
    values = np.concatenate([piece.trace[piece.judge] for piece in pieces]).astype(np.float64)
    centre, band = (float(v) for v in np.quantile(values, [0.5, 0.75]))
    gap = max(1, math.ceil(merge_gap_ns / interval_ns))
    unit = max(float(np.quantile(values, 0.99)) - centre, 1e-9 * max(abs(centre), 1.0))
    choices = [(n, m, h) for n, m in PERSISTENCE for h in HYSTERESIS] if choose else [_DEFAULT]
    openings = (Opening(n, m, h, centre, band, gap, unit) for n, m, h in choices)
    return _GroundWork(values, tuple((opening, rate_curve(pieces, opening, seed)) for opening in openings))


def _promise(
    work: _GroundWork,
    pieces: Sequence[NormalTrace],
    interval_ns: int,
    budget: Budget,
    faults: Sequence[FaultTrace],
    confidence: float,
    seed: int,
) -> Calibration:
    judged_ns = sum(piece.judged_ticks for piece in pieces) * interval_ns
    _refuse(work.curves, judged_ns, budget)
    rate = budget.rate_per_hour * interval_ns / HOUR_NS
    candidates = [
        _Candidate(opening, curve, curve.threshold_for(rate, confidence)) for opening, curve in work.curves if curve.tail is not None
    ]
    chosen = candidates[0] if len(candidates) == 1 else _best(candidates, faults)
    return _assemble(chosen, pieces, work.values, interval_ns, budget, faults, confidence, seed)


def _refuse(curves: Sequence[tuple[Opening, RateCurve]], judged_ns: int, budget: Budget) -> None:
    peaks = max(curve.peaks for _, curve in curves)
    able = any(curve.tail is not None for _, curve in curves)
    short_ns = budget.return_period_ns - judged_ns
    more_ns = judged_ns * (FEWEST_PEAKS / max(peaks, 1) - 1.0)
    tightest = Budget(1.0, max(judged_ns // HOUR_NS, 1) * HOUR_NS, budget.merge_gap_ns) if able and judged_ns >= HOUR_NS else None
    if short_ns > 0:
        raise CalibrationRefused(
            f"a promise of {budget} needs {_days(budget.return_period_ns / DAY_NS)} of held-back normal running time, "
            f"there are {_days(judged_ns / DAY_NS)}",
            max(short_ns, 0.0 if able else more_ns) / DAY_NS,
            tightest,
        )
    if not able:
        raise CalibrationRefused(
            f"only {peaks} separate peaks of evidence in {_days(judged_ns / DAY_NS)} of held-back normal running time, "
            f"{FEWEST_PEAKS} are needed",
            max(more_ns, judged_ns / FEWEST_PEAKS) / DAY_NS,
            None,
        )


def _best(candidates: Sequence[_Candidate], faults: Sequence[FaultTrace]) -> _Candidate:
    def merit(candidate: _Candidate) -> tuple[float, float]:
        delays = np.array([detect(fault, candidate.opening, candidate.threshold) for fault in faults])
        lengths = np.array([max(int(fault.piece.tick[-1]) - fault.at, 1) for fault in faults])
        found = np.isfinite(delays)
        return float(found.mean()), -float(np.where(found, delays / lengths, 1.0).mean())

    return max(candidates, key=merit)


def _assemble(
    chosen: _Candidate,
    pieces: Sequence[NormalTrace],
    values: FloatArray,
    interval_ns: int,
    budget: Budget,
    faults: Sequence[FaultTrace],
    confidence: float,
    seed: int,
) -> Calibration:
    curve, threshold = chosen.curve, chosen.threshold
    per_hour = HOUR_NS / interval_ns
    replicate = curve.rates(threshold) * per_hour
    # Two periods of one process never have quite the same rate: the prediction is widened, its mean is kept.
    rng = np.random.default_rng(seed + 1)
    factor = np.exp(DRIFT * rng.standard_normal((8, len(replicate))) - 0.5 * DRIFT**2)
    kept = (np.arange(_KEPT_RATES) + 0.5) / _KEPT_RATES
    rates = np.quantile(factor * replicate, kept)
    base_rates = np.quantile(factor * curve.replicate[:, curve.anchor] * per_hour, kept)
    middle = max(float(np.median(curve.rates(threshold))), 1e-300)

    def rarer(factor: float) -> float:
        return max(curve.threshold_for(middle / factor, 0.5) - threshold, 1e-9 * max(abs(threshold), 1.0))

    judged = sum(piece.judged_ticks for piece in pieces)
    wall = sum(piece.wall_ticks for piece in pieces)
    top = float(curve.level[curve.anchor])
    counted = int(np.interp(threshold, curve.level, curve.counted.astype(np.float64)))
    return Calibration(
        budget=budget,
        interval_ns=interval_ns,
        threshold=float(threshold),
        opening=chosen.opening,
        p_map=fit_p_map(values),
        rates=tuple(float(v) for v in rates),
        dispersion=curve.dispersion(threshold),
        tail_scale=rarer(math.e),
        decade=rarer(10.0),
        method="counting" if threshold <= top else "tail",
        peaks=curve.peaks,
        counted=counted,
        judged_ns=judged * interval_ns,
        running_share=judged / max(wall, 1),
        confidence=confidence,
        base_level=top,
        base_rates=tuple(float(v) for v in base_rates),
        normal=tuple(pieces),
        faults=tuple(faults),
        seed=seed,
    )


def _days(days: float) -> str:
    return f"{days * 24:.1f} hours" if days < 2 else f"{days:.1f} days"
