"""Watches the plant's surroundings: what is wrong goes to the log, to the console, and as messages "system" to whoever asked for them.

One message when something begins and one when it is over; what begins with one look and is of one kind is one message. Told in one process,
it is not told again by the next. A database that is away is told of as well: its message goes out without being kept first.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from andon.plant.errors import TryAgainError
from andon.plant.messages import LANGUAGES, say
from andon.plant.time import NS, format_instant
from andon.project.live.standing import Standing, Stands
from andon.project.live.troubles import Trouble, troubles
from andon.sending import Message, Text
from andon.store.database import documents

if TYPE_CHECKING:
    from andon.project.live.running import Running

log = logging.getLogger("andon.live")
KEPT = "troubles"
EVERY_S = 2.0
AT_ONCE = ("database", "loop", "disk", "space", "clock", "certificate", "plant-file", "quiet")
"""What the console shows from the first look on; a link or outlet that is down for a moment is shown by its own page."""


class Watchman:
    """Looks every other second, in a thread of its own. `standing` may be read by any thread."""

    def __init__(self, running: Running) -> None:
        self._running = running
        steady = time.monotonic_ns()
        kept = running.database.read(lambda connection: documents.get(connection, KEPT)) or {}
        self.standing = Standing(
            {
                key: Stands(Trouble(one["part"], "", one["about"]), one["since"], steady, steady, told=True)
                for key, one in kept.items()
            }
        )  # fmt: skip
        self._kept: dict[str, Any] = dict(kept)
        self._logged: frozenset[str] = frozenset()

    def run(self, closed: threading.Event) -> None:
        """Look until `closed`."""
        while not closed.wait(EVERY_S):
            self.look(time.time_ns(), time.monotonic_ns())

    def look(self, now: int, steady: int) -> None:
        """Look once, and tell what is new.

        Parameters
        ----------
        now : ns UTC
        steady : ns of a clock that never goes back
        """
        found = troubles(self._running)
        self._log(found)
        self.standing, begun, over = self.standing.after(found, now, steady)
        messages = [*self._messages(begun, now, over=False), *self._messages(over, now, over=True)]
        kept = {key: {"part": one.trouble.part, "about": one.trouble.about, "since": one.since} for key, one in self.standing.told.items()}
        if not messages and kept == self._kept:
            return

        def keep(connection: Connection) -> None:
            documents.put(connection, KEPT, kept, at=now)

        try:
            self._running.post.say(messages, keep)
            self._kept = kept
        except TryAgainError:  # kept with a later look
            self._running.post.say_in_passing(messages)

    def wrong(self, language: str = "en") -> dict[str, str]:
        """Part -> why it does not work now; empty when all is well."""
        out: dict[str, str] = {}
        for one in list(self.standing.all.values()):
            part = one.trouble.part
            if one.trouble.why and one.trouble.key in self._logged and (one.told or part in AT_ONCE):
                why = one.trouble.told(language)
                out[part] = f"{out[part]}{say('plant.semicolon', language)}{why}" if part in out else why
        return out

    def _log(self, found: Sequence[Trouble]) -> None:
        """The log hears of everything at once, with its beginning and its end."""
        keys = {trouble.key: trouble for trouble in found}
        for key in keys.keys() - self._logged:
            log.warning("trouble begins", extra={"part": keys[key].part, "about": keys[key].about, "why": keys[key].told("en")})
        for key in self._logged - keys.keys():
            part, _, about = key.partition(":")
            log.warning("trouble is over", extra={"part": part, "about": about})
        self._logged = frozenset(keys)

    def _messages(self, stands: Iterable[Stands], now: int, *, over: bool) -> list[Message]:
        """One message for each kind of trouble."""
        of_part: dict[str, list[Stands]] = {}
        for one in stands:
            of_part.setdefault(one.trouble.part, []).append(one)
        return [self._message(part, sorted(several, key=lambda one: one.trouble.about), now, over) for part, several in of_part.items()]

    def _message(self, part: str, several: Sequence[Stands], now: int, over: bool) -> Message:
        site, zone = self._running.plant.site.name or "Andon", self._running.plant.site.zone
        since = min(one.since for one in several)
        change = "over" if over else "begun"
        texts = {}
        for language in LANGUAGES:
            title = say(f"project.trouble.{change}", language, site=site, what=say(f"project.trouble.{part}", language))
            whys = [one.trouble.told(language) if one.trouble.why else one.trouble.about for one in several]
            when = {"since": format_instant(since // NS * NS, zone), "until": format_instant(now // NS * NS, zone)}
            texts[language] = Text(title, "\n".join([*filter(None, whys), say(f"project.trouble.{change}.when", language, **when)]))
        names = [one.trouble.about for one in several]
        mark = sha256("\n".join(names).encode("utf-8", "surrogatepass")).hexdigest()[:8]
        data = {
            "change": change,
            "part": part,
            "about": names,
            "since": format_instant(since),
            "why": [one.trouble.told("en") for one in several],
        }
        return Message(f"trouble.{part}.{mark}.{since}.{change}", "system", now, "", texts, None, data)
