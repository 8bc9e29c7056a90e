"""A state whose parts are all arrays, as arrays by name, and back: what fleets put into a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

State = TypeVar("State", bound="DataclassInstance")


def to_arrays(state: DataclassInstance) -> dict[str, NDArray[Any]]:
    """Copies of everything, by name."""
    return {item.name: np.array(getattr(state, item.name)) for item in fields(state)}


def misfit(fresh: DataclassInstance, arrays: Mapping[str, NDArray[Any]]) -> str:
    """The first part of which the array is absent or of another shape than in `fresh`; empty where all fit."""
    for item in fields(fresh):
        array = arrays.get(item.name)
        if array is None or array.shape != getattr(fresh, item.name).shape:
            return item.name
    return ""


def with_arrays(fresh: State, arrays: Mapping[str, NDArray[Any]]) -> State:
    """The inverse of `to_arrays`: copies of arrays without `misfit`, of the types that `fresh` has."""
    found: dict[str, Any] = {item.name: np.array(arrays[item.name], dtype=getattr(fresh, item.name).dtype) for item in fields(fresh)}
    return replace(fresh, **found)
