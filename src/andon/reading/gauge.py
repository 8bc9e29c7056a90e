"""What a link counts about itself; its `Health` is a picture of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from andon.plant.batch import Batch
from andon.reading.link import SAMPLE_BYTES, Connection, DeadLetter, Health, OnDeadLetter, discard

MOST_SOURCES = 65_536  # numbered sources that are remembered; beyond, the oldest is forgotten
RESTARTED = 1_000  # a number further back than this means that the source began to count anew


@dataclass(slots=True)
class Gauge:
    """Counts of one link. The only thing about a link that changes, beside its connection."""

    link: str
    on_dead_letter: OnDeadLetter = discard
    connection: Connection = Connection.CONNECTING
    since: int = 0
    messages: int = 0
    rows: int = 0
    lag_ns: int | None = None
    lost: int = 0
    repeated: int = 0
    dead: int = 0
    reconnects: int = 0
    last_error: str = ""
    last_error_at: int | None = None
    last_message_at: int | None = None
    sequences: dict[str, int] = field(default_factory=dict)

    def turn(self, connection: Connection, now: int, error: str = "") -> None:
        """The connection changed, or failed again."""
        if connection is not self.connection or not self.since:
            if connection is Connection.CONNECTED and self.last_error:
                self.reconnects += 1
            self.connection, self.since = connection, now
        if error:
            self.last_error, self.last_error_at = error, now

    def took(self, batch: Batch) -> None:
        """A batch was read."""
        self.rows += batch.rows
        if batch.rows and not batch.history:
            self.lag_ns = batch.received - int(np.max(batch.time))

    def number(self, source: str, sequence: int, wrap: int = 0) -> int:
        """A message has the number `sequence` of its source: count what is missing before it, or that it came again.

        Parameters
        ----------
        wrap : numbers run from 0 to `wrap` - 1; 0: they never wrap

        Returns
        -------
        How many messages are missing between the last one and this one; -1 where it came again
        """
        before = self.sequences.get(source)
        if before is None:
            if len(self.sequences) >= MOST_SOURCES:
                del self.sequences[next(iter(self.sequences))]
            self.sequences[source] = sequence
            return 0
        if wrap:
            missing = (sequence - before - 1) % wrap
        elif sequence <= before:
            if sequence == before or before - sequence < RESTARTED:
                self.repeated += 1
                return -1
            missing = 0  # far back: the source started to count anew
        else:
            missing = sequence - before - 1
        self.sequences[source] = sequence
        self.lost += missing
        return missing

    def bury(self, reason: str, detail: str, place: str, received: int, payload: bytes | memoryview, count: int = 1) -> None:
        """A message, or `count` parts of it, could not be read."""
        self.dead += count
        sample = bytes(payload[:SAMPLE_BYTES])
        self.on_dead_letter(DeadLetter(self.link, reason, detail[:500], place[:500], received, len(payload), sample, count))

    def health(self, waiting: int, heard: tuple[tuple[str, int | None], ...] = ()) -> Health:
        """A picture of the counts."""
        return Health(
            self.link, self.connection, self.since, self.messages, self.rows, self.lag_ns, self.lost, self.repeated, self.dead,
            waiting, self.reconnects, self.last_error, self.last_error_at, self.last_message_at, heard,
        )  # fmt: skip
