"""A link of one's own, as docs/how-to/write-a-link.md tells: a counter that gives one row a batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import numpy as np

from andon.plant.batch import Batch
from andon.plant.clock import Clock
from andon.plant.file.link_settings import LinkSettings
from andon.plant.status import Status
from andon.reading.gauge import Gauge
from andon.reading.link import Connection, Health, OnDeadLetter, Receipt, discard
from andon.reading.window import Window

LISTS: dict[str, list[tuple[int, int]]] = {}  # the source: lists of (ns, n) by address


class OwnLink:
    """Batches of a list in memory."""

    def __init__(self, link: LinkSettings, clock: Clock, *, on_dead_letter: OnDeadLetter = discard) -> None:
        self.name = link.name
        self._source = LISTS.setdefault(link.address, [])
        self._clock, self._size = clock, link.window
        self._gauge = Gauge(self.name, on_dead_letter)
        self._window = Window(self.name, self._size)

    async def open(self, position: str = "") -> AsyncIterator[tuple[Batch, Receipt]]:
        """Batches until closed; see `Link.open`."""
        at = int(position or 0)
        window = self._window = Window(self.name, self._size)
        self._gauge.turn(Connection.CONNECTED, self._clock.now())
        while await window.room():
            if at >= len(self._source):
                await window.pause(asyncio.ensure_future(self._clock.sleep(5_000_000)))
                continue
            time, n = self._source[at]
            at += 1
            self._gauge.messages += 1
            self._gauge.last_message_at = self._clock.now()
            if n < 0:
                self._gauge.bury("wrong-value", f"{n} is below zero", "list", self._clock.now(), b"")
                continue
            values, status = np.array([[n, -n]], dtype=np.float32), np.zeros((1, 2), dtype=np.uint8)
            if n % 5 == 4:
                status[0, 1] = Status.BAD
            batch = Batch(
                self.name, self._clock.now(), ("p1",), ("a", "b"), np.zeros(1, dtype=np.int32), np.array([time]), values, status, str(at)
            )
            self._gauge.took(batch)
            yield batch, window.give(str(at))
        self._gauge.turn(Connection.CLOSED, self._clock.now())

    async def acknowledge(self, receipt: Receipt) -> None:
        """See `Link.acknowledge`."""
        self._window.acknowledge(receipt)

    def health(self) -> Health:
        """See `Link.health`."""
        return self._gauge.health(self._window.waiting)

    async def close(self) -> None:
        """See `Link.close`."""
        self._window.close()


def feed(address: str, numbers: Iterable[int], t0: int) -> None:
    """The source has these."""
    LISTS.setdefault(address, []).extend((t0 + n * 1_000_000_000, n) for n in numbers)
