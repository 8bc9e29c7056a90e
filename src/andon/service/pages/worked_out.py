"""What takes long to work out and seldom changes, kept for the next page that asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class WorkedOut(Generic[Key, Value]):
    """Values by key, each worked out once; any thread may ask, and waits for one that another asked for.

    Parameters
    ----------
    most : so many are kept; of more, those worked out first go
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: dict[Key, Value] = {}

    def get(self, key: Key, work_out: Callable[[], Value]) -> Value:
        """The value of a key; an error is not kept."""
        with self._lock:
            if key not in self._known:
                value = work_out()
                while len(self._known) >= self._most:
                    self._known.pop(next(iter(self._known)))
                self._known[key] = value
            return self._known[key]
