"""The network of many assets at one tick: rings outside the graph, all assets in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import Float32Array
from andon.plant.window import Expectation, Prepared
from andon.scoring.network_core import Bound, NetworkCore
from andon.scoring.network_state import NetworkCoreState

CHUNK = 500  # assets a call of the graph


@dataclass(slots=True)
class AllNetworkState:
    """`NetworkCoreState` of A assets, changed by every tick.

    Attributes
    ----------
    rings : of each ring (ticks, A, width) float32
    memory : (A, M); forecast, log_scale : (A, C); level : (horizon, A, C)
    position : ticks pushed since the rings were in order, below the longest ring
    level_position : place in `level` of the tick that comes next
    """

    rings: tuple[Float32Array, ...]
    memory: Float32Array
    forecast: Float32Array
    log_scale: Float32Array
    level: Float32Array
    position: int
    level_position: int


class NetworkTogether:
    """Runs the step graph over A assets.

    Parameters
    ----------
    core : of the model
    count : A
    """

    def __init__(self, core: NetworkCore, count: int) -> None:
        self.core, self.count = core, count
        meta = core.meta["rings"]
        self._sizes = [(int(ring["ticks"]), int(ring["width"])) for ring in meta]
        self._delays = [[int(delay) for delay in ring["delays"]] for ring in meta]
        self._bound: dict[int, Bound] = {}

    def join(self, states: Sequence[NetworkCoreState]) -> AllNetworkState:
        """The states of single assets together, wherever each stands in its rings."""
        core = self.core
        flat = np.stack([one.rings[0][core.rings.order[one.position % core.rings.period]] for one in states])
        rings, start = [], 0
        for ticks, width in self._sizes:
            part = flat[:, start : start + ticks * width].reshape(len(states), ticks, width)
            rings.append(np.ascontiguousarray(part.transpose(1, 0, 2)))
            start += ticks * width
        level = np.stack([np.roll(one.level[0], -one.level_position, axis=0) for one in states], axis=1)
        memory, forecast, log_scale = (
            np.concatenate([getattr(one, name) for one in states]) for name in ("memory", "forecast", "log_scale")
        )
        return AllNetworkState(tuple(rings), memory, forecast, log_scale, level, 0, 0)

    def split(self, state: AllNetworkState) -> list[NetworkCoreState]:
        """The state of each asset by itself."""
        return [
            NetworkCoreState(
                np.concatenate([ring[:, at].reshape(1, -1) for ring in state.rings], axis=1),
                state.memory[at : at + 1].copy(), state.forecast[at : at + 1].copy(), state.log_scale[at : at + 1].copy(),
                state.level[None, :, at].copy(), state.position, state.level_position,
            )
            for at in range(self.count)
        ]  # fmt: skip

    def run(self, prepared: Prepared, linear: Expectation, state: AllNetworkState) -> Expectation:
        """What linear core and network say of one tick of all assets; `state` is moved on in place. See `NetworkCore.run`."""
        core = self.core
        fresh = np.flatnonzero(prepared.reset)
        if len(fresh):
            for ring in state.rings:
                ring[:, fresh] = 0.0
            state.memory[fresh] = state.forecast[fresh] = 0.0
            state.log_scale[fresh] = core.base_log_scale
            state.level[:, fresh] = 0.0
        part, base = core.part, linear.level
        level = state.level[state.level_position].copy()
        if base.shape[1]:
            level += base
        forecast, log_scale = linear.forecast + state.forecast, state.log_scale.copy()
        relation = linear.relation.copy()
        features = np.empty((self.count, part["features"].stop - part["features"].start), dtype=np.float32)
        quality = np.empty((self.count, part["quality"].stop - part["quality"].start), dtype=np.float32)
        for low in range(0, self.count, CHUNK):
            rows = slice(low, min(low + CHUNK, self.count))
            out = self._call(prepared, linear, state, rows)
            relation[rows] += out[:, part["relation"]]
            state.forecast[rows], state.log_scale[rows] = out[:, part["forecast"]], out[:, part["log_scale"]]
            state.level[state.level_position, rows] = out[:, part["level"]]
            features[rows], quality[rows] = out[:, part["features"]], out[:, part["quality"]]
        state.position = (state.position + 1) % core.rings.period
        state.level_position = (state.level_position + 1) % core.horizon
        return Expectation(forecast, relation, log_scale, level, features, quality.reshape(self.count, *core.quality_shape))

    def _call(self, prepared: Prepared, linear: Expectation, state: AllNetworkState, rows: slice) -> Float32Array:
        """(N, O) what the graph says of some assets; their rings and memory are moved on."""
        batch = rows.stop - rows.start
        bound = self._bound.get(batch)
        if bound is None:
            bound = self._bound[batch] = self.core.bind(batch)
        buffer = bound.buffer
        buffer["x"][...], buffer["valid"][...] = prepared.x[rows], prepared.valid[rows]
        buffer["expected"][...], buffer["context"][...] = linear.forecast[rows], prepared.context[rows]
        buffer["memory_in"][...] = state.memory[rows]
        taps, at = buffer["taps"], 0
        for ring, (ticks, width), delays in zip(state.rings, self._sizes, self._delays, strict=True):
            for delay in delays:
                taps[:, at : at + width] = ring[(state.position - delay) % ticks, rows]
                at += width
        bound.run()
        push, at = buffer["push"], 0
        for ring, (ticks, width) in zip(state.rings, self._sizes, strict=True):
            ring[state.position % ticks, rows] = push[:, at : at + width]
            at += width
        state.memory[rows] = buffer["memory"]
        out: Float32Array = buffer["out"]
        return out
