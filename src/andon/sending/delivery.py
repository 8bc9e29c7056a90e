"""Sends in order, tries again with growing waits, and never holds more than it may. What waits is the caller's to keep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from andon.plant.backoff import Backoff
from andon.plant.clock import Clock
from andon.plant.errors import At, RefusedError
from andon.plant.time import DAY_NS, MINUTE_NS, NS
from andon.sending.message import Message, Outlet, Sent, Text


@dataclass(frozen=True, slots=True)
class Pending:
    """A message that waits for an outlet.

    Attributes
    ----------
    outlet : its name
    message : what waits
    since : ns UTC, when it was posted
    tries : how often it failed
    due : ns UTC, when it is tried next
    error : why it failed last
    """

    outlet: str
    message: Message
    since: int
    tries: int = 0
    due: int = 0
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON types only."""
        said = self.message
        texts = {language: [text.title, text.body] for language, text in said.texts.items()}
        message = {"id": said.id, "what": said.what, "time": said.time, "asset": said.asset, "texts": texts, "priority": said.priority,
                   "data": dict(said.data)}  # fmt: skip
        return {"outlet": self.outlet, "message": message, "since": self.since, "tries": self.tries, "due": self.due, "error": self.error}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Pending:
        """What `to_dict` gave.

        Raises
        ------
        RefusedError : it is something else
        """
        try:
            said = data["message"]
            texts = {str(language): Text(str(title), str(body)) for language, (title, body) in said["texts"].items()}
            priority = None if said["priority"] is None else int(said["priority"])
            message = Message(
                str(said["id"]), str(said["what"]), int(said["time"]), str(said["asset"]), texts, priority, dict(said["data"])
            )
            return cls(str(data["outlet"]), message, int(data["since"]), int(data["tries"]), int(data["due"]), str(data["error"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RefusedError("this is no message that waits", at=At(key=str(error)[:60]), do="leave it out") from error


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one outlet.

    Attributes
    ----------
    most : messages that may wait
    give_up_ns : a message that waits longer is given up
    """

    most: int = 1_000
    give_up_ns: int = DAY_NS


@dataclass(frozen=True, slots=True)
class OutletHealth:
    """How an outlet is doing. Counts are since the start."""

    outlet: str
    sent: int
    failed: int
    given_up: int
    waiting: int
    last_error: str
    last_sent_at: int | None


def _keep(_before: Pending, _after: Pending | None) -> None:
    """Keep nothing."""


def _forget(_: Pending) -> None:
    """Tell nobody."""


def admit(waiting: Sequence[Pending], new: Pending, most: int) -> tuple[list[Pending], Pending | None]:
    """The queue with `new` at its end, and what had to go for it: the oldest score, else the oldest of the lowest priority."""
    queue = [*waiting, new]
    if len(queue) <= most:
        return queue, None
    worst = max(range(len(queue)), key=lambda at: (queue[at].message.what in ("scores", "quality"), queue[at].message.priority or 99, -at))
    return queue[:worst] + queue[worst + 1 :], queue[worst]


class Delivery:
    """Sends messages through outlets. Without outlets it does nothing.

    Parameters
    ----------
    outlets : where to
    clock : for times and waits
    limits : outlet name -> bounds
    kept : what waited when the process ended
    on_moved : hears of a message that waits as it was and as it is now; None: it was sent or given up. The caller keeps it
    on_given_up : hears of a message that will not be sent
    backoff : waits between tries
    """

    def __init__(
        self, outlets: Sequence[Outlet], clock: Clock, *, limits: Mapping[str, Limits] | None = None, kept: Iterable[Pending] = (),
        on_moved: Callable[[Pending, Pending | None], None] = _keep, on_given_up: Callable[[Pending], None] = _forget,
        backoff: Backoff | None = None,
    ) -> None:  # fmt: skip
        self._outlets = {outlet.name: outlet for outlet in outlets}
        self._clock, self._limits = clock, limits or {}
        self._on_moved, self._on_given_up = on_moved, on_given_up
        self._backoff = backoff or Backoff(NS, 10 * MINUTE_NS)
        self._queues: dict[str, list[Pending]] = {name: [] for name in self._outlets}
        self._wake = {name: asyncio.Event() for name in self._outlets}
        self._counts = {name: [0, 0, 0] for name in self._outlets}  # sent, failed, given up
        self._last: dict[str, tuple[str, int | None]] = dict.fromkeys(self._outlets, ("", None))
        self._closed = False
        for pending in kept:
            if pending.outlet in self._queues:
                self._queues[pending.outlet].append(pending)

    @property
    def waiting(self) -> tuple[Pending, ...]:
        """All that waits, by outlet in order."""
        return tuple(pending for queue in self._queues.values() for pending in queue)

    def takers(self, message: Message) -> tuple[str, ...]:
        """Names of the outlets that take a message."""
        return tuple(name for name, outlet in self._outlets.items() if outlet.route.takes(message))

    def wants(self, what: str) -> bool:
        """Whether any outlet takes messages of a kind: else nobody need compose them."""
        return any(what in outlet.route.what for outlet in self._outlets.values())

    def post(self, message: Message) -> int:
        """Queue a message for every outlet that takes it; how many do."""
        now, taken = self._clock.now(), self.takers(message)
        for name in taken:
            self.admit(Pending(name, message, now))
        return len(taken)

    def admit(self, pending: Pending) -> None:
        """Queue a message for its outlet. Of too many that wait one has to go."""
        name = pending.outlet
        limits = self._limits.get(name, Limits())
        self._queues[name], gone = admit(self._queues[name], pending, limits.most)
        self._on_moved(pending, pending)
        if gone is not None:
            self._give_up(gone, replace(gone, error="too many messages wait"))
        self._wake[name].set()

    async def run(self) -> None:
        """Send until closed."""
        await asyncio.gather(*(self._serve(outlet) for outlet in self._outlets.values()))

    async def _serve(self, outlet: Outlet) -> None:
        name = outlet.name
        try:
            while not self._closed:
                queue = self._queues[name]
                if not queue:
                    self._wake[name].clear()
                    await self._wake[name].wait()
                    continue
                first = queue[0]
                wait = first.due - self._clock.now()
                if wait > 0:
                    await self._pause(name, wait)
                    continue
                sent = await self._send(outlet, first)
                if first in self._queues[name]:  # else it had to go meanwhile
                    self._settle(name, first, sent)
        finally:
            await outlet.close()

    async def _send(self, outlet: Outlet, pending: Pending) -> Sent:
        try:
            return await outlet.send(pending.message)
        except Exception as error:  # an outlet of one's own that breaks the promise of the door
            return Sent(False, True, type(error).__name__)

    def _settle(self, name: str, pending: Pending, sent: Sent) -> None:
        queue, now = self._queues[name], self._clock.now()
        at = queue.index(pending)
        if sent.ok:
            self._counts[name][0] += 1
            self._last[name] = (self._last[name][0], now)
            del queue[at]
            self._on_moved(pending, None)
        else:
            self._counts[name][1] += 1
            self._last[name] = (sent.error, self._last[name][1])
            tries = pending.tries + 1
            wait = max(self._backoff.wait_ns(tries), sent.after_ns)
            again = replace(pending, tries=tries, due=now + wait, error=sent.error)
            limits = self._limits.get(name, Limits())
            if not sent.again or now + wait - pending.since > limits.give_up_ns:
                del queue[at]
                self._give_up(pending, again)
            else:
                queue[at] = again
                self._on_moved(pending, again)

    def _give_up(self, before: Pending, pending: Pending) -> None:
        self._counts[pending.outlet][2] += 1
        self._on_given_up(pending)
        self._on_moved(before, None)

    async def _pause(self, name: str, wait_ns: int) -> None:
        """Wait that long, or until closed. A new message does not shorten it: it stands behind."""
        sleep = asyncio.ensure_future(self._clock.sleep(wait_ns))
        try:
            while not sleep.done() and not self._closed:
                self._wake[name].clear()
                woken = asyncio.ensure_future(self._wake[name].wait())
                either: set[asyncio.Future[Any]] = {sleep, woken}
                try:
                    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    woken.cancel()
        finally:
            sleep.cancel()
            await asyncio.gather(sleep, return_exceptions=True)

    def health(self) -> tuple[OutletHealth, ...]:
        """How each outlet is doing."""
        found = []
        for name in self._outlets:
            (sent, failed, given_up), (error, at) = self._counts[name], self._last[name]
            found.append(OutletHealth(name, sent, failed, given_up, len(self._queues[name]), error, at))
        return tuple(found)

    def close(self) -> None:
        """End `run`. What waits stays in `waiting`."""
        self._closed = True
        for wake in self._wake.values():
            wake.set()
