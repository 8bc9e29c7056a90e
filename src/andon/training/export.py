"""One set of weights, two ONNX graphs: `sequence` for history, `step` for one tick.

Both graphs are written node by node from the weights, so nothing is left to a tracer. They share every pointwise
part; they differ in where delayed values come from: the sequence graph cuts them out of the piece and the rings
before it, the step graph is given them as *taps* and returns what to *push*, so the rings stay outside (shifting
them inside would cost three to five times the step).

sequence : x [B,T,C], valid [B,T,C] bool, expected [B,T,C], context [B,T,K], rings [B,S], memory [B,M]
           -> out [B,T,O], rings [B,S], memory [B,M]
step     : x [B,C], valid [B,C] bool, expected [B,C], context [B,K], taps [B,W], memory [B,M]
           -> out [B,O], push [B,P], memory [B,M]

`out` holds, side by side and in scaled units: forecast of the next tick (C), level one horizon ahead (C), log scale of
the next tick (C), relation (C), features (D), quality quantiles (N x Q).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.plant.arrays import FloatArray
from andon.training.fit_network import TrainedNetwork
from andon.training.network.convolution import KERNEL
from andon.training.network.heads import LOG_SCALE_LIMIT, relation_masks
from andon.training.network.model import INPUT_LIMIT

SCHEMA_VERSION = 1
OPSET = 17
IR_VERSION = 9


@dataclass(frozen=True, slots=True)
class Graphs:
    """Two ONNX models and what a reader must know of them.

    Attributes
    ----------
    sequence, step : serialised ONNX
    meta : plain data for JSON: channels, horizon, rings, parts of `out`, targets
    """

    sequence: bytes
    step: bytes
    meta: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ring:
    """The last `ticks` values, `width` wide, of one place in the network; `delays` are read from it."""

    name: str
    ticks: int
    width: int
    delays: tuple[int, ...]


def rings_of(trained: TrainedNetwork) -> tuple[Ring, ...]:
    """All rings in the order in which they lie in the flat state."""
    sizes = trained.sizes
    stem = [Ring(f"stem{i}", KERNEL ** (i + 1), sizes.width, tuple(k * KERNEL**i for k in range(1, KERNEL))) for i in range(sizes.layers)]
    pools = [Ring(f"pool{j}", 2**j, 2 * sizes.pool_width, (2**j,)) for j in range(sizes.pool_levels)]
    return (*stem, *pools)


class _Graph:
    """Nodes and constants of a graph being written; every method returns the name of a value."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self.count = 0
        self.at = {name: name for name in ("x", "valid", "expected", "context")}  # the inputs, as the nodes see them

    def constant(self, value: object, dtype: Any = np.float32) -> str:
        array = np.asarray(value, dtype=dtype)
        name = f"w{len(self.constants)}"
        self.constants[name] = array
        return name

    def ints(self, *value: int) -> str:
        return self.constant(list(value), np.int64)

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        from onnx import helper

        names = [f"v{self.count + i}" for i in range(outputs)]
        self.count += outputs
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def call(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name: str = self.node(kind, *inputs, **attributes)
        return name

    def linear(self, x: str, weight: FloatArray, bias: FloatArray | None = None) -> str:
        """x @ weight.T + bias, as PyTorch stores them."""
        y = self.call("MatMul", x, self.constant(np.ascontiguousarray(weight.T)))
        return y if bias is None else self.call("Add", y, self.constant(bias))

    def add(self, *values: str) -> str:
        total = values[0]
        for value in values[1:]:
            total = self.call("Add", total, value)
        return total

    def split(self, x: str, widths: list[int]) -> list[str]:
        """Cut along the last axis."""
        if len(widths) == 1:
            return [x]
        names: list[str] = self.node("Split", x, self.ints(*widths), outputs=len(widths), axis=-1)
        return names

    def rows(self, x: str, start: int, stop: int | None) -> str:
        """x[start:stop] along axis 0."""
        return self.call("Slice", x, self.ints(start), self.ints(np.iinfo(np.int64).max if stop is None else stop), self.ints(0))

    def rename(self, value: str, name: str) -> None:
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [value], [name]))

    def model(self, inputs: list[Any], outputs: list[Any], name: str) -> bytes:
        from onnx import checker, helper, numpy_helper

        constants = [numpy_helper.from_array(array, key) for key, array in self.constants.items()]
        graph = helper.make_graph(self.nodes, name, inputs, outputs, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="andon")
        model.ir_version = IR_VERSION
        checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString()
        return data


def _entry(g: _Graph, t: TrainedNetwork) -> tuple[str, str, str]:
    """The bounded value and surprise, and what enters stem and pools."""
    zero, low, high = g.constant(0.0), g.constant(-INPUT_LIMIT), g.constant(INPUT_LIMIT)
    value = g.call("Clip", g.call("Where", g.at["valid"], g.at["x"], zero), low, high)
    away = g.call("Mul", g.call("Sub", g.at["x"], g.at["expected"]), g.constant(1.0 / t.scales.forecast))
    foreseen = g.call("And", g.at["valid"], g.call("Not", g.call("IsNaN", g.at["expected"])))
    surprise = g.call("Where", foreseen, g.call("Clip", away, low, high), zero)
    missing = g.call("Cast", g.call("Not", g.at["valid"]), to=1)
    weight, bias = t.weights["entry.weight"], t.weights["entry.bias"]
    joined = g.call("Concat", value, surprise, missing, g.at["context"], axis=-1)
    return value, surprise, g.linear(joined, weight, bias)


def _fusion(g: _Graph, t: TrainedNetwork, deep: str, pooled: list[str]) -> str:
    z = g.call("Concat", deep, *pooled, g.at["context"], axis=-1)
    value = g.linear(z, t.weights["fusion.value.weight"], t.weights["fusion.value.bias"])
    gate = g.linear(z, t.weights["fusion.gate.weight"], t.weights["fusion.gate.bias"])
    return g.call("Mul", value, g.call("Sigmoid", gate))


def _heads(g: _Graph, t: TrainedNetwork, features: str, value: str, surprise: str) -> str:
    channels = t.sizes.channels
    weight, bias = t.weights["heads.mix.weight"], t.weights["heads.mix.bias"]
    part = [slice(i * channels, (i + 1) * channels) for i in range(3)]
    both = np.concatenate([weight[part[0]] * t.scales.forecast[:, None], weight[part[2]] * t.scales.level[:, None]])
    both_bias = np.concatenate([bias[part[0]] * t.scales.forecast, bias[part[2]] * t.scales.level])
    expected = g.linear(features, both, both_bias)
    raw = g.linear(features, weight[part[1]], bias[part[1]])
    log_scale = g.call("Clip", raw, g.constant(-LOG_SCALE_LIMIT), g.constant(LOG_SCALE_LIMIT))
    log_scale = g.call("Add", log_scale, g.constant(np.log(t.scales.forecast)))
    sees, tells = relation_masks(t.group, t.sizes.context, t.sizes.relation_hidden)
    seen = g.call("Concat", value, surprise, g.at["context"], axis=-1)
    hidden = g.call("Relu", g.linear(seen, t.weights["relation.first.weight"] * sees, t.weights["relation.first.bias"]))
    second = t.weights["relation.second.weight"] * tells * t.scales.relation[:, None]
    relation = g.linear(hidden, second, t.weights["relation.second.bias"] * t.scales.relation)
    outs = [expected, log_scale, relation, features]
    if t.quality_names:
        outs.append(_quality(g, t, features))
    return g.call("Concat", *outs, axis=-1)


def _quality(g: _Graph, t: TrainedNetwork, features: str) -> str:
    """The median where it stands, steps away from it by softplus, summed by one constant matrix."""
    targets, count = len(t.quality_names), len(t.quantiles)
    middle = count // 2
    raw = g.linear(features, t.weights["quality.mix.weight"], t.weights["quality.mix.bias"])
    is_median = np.tile(np.arange(count) == middle, targets)
    moved = g.call("Where", g.constant(is_median, np.bool_), raw, g.call("Softplus", raw))
    one = np.zeros((count, count), dtype=np.float32)  # raw -> quantile
    one[middle, :] = 1.0
    for q in range(count):
        for step in range(min(q, middle), max(q, middle) + 1):
            if step != middle:
                one[step, q] = -1.0 if q < middle else 1.0
    return g.call("MatMul", moved, g.constant(np.kron(np.eye(targets, dtype=np.float32), one)))


def _stem_and_pools(g: _Graph, t: TrainedNetwork, entered: str, delayed: Any) -> tuple[str, list[str]]:
    """`delayed(index, value)` gives the delayed copies that ring `index` holds of `value`."""
    sizes = t.sizes
    deep, index = entered, 0
    for layer in range(sizes.layers):
        weight = t.weights[f"stem.layers.{layer}.mix.weight"]
        copies = [deep, *delayed(index, deep)]
        parts = [g.linear(copy, weight[:, k * sizes.width : (k + 1) * sizes.width]) for k, copy in enumerate(copies)]
        y = g.call("Add", g.add(*parts), g.constant(t.weights[f"stem.layers.{layer}.mix.bias"]))
        deep = g.call("Add", deep, g.call("Relu", y))
        index += 1
    narrow = g.linear(entered, t.weights["narrow.weight"], t.weights["narrow.bias"])
    total, largest, pooled = narrow, narrow, []
    for level in range(sizes.pool_levels):
        (before,) = delayed(index, g.call("Concat", total, largest, axis=-1))
        total_before, largest_before = g.split(before, [sizes.pool_width] * 2)
        total, largest = g.call("Add", total, total_before), g.call("Max", largest, largest_before)
        index += 1
        if level % 2 == 1:
            pooled += [g.call("Mul", total, g.constant(1.0 / 2 ** (level + 1))), largest]
    return deep, pooled


def _io(name: str, kind: int, *shape: int | str) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(name, kind, list(shape))


def _widths(t: TrainedNetwork) -> tuple[int, int]:
    """Widths of `out` and of the memory's state."""
    sizes = t.sizes
    return 4 * sizes.channels + sizes.width + len(t.quality_names) * len(t.quantiles), sizes.width * (1 if sizes.cell == "gru" else 2)


_ONNX_GATES = {"gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}  # PyTorch r z n -> ONNX z r h; i f g o -> i o f c


def sequence_graph(t: TrainedNetwork) -> bytes:
    """The graph of many ticks. Time comes first inside, so that a delayed copy is one contiguous block."""
    g, sizes, rings = _Graph(), t.sizes, rings_of(t)
    out_width, memory_width = _widths(t)
    context = sizes.context
    g.at = {name: g.call("Transpose", name, perm=[1, 0, 2]) for name in g.at}
    ring_parts = g.split("rings_in", [r.ticks * r.width for r in rings])
    after: list[str] = []

    def delayed(index: int, value: str) -> list[str]:
        ring = rings[index]
        before = g.call("Reshape", ring_parts[index], g.ints(0, ring.ticks, ring.width))
        joined = g.call("Concat", g.call("Transpose", before, perm=[1, 0, 2]), value, axis=0)
        kept = g.call("Transpose", g.rows(joined, -ring.ticks, None), perm=[1, 0, 2])
        after.append(g.call("Reshape", kept, g.ints(0, ring.ticks * ring.width)))
        return [g.rows(joined, ring.ticks - d, -d) for d in ring.delays]

    value, surprise, entered = _entry(g, t)
    deep, pooled = _stem_and_pools(g, t, entered, delayed)
    fused = _fusion(g, t, deep, pooled)
    gates, d = _ONNX_GATES[sizes.cell], sizes.width

    def ordered(name: str) -> NDArray[np.float32]:
        blocks = t.weights[name].reshape(len(gates), d, *t.weights[name].shape[1:])
        return np.concatenate([blocks[i] for i in gates])[None]

    w, r = g.constant(ordered("memory.loop.weight_ih_l0")), g.constant(ordered("memory.loop.weight_hh_l0"))
    b = g.constant(np.concatenate([ordered("memory.loop.bias_ih_l0"), ordered("memory.loop.bias_hh_l0")], axis=1))
    start = [g.call("Unsqueeze", part, g.ints(0)) for part in g.split("memory_in", [d] * (memory_width // d))]
    if sizes.cell == "gru":
        y, last = g.node("GRU", fused, w, r, b, "", start[0], outputs=2, hidden_size=d, linear_before_reset=1)
        lasts = [last]
    else:
        y, *lasts = g.node("LSTM", fused, w, r, b, "", *start, outputs=3, hidden_size=d)
    lasts = [g.call("Squeeze", last, g.ints(0)) for last in lasts]
    remembered = g.call("Squeeze", y, g.ints(1))
    out = _heads(g, t, g.call("Add", fused, remembered), value, surprise)
    g.rename(g.call("Transpose", out, perm=[1, 0, 2]), "out")
    g.rename(g.call("Concat", *after, axis=-1), "rings")
    g.rename(g.call("Concat", *lasts, axis=-1), "memory")
    state = sum(r.ticks * r.width for r in rings)
    shapes: list[tuple[str, int, int]] = [
        ("x", 1, sizes.channels),
        ("valid", 9, sizes.channels),
        ("expected", 1, sizes.channels),
        ("context", 1, context),
    ]
    inputs = [_io(name, kind, "B", "T", width) for name, kind, width in shapes]
    inputs += [_io("rings_in", 1, "B", state), _io("memory_in", 1, "B", memory_width)]
    outputs = [_io("out", 1, "B", "T", out_width), _io("rings", 1, "B", state), _io("memory", 1, "B", memory_width)]
    return g.model(inputs, outputs, "sequence")


def step_graph(t: TrainedNetwork) -> bytes:
    """The graph of one tick: taps in, push out."""
    g, sizes, rings = _Graph(), t.sizes, rings_of(t)
    out_width, memory_width = _widths(t)
    tap_parts = iter(g.split("taps", [r.width for r in rings for _ in r.delays]))
    pushed: list[str] = []

    def delayed(index: int, value: str) -> list[str]:
        pushed.append(value)
        return [next(tap_parts) for _ in rings[index].delays]

    value, surprise, entered = _entry(g, t)
    deep, pooled = _stem_and_pools(g, t, entered, delayed)
    fused = _fusion(g, t, deep, pooled)
    d = sizes.width
    before = g.split("memory_in", [d] * (memory_width // d))
    weights = [t.weights[f"memory.loop.{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    if sizes.cell == "gru":
        x_r, x_z, x_n = g.split(g.linear(fused, weights[0], weights[2]), [d] * 3)
        h_r, h_z, h_n = g.split(g.linear(before[0], weights[1], weights[3]), [d] * 3)
        reset, update = g.call("Sigmoid", g.add(x_r, h_r)), g.call("Sigmoid", g.add(x_z, h_z))
        new = g.call("Tanh", g.add(x_n, g.call("Mul", reset, h_n)))
        # (1 - z) n + z h = n + z (h - n)
        remembered = g.add(new, g.call("Mul", update, g.call("Sub", before[0], new)))
        g.rename(remembered, "memory")
    else:
        gates = g.add(g.linear(fused, weights[0], weights[2] + weights[3]), g.linear(before[0], weights[1]))
        i, f, c, o = g.split(gates, [d] * 4)
        kept = g.call("Mul", g.call("Sigmoid", f), before[1])
        cell = g.add(kept, g.call("Mul", g.call("Sigmoid", i), g.call("Tanh", c)))
        remembered = g.call("Mul", g.call("Sigmoid", o), g.call("Tanh", cell))
        g.rename(g.call("Concat", remembered, cell, axis=-1), "memory")
    g.rename(_heads(g, t, g.call("Add", fused, remembered), value, surprise), "out")
    g.rename(g.call("Concat", *pushed, axis=-1), "push")
    taps, push = sum(r.width * len(r.delays) for r in rings), sum(r.width for r in rings)
    shapes: list[tuple[str, int, int]] = [
        ("x", 1, sizes.channels),
        ("valid", 9, sizes.channels),
        ("expected", 1, sizes.channels),
        ("context", 1, sizes.context),
    ]
    inputs = [_io(name, kind, "B", width) for name, kind, width in shapes]
    inputs += [_io("taps", 1, "B", taps), _io("memory_in", 1, "B", memory_width)]
    outputs = [_io("out", 1, "B", out_width), _io("push", 1, "B", push), _io("memory", 1, "B", memory_width)]
    return g.model(inputs, outputs, "step")


def export_graphs(trained: TrainedNetwork) -> Graphs:
    """Both graphs and their meta data.

    Parameters
    ----------
    trained : from `fit_network`

    Returns
    -------
    Graphs; `meta` is plain data that JSON can hold
    """
    sizes = trained.sizes
    meta: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "channels": list(trained.channels),
        "context_names": list(trained.context_names),
        "interval_ns": trained.interval_ns,
        "horizon": trained.horizon,
        "cell": sizes.cell,
        "width": sizes.width,
        "memory_width": _widths(trained)[1],
        "out_width": _widths(trained)[0],
        "receptive_ticks": sizes.receptive_ticks,
        "settle_ticks": trained.settle_ticks,
        "log_scale": [float(v) for v in np.log(trained.scales.forecast)],
        "flops_per_row": sizes.flops_per_row,
        "rings": [{"name": r.name, "ticks": r.ticks, "width": r.width, "delays": list(r.delays)} for r in rings_of(trained)],
        "quality": {
            "names": list(trained.quality_names),
            "centre": [float(v) for v in trained.quality_centre],
            "scale": [float(v) for v in trained.quality_scale],
            "quantiles": list(trained.quantiles),
        },
        "explained": {view: [float(v) for v in share] for view, share in trained.explained.items()},
        "training": {
            "why": trained.finish.why,
            "updates": trained.finish.updates,
            "best_update": trained.finish.best_update,
            "first_loss": trained.finish.first_loss,
            "best_loss": trained.finish.best_loss,
            "seconds": trained.finish.seconds,
            "rows_per_second": trained.finish.rows_per_second,
        },
    }
    return Graphs(sequence_graph(trained), step_graph(trained), meta)
