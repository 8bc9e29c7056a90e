"""The state of the network at run time: rings of delayed values, flat, the memory, and what was said of ticks to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.plant.arrays import Float32Array, Int64Array
from andon.plant.errors import BundleError

SAME_STATE = 1e-6


@dataclass(frozen=True, slots=True)
class NetworkCoreState:
    """What the network carries from tick to tick, for B assets in lockstep.

    Attributes
    ----------
    rings : (B, S) float32 delayed values, ring after ring
    memory : (B, M) float32
    forecast, log_scale : (B, C) float32, said of the tick that comes next
    level : (B, horizon, C) float32, said of the ticks that come, a ring
    position : ticks pushed into the rings since they were in order
    level_position : row of `level` that belongs to the tick that comes next
    """

    rings: Float32Array
    memory: Float32Array
    forecast: Float32Array
    log_scale: Float32Array
    level: Float32Array
    position: int = 0
    level_position: int = 0

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays by name, for safetensors."""
        arrays: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in ("rings", "memory", "forecast", "log_scale", "level")}
        return arrays | {"position": np.array([self.position, self.level_position], dtype=np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> NetworkCoreState:
        """The state that `to_arrays` wrote.

        Raises
        ------
        BundleError : a part is absent
        """
        try:
            position, level_position = (int(v) for v in arrays["position"])
            parts = [np.asarray(arrays[name], dtype=np.float32) for name in ("rings", "memory", "forecast", "log_scale", "level")]
        except (KeyError, ValueError) as error:
            raise BundleError(
                f"the saved state of the network is incomplete: {error}", do="start without it; the first ticks then warm up"
            ) from error
        return cls(parts[0], parts[1], parts[2], parts[3], parts[4], position, level_position)


class RingPlaces:
    """Where delayed values lie in the flat state, at each position. Rings are powers of two long, so all repeat after the longest."""

    def __init__(self, rings: list[dict[str, Any]]) -> None:
        self.period = max(int(r["ticks"]) for r in rings)
        taps: list[Int64Array] = []
        push: list[Int64Array] = []
        order: list[Int64Array] = []
        at = np.arange(self.period)[:, None]
        start = 0
        for ring in rings:
            ticks, width = int(ring["ticks"]), int(ring["width"])
            column = np.arange(width)[None, :]
            for delay in ring["delays"]:
                taps.append(start + (at - int(delay)) % ticks * width + column)
            push.append(start + at % ticks * width + column)
            oldest_first = (at + np.arange(ticks)[None, :]) % ticks
            order.append((start + oldest_first[..., None] * width + column[None]).reshape(self.period, -1))
            start += ticks * width
        self.size = start
        self.taps = np.ascontiguousarray(np.concatenate(taps, axis=1), dtype=np.int64)
        self.push = np.ascontiguousarray(np.concatenate(push, axis=1), dtype=np.int64)
        self.order = np.ascontiguousarray(np.concatenate(order, axis=1), dtype=np.int64)


def same_state(a: NetworkCoreState, b: NetworkCoreState) -> bool:
    """Whether two states are one, to rounding. Both are in order: they come from the sequence graph."""
    return bool(
        np.abs(a.memory - b.memory).max(initial=0) <= SAME_STATE
        and np.allclose(a.rings, b.rings, rtol=1e-5, atol=10 * SAME_STATE)
        and np.allclose(a.level, b.level, rtol=1e-5, atol=10 * SAME_STATE)
    )
