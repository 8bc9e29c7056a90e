"""The post office of a running plant: what is said is kept before it is sent, and sent until it arrives or is too old.

Alarms and reports are rows of the database from the moment they are said, one for each outlet, so that neither a crash nor a
receiver that is down loses or doubles one. Scores are many and come again when the journal is replayed: they wait in memory, and those
that still wait at a checkpoint are kept with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy import Connection

from andon.plant.clock import Clock
from andon.plant.errors import AndonError, TryAgainError
from andon.plant.time import DAY_NS
from andon.sending import Delivery, Message, Outlet, OutletHealth, Pending
from andon.sending.delivery import Limits
from andon.store.database import outbox
from andon.store.database.database import Database

log = logging.getLogger("andon.sending")
FORGET_NS = 30 * DAY_NS
AGAIN_S = 1.0
IN_PASSING = ("scores", "quality")
"""What is not kept at once, see above."""


class Post:
    """Says messages, from any thread; `run` sends them in the event loop.

    Parameters
    ----------
    outlets, limits : see `make_outlets`
    database : keeps what waits
    clock : for waits; the machine's, also where the plant lives in another time
    """

    def __init__(self, outlets: Sequence[Outlet], limits: Mapping[str, Limits], database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._in_rows: set[str] = set()
        kept: list[Pending] = []
        for row in database.read(outbox.every_waiting) if outlets else ():
            with contextlib.suppress(AndonError):  # of a newer Andon
                kept.append(Pending.from_dict({**row.data, "tries": row.failures, "due": row.due, "error": row.error}))
                self._in_rows.add(row.key)
        self._delivery = Delivery(outlets, clock, limits=limits, kept=kept, on_moved=self._moved, on_given_up=self._given_up)
        self._inbox: deque[Pending] = deque()
        self._changes: dict[str, tuple[Pending, Pending | None]] = {}
        self._errors: dict[str, str] = {}
        self._lock = threading.Lock()
        self._events: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()

    def wants(self, what: str) -> bool:
        """Whether any outlet takes messages of a kind."""
        return self._delivery.wants(what)

    def say(self, messages: Sequence[Message], also: Callable[[Connection], None] | None = None) -> None:
        """Say messages: kept, with what `also` writes, in one transaction, when this returns. One that was said before is not said again.

        Raises
        ------
        StoreError : the database refuses; then nothing was said
        """
        now = self._clock.now()
        made = [Pending(name, message, now) for message in messages for name in self._delivery.takers(message)]
        passing = [pending for pending in made if pending.message.what in IN_PASSING]
        rest = [pending for pending in made if pending.message.what not in IN_PASSING]
        if rest or also is not None:
            rest = self._database.write(partial(_keep, rest, now, also))
        with self._lock:
            self._in_rows.update(_key(pending) for pending in rest)
        if rest or passing:
            self._inbox.extend((*rest, *passing))
            self._call()

    def say_in_passing(self, messages: Sequence[Message]) -> None:
        """Say messages that cannot be kept now, since the database is away: they wait in memory, and are kept with a checkpoint."""
        now = self._clock.now()
        made = [Pending(name, message, now) for message in messages for name in self._delivery.takers(message)]
        if made:
            self._inbox.extend(made)
            self._call()

    def waiting_since(self, outlet: str) -> int | None:
        """ns UTC, since when the oldest message waits for an outlet; None where none does."""
        return min((pending.since for pending in self._delivery.waiting if pending.outlet == outlet), default=None)

    def flush(self) -> None:
        """Keep what waits in memory alone: a checkpoint follows.

        Raises
        ------
        StoreError : the database refuses
        """
        now = self._clock.now()
        with self._lock:
            loose = [one for one in (*self._delivery.waiting, *self._inbox) if _key(one) not in self._in_rows]
        if not loose:
            return
        new = [_key(pending) for pending in self._database.write(partial(_keep, loose, now, None))]
        with self._lock:
            self._in_rows.update(new)
        still = {_key(one) for one in (*self._inbox, *self._delivery.waiting)}
        gone = [key for key in new if key not in still]  # sent while their rows were written
        if gone:
            self._database.write(partial(_end, gone, now))
            with self._lock:
                self._in_rows.difference_update(gone)

    async def run(self) -> None:
        """Send until closed."""
        self._events = asyncio.get_running_loop()
        keeping = asyncio.create_task(self._keep_up())
        try:
            self._pull()
            await self._delivery.run()
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            self._events = None
            with contextlib.suppress(TryAgainError):
                await asyncio.to_thread(self._write_changes)

    @property
    def idle(self) -> bool:
        """Nothing waits."""
        return not self._inbox and not self._delivery.waiting

    def close(self) -> None:
        """End `run`, from the event loop. What waits stays kept."""
        self._delivery.close()

    def health(self) -> tuple[OutletHealth, ...]:
        """How each outlet is doing."""
        return self._delivery.health()

    def sweep(self) -> None:
        """Forget what was sent long ago."""
        if self._delivery.health():
            self._database.write(partial(outbox.sweep, before=self._clock.now() - FORGET_NS))

    def _call(self) -> None:
        events = self._events
        if events is not None:
            with contextlib.suppress(RuntimeError):  # it has ended; `run` takes it up next time
                events.call_soon_threadsafe(self._pull)

    def _pull(self) -> None:
        while self._inbox:
            self._delivery.admit(self._inbox.popleft())

    def _moved(self, before: Pending, after: Pending | None) -> None:
        if before is after:
            return  # it has come; its row is there
        self._changes[_key(before)] = (before, after)
        self._changed.set()

    def _given_up(self, pending: Pending) -> None:
        self._errors[_key(pending)] = pending.error or "given up"
        log.warning("a message was given up", extra={"outlet": pending.outlet, "message_id": pending.message.id, "why": pending.error})

    async def _keep_up(self) -> None:
        """Rows follow what became of their messages."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await asyncio.to_thread(self._write_changes)
            except TryAgainError as error:
                log.warning("what was sent cannot be noted", extra={"why": error.what})
                await asyncio.sleep(AGAIN_S)
                self._changed.set()

    def _write_changes(self) -> None:
        changes, self._changes = self._changes, {}
        now = self._clock.now()

        def write(connection: Connection) -> None:
            for key, (_, after) in changes.items():
                if after is None:
                    outbox.ended(connection, key, self._errors.get(key, ""), at=now)
                else:
                    outbox.moved(connection, key, failures=after.tries, due=after.due, error=after.error)

        with self._lock:
            changes = {key: change for key, change in changes.items() if key in self._in_rows}
        if not changes:
            return
        try:
            self._database.write(write)
        except TryAgainError:
            self._changes = changes | self._changes
            raise
        gone = [key for key, (_, after) in changes.items() if after is None]
        with self._lock:
            self._in_rows.difference_update(gone)
        for key in gone:
            self._errors.pop(key, None)


def _end(keys: Sequence[str], now: int, connection: Connection) -> None:
    for key in keys:
        outbox.ended(connection, key, "", at=now)


def _key(pending: Pending) -> str:
    return f"{pending.outlet}\x1f{pending.message.id}"


def _keep(pending: Sequence[Pending], now: int, also: Callable[[Connection], None] | None, connection: Connection) -> list[Pending]:
    """Rows for messages; those that were not there before."""
    new = [one for one in pending if outbox.put(connection, _key(one), one.outlet, one.to_dict(), at=now)]
    if also is not None:
        also(connection)
    return new
