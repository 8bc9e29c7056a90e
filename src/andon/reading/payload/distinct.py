"""A function of each of many values, called once for each distinct one: live payloads repeat times, names and qualities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def each(raws: Sequence[Any], function: Callable[[Any], Answer]) -> list[Answer]:
    """`[function(raw) for raw in raws]`; 1, 1.0 and True are told apart."""
    kinds = set(map(type, raws))
    try:
        if len(kinds & {bool, int, float}) <= 1:
            answers = {raw: function(raw) for raw in set(raws)}
            return list(map(answers.__getitem__, raws))
    except TypeError:  # a list or an object has no hash
        pass
    return [function(raw) for raw in raws]
