"""The probability that a quality target is within specification, from the soft sensor's value and interval.

The soft sensor's interval is read as a logistic distribution; its mass between the limits is the raw probability, which
a calibration learnt from results straightens: Platt's line on the log odds, or a monotone table. A target that is itself
a class (1 = within, 0 = not) is the same with the limits 0.5 and infinity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, FloatArray, IntArray
from andon.plant.errors import BundleError
from andon.plant.verdict import QualityPredictions

_EDGE = 1e-6


@dataclass(frozen=True, slots=True)
class SpecModel:
    """A calibrated probability.

    Attributes
    ----------
    target : the soft sensor's target
    low, high : limits of the specification, target's unit; infinite where there is none
    kind : "platt", "isotonic", or "base rate"
    knot, share : (M,) log odds and the probability there; between knots straight, beyond them flat. For "platt" the two
        numbers (slope, offset) stand in `share` and `knot` is empty; for "base rate" the one share stands there
    decision : probability from which a tick is called within specification, so that both classes are found alike
    """

    target: str
    low: float
    high: float
    kind: str
    knot: Float64Array
    share: Float64Array
    decision: float

    def probability(self, predictions: QualityPredictions) -> Float64Array:
        """(N,) probability of being within specification; NaN where the soft sensor refuses or speaks of another target."""
        raw = raw_log_odds(predictions, self.low, self.high)
        mine = np.array([name == self.target for name in predictions.target], dtype=bool)
        out = self.of(raw)
        out[~mine | ~np.isfinite(raw)] = np.nan
        return out

    def of(self, log_odds: Float64Array) -> Float64Array:
        """(N,) calibrated probability of raw log odds."""
        if self.kind == "base rate":
            return np.full(len(log_odds), float(self.share[0]))
        if self.kind == "platt":
            out: Float64Array = 1.0 / (1.0 + np.exp(-np.clip(self.share[0] * log_odds + self.share[1], -35.0, 35.0)))
            return out
        return np.interp(log_odds, self.knot, self.share)

    def within(self, predictions: QualityPredictions) -> BoolArray:
        """(N,) True where called within specification; False where refused."""
        out: BoolArray = self.probability(predictions) >= self.decision
        return out

    def answer(self, predictions: QualityPredictions) -> QualityPredictions:
        """The soft sensor's table with the probability of being within specification in place of the value.

        Returns
        -------
        value : 0-1; low..high covers the outcome (1 within, 0 not) at the stated level: 0 to 1 where neither can be excluded
        """
        p = self.probability(predictions)
        miss = 1.0 - predictions.level
        low = np.where(np.isfinite(p), (1.0 - p <= miss).astype(np.float64), np.nan)
        high = np.where(np.isfinite(p), (p > miss).astype(np.float64), np.nan)
        return replace(predictions, value=p, low=low, high=np.maximum(low, high))

    def outcome(self, value: Float64Array) -> Float64Array:
        """(N,) 1 where a result is within the limits, 0 where not, NaN where there is none."""
        inside = (value >= self.low) & (value <= self.high)
        return np.where(np.isfinite(value), inside.astype(np.float64), np.nan)

    def meta(self) -> dict[str, object]:
        """The JSON part of the stored form; infinite limits are null."""
        limits = {"low": self.low if np.isfinite(self.low) else None, "high": self.high if np.isfinite(self.high) else None}
        return {"schema_version": 1, "target": self.target, "kind": self.kind, "decision": self.decision} | limits

    def to_arrays(self) -> dict[str, FloatArray | IntArray]:
        """The array part of the stored form."""
        return {"knot": self.knot, "share": self.share}

    @staticmethod
    def from_arrays(meta: Mapping[str, object], arrays: Mapping[str, FloatArray | IntArray]) -> SpecModel:
        """The model of a stored form.

        Raises
        ------
        BundleError : a part is absent, or of an unknown version
        """
        try:
            if meta["schema_version"] != 1 or meta["kind"] not in ("platt", "isotonic", "base rate"):
                raise ValueError(f"schema version {meta['schema_version']}, kind {meta['kind']}")
            low, high = meta["low"], meta["high"]
            return SpecModel(
                str(meta["target"]), -np.inf if low is None else float(str(low)), np.inf if high is None else float(str(high)),
                str(meta["kind"]), np.asarray(arrays["knot"], dtype=np.float64), np.asarray(arrays["share"], dtype=np.float64),
                float(str(meta["decision"])),
            )  # fmt: skip
        except (KeyError, ValueError, TypeError) as error:
            raise BundleError(f"the stored specification model is not whole: {error}", do="train the model again") from error


def raw_log_odds(predictions: QualityPredictions, low: float, high: float) -> Float64Array:
    """(N,) log odds that a logistic distribution with the soft sensor's interval lies between the limits; NaN where refused."""
    level = np.clip(predictions.level, 0.01, 0.999)
    # A logistic distribution has its central mass `level` within +-log((1 + level) / (1 - level)) scales.
    scale = np.maximum(predictions.high - predictions.low, 1e-12) / 2.0 / np.log((1.0 + level) / (1.0 - level))
    centre = (predictions.high + predictions.low) / 2.0
    below = _logistic((low - centre) / scale) if np.isfinite(low) else np.zeros(len(centre))
    above = _logistic((centre - high) / scale) if np.isfinite(high) else np.zeros(len(centre))
    outside = np.clip(below + above, _EDGE, 1.0 - _EDGE)
    out: Float64Array = np.log1p(-outside) - np.log(outside)
    return out


def _logistic(x: Float64Array) -> Float64Array:
    out: Float64Array = 1.0 / (1.0 + np.exp(-np.clip(x, -35.0, 35.0)))
    return out
