"""From an MQTT message to a batch."""

from __future__ import annotations

from andon.reading.mapping import Mapping, Pattern
from andon.reading.payload import Fault, Parsed, PayloadReader

MOST_REMEMBERED = 10_000


class TopicReader:
    """Finds the pattern of a topic and reads the payload by the mapping.

    Parameters
    ----------
    topics : patterns, the first that fits is taken
    mapping : how payloads are read
    source : name of the link
    """

    def __init__(self, topics: tuple[str, ...], mapping: Mapping, source: str) -> None:
        self.patterns = tuple(Pattern(topic) for topic in topics)
        self._reader = PayloadReader(mapping, source)
        self._captured: dict[str, dict[str, str] | None] = {}

    def parse(self, topic: str, payload: bytes | memoryview, received: int, *, retained: bool = False) -> Parsed:
        """What a message says. Never raises.

        Parameters
        ----------
        retained : the broker kept the message for new subscribers: its time of arrival says nothing, so without a time of
            its own it is not read
        """
        if topic not in self._captured:
            if len(self._captured) >= MOST_REMEMBERED:
                self._captured.clear()
            self._captured[topic] = next((found for pattern in self.patterns if (found := pattern.match(topic)) is not None), None)
        captured = self._captured[topic]
        if captured is None:
            return Parsed(None, (Fault("unknown-topic", topic[:200]),))
        if retained and not self._reader.has_time:
            return Parsed(None, (Fault("retained", topic[:200]),))
        return self._reader.parse(payload, captured, received)
