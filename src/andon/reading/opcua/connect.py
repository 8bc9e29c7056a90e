"""The OPC UA link."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from andon.plant.backoff import Backoff
from andon.plant.batch import Batch
from andon.plant.clock import Clock
from andon.plant.errors import At, ReadingError
from andon.plant.time import NS
from andon.reading.gauge import Gauge
from andon.reading.link import Connection, OnDeadLetter, Receipt, discard
from andon.reading.opcua.browse import Found, find_nodes
from andon.reading.opcua.parse import Change, change_of, has_value, lost_before, to_batch, to_moment
from andon.reading.opcua.settings import OpcUaSettings
from andon.reading.window import Window, Windowed

if TYPE_CHECKING:
    from asyncua.client import Client

LINGER_S = 0.01  # changes of one publish arrive one by one; they are waited for this long
MOST_ROWS = 5_000  # changes of one batch
QUEUE = 100  # values that the server holds for a node between two publishes


def read_position(position: str) -> int | None:
    """The last source time of a position; None at the beginning.

    Raises
    ------
    ReadingError : it is no position of an OPC UA link
    """
    if not position:
        return None
    try:
        return int(json.loads(position)["time"])
    except (ValueError, KeyError, TypeError) as error:
        raise ReadingError(
            f"{position[:60]!r} is no position of an OPC UA link", at=At(key="position"), do="start from the beginning"
        ) from error


class OpcUaLink(Windowed):
    """Batches of an OPC UA server. The position is the last source time; what came since is read from the server's history.

    A server keeps nothing for a client that is away, but in its history. So values may come again after a restart (the history
    is read from the last time on, that time included), and without history a gap stays a gap.

    Parameters
    ----------
    settings : see `OpcUaSettings`; checked here
    clock : for times of arrival and waits
    """

    def __init__(
        self, settings: OpcUaSettings, clock: Clock, *, on_dead_letter: OnDeadLetter = discard, backoff: Backoff | None = None
    ) -> None:
        settings.check()
        self.name = settings.name
        self._settings, self._clock = settings, clock
        self._gauge = Gauge(self.name, on_dead_letter)
        self._backoff = backoff or Backoff()
        self._window = Window(self.name, settings.window)
        self._waiting: deque[Change] = deque()
        self._wake = asyncio.Event()
        self._lost = ""
        self._last: int | None = None
        self._seen: dict[tuple[str, str], int] = {}  # source time of the last value given, by node

    async def open(self, position: str = "") -> AsyncIterator[tuple[Batch, Receipt]]:
        """Batches until closed; see `Link.open`."""
        self._last = read_position(position)
        window = self._window = Window(self.name, self._settings.window)
        self._seen.clear()
        tries = 0
        try:
            while not window.closed:
                self._gauge.turn(Connection.CONNECTING, self._clock.now())
                try:
                    async for batch in self._connected():
                        tries = 0
                        if not await window.room():
                            return
                        where = json.dumps({"time": self._last})
                        yield replace(batch, position=where), window.give(where)
                    return
                except Exception as error:  # asyncua raises its own, asyncio's and socket errors
                    tries += 1
                    self._gauge.turn(Connection.WAITING, self._clock.now(), _said(error))
                await window.pause(asyncio.ensure_future(self._clock.sleep(self._backoff.wait_ns(tries))))
        finally:
            self._gauge.turn(Connection.CLOSED, self._clock.now())

    async def _connected(self) -> AsyncIterator[Batch]:
        """Batches of one connection; ends when closed, raises when the connection is lost."""
        self._lost = ""
        self._waiting.clear()
        client = await self._client()
        async with client:
            found = await find_nodes(client, self._settings.paths, self._settings.mapping)
            if not found:
                raise ConnectionError(f"no variable of the server fits {', '.join(self._settings.paths)}")
            nodes = {one.node.nodeid: one for one in found}
            handler = _Handler(self, nodes)
            subscription = await client.create_subscription(max(1.0, self._settings.every_ns / 1e6), handler)
            answers = await subscription.subscribe_data_change([one.node for one in found], queuesize=QUEUE, sampling_interval=0.0)
            for one, answer in zip(found, answers, strict=False):
                if not isinstance(answer, int):
                    self._gauge.bury("not-mapped", f"the server does not report it: {answer}", one.path, self._clock.now(), b"")
            self._gauge.turn(Connection.CONNECTED, self._clock.now())
            if self._settings.history and self._last is not None:
                async for missed in self._missed(found, self._last):
                    yield missed
            while True:
                self._wake.clear()
                while self._waiting and not self._window.closed:
                    await asyncio.sleep(LINGER_S)
                    batch = self._take()
                    if batch is not None:
                        yield batch
                if self._window.closed:
                    return
                if self._lost:
                    raise ConnectionError(self._lost)
                await self._wake.wait()

    async def _client(self) -> Client:
        from asyncua import ua
        from asyncua.client import Client
        from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256

        settings = self._settings
        client = Client(str(settings.endpoint), timeout=settings.timeout_ns / NS)
        client.name = client.description = f"Andon {settings.name}"
        if settings.sign_in.user:
            client.set_user(settings.sign_in.user)
            client.set_password(settings.sign_in.password or "")

        async def lost(error: Exception) -> None:
            self.lose(f"the connection to the server is lost: {_said(error)}")

        client.connection_lost_callback = lost
        if settings.security != "none":
            mode = ua.MessageSecurityMode.Sign if settings.security == "sign" else ua.MessageSecurityMode.SignAndEncrypt
            sign_in = settings.sign_in
            await client.set_security(
                SecurityPolicyBasic256Sha256, sign_in.cert_file, sign_in.key_file, server_certificate=sign_in.ca_file, mode=mode
            )
        return client

    def _take(self) -> Batch | None:
        """A batch of what waits, at most `MOST_ROWS` changes."""
        changes = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_ROWS))]
        return self._batch([change for change in changes if self._is_new(change)])

    def _is_new(self, change: Change) -> bool:
        """Whether it was not given before: the first value of a subscription, and values that the history had too, come again."""
        time = change.time
        key = (change.asset, change.tag)
        if time is None:
            return True
        if time <= self._seen.get(key, -(2**63)):
            return False
        self._seen[key] = time
        return True

    def _batch(self, changes: list[Change]) -> Batch | None:
        now = self._clock.now()
        self._gauge.messages += len(changes)
        self._gauge.lost += sum(map(lost_before, changes))
        batch, faults = to_batch(changes, self.name, now, self._settings.mapping.most_values)
        for fault in faults:
            self._gauge.bury(fault.reason, fault.detail, str(self._settings.endpoint), now, b"", fault.count)
        if batch is not None:
            self._gauge.last_message_at = now
            self._gauge.took(batch)
            self._last = max(self._last or -(2**63), int(batch.time.max()))
        return batch

    async def _missed(self, found: list[Found], since: int) -> AsyncIterator[Batch]:
        """What the server's history has since then, in order of source time over all nodes, in batches."""
        from asyncua.ua.uaerrors import UaStatusCodeError

        changes: list[Change] = []
        until = to_moment(self._clock.now() + NS)
        for one in found:
            try:
                values = await one.node.read_raw_history(to_moment(since), until, return_bounds=False)
            except UaStatusCodeError:
                continue  # it has no history
            changes += [change_of(one.asset, one.tag, value) for value in values]
        changes = [change for change in changes if change.time is not None and change.time >= since and has_value(change)]
        changes.sort(key=lambda change: change.time or 0)
        for start in range(0, len(changes), MOST_ROWS):
            batch = self._batch([change for change in changes[start : start + MOST_ROWS] if self._is_new(change)])
            if batch is not None:
                yield batch

    def heard(self, change: Change) -> None:
        """The server reports a change."""
        if not has_value(change):
            return
        if len(self._waiting) >= self._settings.most_waiting:
            self._waiting.popleft()
            self._gauge.lost += 1
        self._waiting.append(change)
        self._wake.set()

    def lose(self, why: str) -> None:
        """The connection is gone."""
        if not self._lost:
            self._lost = why
            if self._gauge.connection is Connection.CONNECTED and not self._window.closed:
                self._gauge.turn(Connection.WAITING, self._clock.now(), why)
            self._wake.set()

    async def close(self) -> None:
        """See `Link.close`."""
        await super().close()
        self._wake.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)


class _Handler:
    """What asyncua calls."""

    def __init__(self, link: OpcUaLink, nodes: dict[Any, Found]) -> None:
        self._link, self._nodes = link, nodes

    def datachange_notification(self, node: Any, _value: Any, data: Any) -> None:
        """A value changed."""
        found = self._nodes.get(node.nodeid)
        if found is not None:
            self._link.heard(change_of(found.asset, found.tag, data.monitored_item.Value))

    def status_change_notification(self, status: Any) -> None:
        """The subscription's state changed: it is gone."""
        self._link.lose(f"the server ended the subscription: {getattr(status, 'Status', status)}")


def _said(error: BaseException) -> str:
    """One line of an error."""
    return (str(error) or type(error).__name__).splitlines()[0][:300]
