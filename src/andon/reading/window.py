"""Which batches a link has given and not got back as safe; the next is given only while there is room."""

from __future__ import annotations

import asyncio
from typing import Any

from andon.reading.gauge import Gauge
from andon.reading.link import Health, Receipt


class Window:
    """Receipts of one opening of a link.

    Parameters
    ----------
    link : its name
    size : receipts out at once, at most
    """

    def __init__(self, link: str, size: int) -> None:
        self._link, self._size = link, size
        self._out: set[int] = set()
        self._number = 0
        self._changed = asyncio.Event()
        self.closed = False

    @property
    def waiting(self) -> int:
        """Receipts that are out."""
        return len(self._out)

    def give(self, position: str = "") -> Receipt:
        """A new receipt."""
        self._number += 1
        self._out.add(self._number)
        return Receipt(self._link, self._number, position)

    def acknowledge(self, receipt: Receipt) -> bool:
        """It is back; False where it was not out."""
        if receipt.number not in self._out:
            return False
        self._out.discard(receipt.number)
        self._changed.set()
        return True

    async def room(self) -> bool:
        """Wait for room; False once closed."""
        while len(self._out) >= self._size and not self.closed:
            self._changed.clear()
            await self._changed.wait()
        return not self.closed

    async def pause(self, wait: asyncio.Future[None] | asyncio.Task[None]) -> bool:
        """Wait for that, or until closed; False once closed. Receipts that come back meanwhile do not end the wait."""
        try:
            while not wait.done() and not self.closed:
                self._changed.clear()
                change = asyncio.ensure_future(self._changed.wait())
                either: set[asyncio.Future[Any]] = {wait, change}
                try:
                    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    change.cancel()
        finally:
            if not wait.done():
                wait.cancel()
            await asyncio.gather(wait, return_exceptions=True)
        return not self.closed

    def close(self) -> None:
        """No more is given."""
        self.closed = True
        self._changed.set()


class Windowed:
    """What links say alike whose receipts are a window's alone: `acknowledge`, `health` and `close` of `Link`."""

    _gauge: Gauge
    _window: Window

    async def acknowledge(self, receipt: Receipt) -> None:
        """See `Link.acknowledge`."""
        self._window.acknowledge(receipt)

    def health(self) -> Health:
        """See `Link.health`."""
        return self._gauge.health(self._window.waiting)

    async def close(self) -> None:
        """See `Link.close`."""
        self._window.close()
