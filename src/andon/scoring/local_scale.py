"""The expected size of a quality residual at a tick: it grows with agitation of the inputs and with abnormality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import Float64Array, FloatArray
from andon.scoring.input_history import History

_SCALE_LIMIT = 1.6  # the local scale stays within e^-1.6 and e^1.6 of the typical one


@dataclass(frozen=True, slots=True)
class LocalScale:
    """The expected size of the residual at a tick: exp(weight . z), z = (1, agitation, extent, abnormality).

    Attributes
    ----------
    weight : (4,) of the standardised z
    centre, spread : (4,) standardisation
    """

    weight: Float64Array
    centre: Float64Array
    spread: Float64Array

    def at(self, z: Float64Array) -> Float64Array:
        """(T,) scales in scaled target units of (T, 4) descriptions."""
        log = np.clip(((z - self.centre) / self.spread) @ self.weight, -_SCALE_LIMIT, _SCALE_LIMIT)
        out: Float64Array = np.exp(log)
        return out


def describe_scale(history: History, response: Float64Array, abnormality: FloatArray | None) -> Float64Array:
    """(T, 4) what the local scale looks at: 1, agitation of the inputs, extent of the response, abnormality.

    Parameters
    ----------
    response : (T,) scaled target units
    abnormality : (T,) evidence trace >= 0, or None
    """
    means = history.means
    agitation = np.log(np.abs(means[:, 0] - means[:, -1]).mean(axis=1) + 0.05)
    trace = np.zeros(len(response)) if abnormality is None else np.nan_to_num(np.asarray(abnormality, dtype=np.float64))
    return np.stack([np.ones(len(response)), agitation, np.abs(response), np.log1p(np.maximum(trace, 0.0))], axis=1)
