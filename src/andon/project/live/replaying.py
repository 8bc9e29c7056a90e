"""Replay recorded history through the live path, with a clock of its own: the plant lives its past once more, faster."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from andon.plant.batch import Batch
from andon.plant.errors import AskUserError
from andon.plant.recording import Recording
from andon.plant.time import NS
from andon.project.live.running import Running, open_running
from andon.project.sources import how_told, read_plant, read_sources
from andon.reading.link import Connection, Receipt
from andon.reading.replay import ReplayLink, ReplaySettings

LINK = "replay"
POLL_S = 0.1
LAST_POST_S = 20.0


class PastClock:
    """A clock that began at `start` (ns) and runs `speed` times as fast; as fast as its reader, where the speed is 0."""

    def __init__(self, start: int, speed: float) -> None:
        self._start, self.speed = start, speed
        self._began = time.monotonic_ns()
        self._reached = start

    def now(self) -> int:
        """ns UTC of the past."""
        if self.speed:
            return self._start + round((time.monotonic_ns() - self._began) * self.speed)
        return self._reached

    def reach(self, moment: int) -> None:
        """Without a speed: the newest source time is now."""
        self._reached = max(self._reached, moment)

    async def sleep(self, duration_ns: int) -> None:
        """Wait that long in the past."""
        await asyncio.sleep(max(duration_ns, 0) / 1e9 / self.speed if self.speed else POLL_S)


class PastLink(ReplayLink):
    """A replay whose newest sample is now, where the clock has no speed of its own."""

    async def open(self, position: str = "") -> AsyncIterator[tuple[Batch, Receipt]]:
        """See `Link.open`."""
        clock = self._clock
        async for batch, receipt in super().open(position):
            if isinstance(clock, PastClock) and not clock.speed:
                clock.reach(int(batch.time.max()))
                batch = replace(batch, received=clock.now())
            yield batch, receipt


def open_replay(
    plant: str, paths: Sequence[str], how: Mapping[str, Any] | None = None, *, speed: float = 60.0, data: str | None = None,
    host: str | None = None, port: int | None = None, send: bool = False, begin: int | None = None, end: int | None = None,
) -> Running:  # fmt: skip
    """A running plant whose only link is the recorded history. Nothing is sent to anybody unless `send` says so.

    Parameters
    ----------
    begin, end : ns UTC; only begin <= time < end is replayed

    Raises
    ------
    AskUserError : a file cannot be read, or none of its assets is served by a model
    """
    told = {name: value for name, value in how_told(read_plant(plant)).items() if name != "start"}  # that of the training exports
    given = {name: value for name, value in (how or {}).items() if value is not None}
    recordings = tuple(_between(one, begin, end) for one in read_sources(paths, {**told, **given}).recordings.values())
    rows = [recording for recording in recordings if recording.rows]
    if not rows:
        raise AskUserError("there is nothing to replay", do="name files with samples")
    clock = PastClock(min(int(recording.time[0]) for recording in rows), speed)
    link = PastLink(ReplaySettings(LINK, 1.0 if speed else 0.0), rows, clock)
    folder = data or tempfile.mkdtemp(prefix="andon-replay-", dir=Path(plant).resolve().parent)
    running = open_running(
        plant, links=(link,), clock=clock, data=folder, controlled=False, host=host, port=port, send=send,
        speed=max(speed, 1.0),
    )  # fmt: skip
    strangers = [recording.asset for recording in rows if recording.asset not in running.monitors]
    if len(strangers) == len(rows):
        running.close()
        raise AskUserError(f"no model serves {strangers[0]!r}", do=f"name one of {', '.join(running.monitors)} with --asset")
    running.until = max(int(recording.time[-1]) for recording in rows)
    return running


def _between(recording: Recording, begin: int | None, end: int | None) -> Recording:
    if not recording.rows or (begin is None and end is None):
        return recording
    first, last = int(recording.time[0]), int(recording.time[-1]) + 1
    return recording.between(first if begin is None else begin, last if end is None else end)


async def run_replay(running: Running) -> None:
    """Run until every recorded tick was judged, and what is to be sent was sent or has failed for a while."""
    task = asyncio.create_task(running.loop.run())
    sending = asyncio.create_task(running.post.run())
    try:
        await _until_judged(running, task)
    finally:
        running.loop.stop()
        await task
        ends = time.monotonic() + LAST_POST_S
        while not running.post.idle and time.monotonic() < ends and not sending.done():
            await asyncio.sleep(POLL_S)
        running.post.close()
        await sending


def _afterwards(running: Running) -> int:
    """So much silence closes the last ticks (ns)."""
    patience = [served.arrivals.patience for served in running.loop.heart.served]
    return max(item.late_by + item.idle for item in patience) + 2 * NS


def _longest_moment(running: Running) -> int:
    """So far apart may two moments of the clock be and count as time (ns)."""
    return min(served.arrivals.patience.idle for served in running.loop.heart.served)


async def _until_judged(running: Running, task: asyncio.Task[None]) -> None:
    while not task.done():
        await asyncio.sleep(POLL_S)
        link = running.loop.links[0]
        ended = link.health().connection is Connection.ENDED
        if ended and isinstance(running.clock, PastClock) and not running.clock.speed:
            quiet = min(running.clock.now() + _longest_moment(running), running.until + _afterwards(running))
            running.clock.reach(quiet)  # silence, second by second so to speak, by which the last ticks close
        closed = min(served.arrivals.closed for served in running.loop.heart.served)
        interval = max(served.arrivals.interval for served in running.loop.heart.served)
        if ended and closed >= running.until // interval * interval:
            return
