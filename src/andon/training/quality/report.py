"""What the report says of a soft sensor: which candidate was chosen, how the others did, and whether the intervals held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.evidence.conformal import Coverage, coverage, interval_score
from andon.plant.arrays import Float64Array, IntArray
from andon.training.quality.dead_time import DeadTime
from andon.training.quality.within_spec import SpecReport, SpecScore


@dataclass(frozen=True, slots=True)
class PeriodScore:
    """One candidate over one period, at the results of that period, in time order.

    Attributes
    ----------
    results : results answered
    refused : share of the period's results that were not answered
    pinball : mean pinball loss of low, value and high, target's unit
    rmse, mae, r2 : of the value
    coverage : share of results inside the interval
    winkler : mean interval score
    """

    results: int
    refused: float
    pinball: float
    rmse: float
    mae: float
    r2: float
    coverage: float
    winkler: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate.

    Attributes
    ----------
    name, setting : family, and its best setting by forward folds in the training period
    eligible : False for a candidate that is shown for comparison only (it needs results, and the mode forbids them)
    folds : mean squared error of the forward folds, scaled units
    calibrate : score over the calibration period, by a model that saw the training period alone; the choice is made here
    evaluate : score over the evaluation period, read once after the choice; None where there is none
    """

    name: str
    setting: str
    eligible: bool
    folds: float
    calibrate: PeriodScore
    evaluate: PeriodScore | None


@dataclass(frozen=True, slots=True)
class Held:
    """The chosen candidate over the calibration period, by a model that saw the training period alone: honest errors.

    Attributes
    ----------
    row : (N,) rows of the results
    tick, known : (N,) tick of each sample, and tick from which its result is known
    value : (N,) results
    predicted, low, high : (N,) what was said; NaN where refused
    """

    row: IntArray
    tick: IntArray
    known: IntArray
    value: Float64Array
    predicted: Float64Array
    low: Float64Array
    high: Float64Array


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Everything about one soft sensor that a person may ask for.

    Attributes
    ----------
    candidates : best on the calibration period first
    chosen : name of the chosen candidate
    would_have_won : name of the candidate with the least pinball loss over the evaluation period; "" where unread
    coverage : stated against measured, over the evaluation period (else the calibration period): all, by mode, by block
    dead_time : estimate and curve
    row, value, predicted, low, high : evaluation results for the parity plot
    held : the chosen candidate over the calibration period
    spec, spec_score : of a target of kind classification: how its probability was calibrated, and how it did where `row` stands
    """

    target: str
    unit: str
    mode: str
    level: float
    chosen: str
    setting: str
    would_have_won: str
    candidates: tuple[Candidate, ...]
    coverage: tuple[Coverage, ...]
    dead_time: DeadTime
    interval_ns: int
    results: int
    row: IntArray
    value: Float64Array
    predicted: Float64Array
    low: Float64Array
    high: Float64Array
    held: Held
    spec: SpecReport | None = None
    spec_score: SpecScore | None = None

    @property
    def needs_results(self) -> bool:
        """True where a sensor of mode "inputs" is further from the truth than results alone are, or than no sensor at all.

        Over the evaluation period, or the calibration period where there is none. The level of such a target moves for inputs that look
        the same, so no sensor of inputs can follow it: it needs the laboratory's values (mode "lab").
        """
        if self.mode != "inputs":
            return False
        scores = {item.name: item.evaluate or item.calibrate for item in self.candidates}
        own, known = scores[self.chosen], [scores[name] for name in ("last lab value", "moving mean") if name in scores]
        return own.r2 < 0.0 and any(other.rmse < own.rmse for other in known)


def pinball(value: Float64Array, predicted: Float64Array, level: float) -> Float64Array:
    """(N,) pinball loss of quantile predictions.

    References
    ----------
    Koenker & Bassett 1978, "Regression quantiles".
    """
    over = value - predicted
    out: Float64Array = np.maximum(level * over, (level - 1.0) * over)
    return out


def pinball_of(value: Float64Array, predicted: Float64Array, low: Float64Array, high: Float64Array, level: float) -> Float64Array:
    """(N,) mean pinball loss of low, value and high; NaN where refused."""
    miss = (1.0 - level) / 2.0
    out: Float64Array = (pinball(value, low, miss) + pinball(value, predicted, 0.5) + pinball(value, high, 1.0 - miss)) / 3.0
    return out


def score_period(value: Float64Array, predicted: Float64Array, low: Float64Array, high: Float64Array, level: float) -> PeriodScore:
    """Score predictions at the results of a period; NaN predictions are refusals."""
    ok = np.isfinite(predicted) & np.isfinite(low) & np.isfinite(high)
    n = int(ok.sum())
    if n == 0:
        nan = float("nan")
        return PeriodScore(0, 1.0, float("inf"), nan, nan, nan, nan, nan)
    y, p, a, b = value[ok], predicted[ok], low[ok], high[ok]
    loss = pinball_of(y, p, a, b, level)
    total = float(((y - y.mean()) ** 2).sum())
    return PeriodScore(
        n, 1.0 - n / len(value), float(loss.mean()), float(np.sqrt(np.mean((y - p) ** 2))), float(np.mean(np.abs(y - p))),
        1.0 - float(((y - p) ** 2).sum()) / total if total > 0 else float("nan"),
        float(np.mean((y >= a) & (y <= b))), float(np.mean(interval_score(y, a, b, level))),
    )  # fmt: skip


def coverages(
    value: Float64Array, low: Float64Array, high: Float64Array, level: float, mode: IntArray, block: int = 500
) -> tuple[Coverage, ...]:
    """Stated against measured coverage: all results, each operating mode, each block of that many results.

    Parameters
    ----------
    value, low, high : (N,)
    mode : (N,) operating mode at each sample
    block : results per block; the last block reaches back to have as many
    """
    out = [coverage("all", level, value, low, high)]
    for number in np.unique(mode):
        here = mode == number
        out.append(coverage(f"mode {int(number)}", level, value[here], low[here], high[here]))
    starts = [*range(0, len(value) - block + 1, block)] or [0]
    if starts[-1] + block < len(value):
        starts.append(len(value) - block)
    for n, first in enumerate(starts):
        here = slice(first, first + block)
        out.append(coverage(f"block {n + 1}", level, value[here], low[here], high[here]))
    return tuple(out)
