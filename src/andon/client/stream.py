"""The live stream: server-sent events, read as the specification has them, and resumed after a cut."""

from __future__ import annotations

import random
import re
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import msgspec

from andon.client.connection import BUSY, Connection, ServiceError, pause_s
from andon.service.schema import AlarmRow, Live, Source, Tile

END = re.compile("\r\n|\n|\r(?!$)")
SHAPES: dict[str, type[msgspec.Struct]] = {"tile": Tile, "alarm": AlarmRow, "source": Source}
SILENCE_S = 40.0
"""The service says at least a comment every 15 s: a stream that is silent for longer is cut."""


class Stream(Connection):
    """What changes, as it changes."""

    def live(self, after: int | None = None, *, resume: bool = True) -> Generator[Live, None, None]:
        """Messages as they come; after a cut those that were missed, or one `reload` where too much was missed to be told again.

        Parameters
        ----------
        after : number of the last message that was seen; None: from now on
        resume : connect again for ever; else a cut raises

        Raises
        ------
        ServiceError : the service refuses to stream
        """
        seen, failures = after, 0
        while True:
            try:
                headers = {"Accept": "text/event-stream", **({} if seen is None else {"Last-Event-ID": str(seen)})}
                with self._streamed("GET", ["live"], headers, timeout_s=SILENCE_S) as answer:
                    failures = 0
                    for number, what, data in messages(lines(answer.iter_text())):
                        seen = number if number is not None else seen
                        if what:
                            yield Live(id=seen or 0, what=what, data=msgspec.json.decode(data, type=dict[str, Any]))
            except ServiceError as error:
                if not resume or error.status not in (0, *BUSY):
                    raise
            if not resume:
                return
            failures += 1
            self._wait(pause_s(min(failures, 5)) * random.uniform(0.7, 1.3))


def lines(pieces: Iterable[str]) -> Iterator[str]:
    """Lines of text that comes in pieces. They end with CR, LF or both, and with nothing else that Unicode calls an end of a line."""
    rest = ""
    for piece in pieces:
        rest += piece
        whole = END.split(rest)
        rest = whole.pop()
        yield from whole


def messages(lines: Iterable[str]) -> Iterator[tuple[int | None, str, str]]:
    """(number, what, data) of each message; a number alone has no `what`.

    References
    ----------
    WHATWG HTML, "Server-sent events", 9.2.6 Interpreting an event stream.
    """
    number: int | None = None
    what, data = "", list[str]()
    for line in lines:
        if not line:
            if any(data):
                yield number, what or "message", "\n".join(data)
            elif number is not None:
                yield number, "", ""
            number, what, data = None, "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            what = value
        elif name == "id" and value.isdigit():
            number = int(value)


def shape_of(message: Live) -> msgspec.Struct | dict[str, Any]:
    """What a message says: a `Tile`, an `AlarmRow` or a `Source`; else its data as they are."""
    kind = SHAPES.get(message.what)
    return message.data if kind is None else msgspec.convert(message.data, kind)
