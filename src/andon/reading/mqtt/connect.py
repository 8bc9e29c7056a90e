"""The MQTT link."""

from __future__ import annotations

from collections.abc import AsyncIterator

from andon.plant.backoff import Backoff
from andon.plant.batch import Batch
from andon.plant.clock import Clock
from andon.reading.gauge import Gauge
from andon.reading.link import Connection, Health, OnDeadLetter, Receipt, discard
from andon.reading.mqtt.parse import TopicReader
from andon.reading.mqtt.session import Delivery, Session
from andon.reading.mqtt.settings import MqttSettings


class MqttLink:
    """Batches of an MQTT broker. The broker keeps the position: what was not acknowledged comes again.

    Parameters
    ----------
    settings : see `MqttSettings`; checked here
    clock : for times of arrival and waits
    on_dead_letter : hears of every message that could not be read, before it is acknowledged
    backoff : waits between tries to connect
    """

    def __init__(
        self, settings: MqttSettings, clock: Clock, *, on_dead_letter: OnDeadLetter = discard, backoff: Backoff | None = None
    ) -> None:
        settings.check()
        self.name = settings.broker.name
        self._settings, self._clock = settings, clock
        self._gauge = Gauge(self.name, on_dead_letter)
        self._backoff = backoff or Backoff()
        self._reader = TopicReader(settings.topics, settings.mapping, self.name)
        self._session: Session | None = None
        self._given: dict[int, Delivery] = {}

    async def open(self, position: str = "") -> AsyncIterator[tuple[Batch, Receipt]]:
        """Batches until closed; see `Link.open`."""
        filters = tuple(dict.fromkeys(pattern.filter for pattern in self._reader.patterns))
        session = self._session = Session(self._settings.broker, filters, self._clock, self._gauge, self._backoff)
        number = 0
        self._given.clear()
        try:
            async for delivery in session.messages():
                batch = self._read(delivery)
                if batch is None:
                    session.settle(delivery)
                    continue
                number += 1
                self._given[number] = delivery
                yield batch, Receipt(self.name, number)
        finally:
            self._gauge.turn(Connection.CLOSED, self._clock.now())

    def _read(self, delivery: Delivery) -> Batch | None:
        gauge = self._gauge
        gauge.messages += 1
        gauge.last_message_at = delivery.received
        parsed = self._reader.parse(delivery.topic, delivery.payload, delivery.received, retained=delivery.retained)
        for fault in parsed.faults:
            gauge.bury(fault.reason, fault.detail, delivery.topic, delivery.received, delivery.payload, fault.count)
        if parsed.sequence is not None:
            gauge.number(delivery.topic, parsed.sequence)
        if parsed.batch is not None:
            gauge.took(parsed.batch)
        return parsed.batch

    async def acknowledge(self, receipt: Receipt) -> None:
        """See `Link.acknowledge`."""
        delivery = self._given.pop(receipt.number, None)
        if delivery is not None and self._session is not None:
            self._session.settle(delivery)

    def health(self) -> Health:
        """See `Link.health`."""
        return self._gauge.health(len(self._given), self._reader.heard)

    async def close(self) -> None:
        """See `Link.close`."""
        if self._session is not None:
            self._session.close()
