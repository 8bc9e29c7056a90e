"""What preparation carries from one piece of a recording to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.plant.arrays import BoolArray, Float64Array, Int64Array, StatusArray
from andon.plant.errors import PreparationError
from andon.preparing.gridding import NEVER
from andon.preparing.plan import Plan

SINCE_RAMPS = frozenset({"ramp_from", "ramp_way", "ramp_tick"})
"""Parts that states kept before ramps were known do not have."""


@dataclass(frozen=True, slots=True)
class PrepareState:
    """Never changed in place. M inputs, C channels, P samples that wait.

    Attributes
    ----------
    plan : of the preparation that it belongs to
    next_tick : the next tick to give out; NEVER before the first sample
    last_time : time of the newest sample, ns
    time, values, ok, status : samples of ticks that are not complete
    good_value, good_time : (M,) last GOOD sample
    real_time : (M,) last GOOD or UNCERTAIN sample
    counter_value, counter_tick : (M,) last real value of a tick
    rate_value, rate_tick : (M,) last rate
    seen_value, seen_tick, since_tick : (C,) last real value of a tick, its tick, and since when it has not changed
    set_value, ramp_from, ramp_way, ramp_tick : (S,) of each set-point, see `setpoints.SetPoints`
    mode : last mode; -2 before the first
    disturbed_tick : last tick of off time, maintenance, change of mode or unusual move of a set-point
    data_tick : last tick with a real sample of any input
    off : the last tick was off
    """

    plan: Plan
    next_tick: int
    last_time: int
    time: Int64Array
    values: Float64Array
    ok: BoolArray
    status: StatusArray
    good_value: Float64Array
    good_time: Int64Array
    real_time: Int64Array
    counter_value: Float64Array
    counter_tick: Int64Array
    rate_value: Float64Array
    rate_tick: Int64Array
    seen_value: Float64Array
    seen_tick: Int64Array
    since_tick: Int64Array
    set_value: Float64Array
    ramp_from: Float64Array
    ramp_way: Float64Array
    ramp_tick: Int64Array
    mode: int
    disturbed_tick: int
    data_tick: int
    off: bool

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything but the plan as arrays, to be stored and restored."""
        return {item.name: np.asarray(getattr(self, item.name)) for item in fields(self) if item.name != "plan"}

    @classmethod
    def from_arrays(cls, plan: Plan, arrays: Mapping[str, NDArray[Any]]) -> PrepareState:
        """The inverse of `to_arrays`.

        Raises
        ------
        PreparationError : the arrays do not fit the plan
        """
        fresh = start_state(plan)
        more: dict[str, object] = {}
        for item in fields(cls):
            if item.name == "plan":
                continue
            wanted = getattr(fresh, item.name)
            found = arrays.get(item.name, wanted if item.name in SINCE_RAMPS else None)
            if found is None or (isinstance(wanted, np.ndarray) and found.shape[1:] != wanted.shape[1:]):
                raise PreparationError(f"the stored state does not fit this preparation ({item.name})", do="start anew without a state")
            more[item.name] = type(wanted)(found) if isinstance(wanted, int) else np.array(found, dtype=wanted.dtype)
        return cls(plan=plan, **more)  # type: ignore[arg-type]


def start_state(plan: Plan) -> PrepareState:
    """The state before the first sample."""
    inputs, channels, sets = plan.width, len(plan.preparation.channels), len(plan.setpoints)

    def never(size: int) -> Int64Array:
        return np.full(size, NEVER, dtype=np.int64)

    def nothing(size: int) -> Float64Array:
        return np.full(size, np.nan)

    return PrepareState(
        plan, NEVER, NEVER,
        np.zeros(0, dtype=np.int64), np.zeros((0, inputs)), np.zeros((0, inputs), dtype=bool), np.zeros((0, inputs), dtype=np.uint8),
        nothing(inputs), never(inputs), never(inputs), nothing(inputs), never(inputs), nothing(inputs), never(inputs),
        nothing(channels), never(channels), never(channels), nothing(sets), nothing(sets), np.zeros(sets), never(sets),
        -2, NEVER, NEVER, False,
    )  # fmt: skip
