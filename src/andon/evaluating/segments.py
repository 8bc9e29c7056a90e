"""Runs of ones in a 0/1 series: the segments that range-wise measures count."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from andon.plant.arrays import BoolArray, Int64Array
from andon.plant.errors import EvaluationError


def as_labels(values: ArrayLike, name: str = "labels") -> BoolArray:
    """A 0/1 or bool vector as bool.

    Parameters
    ----------
    values : (T,) bool or numbers 0 and 1
    name : what the error calls them

    Raises
    ------
    EvaluationError : not a vector, or a value other than 0 and 1
    """
    array: NDArray[Any] = np.asarray(values)
    if array.ndim != 1:
        raise EvaluationError(f"{name} must be a vector, not of shape {array.shape}", do="give one value per tick")
    if array.dtype == np.bool_:
        return array
    if array.size and not bool(np.all((array == 0) | (array == 1))):
        raise EvaluationError(f"{name} hold values other than 0 and 1", do="turn scores into 0 and 1 with a threshold first")
    return array.astype(np.bool_)


def as_scores(values: ArrayLike, count: int) -> NDArray[np.float64]:
    """Scores of `count` ticks as float64.

    Raises
    ------
    EvaluationError : another length, or a score that is not a number; infinite scores are allowed
    """
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (count,):
        raise EvaluationError(f"{count} labels, but scores of shape {array.shape}", do="give one score per label")
    missing = int(np.isnan(array).sum())
    if missing:
        raise EvaluationError(f"{missing} of {count} scores are not numbers", do="leave out the ticks that cannot be judged")
    return array


def segments(labels: ArrayLike) -> tuple[Int64Array, Int64Array]:
    """First and last index of each run of ones.

    Parameters
    ----------
    labels : (T,) bool or 0/1

    Returns
    -------
    first, last : (S,) int64, inclusive, in order
    """
    on = as_labels(labels)
    edge = np.diff(on.astype(np.int8), prepend=np.int8(0), append=np.int8(0))
    first = np.flatnonzero(edge == 1).astype(np.int64)
    last = (np.flatnonzero(edge == -1) - 1).astype(np.int64)
    return first, last
