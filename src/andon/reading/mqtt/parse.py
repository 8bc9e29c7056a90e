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
        self._captured: dict[str, tuple[int, dict[str, str]] | None] = {}
        self._topics = topics
        self._heard: list[int | None] = [None] * len(topics)

    @property
    def heard(self) -> tuple[tuple[str, int | None], ...]:
        """Each pattern, and when a message of it came last (ns UTC); None: nothing came yet."""
        return tuple(zip(self._topics, self._heard, strict=True))

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
            fits = ((at, pattern.match(topic)) for at, pattern in enumerate(self.patterns))
            self._captured[topic] = next(((at, found) for at, found in fits if found is not None), None)
        fit = self._captured[topic]
        if fit is None:
            return Parsed(None, (Fault("unknown-topic", topic[:200]),))
        at, captured = fit
        self._heard[at] = received
        if retained and not self._reader.has_time:
            return Parsed(None, (Fault("retained", topic[:200]),))
        return self._reader.parse(payload, captured, received)
