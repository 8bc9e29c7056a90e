"""The replay link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from andon.plant.batch import Batch
from andon.plant.clock import Clock
from andon.plant.errors import AndonError
from andon.plant.recording import Recording
from andon.reading.gauge import Gauge
from andon.reading.link import Connection, OnDeadLetter, Receipt, discard
from andon.reading.replay.parse import slices
from andon.reading.replay.settings import ReplaySettings
from andon.reading.window import Window, Windowed


class ReplayLink(Windowed):
    """Batches of recordings; it ends after the last.

    Parameters
    ----------
    settings : see `ReplaySettings`; checked here
    recordings : what to replay, or a function that reads it when the link is opened (in a thread)
    clock : paces the batches
    """

    def __init__(
        self,
        settings: ReplaySettings,
        recordings: Sequence[Recording] | Callable[[], Sequence[Recording]],
        clock: Clock,
        *,
        on_dead_letter: OnDeadLetter = discard,
    ) -> None:
        settings.check()
        self.name = settings.name
        self._settings, self._recordings, self._clock = settings, recordings, clock
        self._gauge = Gauge(self.name, on_dead_letter)
        self._window = Window(self.name, settings.window)

    async def open(self, position: str = "") -> AsyncIterator[tuple[Batch, Receipt]]:
        """Batches until the end; see `Link.open`."""
        settings, clock, gauge = self._settings, self._clock, self._gauge
        window = self._window = Window(self.name, settings.window)
        gauge.turn(Connection.CONNECTING, clock.now())
        try:
            recordings = self._recordings
            if callable(recordings):
                recordings = await asyncio.get_running_loop().run_in_executor(None, recordings)
            gauge.turn(Connection.CONNECTED, clock.now())
            step = 0 if settings.step_ns is None and settings.speed > 0 else settings.step_ns
            began: tuple[int, int] | None = None
            for piece in slices(recordings, self.name, step, position):
                if not await window.room():
                    return
                if settings.speed > 0:
                    began = began or (clock.now(), piece.time)
                    wait = began[0] + int((piece.time - began[1]) / settings.speed) - clock.now()
                    if wait > 0 and not await window.pause(asyncio.ensure_future(clock.sleep(wait))):
                        return
                now = clock.now()
                gauge.messages += 1
                gauge.last_message_at = now
                batch = replace(piece.batch, received=now, position=piece.position)
                gauge.took(batch)
                yield batch, window.give(piece.position)
            gauge.turn(Connection.ENDED, clock.now())
        except AndonError as error:
            gauge.turn(Connection.ENDED, clock.now(), error.what)
            gauge.bury("not-file", error.what, str(error.at) or self.name, clock.now(), b"")
        finally:
            if window.closed or gauge.connection is not Connection.ENDED:
                gauge.turn(Connection.CLOSED, clock.now())

    async def close(self) -> None:
        """See `Link.close`."""
        await super().close()
        self._gauge.turn(Connection.CLOSED, self._clock.now())
