"""A session at an MQTT broker that outlives its connections, and acknowledges in order and only when told to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from andon.plant.backoff import Backoff
from andon.plant.clock import Clock
from andon.plant.endpoint import certificate_words
from andon.plant.errors import AndonError
from andon.reading.gauge import Gauge
from andon.reading.link import Connection
from andon.reading.mqtt.settings import BrokerSettings
from andon.reading.mqtt.wire import Wire

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessage


@dataclass(slots=True, eq=False)
class Delivery:
    """One message that the broker gave, until it is settled. `digest` knows the payload again when it is gone."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    received: int
    packet: int
    digest: int
    settled: bool = False


class Session:
    """Messages of a broker, for ever.

    Parameters
    ----------
    settings : the broker
    filters : topic filters to subscribe to
    clock, backoff : for times and for waits between tries
    gauge : where the state of the connection is kept
    """

    def __init__(self, settings: BrokerSettings, filters: tuple[str, ...], clock: Clock, gauge: Gauge, backoff: Backoff) -> None:
        self._settings, self._filters, self._clock, self._gauge, self._backoff = settings, filters, clock, gauge, backoff
        self._wire: Wire | None = None
        self._order: deque[Delivery] = deque()  # as they came on this connection, oldest first
        self._told: deque[Delivery] = deque(maxlen=settings.window)  # acknowledged on this connection; the broker may not have heard
        self._before: list[Delivery] = []  # of earlier connections: what the broker may send again
        self._arrived: deque[Delivery] = deque()
        self._wake = asyncio.Event()
        self._closed = asyncio.Event()
        self._overflowed = False

    @property
    def waiting(self) -> int:
        """Messages given and not settled, or arrived and not given."""
        return sum(not one.settled for one in (*self._order, *self._before))

    async def messages(self) -> AsyncIterator[Delivery]:
        """Give messages until closed. A message that comes again while it is still unsettled is not given twice."""
        tries = 0
        while not self._closed.is_set():
            self._gauge.turn(Connection.CONNECTING, self._clock.now())
            try:
                async for delivery in self._connected():
                    tries = 0
                    yield delivery
                return
            except (OSError, AndonError) as error:
                tries += 1
                said = certificate_words(error) or str(error) or type(error).__name__
                self._gauge.turn(Connection.WAITING, self._clock.now(), said)
            await self._pause(self._backoff.wait_ns(tries))

    async def _connected(self) -> AsyncIterator[Delivery]:
        """Messages of one connection; ends when closed, raises when the connection is lost."""
        wire = Wire(self._settings, self._on_message, self._on_lost)
        self._overflowed = False
        arrived = set(self._arrived)  # never given, so it may come again as if it were new
        before = [one for one in (*self._before, *self._told, *self._order) if one not in arrived]
        unsettled = [one for one in before if not one.settled]
        self._before = unsettled + [one for one in before if one.settled][-2 * self._settings.window :]
        self._told.clear()
        self._order.clear()
        self._arrived.clear()
        try:
            self._wire = wire
            await wire.connect()
            await wire.subscribe(self._filters)
            self._gauge.turn(Connection.CONNECTED, self._clock.now())
            while True:
                self._wake.clear()
                while self._arrived and not self._closed.is_set():
                    yield self._arrived.popleft()
                if self._closed.is_set():
                    return
                if wire.lost:
                    raise ConnectionError(wire.lost)
                if self._overflowed:
                    raise ConnectionError(f"the broker sent more than {2 * self._settings.window} messages unacknowledged")
                await self._wake.wait()
        finally:
            self._wire = None
            await wire.close()

    def _on_lost(self) -> None:
        """Told at once, even while the caller is busy with a message."""
        if self._wire is not None and self._gauge.connection is Connection.CONNECTED and not self._closed.is_set():
            self._gauge.turn(Connection.WAITING, self._clock.now(), self._wire.lost)
        self._wake.set()

    def _on_message(self, message: MQTTMessage) -> None:
        if self._overflowed:
            return  # not acknowledged: it comes again on the next connection
        if len(self._arrived) >= 2 * self._settings.window:  # only a broker without flow control gets here
            self._overflowed = True
            self._wake.set()
            return
        topic, payload = message.topic, bytes(message.payload)
        digest = hash(payload)
        if message.qos and message.dup:
            for index, old in enumerate(self._before):
                if old.packet == message.mid and old.digest == digest and old.topic == topic:
                    del self._before[index]
                    self._gauge.repeated += 1
                    self._order.append(old)
                    self._flush()
                    return
        delivery = Delivery(topic, payload, message.qos, message.retain, self._clock.now(), message.mid, digest)
        if message.qos:
            self._order.append(delivery)
        self._arrived.append(delivery)
        self._wake.set()

    def settle(self, delivery: Delivery) -> None:
        """The message is safe: the broker may forget it, once those before it are safe too (MQTT 5, 4.6)."""
        delivery.settled, delivery.payload = True, b""
        self._flush()

    def _flush(self) -> None:
        while self._order and self._order[0].settled:
            if self._wire is None or not self._wire.acknowledge(self._order[0].packet):
                return
            self._told.append(self._order.popleft())

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message, QoS 0; False where there is no connection now."""
        return self._wire is not None and self._wire.publish(topic, payload)

    async def _pause(self, duration_ns: int) -> None:
        """Wait, or until closed."""
        tasks = [asyncio.ensure_future(self._clock.sleep(duration_ns)), asyncio.ensure_future(self._closed.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """End `messages`."""
        self._closed.set()
        self._wake.set()
