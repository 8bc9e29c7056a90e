"""How a quality target answers to the past of the inputs: plain arrays evaluated with numpy.

Every response is frozen data with one method, `value`: (T,) predictions in scaled target units (0 = mean of the training
results, 1 = their standard deviation) from the inputs' history alone. None of them ever sees a laboratory value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from andon.plant.arrays import Float64Array, FloatArray, IntArray
from andon.plant.errors import BundleError, EvidenceError
from andon.scoring.input_history import History, HistoryPlan, lagged


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a response may look at.

    Attributes
    ----------
    plan, history : the past of the inputs
    features : (T, F) the network's fused features, or None
    quality : (T,) the network's median of this target in scaled units, or None
    """

    plan: HistoryPlan
    history: History
    features: FloatArray | None = None
    quality: FloatArray | None = None


class Response(Protocol):
    """A fitted response."""

    @property
    def kind(self) -> str:
        """Short stable name, part of the stored form."""

    def value(self, inputs: Inputs) -> Float64Array:
        """(T,) predictions in scaled target units."""

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """The stored form."""


def _with_network(inputs: Inputs) -> FloatArray:
    if inputs.features is None:
        raise EvidenceError("this quality model reads the network's features, and none were given", do="pass the network's expectation")
    return inputs.features


@dataclass(frozen=True, slots=True)
class LinearResponse:
    """Weighted lags, exponential means and network features.

    Attributes
    ----------
    lag_weight : (L', C') weights of the first L' lags; L' may be 0
    mean_weight : (S, C') weights of the exponential means; may be (0, C')
    feature_weight : (F,) weights of the network's features; may be empty
    bias : () constant
    """

    lag_weight: Float64Array
    mean_weight: Float64Array
    feature_weight: Float64Array
    bias: Float64Array
    kind: str = "linear"

    def value(self, inputs: Inputs) -> Float64Array:
        """(T,) predictions in scaled target units."""
        out = np.full(len(inputs.history.age), float(self.bias))
        for lag, weight in enumerate(self.lag_weight):
            out += lagged(inputs.plan, inputs.history, lag) @ weight
        if self.mean_weight.size:
            out += np.einsum("tsc,sc->t", inputs.history.means, self.mean_weight)
        if self.feature_weight.size:
            out += _with_network(inputs).astype(np.float64) @ self.feature_weight
        return out

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """The stored form."""
        names = ("lag_weight", "mean_weight", "feature_weight", "bias")
        return {name: np.asarray(getattr(self, name)) for name in names}


@dataclass(frozen=True, slots=True)
class KernelResponse:
    """Linear part plus Gaussian bumps around remembered states, on some of the exponential means.

    Attributes
    ----------
    span : (S',) int, which spans are used
    centre, scale : (D,) standardisation, D = S' x C'
    landmark : (M, D) remembered states, standardised
    dual : (M,) their weights
    slope : (D,) linear part
    gamma, bias, limit : () width of the bumps, constant, clip of the standardised state
    """

    span: IntArray
    centre: Float64Array
    scale: Float64Array
    landmark: Float64Array
    dual: Float64Array
    slope: Float64Array
    gamma: Float64Array
    bias: Float64Array
    limit: Float64Array
    kind: str = "kernel"

    def value(self, inputs: Inputs) -> Float64Array:
        """(T,) predictions in scaled target units."""
        means = inputs.history.means[:, self.span]
        state = (means.reshape(len(means), -1) - self.centre) / self.scale
        state = np.clip(state, -float(self.limit), float(self.limit))
        out = state @ self.slope + float(self.bias)
        norm = (self.landmark**2).sum(axis=1)
        for low in range(0, len(state), 4096):
            part = state[low : low + 4096]
            distance = np.maximum((part**2).sum(axis=1)[:, None] + norm - 2.0 * part @ self.landmark.T, 0.0)
            out[low : low + 4096] += np.exp(-float(self.gamma) * distance) @ self.dual
        return out

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """The stored form."""
        names = ("span", "centre", "scale", "landmark", "dual", "slope", "gamma", "bias", "limit")
        return {name: np.asarray(getattr(self, name)) for name in names}


@dataclass(frozen=True, slots=True)
class TreeResponse:
    """A sum of regression trees on the exponential means and some lags.

    Attributes
    ----------
    lag : (J,) int, the lags that are features, after the exponential means
    left, right, feature : (N, nodes) int; a leaf points to itself
    threshold, leaf : (N, nodes)
    depth : () int, the deepest leaf
    bias : () constant
    """

    lag: IntArray
    left: IntArray
    right: IntArray
    feature: IntArray
    threshold: Float64Array
    leaf: Float64Array
    depth: IntArray
    bias: Float64Array
    kind: str = "trees"

    def value(self, inputs: Inputs) -> Float64Array:
        """(T,) predictions in scaled target units."""
        return self.of_table(tree_table(inputs, self.lag))

    def of_table(self, table: Float64Array) -> Float64Array:
        """(T,) predictions of a table (T, D) as `tree_table` makes it."""
        out = np.empty(len(table))
        trees = np.arange(len(self.left))[None, :]
        for low in range(0, len(table), 1024):
            part = table[low : low + 1024].astype(np.float32)
            rows = np.arange(len(part))[:, None]
            node = np.zeros((len(part), len(self.left)), dtype=np.int64)
            for _ in range(int(self.depth)):
                goes_left = part[rows, self.feature[trees, node]] <= self.threshold[trees, node]
                node = np.where(goes_left, self.left[trees, node], self.right[trees, node])
            out[low : low + 1024] = self.leaf[trees, node].sum(axis=1) + float(self.bias)
        return out

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """The stored form."""
        names = ("lag", "left", "right", "feature", "threshold", "leaf", "depth", "bias")
        return {name: np.asarray(getattr(self, name)) for name in names}


def tree_table(inputs: Inputs, lag: IntArray) -> Float64Array:
    """(T, D) features of trees: the exponential means, then the named lags."""
    means = inputs.history.means
    parts = [means.reshape(len(means), -1), *(lagged(inputs.plan, inputs.history, int(j)) for j in lag)]
    return np.concatenate(parts, axis=1)


@dataclass(frozen=True, slots=True)
class NetworkResponse:
    """The network's own median of the target, straightened: gain x median + bias."""

    gain: Float64Array
    bias: Float64Array
    kind: str = "network"

    def value(self, inputs: Inputs) -> Float64Array:
        """(T,) predictions in scaled target units."""
        if inputs.quality is None:
            raise EvidenceError(
                "this quality model reads the network's quality head, and none was given", do="pass the network's expectation"
            )
        return float(self.gain) * inputs.quality.astype(np.float64) + float(self.bias)

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """The stored form."""
        return {"gain": np.asarray(self.gain), "bias": np.asarray(self.bias)}


@dataclass(frozen=True, slots=True)
class LogResponse:
    """A response on the logarithm of the target.

    Attributes
    ----------
    part : gives u, the standardised logarithm
    end, sign, centre, spread : () target = end + sign x exp(centre + spread x u)
    low, high : () bounds of u
    """

    part: Response
    end: Float64Array
    sign: Float64Array
    centre: Float64Array
    spread: Float64Array
    low: Float64Array
    high: Float64Array
    kind: str = "log"

    def back(self, u: Float64Array) -> Float64Array:
        """(T,) scaled target units from (T,) standardised logarithms."""
        bounded = np.clip(u, float(self.low), float(self.high))
        out: Float64Array = float(self.end) + float(self.sign) * np.exp(float(self.centre) + float(self.spread) * bounded)
        return out

    def value(self, inputs: Inputs) -> Float64Array:
        """(T,) predictions in scaled target units."""
        return self.back(self.part.value(inputs))

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """The stored form: the part's arrays under "part."."""
        own: dict[str, FloatArray | IntArray] = {name: np.asarray(getattr(self, name)) for name in _LOG_NUMBERS}
        return own | {f"part.{name}": array for name, array in self.part.arrays().items()}


@dataclass(frozen=True, slots=True)
class BlendResponse:
    """A weighted sum of responses."""

    parts: tuple[Response, ...]
    weight: Float64Array
    bias: Float64Array
    kind: str = "blend"

    def value(self, inputs: Inputs) -> Float64Array:
        """(T,) predictions in scaled target units."""
        out = np.full(len(inputs.history.age), float(self.bias))
        for part, weight in zip(self.parts, self.weight, strict=True):
            out += float(weight) * part.value(inputs)
        return out

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """The stored form: the parts' arrays under their number."""
        out: dict[str, FloatArray | IntArray] = {"weight": self.weight, "bias": np.asarray(self.bias)}
        for number, part in enumerate(self.parts):
            out |= {f"{number}.{name}": array for name, array in part.arrays().items()}
        return out


_LOG_NUMBERS = ("end", "sign", "centre", "spread", "low", "high")
_KINDS: dict[str, Callable[..., Response]] = {
    "linear": LinearResponse,
    "kernel": KernelResponse,
    "trees": TreeResponse,
    "network": NetworkResponse,
}


def response_kind(response: Response) -> str:
    """The kind, and the kinds of the parts of what has some: "blend(linear,log(kernel))"."""
    if isinstance(response, LogResponse):
        return f"log({response_kind(response.part)})"
    if isinstance(response, BlendResponse):
        return f"blend({','.join(response_kind(part) for part in response.parts)})"
    return response.kind


def build_response(kind: str, arrays: Mapping[str, FloatArray | IntArray]) -> Response:
    """The response of a stored form.

    Raises
    ------
    BundleError : unknown kind, or an array is absent
    """
    if kind.startswith("blend(") and kind.endswith(")"):
        parts = []
        for number, name in enumerate(filter(None, kind[6:-1].split(","))):
            prefix = f"{number}."
            parts.append(build_response(name, {key[len(prefix) :]: array for key, array in arrays.items() if key.startswith(prefix)}))
        if "weight" not in arrays or "bias" not in arrays or len(arrays["weight"]) != len(parts):
            raise BundleError("a blend of quality responses has lost its weights", do="train the model again")
        return BlendResponse(tuple(parts), np.asarray(arrays["weight"], dtype=np.float64), np.asarray(arrays["bias"], dtype=np.float64))
    if kind.startswith("log(") and kind.endswith(")"):
        part = build_response(kind[4:-1], {key[5:]: array for key, array in arrays.items() if key.startswith("part.")})
        if not set(_LOG_NUMBERS) <= set(arrays):
            raise BundleError("a quality response on a logarithm has lost its scale", do="train the model again")
        end, sign, centre, spread, low, high = (np.asarray(arrays[name], dtype=np.float64) for name in _LOG_NUMBERS)
        return LogResponse(part, end, sign, centre, spread, low, high)
    if kind not in _KINDS:
        raise BundleError(f"{kind!r} is not a quality response that this version knows", do="update Andon, or train the model again")
    try:
        return _KINDS[kind](**{name: np.asarray(array) for name, array in arrays.items()})
    except TypeError as error:
        raise BundleError(f"the quality response {kind!r} is not whole: {error}", do="train the model again") from error
