"""The state of a fleet in lockstep: from and to the states of single assets, from and to a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.evidence.lockstep import AllViewState
from andon.evidence.lockstep_events import AllOpenerState
from andon.evidence.quality_view import QualityEvidenceState
from andon.plant.arrays import Int64Array
from andon.plant.errors import EvidenceError, PreparationError, StoreError
from andon.preparing.lockstep_state import AllPrepareState
from andon.scoring.detector import DetectorState
from andon.scoring.kept_state import from_kept, misfit, to_kept
from andon.scoring.linear_core import LinearState
from andon.scoring.lockstep.cores import AllLinearState
from andon.scoring.lockstep.network import AllNetworkState
from andon.scoring.lockstep.parts import Parts
from andon.scoring.monitor import MonitorState

SCHEMA_VERSION = 1
NEXT_OF_NONE = 0  # where rings begin while no tick has come: they are empty


@dataclass(slots=True)
class LockstepState:
    """State of A assets. `Lockstep.step` uses it up: go on with the one that it gives back.

    Attributes
    ----------
    next_tick : the tick that comes next; None before the first sample of all
    age : (A,) int64, ticks since the last reset
    quality, coupled : of each asset, as in `MonitorState`
    spent : it was used up
    """

    next_tick: int | None
    prepare: AllPrepareState
    linear: AllLinearState
    network: AllNetworkState | None
    views: AllViewState
    age: Int64Array
    opener: AllOpenerState
    quality: tuple[tuple[Any, ...], ...]
    coupled: tuple[QualityEvidenceState | None, ...]
    spent: bool = False

    def follow(self, next_tick: int) -> LockstepState:
        """The same arrays for the next step."""
        return replace(self, next_tick=next_tick, spent=False)


def start(parts: Parts) -> LockstepState:
    """Before the first sample."""
    return join(parts, None, [one.start() for one in parts.members])


def join(parts: Parts, next_tick: int | None, states: Sequence[MonitorState]) -> LockstepState:
    """The states of single assets together.

    Parameters
    ----------
    next_tick : of all of them

    Raises
    ------
    PreparationError : samples wait in one of them, or they are at different ticks
    """
    if any(one.prepare is not None and one.prepare.next_tick != next_tick for one in states):
        raise PreparationError("the assets stand at different ticks", do="judge them one by one")
    following = NEXT_OF_NONE if next_tick is None else next_tick
    return LockstepState(
        next_tick,
        parts.prepare.join([one.prepare for one in states]),
        parts.linear.join([one.detector.linear for one in states], following),
        None if parts.network is None else parts.network.join([one.detector.network for one in states]),
        parts.views.join([one.detector.views for one in states], following),
        np.array([one.detector.age for one in states], dtype=np.int64),
        parts.opener.join([one.opener for one in states]),
        tuple(one.quality for one in states),
        tuple(one.coupled for one in states),
    )


def split(parts: Parts, state: LockstepState) -> tuple[MonitorState, ...]:
    """The state of each asset by itself, as `AssetByAsset` goes on with it."""
    following = NEXT_OF_NONE if state.next_tick is None else state.next_tick
    prepare = parts.prepare.split(state.prepare, following)
    rings = parts.linear.split(state.linear, following)
    networks = [None] * len(rings) if parts.network is None or state.network is None else parts.network.split(state.network)
    views, openers = parts.views.split(state.views, following), parts.opener.split(state.opener)
    return tuple(
        MonitorState(
            own, DetectorState(LinearState(rings[at], own is not None), networks[at], views[at], int(state.age[at])), openers[at],
            state.quality[at], state.coupled[at],
        )
        if own is not None
        else parts.members[at].start()
        for at, own in enumerate(prepare)
    )  # fmt: skip


def to_arrays(state: LockstepState) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Copies of all arrays by name, and a JSON value that belongs to them."""
    arrays = {f"prepare.{name}": array for name, array in state.prepare.to_arrays().items()}
    arrays |= {f"opener.{name}": array for name, array in state.opener.to_arrays().items()}
    arrays |= {name: array.copy() for name, array in _plain(state).items()}
    places = [] if state.network is None else [state.network.position, state.network.level_position]
    sensors, shape = to_kept((state.quality, state.coupled))
    arrays |= {f"quality.{name}": array for name, array in sensors.items()}
    about = {
        "lockstep": SCHEMA_VERSION, "assets": len(state.age), "next": state.next_tick, "network": places,
        "quality": shape if sensors else None,
    }  # fmt: skip
    return arrays, about


def from_arrays(parts: Parts, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> LockstepState:
    """The inverse.

    Raises
    ------
    StoreError : it is of other assets, of another model, or of a newer Andon
    """
    if about.get("lockstep") != SCHEMA_VERSION:
        raise StoreError(f"a fleet's state of version {about.get('lockstep')}, this Andon knows {SCHEMA_VERSION}", do="update Andon")
    fresh = start(parts)
    if about.get("assets") != len(fresh.age):
        raise StoreError(f"the kept state is of {about.get('assets')} assets, not {len(fresh.age)}", do="start without it")
    try:
        for name, array in _plain(fresh).items():
            if arrays[name].shape != array.shape:
                raise ValueError(f"{name} is {arrays[name].shape}, not {array.shape}")
            array[...] = arrays[name]
        if fresh.network is not None:
            fresh.network.position, fresh.network.level_position = (int(place) for place in about["network"])
        quality, coupled = fresh.quality, fresh.coupled
        if about["quality"] is not None:
            quality, coupled = from_kept(_under("quality", arrays), about["quality"], parts.prepare.preparation)
        return replace(
            fresh,
            next_tick=None if about["next"] is None else int(about["next"]),
            prepare=AllPrepareState.from_arrays(fresh.prepare, _under("prepare", arrays)),
            opener=AllOpenerState.from_arrays(fresh.opener, _under("opener", arrays)),
            quality=quality,
            coupled=coupled,
        )
    except (KeyError, TypeError, ValueError, EvidenceError, PreparationError) as error:
        raise misfit(error) from error


def _plain(state: LockstepState) -> dict[str, NDArray[Any]]:
    """The arrays of cores and views themselves, by name."""
    arrays: dict[str, NDArray[Any]] = {"linear.ring": state.linear.ring, "age": state.age}
    arrays |= {f"views.{item.name}": getattr(state.views, item.name) for item in fields(AllViewState) if item.name != "states"}
    arrays |= {f"views.states.{at}": array for at, array in enumerate(state.views.states)}
    if state.network is not None:
        arrays |= {f"network.{name}": getattr(state.network, name) for name in ("memory", "forecast", "log_scale", "level")}
        arrays |= {f"network.rings.{at}": ring for at, ring in enumerate(state.network.rings)}
    return arrays


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name[len(prefix) + 1 :]: array for name, array in arrays.items() if name.startswith(prefix + ".")}
