"""Four ways to use known results, weighted by how they have done: correct the response, leave it, repeat the last result, their mean.

Which of them is best changes when a process moves: inputs that told the quality for years may mislead for a week, and then the last
laboratory value is the better answer. Weights start from `weight`, move with each result by the squared error of what
every expert had said for that sample, and are drawn back a little, so that none is ever lost.

References
----------
Herbster & Warmuth 1998, "Tracking the best expert"; Cesa-Bianchi & Lugosi 2006, "Prediction, learning, and games".
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from andon.plant.arrays import Float64Array

EXPERTS = ("corrected response", "response", "last result", "mean of results")
_FIRST = (0.85, 0.05, 0.05, 0.05)
_MOST = 20.0  # of the best expert's mean squared error: one gross result moves the weights no further


def _first() -> Float64Array:
    return np.array(_FIRST)


@dataclass(frozen=True, slots=True)
class ExpertMix:
    """How weight moves between the experts.

    Attributes
    ----------
    weight : (4,) > 0, sum 1: the weights before any result, and what they are drawn back to
    step : how fast weight moves to the better expert, per result and unit of the best expert's mean squared error
    share : part of the weight that is drawn back at each result
    memory : span of the mean squared error, in results
    span : span of the mean of results, in results
    """

    weight: Float64Array = field(default_factory=_first)
    step: float = 0.05
    share: float = 0.005
    memory: float = 200.0
    span: float = 10.0

    def start(self) -> Float64Array:
        """(4, 3) state before any result: weight, discounted sum of squared errors, discounted count."""
        return np.stack([self.weight, np.zeros(4), np.zeros(4)], axis=1)

    def values(self, response: Float64Array, corrected: Float64Array, last: float, mean: float, fade: Float64Array) -> Float64Array:
        """(T, 4) what each expert says.

        Parameters
        ----------
        response, corrected : (T,) without and with the correction by results
        last, mean : newest known result and mean of those known; NaN where none is known
        fade : (T,) 1 while the newest result is as old as usual, towards 0 as it grows older: then all say what the response says
        """
        out = np.stack([corrected, response, response, response], axis=1)
        if np.isfinite(last):
            out[:, 2] += fade * (last - response)
            out[:, 3] += fade * (mean - response)
        return out

    def mean(self, before: float, result: float) -> float:
        """The mean of known results after another one."""
        return result if not np.isfinite(before) else before + 2.0 / (self.span + 1.0) * (result - before)

    def weigh(self, state: Float64Array, error: Float64Array) -> Float64Array:
        """State after a result for which the experts had erred by (4,)."""
        if not np.isfinite(error).all():
            return state
        square, keep = np.square(error), 1.0 - 2.0 / (self.memory + 1.0)
        total, count = keep * state[:, 1] + square, keep * state[:, 2] + 1.0
        unit = max(float((total / count).min()), 1e-12)
        weight = state[:, 0] * np.exp(-self.step * np.minimum((square - square.min()) / unit, _MOST))
        return np.stack([(1.0 - self.share) * weight / weight.sum() + self.share * self.weight, total, count], axis=1)

    def meta(self) -> dict[str, object]:
        """The stored form."""
        numbers: dict[str, object] = {name: getattr(self, name) for name in ("step", "share", "memory", "span")}
        return numbers | {"weight": self.weight.tolist()}

    @staticmethod
    def from_meta(meta: dict[str, object]) -> ExpertMix:
        """The mix of a stored form.

        Raises
        ------
        ValueError : the weights are not four, or a number is absent
        """
        weight = np.asarray(meta["weight"], dtype=np.float64)
        if weight.shape != (4,) or not (weight > 0.0).all():
            raise ValueError(f"weights of experts {weight.tolist()}")
        step, share, memory, span = (float(str(meta[name])) for name in ("step", "share", "memory", "span"))
        return ExpertMix(weight, step, share, memory, span)
