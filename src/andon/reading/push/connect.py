"""The push link: what a door gives, the live loop takes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from collections.abc import Mapping as Mapped
from dataclasses import dataclass

from andon.plant.batch import Batch
from andon.plant.clock import Clock
from andon.plant.errors import TryAgainError
from andon.reading.gauge import Gauge
from andon.reading.link import Connection, OnDeadLetter, Receipt, discard
from andon.reading.payload import Fault
from andon.reading.push.parse import BodyReader
from andon.reading.push.settings import PushSettings
from andon.reading.window import Window, Windowed


class BusyError(TryAgainError):
    """Too many batches wait to be safe, or the link is not open: the client shall come again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a body.

    Attributes
    ----------
    rows : rows that are safe now
    faults : what could not be read; where `rows` is 0 and this is not empty, nothing was taken
    """

    rows: int
    faults: tuple[Fault, ...] = ()


class PushLink(Windowed):
    """Batches that clients push. There is no position: a client that got no answer pushes again.

    Parameters
    ----------
    settings : see `PushSettings`; checked here
    clock : for times of arrival
    """

    def __init__(self, settings: PushSettings, clock: Clock, *, on_dead_letter: OnDeadLetter = discard) -> None:
        settings.check()
        self.name = settings.name
        self._settings, self._clock = settings, clock
        self._gauge = Gauge(self.name, on_dead_letter)
        self._reader = BodyReader(settings.mapping, self.name)
        self._window = Window(self.name, settings.window)
        self._open = False
        self._pushed: deque[tuple[Batch, asyncio.Future[None]]] = deque()
        self._given: dict[int, asyncio.Future[None]] = {}
        self._arrived = asyncio.Event()

    async def push(
        self, body: bytes, *, content_type: str = "", encoding: str = "", captured: Mapped[str, str] | None = None, place: str = "push"
    ) -> Answer:
        """Take a body, and answer once its batch is safe.

        Raises
        ------
        BusyError : come again
        """
        gauge, now = self._gauge, self._clock.now()
        if not self._open or len(self._pushed) + len(self._given) >= self._settings.window:
            raise BusyError("too many messages wait to be stored" if self._open else "the link is not open", do="send it again in a second")
        gauge.messages += 1
        gauge.last_message_at = now
        parsed = self._reader.parse(body, now, content_type=content_type, encoding=encoding, captured=captured)
        for fault in parsed.faults:
            gauge.bury(fault.reason, fault.detail, place, now, body, fault.count)
        if parsed.sequence is not None:
            gauge.number(place, parsed.sequence)
        if parsed.batch is None:
            return Answer(0, parsed.faults)
        gauge.took(parsed.batch)
        safe: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pushed.append((parsed.batch, safe))
        self._arrived.set()
        await safe
        return Answer(parsed.batch.rows, parsed.faults)

    async def open(self, position: str = "") -> AsyncIterator[tuple[Batch, Receipt]]:
        """Batches until closed; see `Link.open`."""
        window = self._window = Window(self.name, self._settings.window)
        self._open = True
        self._gauge.turn(Connection.CONNECTED, self._clock.now())
        try:
            while not window.closed:
                self._arrived.clear()
                while self._pushed and not window.closed:
                    batch, safe = self._pushed.popleft()
                    receipt = window.give()
                    self._given[receipt.number] = safe
                    yield batch, receipt
                if not window.closed:
                    await self._arrived.wait()
        finally:
            self._open = False
            for _, safe in self._pushed:
                _refuse(safe)
            for safe in self._given.values():
                _refuse(safe)
            self._pushed.clear()
            self._given.clear()
            self._gauge.turn(Connection.CLOSED, self._clock.now())

    async def acknowledge(self, receipt: Receipt) -> None:
        """See `Link.acknowledge`."""
        self._window.acknowledge(receipt)
        safe = self._given.pop(receipt.number, None)
        if safe is not None and not safe.done():
            safe.set_result(None)

    async def close(self) -> None:
        """See `Link.close`. Clients that wait are told to come again."""
        self._window.close()
        self._arrived.set()


def _refuse(safe: asyncio.Future[None]) -> None:
    if not safe.done():
        safe.set_exception(BusyError("the service stops", do="send it again in a second"))
