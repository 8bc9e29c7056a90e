"""Times as live sources write them: ISO 8601 text, or a number since 1970."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np

from andon.plant.arrays import BoolArray, TimeArray
from andon.plant.time import NS
from andon.reading.payload.distinct import each

UNIT_NS = {"s": NS, "ms": 1_000_000, "us": 1_000, "ns": 1}
LARGEST = 2**63 - 1  # the year 2262
_FRACTION = re.compile(r"([.,])(\d+)(?=$|Z|z|[+-]\d\d:?\d\d$)")
_NUMBER = re.compile(r"[+-]?\d{1,19}(\.\d{1,9})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def unit_ns(number: float, unit: str) -> int:
    """ns per unit of a number that is a time. "auto": seconds below 1e11 (the year 5138), then ms, µs and ns by factors of 1,000."""
    if unit != "auto":
        return UNIT_NS[unit]
    size = abs(number)
    return NS if size < 1e11 else 1_000_000 if size < 1e14 else 1_000 if size < 1e17 else 1


def read_instant(raw: Any, unit: str, zone: tzinfo) -> int | None:
    """ns UTC of a time; None where it is none.

    Parameters
    ----------
    raw : text or number
    unit : of a number, one of `TIME_UNITS`
    zone : of a text without offset; in the hour that comes twice, the first is meant
    """
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        ns = raw * unit_ns(raw, unit)
    elif isinstance(raw, float):
        if not np.isfinite(raw) or abs(raw) > 1e20:
            return None
        size = unit_ns(raw, unit)
        whole = int(raw)
        ns = whole * size + (round((raw - whole) * size / 1_000) * 1_000 if size > 1_000 else round((raw - whole) * size))
    elif isinstance(raw, str):
        found = _read_text(raw.strip(), unit, zone)
        if found is None:
            return None
        ns = found
    else:
        return None
    return ns if -LARGEST <= ns <= LARGEST else None


def _read_text(text: str, unit: str, zone: tzinfo) -> int | None:
    if _NUMBER.fullmatch(text):
        whole, _, rest = text.partition(".")
        if len(whole) == 8 and whole.isdigit() and not rest and unit == "auto":
            return None  # 20260301 is a date, not seconds of the year 1970: say so rather than guess
        size = unit_ns(int(whole), unit)
        return int(whole) * size + (-1 if text[0] == "-" else 1) * (int(rest.ljust(9, "0")[:9]) * size // NS if rest else 0)
    fraction = _FRACTION.search(text)
    tail_ns = 0
    if fraction:
        tail_ns = int(fraction[2][:9].ljust(9, "0"))
        text = text[: fraction.start()] + text[fraction.end() :]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        delta = moment - _EPOCH
    except OverflowError:
        return None
    return (delta.days * 86_400 + delta.seconds) * NS + delta.microseconds * 1_000 + tail_ns


def read_instants(raws: Sequence[Any], unit: str, zone: tzinfo) -> tuple[TimeArray, BoolArray]:
    """Many times at once; see `read_instant`.

    Returns
    -------
    (N,) int64 ns UTC, 0 where unreadable; (N,) True where readable
    """
    found = each(raws, lambda raw: read_instant(raw, unit, zone))
    if None not in found:
        return np.array(found, dtype=np.int64), np.ones(len(found), dtype=bool)
    readable = np.array([ns is not None for ns in found], dtype=bool)
    return np.array([ns or 0 for ns in found], dtype=np.int64), readable
