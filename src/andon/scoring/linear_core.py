"""The linear core: what each channel should be, from the past and from the other channels, as matrix products.

Fitted in closed form by `andon.training.linear`; here it only runs. The same function runs a year and one tick: the last
few rows travel as state, so any cut of a recording gives the same answer. Missing channels enter by their conditional mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from andon.evidence.impute import ConditionalFill
from andon.plant.arrays import BoolArray, Float32Array
from andon.plant.errors import BundleError, EvidenceError
from andon.plant.window import Expectation, Prepared

CHUNK = 4096


@dataclass(frozen=True, slots=True)
class LinearState:
    """What the core remembers between chunks.

    Attributes
    ----------
    ring : (R, C) float32, the last rows, missing channels filled, oldest first
    begun : False before the first row after a reset
    """

    ring: Float32Array
    begun: bool


@dataclass(frozen=True, slots=True)
class LinearCore:
    """Frozen matrices. R is the deepest lag, F the number of states.

    Attributes
    ----------
    mean : (C,) float32, mean of normal time in scaled units
    weights : (R + 1, C, 2C + F) float32; lag 0 first; columns are forecast, relation, state of deviations from the mean.
        Lag 0 has no part in the forecast, a channel none in its own relation.
    scale : (C,) float32, residual standard deviation of the forecast on normal time
    precision : (C, C) float32, inverse covariance of one row, for missing channels
    about : how it was chosen: lags, penalties, held-back errors
    """

    mean: Float32Array
    weights: Float32Array
    scale: Float32Array
    precision: Float32Array
    about: dict[str, float] = field(default_factory=dict)
    _fill: ConditionalFill = field(init=False, repr=False, compare=False)
    _flat: Float32Array = field(init=False, repr=False, compare=False)
    _log_scale: Float32Array = field(init=False, repr=False, compare=False)
    _log_row: Float32Array = field(init=False, repr=False, compare=False)
    _shift: Float32Array = field(init=False, repr=False, compare=False)
    _empty: tuple[Float32Array, Float32Array] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        width = len(self.mean)
        fits = self.weights.ndim == 3 and self.weights.shape[1] == width and self.weights.shape[2] >= 2 * width
        if not fits or self.scale.shape != (width,) or self.precision.shape != (width, width):
            raise BundleError(
                f"linear core: weights {self.weights.shape}, scale {self.scale.shape} and precision {self.precision.shape} "
                f"do not fit {width} channels",
                do="train the model again",
            )
        object.__setattr__(self, "_fill", ConditionalFill(self.precision[None]))
        # Oldest lag first, as the ring stands.
        flat = np.ascontiguousarray(self.weights[::-1]).reshape(-1, self.weights.shape[2])
        object.__setattr__(self, "_flat", flat)
        object.__setattr__(self, "_log_scale", np.log(self.scale))
        object.__setattr__(self, "_log_row", np.log(self.scale)[None])
        states = np.zeros(self.states, dtype=np.float32)
        object.__setattr__(self, "_shift", np.concatenate([self.mean, self.mean, states]))
        object.__setattr__(self, "_empty", (np.zeros((1, 0), dtype=np.float32), np.zeros((1, 0, 0), dtype=np.float32)))

    @property
    def channels(self) -> int:
        """C."""
        return len(self.mean)

    @property
    def states(self) -> int:
        """F."""
        return int(self.weights.shape[2]) - 2 * len(self.mean)

    @property
    def depth(self) -> int:
        """R, the deepest lag in ticks."""
        return len(self.weights) - 1

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Plain arrays for safetensors; `about` travels as its sorted values beside its names in `about_names`."""
        return {"mean": self.mean, "weights": self.weights, "scale": self.scale, "precision": self.precision}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], about: Mapping[str, float] | None = None) -> LinearCore:
        """The core from `to_arrays`.

        Raises
        ------
        BundleError : an array is absent or of the wrong shape
        """
        try:
            parts = [np.ascontiguousarray(arrays[name], dtype=np.float32) for name in ("mean", "weights", "scale", "precision")]
        except KeyError as gone:
            raise BundleError(f"linear core: array {gone} is absent", do="train the model again") from None
        return cls(parts[0], parts[1], parts[2], parts[3], dict(about or {}))

    def start(self) -> LinearState:
        """State before the first tick."""
        return LinearState(np.zeros((self.depth, self.channels), dtype=np.float32), False)

    def run(self, prepared: Prepared, state: LinearState) -> tuple[Expectation, LinearState]:
        """Expectation of every tick; any cut gives the same answer.

        Parameters
        ----------
        prepared : T ticks of the asset that the core was fitted on
        state : from `start` or from the run before

        Returns
        -------
        expectation : forecast and relation (T, C), features (T, F): the canonical states; NaN forecast at the first tick
            after a reset
        state : to go on with

        Raises
        ------
        EvidenceError : other channels than at training
        """
        x = prepared.x
        rows, width = x.shape
        if width != self.channels:
            raise EvidenceError(
                f"{width} channels, but the model was trained on {self.channels}", do="prepare with the model's preparation"
            )
        if rows == 1 and state.begun and not prepared.reset[0]:
            return self._tick(x, prepared.valid, state)
        filled = self._filled(x, prepared.valid)
        out = np.empty((rows, self.weights.shape[2]), dtype=np.float32)
        nowhere: list[int] = []
        borders = np.flatnonzero(prepared.reset)
        ring, begun = state.ring, state.begun
        low = 0
        for high in [*borders.tolist(), rows]:
            if high > low:
                ring, begun = self._stretch(filled[low:high], out[low:high], ring, begun, low, nowhere)
            if high < rows:
                begun = False
            low = high
        forecast = out[:, :width]
        forecast += self.mean
        relation = out[:, width : 2 * width]
        relation += self.mean
        if nowhere:
            forecast[nowhere] = np.nan
        expectation = Expectation(
            forecast=forecast,
            relation=relation,
            log_scale=np.broadcast_to(self._log_scale, (rows, width)),
            level=np.zeros((rows, 0), dtype=np.float32),
            features=out[:, 2 * width :],
            quality=np.zeros((rows, 0, 0), dtype=np.float32),
        )
        return expectation, LinearState(ring, begun)

    def last_value(self, prepared: Prepared, told: Expectation, state: LinearState) -> Expectation:
        """The forecast that everything stays as it is (persistence); the rest of the expectation is as it was.

        Parameters
        ----------
        prepared : T ticks
        told : what `run` said of them
        state : the state that `run` was given

        Returns
        -------
        forecast row t is row t - 1, with channels that were missing there at their conditional mean; NaN at the first tick
        after a reset
        """
        forecast = np.empty_like(prepared.x)
        if prepared.rows:
            forecast[1:] = self._filled(prepared.x[:-1], prepared.valid[:-1])
            forecast[0] = state.ring[-1] if state.begun else np.nan
            forecast += self.mean
            forecast[prepared.reset] = np.nan
        return replace(told, forecast=forecast)

    def _tick(self, x: Float32Array, valid: BoolArray, state: LinearState) -> tuple[Expectation, LinearState]:
        """One live tick, not after a reset: the same products in fewer calls."""
        width = len(self.mean)
        joined = np.concatenate([state.ring, self._filled(x, valid)], axis=0)
        out = np.matmul(joined.reshape(1, -1), self._flat)
        out += self._shift
        level, quality = self._empty
        expectation = Expectation(out[:, :width], out[:, width : 2 * width], self._log_row, level, out[:, 2 * width :], quality)
        return expectation, LinearState(joined[1:], True)

    def _filled(self, x: Float32Array, valid: BoolArray) -> Float32Array:
        """(T, C) deviations from the mean, missing channels by their conditional mean."""
        deviation = x - self.mean
        if np.count_nonzero(valid) < valid.size:
            self._fill.fill(deviation[None], valid)
        return deviation

    def _stretch(
        self, z: Float32Array, out: Float32Array, ring: Float32Array, begun: bool, low: int, nowhere: list[int]
    ) -> tuple[Float32Array, bool]:
        """Rows without a reset inside, written into `out`."""
        depth = self.depth
        if not begun:
            nowhere.append(low)
            ring = np.repeat(z[:1], depth, axis=0)
        rows = len(z)
        joined = np.concatenate([ring, z], axis=0)
        if rows == 1:
            np.matmul(joined.reshape(1, -1), self._flat, out=out)
            return joined[1:], True
        for start in range(0, rows, CHUNK):
            stop = min(start + CHUNK, rows)
            part = out[start:stop]
            np.matmul(joined[depth + start : depth + stop], self.weights[0], out=part)
            for lag in range(1, depth + 1):
                part += joined[depth - lag + start : depth - lag + stop] @ self.weights[lag]
        return joined[rows:].copy(), True
