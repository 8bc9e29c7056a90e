"""Values as live sources write them: numbers, texts that are numbers, words that stand for no value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from andon.plant.arrays import Float32Array, StatusArray
from andon.plant.status import Status
from andon.reading.quality import hard_word, soft_word

_NUMBER = re.compile(r"[+-]?(\d+([.]\d*)?|[.]\d+)([eE][+-]?\d+)?")
_NUMERALS = frozenset("0123456789+-.eE ")
_PLAIN = frozenset((float, int, bool, type(None)))
GOOD, BAD, MISSING = int(Status.GOOD), int(Status.BAD), int(Status.MISSING)


def read_value(raw: Any) -> tuple[float, int, bool]:
    """One value.

    Parameters
    ----------
    raw : a number, true or false, a text, or None

    Returns
    -------
    value, NaN where there is none; status; whether it could be read (a text that is neither number nor known word could not)
    """
    if raw is None:
        return np.nan, MISSING, True
    if isinstance(raw, bool | int | float):
        try:
            return float(raw), GOOD, True
        except OverflowError:
            return np.nan, BAD, True
    if isinstance(raw, str):
        text = raw.strip()
        if _NUMBER.fullmatch(text):
            return float(text), GOOD, True
        lowered = text.lower()
        if lowered in ("true", "false"):
            return float(lowered == "true"), GOOD, True
        status = hard_word(text)
        if status is None:
            status = soft_word(text)
        return np.nan, BAD if status is None else int(status), status is not None
    return np.nan, BAD, False


def finish(values: np.ndarray) -> tuple[Float32Array, StatusArray]:
    """float32 and status of float64 values: NaN is MISSING, what float32 cannot hold is BAD."""
    with np.errstate(over="ignore", invalid="ignore"):
        short = values.astype(np.float32)
    status = np.zeros(short.shape, dtype=np.uint8)
    odd = ~np.isfinite(short)
    if odd.any():
        status[odd] = np.where(np.isnan(short[odd]), MISSING, BAD)
        short[odd] = np.nan
    return short, status


def read_values(raws: Sequence[Any]) -> tuple[Float32Array, StatusArray, list[int]]:
    """Many values at once; see `read_value`.

    Returns
    -------
    (N,) float32; (N,) uint8; the places of those that could not be read
    """
    if set(map(type, raws)) <= _PLAIN:
        try:
            return (*finish(np.array(raws, dtype=np.float64)), [])
        except OverflowError:
            pass
    elif set(map(type, raws)) == {str} and set("".join(raws)) <= _NUMERALS:
        try:
            return (*finish(np.array(list(map(float, raws)), dtype=np.float64)), [])
        except ValueError:
            pass
    values = np.empty(len(raws), dtype=np.float64)
    status = np.empty(len(raws), dtype=np.uint8)
    wrong: list[int] = []
    for index, raw in enumerate(raws):
        values[index], status[index], read = read_value(raw)
        if not read:
            wrong.append(index)
    short, found = finish(values)
    return short, np.where(status == GOOD, found, status).astype(np.uint8), wrong
