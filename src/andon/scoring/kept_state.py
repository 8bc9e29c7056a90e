"""State as data: what a monitor remembers of an asset, as arrays and plain values, to be kept in a checkpoint and restored.

Only the state classes of this list are ever made, and only from arrays and numbers: a checkpoint can hold no code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.plant.errors import StoreError
from andon.preparing.plan import make_plan
from andon.preparing.preparation import Preparation
from andon.preparing.state import PrepareState

_PREPARE = "PrepareState"


@cache
def _classes() -> dict[str, type]:
    from andon.evidence.conformal import ConformalState
    from andon.evidence.events import OpenerState, Span
    from andon.evidence.quality_view import QualityEvidenceState
    from andon.evidence.views import ViewState
    from andon.scoring.detector import DetectorState
    from andon.scoring.input_history import HistoryState
    from andon.scoring.linear_core import LinearState
    from andon.scoring.monitor import MonitorState
    from andon.scoring.network_state import NetworkCoreState
    from andon.scoring.quality_walk import QualityState

    known = (
        ConformalState, DetectorState, HistoryState, LinearState, MonitorState, NetworkCoreState, OpenerState, QualityEvidenceState,
        QualityState, Span,
        ViewState,
    )  # fmt: skip
    return {cls.__name__: cls for cls in known}


def to_kept(state: Any) -> tuple[dict[str, NDArray[Any]], Any]:
    """A state as arrays by path and a JSON value that says how they belong together.

    Raises
    ------
    TypeError : something in the state is neither a state class, an array, a number, a text nor a tuple of these
    """
    arrays: dict[str, NDArray[Any]] = {}
    return arrays, _put(state, "s", arrays)


def from_kept(arrays: Mapping[str, NDArray[Any]], shape: Any, preparation: Preparation) -> Any:
    """The state that `to_kept` took apart.

    Parameters
    ----------
    preparation : of the monitor; what it knows is not kept with the state

    Raises
    ------
    StoreError : the parts do not fit each other or the model
    """
    try:
        return _take(shape, arrays, preparation)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise misfit(error) from error


def misfit(error: Exception) -> StoreError:
    """What to say where a kept state and a model do not belong together."""
    return StoreError(f"the kept state of a model does not fit it: {error}", do="start without it; the first ticks then warm up")


def _put(value: Any, path: str, arrays: dict[str, NDArray[Any]]) -> Any:
    if isinstance(value, np.ndarray):
        arrays[path] = value
        return {"array": path}
    if isinstance(value, PrepareState):
        for name, array in value.to_arrays().items():
            arrays[f"{path}.{name}"] = array
        return {"class": _PREPARE, "at": path}
    if is_dataclass(value) and type(value).__name__ in _classes():
        parts = {item.name: _put(getattr(value, item.name), f"{path}.{item.name}", arrays) for item in fields(value)}
        return {"class": type(value).__name__, "parts": parts}
    if isinstance(value, tuple):
        return {"tuple": [_put(item, f"{path}.{at}", arrays) for at, item in enumerate(value)]}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return {"float": value.hex()}
    if value is None or isinstance(value, (bool, int, str)):
        return {"plain": value}
    raise TypeError(f"{type(value).__name__} at {path} cannot be kept")


def _take(shape: Any, arrays: Mapping[str, NDArray[Any]], preparation: Preparation) -> Any:
    match shape:
        case {"array": str(path)}:
            return np.array(arrays[path])
        case {"plain": None | bool() | int() | str() as value}:
            return value
        case {"float": str(text)}:
            return float.fromhex(text)
        case {"tuple": list(items)}:
            return tuple(_take(item, arrays, preparation) for item in items)
        case {"class": "PrepareState", "at": str(path)}:
            named = {name[len(path) + 1 :]: array for name, array in arrays.items() if name.startswith(path + ".")}
            return PrepareState.from_arrays(make_plan(preparation), named)
        case {"class": str(name), "parts": dict(parts)}:
            return _classes()[name](**{key: _take(part, arrays, preparation) for key, part in parts.items()})
        case _:
            raise ValueError(f"unknown part {str(shape)[:60]!r}")
