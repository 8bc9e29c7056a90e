"""The region of inputs that a soft sensor was trained in."""

from __future__ import annotations

from dataclasses import dataclass

from andon.plant.arrays import Float64Array, IntArray
from andon.scoring.input_history import History


@dataclass(frozen=True, slots=True)
class Region:
    """The trained region: an ellipsoid of two exponential means of the inputs.

    Attributes
    ----------
    span : (2,) int, which spans
    centre : (D,)
    whiten : (D, P) maps to independent unit coordinates
    limit : largest squared distance per coordinate that is answered
    """

    span: IntArray
    centre: Float64Array
    whiten: Float64Array
    limit: float

    def distance(self, history: History) -> Float64Array:
        """(T,) squared distance per coordinate; 1 on average in training."""
        means = history.means[:, self.span]
        coordinates = (means.reshape(len(means), -1) - self.centre) @ self.whiten
        out: Float64Array = (coordinates**2).mean(axis=1)
        return out
