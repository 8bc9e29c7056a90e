"""The catalogue in one language, the site's clock, and escaping, in one place: nothing else of the report writes text into markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from andon.plant.messages import say
from andon.plant.sentences import speak
from andon.plant.time import NS, format_duration
from andon.plant.time import zone as iana_zone
from andon.plant.verdict import Sentence
from andon.reporting.svg import number

SHARES = ("coverage", "found", "share")


class Words:
    """What the page says, escaped.

    Parameters
    ----------
    language : "en" or "zh-CN"
    zone : IANA zone of the site
    """

    def __init__(self, language: str, zone: str) -> None:
        self.language = language
        self.zone = zone
        self._where = iana_zone(zone)

    def __call__(self, key: str, **args: object) -> str:
        return escape(self.plain(key, **args))

    def plain(self, key: str, **args: object) -> str:
        """A text of this room, not escaped: for what is escaped later."""
        return say(f"reporting.{key}", self.language, **args)

    def known(self, kind: str, name: str) -> str:
        """What the catalogue calls a name that the code uses (a method, a column, a row of the model card); else the name itself."""
        try:
            return escape(self.plain(f"{kind}.{slug(name)}"))
        except KeyError:
            return escape(name.replace("_", " "))

    def sentence(self, sentence: Sentence) -> str:
        """A sentence of any room, escaped."""
        return escape(speak(sentence, self.language))

    def listed(self, items: Sequence[str]) -> str:
        """ "a, b and c" of texts that are escaped already."""
        if len(items) < 2:
            return "".join(items)
        return escape(say("plant.comma", self.language)).join(items[:-1]) + escape(say("plant.and", self.language)) + items[-1]

    def clock(self, ms: int, shown: str = "%Y-%m-%d %H:%M") -> str:
        """Local time to the minute, with UTC on hover."""
        utc = datetime.fromtimestamp(ms / 1000, tz=UTC)
        local = utc.astimezone(self._where)
        return f'<time datetime="{utc:%Y-%m-%dT%H:%M:%SZ}" title="{utc:%Y-%m-%d %H:%M:%S} UTC">{local.strftime(shown)}</time>'

    def later(self, ms: int, than: int) -> str:
        """Local time without the day that was named before."""
        return self.clock(ms, "%H:%M") if self.day(ms) == self.day(than) else self.clock(ms)

    def day(self, ms: int) -> str:
        """Local day, ISO."""
        return f"{datetime.fromtimestamp(ms / 1000, tz=UTC).astimezone(self._where):%Y-%m-%d}"

    def span(self, start: int, end: int | None) -> str:
        """From when to when; the day once where both are on one day."""
        last = self("event.open") if end is None else self.later(end, start)
        return f"{self.clock(start)} – {last}"

    def figure(self, column: str, value: float | None) -> str:
        """A figure of a table as its column is read."""
        if value is None:
            return "–"
        if column.split("_")[0] in SHARES:
            return f"{value:.0%}" if column.startswith("found") else f"{value:.1%}"
        if column == "delay_min":
            return duration(value * 60)
        if column in ("caught", "missed"):
            return f"{value:.0f}"
        return number(value)


def slug(name: str) -> str:
    """A name as the last part of a key: "EWMA-T²" is "ewma-t2"."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("²", "2")).strip("-")


def duration(seconds: float) -> str:
    """A duration to two units at most: "2h30min", not "2h29min58s"."""
    step = 60 if seconds >= 600 else 1
    if seconds >= 86_400:
        step = 3600
    return format_duration(round(seconds / step) * step * NS)
