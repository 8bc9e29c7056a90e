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

from collections.abc import Callable
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
    pools = [Ring(f"{kind}{j}", 2**j, sizes.pool_width, (2**j,)) for kind in ("sum", "max") for j in range(sizes.pool_levels)]
    return (*stem, *pools)


# Given a ring and the value that enters it: the delayed copies, as blocks of one or more taps, with their widths.
Delayed = Callable[[int, str], list[tuple[str, int]]]


class _Graph:
    """Nodes and constants of a graph being written; methods return names of values. Values have two axes: ticks x width."""

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

    def node(self, kind: str, *inputs: str, outputs: int = 1, name: str | None = None, **attributes: Any) -> Any:
        from onnx import helper

        names = [f"v{self.count + i}" for i in range(outputs)] if name is None else [name]
        self.count += outputs
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def call(self, kind: str, *inputs: str, **attributes: Any) -> str:
        value: str = self.node(kind, *inputs, **attributes)
        return value

    def linear(self, x: str, weight: FloatArray, plus: FloatArray | str) -> str:
        """x @ weight.T + plus, a bias or a value; weights as PyTorch stores them."""
        term = plus if isinstance(plus, str) else self.constant(plus)
        return self.call("Gemm", x, self.constant(np.ascontiguousarray(weight.T)), term)

    def split(self, x: str, widths: list[int]) -> list[str]:
        """Cut along the last axis."""
        if len(widths) == 1:
            return [x]
        names: list[str] = self.node("Split", x, self.ints(*widths), outputs=len(widths), axis=-1)
        return names

    def rows(self, x: str, start: int, stop: int | None) -> str:
        """x[start:stop] along axis 0."""
        return self.call("Slice", x, self.ints(start), self.ints(np.iinfo(np.int64).max if stop is None else stop), self.ints(0))

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
    """What enters the stem, what enters the pools, and the hidden units of the relation head: one matrix product."""
    sizes, zero = t.sizes, g.constant(0.0)
    missing = g.call("Not", g.at["valid"])
    blind = g.call("Or", missing, g.call("IsNaN", g.at["expected"]))
    away = g.call("Mul", g.call("Sub", g.at["x"], g.at["expected"]), g.constant(1.0 / t.scales.forecast))
    faces = [g.call("Where", missing, zero, g.at["x"]), g.call("Where", blind, zero, away), g.call("Cast", missing, to=1)]
    if sizes.context:
        faces.append(g.at["context"])
    seen = g.call("Clip", g.call("Concat", *faces, axis=-1), g.constant(-INPUT_LIMIT), g.constant(INPUT_LIMIT))
    entry, entry_bias = t.weights["entry.weight"], t.weights["entry.bias"]
    narrow = t.weights["narrow.weight"].astype(np.float64)
    sees, _ = relation_masks(t.group, sizes.context, sizes.relation_hidden)
    relation = t.weights["relation.first.weight"] * sees
    both = 2 * sizes.channels  # the relation head sees values, surprises and context, not what is missing
    relation = np.concatenate([relation[:, :both], np.zeros((len(relation), sizes.channels)), relation[:, both:]], axis=1)
    weight = np.concatenate([entry, narrow @ entry, relation]).astype(np.float32)
    narrow_bias = narrow @ entry_bias + t.weights["narrow.bias"]
    bias = np.concatenate([entry_bias, narrow_bias, t.weights["relation.first.bias"]]).astype(np.float32)
    entered, narrowed, hidden = g.split(g.linear(seen, weight, bias), [sizes.width, sizes.pool_width, len(relation)])
    return entered, narrowed, g.call("Relu", hidden)


def _stem(g: _Graph, t: TrainedNetwork, deep: str, delayed: Delayed) -> str:
    """Residual causal convolutions; the delayed copies come as blocks of one or more taps side by side."""
    sizes = t.sizes
    for layer in range(sizes.layers):
        weight, total = t.weights[f"stem.layers.{layer}.mix.weight"], g.constant(t.weights[f"stem.layers.{layer}.mix.bias"])
        column = sizes.width
        for block, width in delayed(layer, deep):
            total = g.linear(block, weight[:, column : column + width], total)
            column += width
        deep = g.call("Add", deep, g.call("Relu", g.linear(deep, weight[:, : sizes.width], total)))
    return deep


def _pools(g: _Graph, t: TrainedNetwork, narrow: str, delayed: Delayed) -> list[str]:
    """Sums and maxima at every second doubling; the sums become averages in the weights of the fusion."""
    sizes, pooled = t.sizes, []
    total, largest = narrow, narrow
    for level in range(sizes.pool_levels):
        ((before, _),) = delayed(sizes.layers + level, total)
        ((peak, _),) = delayed(sizes.layers + sizes.pool_levels + level, largest)
        total, largest = g.call("Add", total, before), g.call("Max", largest, peak)
        if level % 2 == 1:
            pooled += [total, largest]
    return pooled


def _fusion(g: _Graph, t: TrainedNetwork, deep: str, pooled: list[str]) -> str:
    sizes = t.sizes
    parts = [deep, *pooled] + ([g.at["context"]] if sizes.context else [])
    factor = [np.ones(sizes.width)]
    for level in range(2, sizes.pool_levels + 1, 2):
        factor += [np.full(sizes.pool_width, 1.0 / 2**level), np.ones(sizes.pool_width)]
    scale = np.concatenate([*factor, np.ones(sizes.context)]).astype(np.float32)
    weight = np.concatenate([t.weights["fusion.value.weight"], t.weights["fusion.gate.weight"]]) * scale
    bias = np.concatenate([t.weights["fusion.value.bias"], t.weights["fusion.gate.bias"]])
    both = g.linear(g.call("Concat", *parts, axis=-1), weight, bias)
    value, gate = g.split(both, [sizes.width, sizes.width])
    return g.call("Mul", value, g.call("Sigmoid", gate))


def _heads(g: _Graph, t: TrainedNetwork, features: str, hidden: str, name: str | None = None) -> str:
    channels = t.sizes.channels
    weight, bias = t.weights["heads.mix.weight"], t.weights["heads.mix.bias"]
    forecast, log_scale, level = (slice(i * channels, (i + 1) * channels) for i in range(3))
    f, s = t.scales.forecast, t.scales.level
    said = g.linear(
        features,
        np.concatenate([weight[forecast] * f[:, None], weight[level] * s[:, None], weight[log_scale]]),
        np.concatenate([bias[forecast] * f, bias[level] * s, bias[log_scale] + np.log(f)]),
    )
    free = np.full(2 * channels, np.inf)
    said = g.call("Max", said, g.constant(np.concatenate([-free, np.log(f) - LOG_SCALE_LIMIT])))
    said = g.call("Min", said, g.constant(np.concatenate([free, np.log(f) + LOG_SCALE_LIMIT])))
    _, tells = relation_masks(t.group, t.sizes.context, t.sizes.relation_hidden)
    second = t.weights["relation.second.weight"] * tells * t.scales.relation[:, None]
    relation = g.linear(hidden, second, t.weights["relation.second.bias"] * t.scales.relation)
    outs = [said, relation, features] + ([_quality(g, t, features)] if t.quality_names else [])
    return g.call("Concat", *outs, axis=-1, name=name)


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


def _io(name: str, kind: int, *shape: int | str) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(name, kind, list(shape))


def _widths(t: TrainedNetwork) -> tuple[int, int]:
    """Widths of `out` and of the memory's state."""
    sizes = t.sizes
    return 4 * sizes.channels + sizes.width + len(t.quality_names) * len(t.quantiles), sizes.width * (1 if sizes.cell == "gru" else 2)


_ONNX_GATES = {"gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}  # PyTorch r z n -> ONNX z r h; i f g o -> i o f c


def _memory_loop(g: _Graph, t: TrainedNetwork, fused: str) -> tuple[str, list[str]]:
    """ONNX's own GRU or LSTM over (T, B, D); its gates stand in another order than PyTorch's."""
    gates, d = _ONNX_GATES[t.sizes.cell], t.sizes.width

    def ordered(name: str) -> NDArray[np.float32]:
        blocks = t.weights[name].reshape(len(gates), d, *t.weights[name].shape[1:])
        return np.concatenate([blocks[i] for i in gates])[None]

    w, r = g.constant(ordered("memory.loop.weight_ih_l0")), g.constant(ordered("memory.loop.weight_hh_l0"))
    b = g.constant(np.concatenate([ordered("memory.loop.bias_ih_l0"), ordered("memory.loop.bias_hh_l0")], axis=1))
    start = [g.call("Unsqueeze", part, g.ints(0)) for part in g.split("memory_in", [d] * (_widths(t)[1] // d))]
    if t.sizes.cell == "gru":
        y, *last = g.node("GRU", fused, w, r, b, "", *start, outputs=2, hidden_size=d, linear_before_reset=1)
    else:
        y, *last = g.node("LSTM", fused, w, r, b, "", *start, outputs=3, hidden_size=d)
    return g.call("Reshape", y, g.ints(-1, d)), [g.call("Squeeze", value, g.ints(0)) for value in last]


def _memory_step(g: _Graph, t: TrainedNetwork, fused: str) -> str:
    """One tick of the gates, as `memory.gru_step` and `memory.lstm_step` write them."""
    d = t.sizes.width
    before = g.split("memory_in", [d] * (_widths(t)[1] // d))
    w_x, w_h, b_x, b_h = (t.weights[f"memory.loop.{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    if t.sizes.cell == "gru":
        # Reset and update need only the sum of both products, the new value needs them apart.
        both = g.linear(before[0], w_h[: 2 * d], g.linear(fused, w_x[: 2 * d], b_x[: 2 * d] + b_h[: 2 * d]))
        reset, update = g.split(g.call("Sigmoid", both), [d, d])
        gated = g.call("Mul", reset, g.linear(before[0], w_h[2 * d :], b_h[2 * d :]))
        new = g.call("Tanh", g.call("Add", g.linear(fused, w_x[2 * d :], b_x[2 * d :]), gated))
        # (1 - z) n + z h = n + z (h - n)
        return g.call("Add", new, g.call("Mul", update, g.call("Sub", before[0], new)), name="memory")
    i, f, c, o = g.split(g.linear(before[0], w_h, g.linear(fused, w_x, b_x + b_h)), [d] * 4)
    kept = g.call("Mul", g.call("Sigmoid", f), before[1])
    cell = g.call("Add", kept, g.call("Mul", g.call("Sigmoid", i), g.call("Tanh", c)))
    remembered = g.call("Mul", g.call("Sigmoid", o), g.call("Tanh", cell))
    g.call("Concat", remembered, cell, axis=-1, name="memory")
    return remembered


def sequence_graph(t: TrainedNetwork) -> bytes:
    """The graph of many ticks. Time comes first inside, so that a delayed copy is one contiguous block."""
    g, sizes, rings = _Graph(), t.sizes, rings_of(t)
    out_width, memory_width = _widths(t)
    assets = g.call("Slice", g.call("Shape", "memory_in"), g.ints(0), g.ints(1))
    width_of = {name: sizes.context if name == "context" else sizes.channels for name in g.at}
    for name, width in width_of.items():
        if width:
            g.at[name] = g.call("Reshape", g.call("Transpose", name, perm=[1, 0, 2]), g.ints(-1, width))
    ring_parts = g.split("rings_in", [r.ticks * r.width for r in rings])
    after: dict[int, str] = {}

    def in_time(value: str, width: int) -> str:
        return g.call("Reshape", value, g.call("Concat", g.ints(-1), assets, g.ints(width), axis=0))

    def delayed(index: int, value: str) -> list[tuple[str, int]]:
        ring = rings[index]
        before = g.call("Reshape", ring_parts[index], g.ints(0, ring.ticks, ring.width))
        joined = g.call("Concat", g.call("Transpose", before, perm=[1, 0, 2]), in_time(value, ring.width), axis=0)
        kept = g.call("Transpose", g.rows(joined, -ring.ticks, None), perm=[1, 0, 2])
        after[index] = g.call("Reshape", kept, g.ints(0, ring.ticks * ring.width))
        flat = g.ints(-1, ring.width)
        return [(g.call("Reshape", g.rows(joined, ring.ticks - d, -d), flat), ring.width) for d in ring.delays]

    entered, narrow, hidden = _entry(g, t)
    deep = _stem(g, t, entered, delayed)
    pooled = _pools(g, t, narrow, delayed)
    fused = _fusion(g, t, deep, pooled)
    remembered, last = _memory_loop(g, t, in_time(fused, sizes.width))
    out = _heads(g, t, g.call("Add", fused, remembered), hidden)
    g.call("Transpose", in_time(out, out_width), perm=[1, 0, 2], name="out")
    g.call("Concat", *[after[i] for i in range(len(rings))], axis=-1, name="rings")
    g.call("Concat", *last, axis=-1, name="memory")
    state = sum(r.ticks * r.width for r in rings)
    inputs = [_io(name, 9 if name == "valid" else 1, "B", "T", width) for name, width in width_of.items()]
    inputs += [_io("rings_in", 1, "B", state), _io("memory_in", 1, "B", memory_width)]
    outputs = [_io("out", 1, "B", "T", out_width), _io("rings", 1, "B", state), _io("memory", 1, "B", memory_width)]
    return g.model(inputs, outputs, "sequence")


def step_graph(t: TrainedNetwork) -> bytes:
    """The graph of one tick: taps in, push out."""
    g, sizes, rings = _Graph(), t.sizes, rings_of(t)
    out_width, memory_width = _widths(t)
    blocks = g.split("taps", [r.width * len(r.delays) for r in rings])
    pushed: dict[int, str] = {}

    def delayed(index: int, value: str) -> list[tuple[str, int]]:
        pushed[index] = value
        return [(blocks[index], rings[index].width * len(rings[index].delays))]

    entered, narrow, hidden = _entry(g, t)
    deep = _stem(g, t, entered, delayed)
    fused = _fusion(g, t, deep, _pools(g, t, narrow, delayed))
    remembered = _memory_step(g, t, fused)
    _heads(g, t, g.call("Add", fused, remembered), hidden, "out")
    g.call("Concat", *[pushed[i] for i in range(len(rings))], axis=-1, name="push")
    taps, push = sum(r.width * len(r.delays) for r in rings), sum(r.width for r in rings)
    widths = {"x": sizes.channels, "valid": sizes.channels, "expected": sizes.channels, "context": sizes.context}
    inputs = [_io(name, 9 if name == "valid" else 1, "B", width) for name, width in widths.items()]
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
        "warm_up_ticks": trained.warm_up_ticks,
        "log_scale": [float(v) for v in trained.scales.log_scale],
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
