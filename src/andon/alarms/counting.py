"""Counts of rare events: the Poisson distribution and the exact interval of a count."""

from __future__ import annotations

import math
from collections.abc import Callable

LEVEL = 0.9


def at_most(count: int, mean: float) -> float:
    """Probability of `count` events or fewer where `mean` are expected."""
    if count < 0:
        return 0.0
    if mean <= 0:
        return 1.0
    log_mean = math.log(mean)
    # From the largest term outwards, so that nothing is lost to rounding; terms far from it are nothing.
    top = min(count, int(mean))
    largest = math.exp(top * log_mean - mean - math.lgamma(top + 1))
    total, term = largest, largest
    for k in range(top, 0, -1):
        term *= k / mean
        total += term
        if term < 1e-17 * total:
            break
    term = largest
    for k in range(top + 1, count + 1):
        term *= mean / k
        total += term
        if term < 1e-17 * total:
            break
    return min(total, 1.0)


def at_least(count: int, mean: float) -> float:
    """Probability of `count` events or more where `mean` are expected."""
    return max(0.0, 1.0 - at_most(count - 1, mean))


def interval(count: int, level: float = LEVEL) -> tuple[float, float]:
    """The means that fit a count: the exact interval.

    Parameters
    ----------
    count : >= 0
    level : 0-1

    References
    ----------
    Garwood 1936, "Fiducial limits for the Poisson distribution".
    """
    tail = (1.0 - level) / 2
    high = _where(lambda mean: at_most(count, mean) < tail, count)
    low = 0.0 if count == 0 else _where(lambda mean: at_least(count, mean) > tail, count)
    return low, high


def _where(beyond: Callable[[float], bool], count: int) -> float:
    """The mean at which a condition that grows with the mean begins to hold."""
    low, high = 0.0, count + 10.0
    while not beyond(high):
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return high
