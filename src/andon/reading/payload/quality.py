"""The quality beside a live value: words, OPC UA status codes, classic OPC bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from andon.plant.arrays import StatusArray
from andon.plant.status import Status, from_opc_classic, from_opc_ua
from andon.reading.payload.distinct import each
from andon.reading.quality import from_numbers, quality_word


def read_quality(raw: Any, scheme: str) -> Status | None:
    """Status of one quality; None where nobody knows what it means.

    Parameters
    ----------
    raw : number, word, true or false; None: nothing was said, so the value is as good as it looks
    scheme : "words", "opc-classic", "opc-ua", "aveva", "ignore", or "auto": a number of 64 to 255 is classic OPC, one above
        65,535 is OPC UA. 0 is good in OPC UA and bad in classic OPC, so "auto" takes it as UNCERTAIN
    """
    if raw is None or scheme == "ignore":
        return Status.GOOD
    if isinstance(raw, bool):
        return Status.GOOD if raw else Status.BAD
    if isinstance(raw, str):
        text = raw.strip()
        if not text:
            return Status.GOOD
        if not text.isdigit():
            return quality_word(text)
        raw = int(text[:12])
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if not isinstance(raw, int) or not 0 <= raw <= 0xFFFFFFFF:
        return None
    if scheme in ("opc-classic", "opc-ua", "aveva"):
        return Status(int(from_numbers(np.array([raw], dtype=np.float64), scheme)[0]))
    if raw == 0:
        return Status.UNCERTAIN
    if 64 <= raw <= 255:
        return Status(int(from_opc_classic(np.array([raw]))[0]))
    if raw > 0xFFFF:
        return Status(int(from_opc_ua(np.array([raw], dtype=np.uint64))[0]))
    return None


def read_qualities(raws: Sequence[Any], scheme: str) -> tuple[StatusArray, list[str]]:
    """Many at once; one that nobody knows is UNCERTAIN, and its text is told."""
    found = each(raws, lambda raw: read_quality(raw, scheme))
    unknown: list[str] = []
    if None in found:
        unknown = list(dict.fromkeys(str(raw)[:60] for raw, status in zip(raws, found, strict=True) if status is None))
        found = [Status.UNCERTAIN if status is None else status for status in found]
    return np.array(found, dtype=np.uint8), unknown


def worse(values: StatusArray, quality: StatusArray) -> StatusArray:
    """The status of values beside a quality: what has no value stays as it is, the rest has its quality."""
    return np.where(values == Status.GOOD, quality, values).astype(np.uint8)
