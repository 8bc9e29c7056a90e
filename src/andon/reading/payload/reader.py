"""One payload in, a batch or the reasons out: whatever the bytes are, nothing is raised."""

from __future__ import annotations

from collections.abc import Mapping as Mapped
from typing import Protocol

from andon.reading.mapping import Mapping
from andon.reading.payload.fault import Fault, Parsed, Unreadable


class Reader(Protocol):
    """Reads the payloads of one format."""

    def parse(self, payload: bytes | memoryview, captured: Mapped[str, str], received: int) -> Parsed:
        """Read one payload, or raise `Unreadable`."""
        ...


def _make(mapping: Mapping, source: str) -> Reader:
    match mapping.payload:
        case "json":
            from andon.reading.payload.json_text import JsonReader

            return JsonReader(mapping, source)
        case "csv":
            from andon.reading.payload.csv_text import CsvReader

            return CsvReader(mapping, source)
        case "packed":
            from andon.reading.payload.packed import PackedReader

            return PackedReader(mapping, source)
        case "number":
            from andon.reading.payload.number import NumberReader

            return NumberReader(mapping, source)
        case "influx":
            from andon.reading.payload.line_protocol import LineProtocolReader

            return LineProtocolReader(mapping, source)
        case "arrow":
            from andon.reading.payload.arrow import ArrowReader

            return ArrowReader(mapping, source)
        case other:
            raise ValueError(f"{other!r} is no payload")


class PayloadReader:
    """Reads payloads by a mapping, within its bounds.

    Parameters
    ----------
    mapping : how; its templates and field names are checked here
    source : name of the link

    Raises
    ------
    AskUserError : the mapping contradicts itself
    """

    def __init__(self, mapping: Mapping, source: str) -> None:
        self.mapping = mapping
        self._reader = _make(mapping, source)
        _ = mapping.asset_template, mapping.tag_template

    @property
    def has_time(self) -> bool:
        """Whether the payload says when it was measured."""
        return self.mapping.times == "source" and self.mapping.payload != "number"

    def parse(self, payload: bytes | memoryview, captured: Mapped[str, str], received: int) -> Parsed:
        """What a payload says. Never raises.

        Parameters
        ----------
        captured : what the names of the topic stand for
        received : ns UTC, when it came in
        """
        if len(payload) > self.mapping.largest_bytes:
            return Parsed(None, (Fault("too-large", f"{len(payload)} bytes, at most {self.mapping.largest_bytes}"),))
        try:
            return self._reader.parse(payload, captured, received)
        except Unreadable as error:
            return Parsed(None, (error.fault,))
        except Exception as error:  # a bug of ours must not stop the line: it is counted and sampled like any other
            return Parsed(None, (Fault("unreadable", f"{type(error).__name__}: {str(error)[:200]}"),))
