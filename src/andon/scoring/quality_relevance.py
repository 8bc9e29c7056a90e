"""Whether an event mattered for the product: more loss than normal time of the same length gives.

Of a long event more samples are drawn, and one in a hundred stands far from its prediction by chance; so what an event is held against
is what stretches of normal time with as many results show: their mean squared distance, which a lasting shift raises, and their
largest distance, which one bad sample raises. Both come from the honest errors that the soft sensor carries for its intervals, never
below those of independent Gaussian errors. Predictions that leave the range of the training results count where they leave it by more than
their own error explains, over as many independent moments as the event has.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from andon.evidence.conformal import normal_deviate
from andon.evidence.principal import chi_squared
from andon.evidence.whiten import effective_samples
from andon.plant.arrays import Float64Array

if TYPE_CHECKING:
    from andon.scoring.quality import QualityModel

BY_CHANCE = 0.01
"""Share of events of normal time that may be called relevant, whatever their length."""

FARTHEST = 8.0
"""Standard deviations beyond which a result counts no more: one typing error is not a lost day."""

STRETCHES = 3
"""Stretches of normal time that must fit into the errors at hand; a longer event is held against the longest that do."""


def usual_distances(model: QualityModel) -> Float64Array:
    """(N,) distances of held-back results of normal time from their predictions, in standard deviations of the interval, oldest first."""
    scores = model.results[np.isfinite(model.results)]
    low, high = np.quantile(scores, [(1.0 - model.settings.level) / 2.0, (1.0 + model.settings.level) / 2.0])
    half = max(float(high - low) / 2.0, 1e-12) / normal_deviate(model.settings.level)
    return np.asarray((scores - (low + high) / 2.0) / half, dtype=np.float64)


def attributable(drawn: Float64Array, usual: Float64Array) -> float:
    """The share of the loss of an event's results that normal time of the same length does not explain.

    Parameters
    ----------
    drawn : (n,) distances of the results drawn during the event, in standard deviations
    usual : (N,) those of normal time, oldest first

    Returns
    -------
    0 where it does, else in (0, 1): of the mean squared distance or of the largest distance squared, whichever is explained less
    """
    if not len(drawn):
        return 0.0
    squared = np.minimum(np.abs(drawn), FARTHEST) ** 2
    mean, largest = usual_losses(len(drawn), np.minimum(np.abs(usual), FARTHEST) ** 2)
    return max(0.0, 1.0 - mean / max(float(squared.mean()), 1e-12), 1.0 - largest / max(float(squared.max()), 1e-12))


def usual_losses(count: int, squared: Float64Array) -> tuple[float, float]:
    """What all but a hundredth of normal stretches with `count` results stay below: mean and largest squared distance.

    Parameters
    ----------
    squared : (N,) squared distances of normal time, oldest first
    """
    each = BY_CHANCE / 2.0  # two ways to be called relevant
    largest = NormalDist().inv_cdf(0.5 + 0.5 * (1.0 - each) ** (1.0 / count)) ** 2
    # Errors that wander: as many independent squares as have the variance of their mean (Satterthwaite 1946).
    worth = max(count * effective_samples(squared[:, None]) / len(squared), 1.0) if len(squared) else float(count)
    mean = chi_squared(1.0 - each, worth) / worth
    length = min(count, len(squared) // STRETCHES)
    if length > 0:
        stretches = np.lib.stride_tricks.sliding_window_view(squared, length)
        mean = max(mean, float(np.quantile(stretches.mean(axis=1), 1.0 - each)))
        largest = max(largest, float(np.quantile(stretches.max(axis=1), 1.0 - each)))
    return min(mean, 0.99 * FARTHEST**2), min(largest, 0.99 * FARTHEST**2)


def leaves_range(value: Float64Array, low: Float64Array, high: Float64Array, model: QualityModel) -> bool:
    """Whether predictions of an event stand outside the range of the training results by more than their error explains.

    Parameters
    ----------
    value, low, high : (T,) finite predictions and intervals of the ticks of the event
    """
    moments = 1.0 + len(value) / max(model.plan.memory, 1)
    deviate = NormalDist().inv_cdf(1.0 - BY_CHANCE / 2.0 / moments)
    error = (high - low) / 2.0 / normal_deviate(model.settings.level) * deviate
    return bool((np.maximum(model.low - value, value - model.high) > error).any())
