"""The Sparkplug link, over the MQTT session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from andon.plant.backoff import Backoff
from andon.plant.batch import Batch
from andon.plant.clock import Clock
from andon.reading.gauge import Gauge
from andon.reading.link import Connection, Health, OnDeadLetter, Receipt, discard
from andon.reading.mqtt.session import Delivery, Session
from andon.reading.sparkplug.births import Births
from andon.reading.sparkplug.parse import KINDS, NAMESPACE, SparkplugReader, Told
from andon.reading.sparkplug.settings import SparkplugSettings
from andon.reading.sparkplug.wire import rebirth


class SparkplugLink:
    """Batches of Sparkplug edge nodes. The position holds the births, so that data which the broker kept can be read.

    Parameters
    ----------
    settings : see `SparkplugSettings`; checked here
    clock : for times of arrival and waits
    """

    def __init__(
        self, settings: SparkplugSettings, clock: Clock, *, on_dead_letter: OnDeadLetter = discard, backoff: Backoff | None = None
    ) -> None:
        settings.check()
        self.name = settings.broker.name
        self._settings, self._clock = settings, clock
        self._gauge = Gauge(self.name, on_dead_letter)
        self._backoff = backoff or Backoff()
        self._session: Session | None = None
        self._given: dict[int, tuple[Delivery, set[int]]] = {}
        self._asked: dict[tuple[str, str], int] = {}

    async def open(self, position: str = "") -> AsyncIterator[tuple[Batch, Receipt]]:
        """Batches until closed; see `Link.open`."""
        settings = self._settings
        reader = SparkplugReader(settings.paths, settings.mapping, self.name, Births.from_position(position))
        filters = tuple(f"{NAMESPACE}/+/{kind}/+" + ("/+" if kind[0] == "D" else "") for kind in KINDS)
        session = self._session = Session(settings.broker, filters, self._clock, self._gauge, self._backoff)
        self._given.clear()
        self._asked.clear()
        number, changed = 0, False
        try:
            async for delivery in session.messages():
                told = reader.parse(delivery.topic, delivery.payload, delivery.received)
                self._count(delivery, told)
                if told.rebirth is not None:
                    self._ask(*told.rebirth)
                changed = changed or told.births
                if not told.batches:
                    session.settle(delivery)
                    continue
                numbers = {number + 1 + place for place in range(len(told.batches))}
                for batch in told.batches:
                    number += 1
                    self._given[number] = (delivery, numbers)
                    where = reader.births.position() if changed else ""
                    changed = False
                    self._gauge.took(batch)
                    yield replace(batch, position=where), Receipt(self.name, number, where)
        finally:
            self._gauge.turn(Connection.CLOSED, self._clock.now())

    def _count(self, delivery: Delivery, told: Told) -> None:
        gauge = self._gauge
        gauge.messages += 1
        gauge.last_message_at = delivery.received
        if told.lost > 0:
            gauge.lost += told.lost
        elif told.lost < 0:
            gauge.repeated += 1
        for fault in told.faults:
            gauge.bury(fault.reason, fault.detail, delivery.topic, delivery.received, delivery.payload, fault.count)

    def _ask(self, group: str, node: str) -> None:
        """Ask an edge node for its births, not too often."""
        now = self._clock.now()
        if now - self._asked.get((group, node), now - self._settings.rebirth_ns) < self._settings.rebirth_ns or self._session is None:
            return
        if len(self._asked) > 10_000:
            self._asked.clear()
        if self._session.publish(f"{NAMESPACE}/{group}/NCMD/{node}", rebirth(now)):
            self._asked[group, node] = now

    async def acknowledge(self, receipt: Receipt) -> None:
        """See `Link.acknowledge`. A message of two batches is acknowledged to the broker when both are."""
        found = self._given.pop(receipt.number, None)
        if found is not None and self._session is not None:
            delivery, numbers = found
            numbers.discard(receipt.number)
            if not numbers:
                self._session.settle(delivery)

    def health(self) -> Health:
        """See `Link.health`."""
        return self._gauge.health(len(self._given))

    async def close(self) -> None:
        """See `Link.close`."""
        if self._session is not None:
            self._session.close()
