"""Which candidate of a soft sensor is taken: the least pinball loss on the calibration period, and the blend where it is as good.

A calibration period is one stretch of time, and its results go together: losses that differ in the third digit do not tell
candidates apart. What a blend of them says depends least on which of them the luck of that stretch favours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from andon.plant.arrays import Float64Array
from andon.training.quality.report import pinball_of

SIMPLE = ("training mean", "last lab value", "moving mean")
"""Candidates without inputs. Where one of them has the least loss, inputs tell nothing, and it is kept."""

BLOCKS = 8
"""Stretches of the calibration period whose mean losses count as independent."""


def choose(value: Float64Array, said: Mapping[str, Sequence[Float64Array]], level: float, safe: str = "blend") -> str:
    """Name of the candidate to take.

    Parameters
    ----------
    value : (N,) results of the calibration period, in time order
    said : (predicted, low, high) of each candidate at these results, each (N,), NaN where refused
    level : nominal coverage of the interval
    safe : the candidate that is taken where its loss is within one standard error of the least, unless that is one of `SIMPLE`

    Returns
    -------
    the candidate with the least mean loss; or `safe`

    References
    ----------
    Breiman, Friedman, Olshen, Stone 1984, "Classification and regression trees", section 3.4.3 (the rule of one standard error).
    """
    losses = {name: pinball_of(value, rows[0], rows[1], rows[2], level) for name, rows in said.items()}
    means = {name: float(np.nanmean(loss)) if np.isfinite(loss).any() else np.inf for name, loss in losses.items()}
    best = min(means, key=lambda name: (means[name], name))
    if safe not in means or best in (safe, *SIMPLE) or not np.isfinite(means[safe]):
        return best
    more = losses[safe] - losses[best]
    more = more[np.isfinite(more)]
    if len(more) < 2 * BLOCKS:
        return best
    blocks = np.array([part.mean() for part in np.array_split(more, BLOCKS)])
    error = float(blocks.std(ddof=1)) / np.sqrt(BLOCKS)
    return safe if float(more.mean()) <= error else best
