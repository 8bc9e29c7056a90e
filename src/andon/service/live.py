"""The live feed: what changed, to every console that listens, with resume after a cut.

Messages are numbered and the last of them kept. A listener that comes back names the last number it saw and gets what it
missed; where that is no longer kept it gets one `reload`. A slow listener never holds up the others: its queue is bounded, and when
it is full the listener is told to reload.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from andon.service.schema import Live

KEPT = 2_048
QUEUE = 256
RELOAD = "reload"


class Feed:
    """Publishes to listeners of one event loop."""

    def __init__(self, kept: int = KEPT, queue: int = QUEUE) -> None:
        self._kept: deque[Live] = deque(maxlen=kept)
        self._queue = queue
        self._listeners: set[asyncio.Queue[Live | None]] = set()
        self._number = 0
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    @property
    def number(self) -> int:
        """Of the last message."""
        return self._number

    def publish(self, what: str, data: dict[str, Any]) -> Live:
        """Number a message, keep it, and hand it to every listener."""
        self._number += 1
        message = Live(id=self._number, what=what, data=data)
        self._kept.append(message)
        for queue in () if self._closed else self._listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(Live(id=self._number, what=RELOAD, data={}))
            else:
                queue.put_nowait(message)
        return message

    def close(self) -> None:
        """End every listener once it has read what is in its queue, so that a service which ends waits for no open page."""
        self._closed = True
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    def since(self, number: int) -> list[Live]:
        """Messages after `number`; one `reload` where some of them are gone, or the number is not ours."""
        if number == self._number:
            return []
        first = self._kept[0].id if self._kept else self._number + 1
        if number > self._number or number + 1 < first:
            return [Live(id=self._number, what=RELOAD, data={})]
        return [message for message in self._kept if message.id > number]

    async def listen(self, after: int | None) -> AsyncIterator[Live]:
        """Messages as they come, first those missed since `after`, until the feed is closed.

        Parameters
        ----------
        after : number of the last message that the listener saw; None: from now on
        """
        queue: asyncio.Queue[Live | None] = asyncio.Queue(self._queue)
        missed = [] if after is None else self.since(after)
        self._listeners.add(queue)
        try:
            for message in missed:
                yield message
            while not self._closed or not queue.empty():
                told = await queue.get()
                if told is None:
                    return
                yield told
        finally:
            self._listeners.discard(queue)
