"""The loop: links into the journal, the journal through the heart, what it says to whoever keeps it.

    link ─▶ queue ─▶ journal ─▶ acknowledge        (event loop; the journal is written in a thread)
                        └─▶ heart ─▶ keeper                   (one thread)
                                       └─▶ checkpoint         (another)

A batch is acknowledged when the journal holds it as its policy promises. The heart reads the journal, not the queue: after an
outage it finds the backlog there, and live or late it goes the same way. A keeper that fails is asked again with the same words until
it succeeds; meanwhile the journal grows, and nothing is lost.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias, TypeVar

from numpy.typing import NDArray

from andon.plant.backoff import Backoff
from andon.plant.batch import Batch
from andon.plant.clock import Clock
from andon.plant.errors import TryAgainError
from andon.plant.time import NS
from andon.reading.link import Connection, Link, Receipt
from andon.store.checkpoint import Checkpoints
from andon.store.journal import Journal, Position
from andon.streaming.control import Control, to_entry
from andon.streaming.heart import Heart
from andon.streaming.served import Said, Served
from andon.streaming.watermark import clock_mark

log = logging.getLogger("andon.streaming")
FIRST_WAIT_NS = NS // 5
THREADS = 32
"""The heart, the wait for the end, the journal's writer, and batches that wait for the disk: many, where they are pushed singly."""
BEAT_S = 0.005
"""Between two beats of the heart at least; a sample that comes alone does not wait."""
Done = TypeVar("Done")


class Keeper(Protocol):
    """Keeps what the heart says. Told by one thread, flushed by another meanwhile. Told the same twice it keeps it once."""

    def receive(self, entry: Batch) -> None:
        """An entry, before it is judged.

        Raises
        ------
        TryAgainError : it cannot be kept now; the same call comes again
        """

    def keep(self, entry: Batch, said: Sequence[tuple[Served, Said]]) -> None:
        """What one entry of the journal led to.

        Raises
        ------
        TryAgainError : it cannot be kept now; the same call comes again
        """

    def flush(self) -> None:
        """Everything told so far is on the disk when this returns: a checkpoint follows.

        Raises
        ------
        TryAgainError : not now
        """


Item: TypeAlias = tuple[Link | None, Batch, Receipt | None]
Queue: TypeAlias = "asyncio.Queue[Item]"
Written: TypeAlias = "asyncio.Queue[tuple[list[Item], Position]]"


@dataclass(frozen=True, slots=True)
class Pace:
    """How the loop paces itself; ns.

    Attributes
    ----------
    mark_every : between moments of the clock in the journal
    checkpoint_every : between checkpoints
    queue : batches that wait for the journal; more make the links wait
    together : batches that are written with one call
    """

    mark_every: int = NS
    checkpoint_every: int = 60 * NS
    queue: int = 256
    together: int = 64


@dataclass(slots=True)
class Status:
    """How the loop is doing; written by it alone.

    Attributes
    ----------
    position : up to where the journal has been judged
    entries, rows : judged since the start
    received : ns UTC, receipt of the entry that was judged last; 0 before the first
    behind_bytes : of the journal that are not judged yet
    trouble : why it waits; empty when all is well
    checkpoint_at : ns UTC of the last checkpoint; 0 before the first
    """

    position: Position | None = None
    entries: int = 0
    rows: int = 0
    received: int = 0
    behind_bytes: int = 0
    trouble: str = ""
    checkpoint_at: int = 0
    links: dict[str, str] = field(default_factory=dict)

    def behind_ns(self, now: int) -> int:
        """How far the judging is behind the receiving; 0 when it has caught up."""
        return max(0, now - self.received) if self.behind_bytes and self.received else 0


class Loop:
    """One process's loop.

    Parameters
    ----------
    heart : judges
    journal, checkpoints : keep
    keeper : keeps what is said
    links : where samples come from
    clock : what time it is
    on_said : told after it was kept, from the heart's thread
    """

    def __init__(
        self,
        heart: Heart,
        journal: Journal,
        checkpoints: Checkpoints,
        keeper: Keeper,
        links: Sequence[Link],
        *,
        clock: Clock,
        pace: Pace | None = None,
        on_said: Callable[[Batch, Sequence[tuple[Served, Said]]], None] | None = None,
    ) -> None:
        self.heart, self.journal, self.keeper, self.links = heart, journal, keeper, tuple(links)
        self.status = Status()
        self.on_said = on_said
        self._checkpoints, self._clock, self._pace = checkpoints, clock, pace or Pace()
        self._positions: dict[str, str] = {}
        self._stopping = threading.Event()
        self._grown = threading.Event()
        self._backoff = Backoff(FIRST_WAIT_NS, jitter=0.25)
        self._threads, self._saver = self._executors()
        self._saving: Future[None] | None = None

    @staticmethod
    def _executors() -> tuple[ThreadPoolExecutor, ThreadPoolExecutor]:
        """Threads of the loop's own, and one for checkpoints; none starts before it has work."""
        return ThreadPoolExecutor(THREADS, thread_name_prefix="loop"), ThreadPoolExecutor(1, thread_name_prefix="checkpoint")

    # Before and after.

    def recover(self) -> None:
        """Take up the newest checkpoint.

        Raises
        ------
        StoreError : checkpoint and journal do not belong together
        """
        kept = self._checkpoints.latest()
        position = self.journal.first
        if kept is not None:
            self._positions = dict(kept.data["positions"])
            fresh = self.heart.restore(kept.arrays, kept.data["heart"])
            if fresh:
                log.info("models new since the last checkpoint begin anew", extra={"models": list(fresh)})
            position = kept.position or position
            self.status.checkpoint_at = kept.at
        self.status.position = position
        names = {link.name for link in self.links}
        for entry in self.journal.read(position):  # what is in the journal already need not come again
            if entry.batch.position and entry.batch.source in names:
                self._positions[entry.batch.source] = entry.batch.position

    async def run(self) -> None:
        """Run until `stop`; then finish what is in the journal, write a checkpoint, and close the links.

        Raises
        ------
        StoreError : checkpoint and journal do not belong together
        """
        if self.status.position is None:
            await self._in_thread(self.recover)
        # While no process ran no link was heard: silence counts from its next connection on, or the backlog would be late.
        await self._in_thread(self.journal.append, clock_mark(self._clock.now(), {link.name: False for link in self.links}))
        queue: Queue = asyncio.Queue(self._pace.queue)
        beating = self._in_thread(self._beat)
        reading = [asyncio.create_task(self._read(link, queue), name=f"link {link.name}") for link in self.links]
        others = [asyncio.create_task(self._write(queue), name="journal"), asyncio.create_task(self._mark(queue), name="clock")]
        stopping = self._in_thread(self._stopping.wait)
        try:
            ends: set[asyncio.Future[Any]] = {stopping, beating, *others}
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()  # an error of our own ends the loop; what is in the journal is judged by the next one
        finally:
            self._stopping.set()
            for link in self.links:
                await link.close()
            if others[0].done():  # a journal that gave up takes nothing from those who wait to bring something
                for task in reading:
                    task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
            others[1].cancel()  # marks that come faster than the disk takes them would never let the queue be empty
            emptied = asyncio.create_task(queue.join())
            await asyncio.wait({emptied, others[0]}, return_when=asyncio.FIRST_COMPLETED)
            for task in (emptied, *others):
                task.cancel()
            await asyncio.gather(emptied, *others, return_exceptions=True)
            self._grown.set()
            try:
                await beating
            finally:
                self._saver.shutdown()
                self._threads.shutdown(wait=False)
                self._threads, self._saver = self._executors()  # it may run again

    def _in_thread(self, act: Callable[..., Done], *given: Any) -> asyncio.Future[Done]:
        """In a thread of the loop's own: those of the process may all wait for what the loop is to do."""
        return asyncio.get_running_loop().run_in_executor(self._threads, act, *given)

    def stop(self) -> None:
        """Ask the loop to end; from any thread."""
        self._stopping.set()
        self._grown.set()

    def tell(self, control: Control) -> None:
        """What somebody says: in the journal, and on the disk, when this returns; from any thread.

        Raises
        ------
        StoreError : the disk refuses; then nothing was said
        """
        self.tell_all((control,))

    def tell_all(self, controls: Sequence[Control]) -> None:
        """Several, in this order and together; see `tell`.

        Raises
        ------
        StoreError : the disk refuses; then nothing was said
        """
        position = self.journal.append_all([to_entry(control, self._clock.now()) for control in controls])
        self._grown.set()
        self.journal.wait(position)

    def push(self, batch: Batch) -> None:
        """A batch that was pushed over HTTP: in the journal, and on the disk, when this returns; from any thread.

        Raises
        ------
        StoreError : the disk refuses; then it was not taken
        """
        position = self.journal.append(batch)
        self._grown.set()
        self.journal.wait(position)

    # The event loop's part.

    async def _read(self, link: Link, queue: Queue) -> None:
        async for batch, receipt in link.open(self._positions.get(link.name, "")):
            await queue.put((link, replace(batch, source=link.name, position=receipt.position), receipt))
            if self._stopping.is_set():
                return

    async def _write(self, queue: Queue) -> None:
        """The queue into the journal, as much at once as there is; an error of our own ends both parts."""
        written: Written = asyncio.Queue(self._pace.queue)
        parts = [asyncio.create_task(self._append(queue, written)), asyncio.create_task(self._acknowledge(written, queue))]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _append(self, queue: Queue, written: Written) -> None:
        """What the disk refuses is tried again."""
        while True:
            items = [await queue.get()]
            while len(items) < self._pace.together and not queue.empty():
                items.append(queue.get_nowait())
            failures = 0
            while True:
                try:
                    after = await self._in_thread(self.journal.append_all, [batch for _, batch, _ in items])
                    break
                except TryAgainError as error:
                    failures += 1
                    self._troubled(error)
                    await self._clock.sleep(self._backoff.wait_ns(failures))
            self.status.trouble = ""
            self._grown.set()
            await written.put((items, after))

    async def _acknowledge(self, written: Written, queue: Queue) -> None:
        """Wait for the disk, then tell the sources; one thread waits, whatever the number of batches that wait."""
        while True:
            items, after = await written.get()
            try:
                while self.journal.durable < after:
                    try:
                        await self._in_thread(self.journal.wait, after, 1.0)
                    except TryAgainError as error:
                        self._troubled(error)
                        await self._clock.sleep(FIRST_WAIT_NS)
                for link, _, receipt in items:
                    if link is not None and receipt is not None:
                        await self._acknowledge_one(link, receipt)
            finally:
                for _ in items:
                    queue.task_done()

    async def _acknowledge_one(self, link: Link, receipt: Receipt) -> None:
        if receipt.position:
            self._positions[link.name] = receipt.position
        try:
            await link.acknowledge(receipt)
        except Exception as error:  # a source that went away sends it again
            log.warning("a batch could not be acknowledged", extra={"link": link.name, "why": str(error)})

    async def _mark(self, queue: Queue) -> None:
        """Moments of the clock, with the state of each link, in line with what the links brought: a mark never overtakes a batch."""
        while True:
            await self._clock.sleep(self._pace.mark_every)
            health = {link.name: link.health().connection for link in self.links}
            self.status.links = {name: state.value for name, state in health.items()}
            up = {name: state in (Connection.CONNECTED, Connection.ENDED) for name, state in health.items()}
            await queue.put((None, clock_mark(self._clock.now(), up), None))

    # The heart's thread.

    def _beat(self) -> None:
        if not self.status.checkpoint_at:
            self.save()  # which models began, before any other takes over
        due = self._clock.now() + self._pace.checkpoint_every
        begun = 0.0
        while True:
            if not self._stopping.is_set():  # messages that come thick are taken together: a beat for each costs more than judging it
                time.sleep(min(max(begun + BEAT_S - time.monotonic(), 0.0), BEAT_S))
            begun = time.monotonic()
            ending = self._stopping.is_set() and self._grown.is_set()
            self._grown.clear()
            assert self.status.position is not None
            for kept in self.journal.read(self.status.position):
                self._until_done(lambda entry=kept.batch: self.keeper.receive(entry))  # type: ignore[misc]
                said = self.heart.take(kept.batch)
                self._until_done(lambda entry=kept.batch, words=said: self.keeper.keep(entry, words))  # type: ignore[misc]
                self.status.position = kept.after
                self.status.entries += 1
                self.status.rows += kept.batch.rows
                self.status.received = kept.batch.received
                if self.on_said is not None:
                    self.on_said(kept.batch, said)
                if self.heart.turned:
                    self.save()
                    self.heart.turned = False
                elif self._clock.now() >= due and self._save_aside():
                    due = self._clock.now() + self._pace.checkpoint_every
            self.status.behind_bytes = self.journal.bytes_after(self.status.position)
            if ending and not self.status.behind_bytes:
                self.save()
                return
            self._grown.wait(0.5)

    def save(self) -> None:
        """A checkpoint of everything up to `status.position`; the journal before the older of the two is released."""
        if self._saving is not None:
            self._saving.result()
            self._saving = None
        self._write_checkpoint(*self._moment())

    def _save_aside(self) -> bool:
        """Begin a checkpoint of this moment beside the judging, which a large plant's disk would hold up; False while one is written.

        Raises
        ------
        Exception : the one before failed for a reason of our own
        """
        if self._saving is not None and not self._saving.done():
            return False
        if self._saving is not None:
            self._saving.result()
        self._saving = self._saver.submit(self._write_checkpoint, *self._moment())
        return True

    def _moment(self) -> tuple[Position | None, dict[str, NDArray[Any]], dict[str, Any]]:
        """Where the judging stands, copied."""
        positions = dict(self._positions)
        arrays, about = self.heart.to_kept()
        return self.status.position, arrays, {"positions": positions, "heart": about}

    def _write_checkpoint(self, position: Position | None, arrays: dict[str, NDArray[Any]], data: dict[str, Any]) -> None:
        """What was told up to the moment is flushed, and more does no harm; then the checkpoint counts."""
        self._until_done(self.keeper.flush)
        now = self._clock.now()
        self._until_done(lambda: self._checkpoints.save(arrays, data, position=position, at=now))
        self.status.checkpoint_at = now
        needed = self._checkpoints.needed_from()
        if needed is not None:
            self._until_done(lambda: self.journal.release(needed))

    def _until_done(self, act: Callable[[], object]) -> None:
        """Try until it works, longer and longer apart."""
        failures = 0
        while True:
            try:
                act()
                if failures:
                    self.status.trouble = ""
                return
            except TryAgainError as error:
                failures += 1
                self._troubled(error)
                if self._stopping.wait(self._backoff.wait_ns(failures) / NS) and failures > 5:
                    raise

    def _troubled(self, error: TryAgainError) -> None:
        if self.status.trouble != error.what:
            log.warning("waiting", extra={"why": error.what})
        self.status.trouble = error.what
