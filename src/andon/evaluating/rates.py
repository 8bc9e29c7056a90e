"""A rate of rare events with its exact interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import Float64Array
from andon.plant.errors import EvaluationError
from andon.plant.time import DAY_NS


@dataclass(frozen=True, slots=True)
class Rate:
    """Events per day of judged running time.

    Attributes
    ----------
    count : events seen
    running_ns : judged running time in which they were seen
    per_day : NaN where nothing was judged
    low, high : interval of the true rate per day at `level`; NaN where nothing was judged
    level : confidence, 0-1
    """

    count: int
    running_ns: int
    per_day: float
    low: float
    high: float
    level: float

    @property
    def per_week(self) -> float:
        """Events per week."""
        return 7 * self.per_day


def rate_per_day(count: int, running_ns: int, level: float = 0.9) -> Rate:
    """Rate of `count` events in `running_ns`, with its Garwood interval.

    Events that come in bursts are not Poisson; count bursts (`match_events` merges them), not ticks.

    Raises
    ------
    EvaluationError : a negative count or time, or a level outside 0-1
    """
    if count < 0 or running_ns < 0:
        raise EvaluationError(f"{count} events in {running_ns} ns")
    low, high = poisson_interval(count, level)
    if running_ns == 0:
        return Rate(count, 0, float("nan"), float("nan"), float("nan"), level)
    days = running_ns / DAY_NS
    return Rate(count, running_ns, count / days, low / days, high / days, level)


def poisson_interval(count: int, level: float = 0.9) -> tuple[float, float]:
    """Exact two-sided interval of a Poisson mean after `count` events.

    Parameters
    ----------
    count : >= 0
    level : confidence, inside 0-1

    Returns
    -------
    low, high : low is 0 for a count of 0

    Raises
    ------
    EvaluationError : a negative count, or a level outside 0-1

    References
    ----------
    Garwood 1936, "Fiducial limits for the Poisson distribution", Biometrika 28.
    """
    if count < 0 or not 0 < level < 1:
        raise EvaluationError(f"no Poisson interval for {count} events at level {level}", do="count >= 0 and 0 < level < 1")
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else _mean_with(count - 1, 1 - tail)
    return low, _mean_with(count, tail)


def _mean_with(count: int, share: float) -> float:
    """The mean at which a Poisson variable is <= `count` with probability `share`, by bisection."""
    number = np.arange(count + 1, dtype=np.float64)
    log_factorial = np.cumsum(np.log(np.maximum(number, 1.0)))
    low, high = 0.0, count + 1.0
    while _at_most(number, log_factorial, high) > share:
        low, high = high, 2 * high
    while True:
        middle = (low + high) / 2
        if not low < middle < high:
            return middle
        if _at_most(number, log_factorial, middle) > share:
            low = middle
        else:
            high = middle


def _at_most(number: Float64Array, log_factorial: Float64Array, mean: float) -> float:
    terms = number * np.log(mean) - mean - log_factorial
    return float(np.exp(terms).sum())
