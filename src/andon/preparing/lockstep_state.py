"""The state of preparation of many assets: `PrepareState` in arrays of all assets, from and to a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from andon.plant.arrays import BoolArray, Float64Array, Int64Array, IntArray
from andon.plant.errors import PreparationError
from andon.plant.state_arrays import misfit, to_arrays, with_arrays
from andon.preparing.state import SINCE_RAMPS


@dataclass(slots=True)
class AllPrepareState:
    """`PrepareState` of A assets, changed by every tick. No samples wait: a tick is given out when it is complete.

    Attributes
    ----------
    begun : (A,) bool, had a sample already; the rest is as in `PrepareState`, with A in front
    """

    begun: BoolArray
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
    mode: IntArray
    disturbed_tick: Int64Array
    data_tick: Int64Array
    off: BoolArray

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Copies of everything, by name."""
        return to_arrays(self)

    @classmethod
    def from_arrays(cls, fresh: AllPrepareState, arrays: Mapping[str, NDArray[Any]]) -> AllPrepareState:
        """The inverse, for the assets and the preparation of `fresh`.

        Raises
        ------
        PreparationError : an array is absent or of another shape
        """
        given = {**{name: getattr(fresh, name) for name in SINCE_RAMPS}, **arrays}
        if name := misfit(fresh, given):
            raise PreparationError(f"the stored state does not fit this preparation ({name})", do="start anew without a state")
        return with_arrays(fresh, given)
