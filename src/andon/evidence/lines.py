"""A line: one source of residuals smoothed over one span, and how surprising its vector is.

Each vector y is decorrelated, c = P y / sqrt(diag P): entry i is what tag i does beyond what the other tags explain, at the
time scale of the line. Every entry is divided by its own 99 % quantile on normal time, so that a restless tag speaks softly.
Two statistics are read off: the *strongest* entry, for a fault of one tag, and the *spread*, the sum of log(1 + entry), for
a fault of many. The *quadratic* form y' P y (Hotelling's T²) is there for the classical candidates. The *extent* is the plain
mean over tags of sizes in units of their own normal time: nothing is explained away, so an incident that moves every tag the
way they always move together is seen as well.

The long memory of the level is the *drift*, that of the relation the *strain*: the same deviations over long spans, each tick believed
up to three sigma. A slow shift is seen whole, and a surge of a thousand sigma is over when it is over, where a plain mean over 320
ticks would ring for a thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from andon.evidence.impute import ConditionalFill
from andon.evidence.workspace import Workspace
from andon.plant.arrays import BoolArray, Float32Array
from andon.plant.errors import EvidenceError
from andon.plant.window import Expectation, Prepared

LARGEST = np.float32(1e9)
LARGEST_PRODUCT = 1e38
MOST_SHARED = 16
SIZES = ("agitation", "extent", "discord")
OF_RELATION = ("relation", "discord", "strain")
LONG_MEMORY = {"drift": "level", "strain": "relation"}
LEVELS = ("level", "drift")
UNCENTRED = ("extent", "discord")


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
    source : "level", "drift", or core and kind: "linear.fast"; "agitation" and "extent" are sizes of the residual of the
        forecast, "discord" of what the other channels leave unexplained; "drift" and "strain" are level and relation, limited
    spans : S spans in ticks
    statistics : N statistics, the same for every span
    centre : (D,) float32, mean of the source on normal time
    unit : (D,) float32, what the residual is divided by before its size is taken; how far a deviation is believed in the long
        memory; ones for other sources
    precision : (S, D, D) float32, inverse covariance of the line
    gain : (S, D) float32, 1 / (diagonal of the precision x quantile of the entry on normal time)
    size : (S, D) float32, 1 / (D x mean size of the entry of y on normal time), for the extent
    expected : (S, N, D) float32, what a missing tag adds to the statistic: what it adds on normal time
    scale : (S, N) float32, quantile of the statistic on normal time
    factor : (S, D, D) float32, the precision times the root of the gain
    fill : for missing channels
    each : the line of each span alone
    of_channels : True where dimension i is channel i
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
    each: tuple[Lines, ...] = field(init=False, repr=False, compare=False)
    of_channels: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "of_channels", not self.source.endswith(".state"))
        object.__setattr__(self, "factor", self.precision * np.sqrt(self.gain)[:, None, :])
        object.__setattr__(self, "fill", ConditionalFill(self.precision))
        object.__setattr__(self, "each", tuple(self._one(index) for index in range(len(self.spans))) if len(self.spans) > 1 else (self,))

    def _one(self, index: int) -> Lines:
        """The line of one span alone."""
        part = slice(index, index + 1)
        return Lines(
            self.source, self.spans[part], self.statistics, self.centre, self.unit, self.precision[part], self.gain[part],
            self.size[part], self.expected[part], self.scale[part],
        )  # fmt: skip

    @property
    def names(self) -> tuple[str, ...]:
        """S x N names, "linear.fast:5:spread"."""
        return tuple(f"{self.source}:{span:g}:{statistic}" for span in self.spans for statistic in self.statistics)

    def entries(self, y: Float32Array, valid: BoolArray | None, room: Workspace | None = None) -> tuple[Float32Array, Float32Array]:
        """Decorrelated entries.

        Parameters
        ----------
        y : (S, T, D) float32; missing channels are filled in place
        valid : (T, D) bool, or None where all are
        room : where `squared` may be written, to be used again by the next call

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
        entries = (room or Workspace()).take("entries", (len(y), y.shape[2], y.shape[1]))
        np.matmul(self.factor.transpose(0, 2, 1), y.transpose(0, 2, 1), out=entries)
        np.square(entries, out=entries)
        squared = entries.transpose(0, 2, 1)
        if valid is not None:
            self.fill.gain(squared, valid)
            squared[:, ~valid] = 0.0
            y[:, ~valid] = 0.0
        if float(squared.max(initial=0.0)) > LARGEST:
            np.minimum(squared, LARGEST, out=squared)
        return pulled, squared

    def statistic(
        self, y: Float32Array, pulled: Float32Array, squared: Float32Array, valid: BoolArray | None, room: Workspace | None = None
    ) -> Float32Array:
        """(S, N, T) statistics over their own quantile on normal time."""
        out = np.empty((len(self.spans), len(self.statistics), y.shape[1]), dtype=np.float32)
        for index, statistic in enumerate(self.statistics):
            out[:, index] = reduce(statistic, y, pulled, squared, self.size, room)
            if valid is not None and statistic is not Statistic.STRONGEST:
                out[:, index] += self.expected[:, index] @ (~valid).T.astype(np.float32)
        out /= self.scale[:, :, None]
        return out


def reduce(
    statistic: Statistic, y: Float32Array, pulled: Float32Array, squared: Float32Array, size: Float32Array, room: Workspace | None = None
) -> Float32Array:
    """(S, T) one statistic of vectors (S, T, D); `size` (S, D) as in `Lines`."""
    out: Float32Array
    if statistic is Statistic.STRONGEST:
        out = squared.max(axis=-1)
    elif statistic is Statistic.SPREAD:
        out = sum_of_logs(squared, room)
    elif statistic is Statistic.EXTENT:
        amount = np.abs(y, out=(room or Workspace()).take("amount", y.shape))
        out = np.matmul(amount, size[:, :, None])[:, :, 0]
    else:
        out = np.clip(np.einsum("std,std->st", y, pulled), np.float32(0.0), LARGEST)
    return out


def sum_of_logs(squared: Float32Array, room: Workspace | None = None) -> Float32Array:
    """Sum of log(1 + entry) over the last axis of (S, T, D); logarithms are dear, so up to sixteen entries share one.

    Entries are at most 1e9, so four of them multiply without overflow; more do where none of them is large.
    """
    room = room or Workspace()
    if squared.strides[-1] < squared.strides[-2]:
        product = room.take("product", squared.shape)
    else:  # laid out as the entries are
        product = room.take("product", squared.transpose(0, 2, 1).shape).transpose(0, 2, 1)
    np.add(squared, np.float32(1.0), out=product)
    out: Float32Array = log_product(product, max(float(product.max(initial=1.0)), 1.0)).sum(axis=-1)
    return out


def log_product(factors: Float32Array, largest: float) -> Float32Array:
    """Logarithms that add up, over the last axis, to those of all factors: up to sixteen factors share one.

    Parameters
    ----------
    factors : (..., D) float32, at least 1; overwritten
    largest : no factor is larger

    Returns
    -------
    (..., L) float32, a view of the factors; L between D / 16 and D
    """
    left, shared, bound = factors.shape[-1], 1, largest**2
    while left > 1 and shared < MOST_SHARED and bound < LARGEST_PRODUCT:
        half = (left + 1) // 2
        factors[..., : left - half] *= factors[..., half:left]
        left, shared, bound = half, 2 * shared, bound * bound
    logs = factors[..., :left]
    return np.log(logs, out=logs)


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
    room: Workspace | None = None,
) -> Float32Array:
    """Deviations of a source from its mean on normal time; 0 where the channel is missing or nothing was expected.

    Parameters
    ----------
    filled : (T, C) rows low..high from `filled_values`
    valid : (T, C) bool, or None where all are
    unit, centre : (D,) as in `Lines`
    room : where the values may be written, to be used again by the next call

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
    room = room or Workspace()
    if kind == "state":
        features = expectations[core].features[low:high]
        return np.subtract(features, centre, out=room.take(source, features.shape))
    out = room.take(source, filled.shape)
    if kind in LEVELS:
        np.subtract(filled, centre, out=out)
        return np.clip(out, -unit, unit, out=out) if kind in LONG_MEMORY else out
    expected = expectations[core]
    np.subtract(filled, (expected.relation if kind in OF_RELATION else expected.forecast)[low:high], out=out)
    # Only the first tick after a reset has no forecast.
    known = ~np.isnan(out[:, :1]) if valid is None else valid & ~np.isnan(out)
    if kind in SIZES:
        np.abs(out, out=out)
        out /= unit
        if kind == "agitation":
            out += np.float32(1.0)
            np.log(out, out=out)
    if kind not in UNCENTRED:
        out -= centre
    if kind in LONG_MEMORY:
        np.clip(out, -unit, unit, out=out)
    if not known.all():
        np.copyto(out, np.float32(0.0), where=~known)
    return out
