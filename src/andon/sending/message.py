"""What is sent, and the door of an outlet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from andon.plant.time import format_instant

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Text:
    """A title and a text in one language, ready to be read."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell.

    Attributes
    ----------
    id : the same whenever it is sent again; a receiver may drop what it has
    what : "alarms", "notifications", "scores", "quality", "digest", "handover" or "system"
    time : ns UTC, when it happened
    asset : empty where it is about none
    texts : language -> words; the first stands in for a language that is missing
    priority : 1 is the highest; None where it has none
    data : the same as data, JSON types only
    """

    id: str
    what: str
    time: int
    asset: str = ""
    texts: Mapping[str, Text] = field(default_factory=dict)
    priority: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: str) -> Text:
        """The words in a language."""
        if language in self.texts:
            return self.texts[language]
        return next(iter(self.texts.values()), Text(self.id, ""))

    def to_dict(self, language: str) -> dict[str, Any]:
        """What travels."""
        said = self.text(language)
        return {
            "schema_version": SCHEMA_VERSION, "id": self.id, "what": self.what, "time": format_instant(self.time), "asset": self.asset,
            "title": said.title, "text": said.body, "priority": self.priority, "data": dict(self.data),
        }  # fmt: skip

    def to_json(self, language: str) -> bytes:
        """What travels, as bytes; the same for the same message."""
        return json.dumps(self.to_dict(language), ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of sending.

    Attributes
    ----------
    ok : it arrived
    again : it did not, and it is worth trying again
    error : why not, in words, without secrets
    after_ns : the receiver asks to wait this long
    """

    ok: bool
    again: bool = False
    error: str = ""
    after_ns: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """Which messages an outlet takes.

    Attributes
    ----------
    what : kinds of messages
    assets : empty for all; a message about no asset always fits
    priority : messages with a lower priority are left out; those without one are not
    """

    what: tuple[str, ...] = ("alarms",)
    assets: tuple[str, ...] = ()
    priority: int | None = None

    def takes(self, message: Message) -> bool:
        """Whether the message goes this way."""
        return (
            message.what in self.what
            and (not self.assets or not message.asset or message.asset in self.assets)
            and (self.priority is None or message.priority is None or message.priority <= self.priority)
        )


class Outlet(Protocol):
    """One way out."""

    @property
    def name(self) -> str:
        """The name in the plant file."""
        ...

    @property
    def route(self) -> Route:
        """Which messages it takes."""
        ...

    async def send(self, message: Message) -> Sent:
        """Send one message. Never raises: what goes wrong is told in the answer, without secrets."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def one_line(text: str, most: int = 200) -> str:
    """Text without line ends and control letters, for titles and headers: a name must not begin a new one."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:most].strip()
