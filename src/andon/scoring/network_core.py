"""The network at run time: two ONNX graphs of one set of weights, numpy around them, no training stack.

The sequence graph takes history in chunks, the step graph one tick; they may be mixed freely, for the state is the
same: the rings of delayed values, flat, and the memory. The network corrects the linear core:

    forecast = linear forecast + what the network said one tick before
    level    = linear level    + what the network said one horizon before
    relation = linear relation + what the network says now

Long history is cut into as many lanes as there are threads. A lane that does not begin at the beginning first runs
over the `settle_ticks` before it, from nothing; whether it then stands where the lane before it ended is verified, and
where it does not, the lane is run again from the true state.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from andon.plant.arrays import BoolArray, Float32Array
from andon.plant.errors import BundleError, PreparationError
from andon.plant.window import Expectation, Prepared
from andon.scoring.network_state import NetworkCoreState, RingPlaces, same_state

if TYPE_CHECKING:
    import onnxruntime

SCHEMA_VERSION = 1
STEP_ROWS = 8  # fewer rows than this go through the step graph
CHUNK_ROWS = 2048
LANE_ROWS = 4096  # a lane is at least this long, and at least four times as long as its run-up


class Bound:
    """The step graph with its buffers bound once, for B assets."""

    def __init__(self, session: onnxruntime.InferenceSession, batch: int, widths: Mapping[str, int]) -> None:
        kinds: dict[str, Any] = {name: np.bool_ if name == "valid" else np.float32 for name in widths}
        self.buffer: dict[str, NDArray[Any]] = {name: np.zeros((batch, width), dtype=kinds[name]) for name, width in widths.items()}
        self.binding = session.io_binding()
        self.session = session
        for name, array in self.buffer.items():
            bind = self.binding.bind_output if name in ("out", "push", "memory") else self.binding.bind_input
            bind(name, "cpu", 0, kinds[name], list(array.shape), array.ctypes.data)

    def run(self) -> None:
        """From the inputs in `buffer` to the outputs there."""
        self.session.run_with_iobinding(self.binding)


class NetworkCore:
    """Scores with the two graphs. Safe to share between threads; its live step runs one caller at a time.

    `horizon` is the lead of the level view, `warm_up` the ticks after a reset until its word is worth judging by, `settle`
    the ticks until a start from nothing is forgotten to rounding (0: not within the time that was tried).
    """

    def __init__(
        self, sequence: onnxruntime.InferenceSession, step: onnxruntime.InferenceSession, meta: Mapping[str, Any], threads: int
    ) -> None:
        self.meta = dict(meta)
        self.threads = threads
        self.channels = tuple(meta["channels"])
        self.horizon = int(meta["horizon"])
        self.settle = int(meta["settle_ticks"])
        self.warm_up = int(meta["warm_up_ticks"])
        quality = meta["quality"]
        self.quality_shape = (len(quality["names"]), len(quality["quantiles"]) if quality["names"] else 0)
        self._sequence, self._step = sequence, step
        self.rings = RingPlaces(meta["rings"])
        self.base_log_scale = np.asarray(meta["log_scale"], dtype=np.float32)
        c, d = len(self.channels), int(meta["width"])
        self.part = {name: slice(i * c, (i + 1) * c) for i, name in enumerate(("forecast", "level", "log_scale", "relation"))}
        self.part |= {"features": slice(4 * c, 4 * c + d), "quality": slice(4 * c + d, int(meta["out_width"]))}
        taps, push, memory = self.rings.taps.shape[1], self.rings.push.shape[1], int(meta["memory_width"])
        self.widths = {
            "x": c, "valid": c, "expected": c, "context": len(meta["context_names"]), "taps": taps,
            "memory_in": memory, "out": int(meta["out_width"]), "push": push, "memory": memory,
        }  # fmt: skip
        self._bound: dict[int, Bound] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_bytes(cls, sequence: bytes, step: bytes, meta: Mapping[str, Any], *, threads: int = 1) -> NetworkCore:
        """Open the two graphs.

        Parameters
        ----------
        sequence, step : serialised ONNX
        meta : as exported
        threads : lanes for long history; each graph call uses one thread

        Raises
        ------
        BundleError : not ONNX, of an unknown schema, or graphs and meta data do not belong together
        """
        import onnxruntime as ort

        if meta.get("schema_version") != SCHEMA_VERSION:
            raise BundleError(
                f"network of schema {meta.get('schema_version')!r}, this version reads {SCHEMA_VERSION}", do="update Andon, or train again"
            )
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            sessions = [ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"]) for graph in (sequence, step)]
        except Exception as error:  # onnxruntime raises many kinds, all of which mean the same here
            raise BundleError(
                f"a graph of the network cannot be opened: {error}", do="the file is damaged: take another copy, or train again"
            ) from error
        try:
            core = cls(sessions[0], sessions[1], meta, max(1, threads))
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"the network's description is incomplete: {error!r}", do="the file is damaged: take another copy, or train again"
            ) from error
        core._check_shapes()
        return core

    def _check_shapes(self) -> None:
        declared = {"sequence": dict(self.widths), "step": self.widths}
        declared["sequence"] = {name: w for name, w in self.widths.items() if name not in ("taps", "push", "memory_in")}
        declared["sequence"] |= {"rings_in": self.rings.size, "rings": self.rings.size, "memory_in": self.widths["memory_in"]}
        for name, session in (("sequence", self._sequence), ("step", self._step)):
            found = {value.name: value.shape[-1] for value in (*session.get_inputs(), *session.get_outputs())}
            if found != declared[name]:
                raise BundleError(
                    f"the {name} graph does not fit its description", do="the file is damaged: take another copy, or train again"
                )

    def bind(self, batch: int) -> Bound:
        """The step graph with buffers of its own, for B assets; the caller's alone."""
        return Bound(self._step, batch, self.widths)

    def start(self, batch: int = 1) -> NetworkCoreState:
        """The state before the first tick, for `batch` assets."""
        c = len(self.channels)
        return NetworkCoreState(
            np.zeros((batch, self.rings.size), np.float32),
            np.zeros((batch, self.widths["memory"]), np.float32),
            np.zeros((batch, c), np.float32),
            np.repeat(self.base_log_scale[None], batch, axis=0),
            np.zeros((batch, self.horizon, c), np.float32),
        )

    def step(
        self, x: Float32Array, valid: BoolArray, expected: Float32Array, context: Float32Array, state: NetworkCoreState
    ) -> tuple[Float32Array, NetworkCoreState]:
        """One tick of B assets.

        Parameters
        ----------
        x, expected : (B, C) float32; valid : (B, C) bool; context : (B, K) float32
        state : not changed

        Returns
        -------
        out : (B, O) what the graph says; state for the next tick
        """
        batch = len(x)
        with self._lock:
            bound = self._bound.get(batch)
            if bound is None:
                bound = self._bound[batch] = self.bind(batch)
            buffer = bound.buffer
            buffer["x"][...] = x
            buffer["valid"][...] = valid
            buffer["expected"][...] = expected
            buffer["context"][...] = context
            buffer["memory_in"][...] = state.memory
            at = state.position % self.rings.period
            if batch == 1:
                state.rings[0].take(self.rings.taps[at], out=buffer["taps"][0], mode="clip")
            else:
                state.rings.take(self.rings.taps[at], axis=1, out=buffer["taps"], mode="clip")
            bound.run()
            rings = state.rings.copy()
            if batch == 1:
                rings[0][self.rings.push[at]] = buffer["push"][0]
            else:
                rings[:, self.rings.push[at]] = buffer["push"]
            out, memory = buffer["out"].copy(), buffer["memory"].copy()
        level, row = state.level.copy(), state.level_position
        level[:, row] = out[:, self.part["level"]]
        after = NetworkCoreState(
            rings, memory, out[:, self.part["forecast"]], out[:, self.part["log_scale"]], level, at + 1, (row + 1) % self.horizon
        )
        return out, after

    def sequence(
        self, x: Float32Array, valid: BoolArray, expected: Float32Array, context: Float32Array, state: NetworkCoreState
    ) -> tuple[Float32Array, NetworkCoreState]:
        """Many ticks of B assets, in one call of the graph.

        Parameters
        ----------
        x, expected : (B, T, C) float32; valid : (B, T, C) bool; context : (B, T, K) float32
        state : not changed

        Returns
        -------
        out : (B, T, O); state for the next tick
        """
        at = state.position % self.rings.period
        rings = state.rings if at == 0 else np.ascontiguousarray(state.rings[:, self.rings.order[at]])
        feeds = {"x": x, "valid": valid, "expected": expected, "context": context, "rings_in": rings, "memory_in": state.memory}
        out, rings, memory = self._sequence.run(["out", "rings", "memory"], feeds)
        level = np.concatenate([np.roll(state.level, -state.level_position, axis=1), out[:, -self.horizon :, self.part["level"]]], axis=1)
        after = NetworkCoreState(
            rings, memory, out[:, -1, self.part["forecast"]].copy(), out[:, -1, self.part["log_scale"]].copy(),
            np.ascontiguousarray(level[:, -self.horizon :]), 0, 0,
        )  # fmt: skip
        return out, after

    def run(self, prepared: Prepared, linear: Expectation, state: NetworkCoreState) -> tuple[Expectation, NetworkCoreState]:
        """What linear core and network together say of one asset's ticks.

        Parameters
        ----------
        prepared : T ticks; state starts anew at each `reset`
        linear : the linear core's Expectation of the same ticks
        state : of one asset (B = 1), not changed

        Returns
        -------
        Expectation; state for the next tick

        Raises
        ------
        PreparationError : other channels than the network was trained for
        """
        if prepared.channels != self.channels or prepared.context.shape[1] != self.widths["context"]:
            raise PreparationError(
                f"the network was trained for {len(self.channels)} other channels than these {len(prepared.channels)}",
                do="prepare the recording with the preparation of the same model",
            )
        if prepared.rows == 1:
            return self._one_tick(prepared, linear, self.start() if prepared.reset[0] else state)
        said = _Said(self, prepared, linear)
        starts = [0, *(int(r) for r in np.flatnonzero(prepared.reset) if r > 0)]
        for low, high in zip(starts, [*starts[1:], prepared.rows], strict=True):
            if low >= high:
                continue
            if prepared.reset[low]:
                state = self.start()
            state = self._stretch(said, low, high, state)
        return said.expectation(), state

    def _one_tick(self, prepared: Prepared, linear: Expectation, state: NetworkCoreState) -> tuple[Expectation, NetworkCoreState]:
        """The live path: the same sums as `_Said.write`, on one row."""
        out, after = self.step(prepared.x, prepared.valid, linear.forecast, prepared.context, state)
        part = self.part
        level = state.level[:, state.level_position]
        said = Expectation(
            linear.forecast + state.forecast,
            linear.relation + out[:, part["relation"]],
            state.log_scale,
            linear.level + level if linear.level.shape[1] else level,
            out[:, part["features"]],
            out[:, part["quality"]].reshape(1, *self.quality_shape),
        )
        return said, after

    def _stretch(self, said: _Said, low: int, high: int, state: NetworkCoreState) -> NetworkCoreState:
        """The rows low..high, no reset inside."""
        rows = high - low
        if rows < STEP_ROWS:
            for row in range(low, high):
                out, after = self.step(*said.inputs(row), state)
                said.write(out, row, state)
                state = after
            return state
        shortest = max(LANE_ROWS, 4 * self.settle)
        lanes = min(self.threads, rows // shortest) if self.settle else 1
        if lanes < 2:
            return self._chunks(said, low, high, state)
        cuts = [low + rows * lane // lanes for lane in range(lanes + 1)]

        def lane_of(lane: int) -> tuple[NetworkCoreState, NetworkCoreState]:
            begin = state if lane == 0 else self._run_up(said, cuts[lane])
            return begin, self._chunks(said, cuts[lane], cuts[lane + 1], begin)

        with ThreadPoolExecutor(lanes) as pool:
            ends = list(pool.map(lane_of, range(lanes)))
        true = ends[0][1]
        for lane in range(1, lanes):
            begin, end = ends[lane]
            true = end if same_state(begin, true) else self._chunks(said, cuts[lane], cuts[lane + 1], true)
        return true

    def _run_up(self, said: _Said, low: int) -> NetworkCoreState:
        """The state before row `low`, from the `settle_ticks` (and the horizon) before it alone."""
        first = low - max(self.settle + self.settle // 2, self.horizon)
        _, state = self.sequence(*said.inputs(slice(first, low)), self.start())
        return state

    def _chunks(self, said: _Said, low: int, high: int, state: NetworkCoreState) -> NetworkCoreState:
        for first in range(low, high, CHUNK_ROWS):
            last = min(first + CHUNK_ROWS, high)
            out, after = self.sequence(*said.inputs(slice(first, last)), state)
            said.write_rows(out[0], first, last, state)
            state = after
        return state


class _Said:
    """The arrays of an Expectation while they are filled."""

    def __init__(self, core: NetworkCore, prepared: Prepared, linear: Expectation) -> None:
        self.prepared, self.linear, self.core = prepared, linear, core
        rows, c = prepared.rows, len(prepared.channels)
        self.part = core.part
        self.forecast, self.relation, self.log_scale, self.level = (np.empty((rows, c), np.float32) for _ in range(4))
        self.features = np.empty((rows, self.part["features"].stop - self.part["features"].start), np.float32)
        self.quality = np.empty((rows, self.part["quality"].stop - self.part["quality"].start), np.float32)
        self.base_level = linear.level if linear.level.shape[1] else np.broadcast_to(np.float32(0), (rows, c))

    def inputs(self, rows: int | slice) -> tuple[Float32Array, BoolArray, Float32Array, Float32Array]:
        p = self.prepared
        return p.x[rows][None], p.valid[rows][None], self.linear.forecast[rows][None], p.context[rows][None]

    def write(self, out: Float32Array, row: int, before: NetworkCoreState) -> None:
        """One tick: `out` (1, O), and what had been said of it `before`."""
        part, said = self.part, out[0]
        np.add(self.linear.forecast[row], before.forecast[0], out=self.forecast[row])
        np.add(self.linear.relation[row], said[part["relation"]], out=self.relation[row])
        np.add(self.base_level[row], before.level[0, before.level_position], out=self.level[row])
        self.log_scale[row] = before.log_scale[0]
        self.features[row] = said[part["features"]]
        self.quality[row] = said[part["quality"]]

    def write_rows(self, out: Float32Array, first: int, last: int, before: NetworkCoreState) -> None:
        """Many ticks: `out` (T, O), and what had been said of the first ones `before`."""
        part, horizon = self.part, self.core.horizon
        rows = slice(first, last)
        self.forecast[rows] = self.linear.forecast[rows]
        self.forecast[first] += before.forecast[0]
        self.forecast[first + 1 : last] += out[:-1, part["forecast"]]
        self.log_scale[first] = before.log_scale[0]
        self.log_scale[first + 1 : last] = out[:-1, part["log_scale"]]
        np.add(self.linear.relation[rows], out[:, part["relation"]], out=self.relation[rows])
        self.level[rows] = self.base_level[rows]
        soon = min(horizon, last - first)
        self.level[first : first + soon] += np.roll(before.level[0], -before.level_position, axis=0)[:soon]
        self.level[first + soon : last] += out[: last - first - soon, part["level"]]
        self.features[rows] = out[:, part["features"]]
        self.quality[rows] = out[:, part["quality"]]

    def expectation(self) -> Expectation:
        targets, quantiles = self.core.quality_shape
        quality = self.quality.reshape(len(self.quality), targets, quantiles)
        return Expectation(self.forecast, self.relation, self.log_scale, self.level, self.features, quality)


__all__ = ["NetworkCore", "NetworkCoreState"]
