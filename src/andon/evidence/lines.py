"""A line: one source of residuals smoothed over one span, and how surprising its vector is.

Each vector y is decorrelated, c = P y / sqrt(diag P): entry i is what tag i does beyond what the other tags explain, at the
time scale of the line. Every entry is divided by its own 99 % quantile on normal time, so that a restless tag speaks softly.
Two statistics are read off: the *strongest* entry, for a fault of one tag, and the *spread*, the sum of log(1 + entry), for
a fault of many. The *quadratic* form y' P y (Hotelling's T²) is there for the classical candidates. The *extent* is the plain
mean over tags of sizes in units of their own normal time: nothing is explained away, so an incident that moves every tag the
way they always move together is seen as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from andon.evidence.impute import ConditionalFill
from andon.plant.arrays import BoolArray, Float32Array
from andon.plant.errors import EvidenceError
from andon.plant.window import Expectation, Prepared

LARGEST = np.float32(1e9)
SIZES = ("agitation", "extent", "discord")
OF_RELATION = ("relation", "discord")


class Statistic(StrEnum):
    """How the vector of a line becomes a number."""

    STRONGEST = "strongest"
    SPREAD = "spread"
    QUADRATIC = "quadratic"
    EXTENT = "extent"


@dataclass(frozen=True, slots=True)
class Lines:
    """One source and its lines. S spans, D dimensions, N statistics.

    Attributes
    ----------
    source : "level", or core and kind: "linear.fast"; "agitation" and "extent" are sizes of the residual of the forecast,
        "discord" of what the other channels leave unexplained
    spans : S spans in ticks
    statistics : N statistics, the same for every span
    centre : (D,) float32, mean of the source on normal time
    unit : (D,) float32, what the residual is divided by before its size is taken; ones for other sources
    precision : (S, D, D) float32, inverse covariance of the line
    gain : (S, D) float32, 1 / (diagonal of the precision x quantile of the entry on normal time)
    size : (S, D) float32, 1 / (D x mean size of the entry of y on normal time), for the extent
    expected : (S, N, D) float32, what a missing tag adds to the statistic: what it adds on normal time
    scale : (S, N) float32, quantile of the statistic on normal time
    """

    source: str
    spans: tuple[float, ...]
    statistics: tuple[Statistic, ...]
    centre: Float32Array
    unit: Float32Array
    precision: Float32Array
    gain: Float32Array
    size: Float32Array
    expected: Float32Array
    scale: Float32Array
    factor: Float32Array = field(init=False, repr=False, compare=False)
    fill: ConditionalFill = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", self.precision * np.sqrt(self.gain)[:, None, :])
        object.__setattr__(self, "fill", ConditionalFill(self.precision))

    @property
    def names(self) -> tuple[str, ...]:
        """S x N names, "linear.fast:5:spread"."""
        return tuple(f"{self.source}:{span:g}:{statistic}" for span in self.spans for statistic in self.statistics)

    @property
    def of_channels(self) -> bool:
        """True where dimension i is channel i."""
        return not self.source.endswith(".state")

    def entries(self, y: Float32Array, valid: BoolArray | None) -> tuple[Float32Array, Float32Array]:
        """Decorrelated entries.

        Parameters
        ----------
        y : (S, T, D) float32; missing channels are filled in place
        valid : (T, D) bool, or None where all are

        Returns
        -------
        pulled : (S, T, D) float32, P y where the quadratic form is read, else y
        squared : (S, T, D) float32, squared entries over their quantile on normal time; 0 where missing
        """
        if self.statistics == (Statistic.EXTENT,):
            if valid is not None:
                y[:, ~valid] = 0.0
            return y, y
        if valid is not None:
            self.fill.fill(y, valid)
        pulled = np.matmul(y, self.precision) if Statistic.QUADRATIC in self.statistics else y
        # Time runs fastest in memory, so that reading numbers off the channels is a pass over whole columns.
        entries = np.matmul(self.factor.transpose(0, 2, 1), y.transpose(0, 2, 1))
        np.square(entries, out=entries)
        squared = entries.transpose(0, 2, 1)
        if valid is not None:
            self.fill.gain(squared, valid)
            squared[:, ~valid] = 0.0
            y[:, ~valid] = 0.0
        if float(squared.max(initial=0.0)) > LARGEST:
            np.minimum(squared, LARGEST, out=squared)
        return pulled, squared

    def statistic(self, y: Float32Array, pulled: Float32Array, squared: Float32Array, valid: BoolArray | None) -> Float32Array:
        """(S, N, T) statistics over their own quantile on normal time."""
        out = np.empty((len(self.spans), len(self.statistics), y.shape[1]), dtype=np.float32)
        for index, statistic in enumerate(self.statistics):
            out[:, index] = reduce(statistic, y, pulled, squared, self.size)
            if valid is not None and statistic is not Statistic.STRONGEST:
                out[:, index] += self.expected[:, index] @ (~valid).T.astype(np.float32)
        out /= self.scale[:, :, None]
        return out


def reduce(statistic: Statistic, y: Float32Array, pulled: Float32Array, squared: Float32Array, size: Float32Array) -> Float32Array:
    """(S, T) one statistic of vectors (S, T, D); `size` (S, D) as in `Lines`."""
    out: Float32Array
    if statistic is Statistic.STRONGEST:
        out = squared.max(axis=-1)
    elif statistic is Statistic.SPREAD:
        out = sum_of_logs(squared)
    elif statistic is Statistic.EXTENT:
        out = np.matmul(np.abs(y), size[:, :, None])[:, :, 0]
    else:
        out = np.clip(np.einsum("std,std->st", y, pulled), np.float32(0.0), LARGEST)
    return out


def sum_of_logs(squared: Float32Array) -> Float32Array:
    """Sum of log(1 + entry) over the last axis; four entries (each at most 1e9) share one logarithm."""
    quarter = squared.shape[-1] // 4
    out: Float32Array
    one = np.float32(1.0)
    if quarter == 0:
        out = np.log(squared + one).sum(axis=-1)
        return out
    product = squared[..., :quarter] + one
    for at in range(1, 4):
        product *= squared[..., at * quarter : (at + 1) * quarter] + one
    out = np.log(product, out=product).sum(axis=-1)
    if 4 * quarter < squared.shape[-1]:
        out += np.log(squared[..., 4 * quarter :] + one).sum(axis=-1)
    return out


def filled_values(prepared: Prepared, expectations: Mapping[str, Expectation], low: int, high: int, whole: bool) -> Float32Array:
    """(T, C) x with gaps filled by what the other channels say, else by the centre."""
    x = prepared.x[low:high]
    if whole:
        return x
    for expectation in expectations.values():
        return np.where(prepared.valid[low:high], x, expectation.relation[low:high])
    return x


def source_values(
    source: str,
    filled: Float32Array,
    valid: BoolArray | None,
    expectations: Mapping[str, Expectation],
    low: int,
    high: int,
    unit: Float32Array,
    centre: Float32Array,
) -> Float32Array:
    """Deviations of a source from its mean on normal time; 0 where the channel is missing or nothing was expected.

    Parameters
    ----------
    filled : (T, C) rows low..high from `filled_values`
    valid : (T, C) bool, or None where all are
    unit, centre : (D,) as in `Lines`

    Returns
    -------
    (T, D) float32

    Raises
    ------
    EvidenceError : the core of the source is absent
    """
    core, _, kind = source.rpartition(".")
    if core and core not in expectations:
        raise EvidenceError(f"the core {core!r} is absent", do="run the cores that the views were fitted with")
    if kind == "level":
        return filled - centre
    expected = expectations[core]
    if kind == "state":
        return expected.features[low:high] - centre
    residual = filled - (expected.relation if kind in OF_RELATION else expected.forecast)[low:high]
    # Only the first tick after a reset has no forecast.
    known = ~np.isnan(residual[:, :1]) if valid is None else valid & ~np.isnan(residual)
    if kind in SIZES:
        np.abs(residual, out=residual)
        residual /= unit
        if kind == "agitation":
            residual += np.float32(1.0)
            np.log(residual, out=residual)
    residual -= centre
    if not known.all():
        residual = np.where(known, residual, np.float32(0.0))
    return residual
