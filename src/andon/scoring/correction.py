"""How laboratory results known so far move a quality prediction, and how it widens when they stay away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import Float64Array


@dataclass(frozen=True, slots=True)
class Correction:
    """How the results known so far move the prediction.

    With r1, r2 the residuals of the two newest samples that are known and m their exponential mean, the correction is
    (weight[0] r1 + weight[1] (r1 - r2) + weight[2] m) x exp(-(age - usual_age) / decay) for ages beyond the usual one.

    Attributes
    ----------
    weight : (3,)
    span : span of the exponential mean, in results
    usual_age : age of the newest known sample that the weights were fitted at, in ticks
    decay : ticks; how fast a correction is forgotten when results stay away
    response_error, corrected_error : RMS residual without and with correction, scaled target units
    """

    weight: Float64Array
    span: float
    usual_age: float
    decay: float
    response_error: float
    corrected_error: float

    def at(self, known: Float64Array, age: Float64Array) -> Float64Array:
        """The correction of ticks at which the newest known sample is `age` ticks old; 0 where none is known.

        Parameters
        ----------
        known : (3,) r1, r1 - r2, m; NaN where nothing is known
        age : (T,) ticks
        """
        if not np.isfinite(known[0]):
            return np.zeros(len(age))
        return float(self.weight @ known) * self.fade(age)

    def fade(self, age: Float64Array) -> Float64Array:
        """(T,) what is left of a correction: 1 up to the usual age, towards 0 as results grow older."""
        out: Float64Array = np.exp(-np.maximum(age - self.usual_age, 0.0) / self.decay)
        return out

    def widening(self, age: Float64Array) -> Float64Array:
        """(T,) factor >= 1 on the scale: from the corrected error towards the response's as results grow old."""
        fade = np.exp(-2.0 * np.maximum(age - self.usual_age, 0.0) / self.decay)
        full, best = self.response_error**2, min(self.corrected_error, self.response_error) ** 2
        out: Float64Array = np.sqrt((full - (full - best) * fade) / best)
        return out
