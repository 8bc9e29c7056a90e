"""The clock that edges are given, so that tests and replays can give another."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from andon.plant.time import NS


class Clock(Protocol):
    """What time it is, and a way to wait."""

    def now(self) -> int:
        """ns UTC."""
        ...

    async def sleep(self, duration_ns: int) -> None:
        """Wait that long; not at all where it is not positive."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> int:
        """ns UTC."""
        return time.time_ns()

    async def sleep(self, duration_ns: int) -> None:
        """Wait that long; not at all where it is not positive."""
        await asyncio.sleep(max(duration_ns, 0) / NS)
