"""The door of an incoming link: what it gives, what it is asked, and how it is doing.

A link is opened at a position and then gives batches for ever, each with a receipt. It reconnects by itself. The
caller acknowledges a receipt once the batch is safe; only then may the source forget it. `tests/reading/links/laws.py`
holds the laws that every link passes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from andon.plant.batch import Batch

SAMPLE_BYTES = 4096


class Connection(StrEnum):
    """What a link is doing."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"  # the last try failed; it tries again by itself
    ENDED = "ended"  # the source has an end, and it was reached
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What to acknowledge once a batch is safe.

    Attributes
    ----------
    link : name of the link
    number : 1, 2, … in the order in which the link gave its batches since it was opened
    position : where to open the link to go on after this batch; empty: where the last receipt with a position says
    """

    link: str
    number: int
    position: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message, or a part of one, that could not be read. It stops nothing.

    Attributes
    ----------
    link : name of the link
    reason : stable short name, the message `links.dead.<reason>`
    detail : what exactly, for people: the field, line or text
    place : topic, node or file
    received : ns UTC
    size : bytes of the whole message
    sample : its first bytes, at most `SAMPLE_BYTES`
    count : parts of the message that share the reason
    """

    link: str
    reason: str
    detail: str
    place: str
    received: int
    size: int
    sample: bytes
    count: int = 1


OnDeadLetter: TypeAlias = Callable[[DeadLetter], None]


def discard(letter: DeadLetter) -> None:
    """Take a dead letter and do nothing; it is counted in the link's health all the same."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a link is doing. Counts are since it was opened.

    Attributes
    ----------
    link : name of the link
    connection : what it is doing
    since : ns UTC, since when
    messages, rows : what was read
    lag_ns : arrival minus source time of the newest row of the last batch; None before the first
    lost : messages that the source numbered and that never came
    repeated : messages that came again
    dead : messages or parts of them that could not be read
    waiting : batches given and not yet acknowledged
    reconnects : how often the connection was made again
    last_error : the last failure, in words; empty where there was none
    last_error_at : ns UTC
    last_message_at : ns UTC
    heard : of a link that subscribes to several things: each, and when something of it came last (ns UTC; None: not yet)
    """

    link: str
    connection: Connection
    since: int
    messages: int = 0
    rows: int = 0
    lag_ns: int | None = None
    lost: int = 0
    repeated: int = 0
    dead: int = 0
    waiting: int = 0
    reconnects: int = 0
    last_error: str = ""
    last_error_at: int | None = None
    last_message_at: int | None = None
    heard: tuple[tuple[str, int | None], ...] = ()


class Link(Protocol):
    """An incoming link. All methods are called from one event loop."""

    @property
    def name(self) -> str:
        """The name in the plant file."""
        ...

    def open(self, position: str = "") -> AsyncIterator[tuple[Batch, Receipt]]:
        """Go on after `position` (empty: from the beginning), and give batches until closed.

        Losing the connection raises nothing: the link waits and connects again, for ever. An unreadable message becomes
        a dead letter. While `window` batches are not acknowledged, no more is read from the source.
        """
        ...

    async def acknowledge(self, receipt: Receipt) -> None:
        """The batch of this receipt is safe: the source may forget it. A receipt that is unknown or was acknowledged does nothing."""
        ...

    def health(self) -> Health:
        """How it is doing now."""
        ...

    async def close(self) -> None:
        """End: the iterator of `open` stops. What was not acknowledged comes again when the link is next opened."""
        ...
