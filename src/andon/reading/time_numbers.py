"""Numbers that are times: seconds to nanoseconds since 1970, Excel's days."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import TimeArray
from andon.plant.time import DAY_NS, NS
from andon.reading.timestamps import NO_TIME, is_date_and_hour

EXCEL_EPOCH_NS = -25_569 * DAY_NS  # day 0 of the 1900 system, 30 December 1899: right from 1 March 1900 on

_EPOCH_UNITS = {"epoch-s": NS, "epoch-ms": 1_000_000, "epoch-us": 1_000, "epoch-ns": 1}


def number_kind(values: np.ndarray, named: bool) -> str:
    """Whether numbers are instants: "epoch-s" ... "epoch-ns", "excel", or "" where they are not.

    Parameters
    ----------
    values : (N,) numbers
    named : whether the column's name says that it is a time; needed for Excel's day numbers
    """
    finite = values[np.isfinite(values.astype(np.float64))].astype(np.float64)
    if finite.size == 0:
        return ""
    low, high = float(finite.min()), float(finite.max())
    if low > 2e9 and high < 2.05e9 and all(is_date_and_hour(f"{number:.0f}") for number in finite[:1000]):
        return ""  # dates and hours, which as seconds would lie in 2033
    for kind, unit in _EPOCH_UNITS.items():
        size = NS / unit
        if low >= 3.1e8 * size and high <= 4.2e9 * size:
            return kind
    if named and low >= 20_000 and high <= 80_000:
        return "excel"
    return ""


def parse_numbers(values: np.ndarray, kind: str) -> TimeArray:
    """Nanoseconds of numbers of that kind; `NO_TIME` where not finite. Excel's days are rounded to the millisecond."""
    values = np.asarray(values)
    if kind == "excel":
        with np.errstate(invalid="ignore"):
            out = np.where(np.isfinite(values), np.round(values.astype(np.float64) * 86_400_000.0), 0.0).astype(np.int64) * 1_000_000
        out += EXCEL_EPOCH_NS
        return np.where(np.isfinite(values), out, NO_TIME)
    unit = _EPOCH_UNITS[kind]
    if values.dtype.kind in "iu":
        return values.astype(np.int64) * unit
    finite = np.isfinite(values)
    whole = np.floor(np.where(finite, values, 0.0))
    part = np.round((np.where(finite, values, 0.0) - whole) * min(unit, 1_000_000)) * (unit / min(unit, 1_000_000))
    return np.where(finite, whole.astype(np.int64) * unit + part.astype(np.int64), NO_TIME)
