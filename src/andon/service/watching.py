"""Looks once a second at what nobody announces: links that change their state, a backlog, parts that do not work, new ticks, the clock.

`News.since` is a pure function of two looks; `watch` looks, and publishes what it says.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from andon.plant.errors import AndonError
from andon.plant.time import NS
from andon.service.live import Feed
from andon.service.pages.now import BEHIND_NS
from andon.service.routes.instants import to_text
from andon.service.schema import Source

log = logging.getLogger("andon.service")

EVERY_S = 1.0
AGAIN_S = 5.0
"""What stands (a backlog, a part that does not work) is said again so often, for those who came later."""
TICKS_S = 10.0
"""New ticks are told at most so often: whoever shows values asks for them anew."""
CLOCK_S = 2.0
"""So far a clock may be from where those who listen believe it: a replay runs at sixty times, a computer's clock is set."""
BEHIND_S = BEHIND_NS / NS


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    Attributes
    ----------
    at_s : of a clock that never goes back
    sources : links by name
    behind_s : how far the judging is behind the receiving
    trouble : part -> why it does not work; empty when all is well
    ticks : grows with what was judged
    now : ns UTC of the plant's clock; 0 where nobody looked at it
    """

    at_s: float
    sources: Mapping[str, Source] = field(default_factory=dict)
    behind_s: float = 0.0
    trouble: Mapping[str, str] = field(default_factory=dict)
    ticks: int = 0
    now: int = 0


class Watched(Protocol):
    """What can be looked at."""

    def look(self, at_s: float) -> Look:
        """How everything is now; in a thread."""


class News:
    """What is worth telling of looks that follow each other."""

    def __init__(self) -> None:
        self._before: Look | None = None
        self._stood_s = self._ticked_s = float("-inf")
        self._told: tuple[float, int] | None = None

    def since(self, look: Look) -> list[tuple[str, dict[str, Any]]]:
        """(what, data) for the feed."""
        before, self._before = self._before, look
        drift = self._drift_s(look)
        if before is None:
            return []
        out: list[tuple[str, dict[str, Any]]] = [
            ("source", {"name": name}) for name, source in look.sources.items() if _other(before.sources.get(name), source)
        ]
        stands = look.behind_s >= BEHIND_S or bool(look.trouble)
        again = stands and look.at_s - self._stood_s >= AGAIN_S
        if again or (look.behind_s >= BEHIND_S) != (before.behind_s >= BEHIND_S):
            out.append(("behind", {"behind_s": look.behind_s if look.behind_s >= BEHIND_S else 0.0}))
        if again or look.trouble != before.trouble:
            out.append(("trouble", {"parts": dict(look.trouble)}))
        if again:
            self._stood_s = look.at_s
        if look.ticks != before.ticks and look.at_s - self._ticked_s >= TICKS_S:
            self._ticked_s = look.at_s
            out.append(("ticks", {"count": look.ticks}))
        if abs(drift) >= CLOCK_S:
            out.append(("clock", {"now": to_text(look.now)}))
        return out

    def _drift_s(self, look: Look) -> float:
        """How far the plant's clock is from where those who listen believe it; what is far enough is told with this look."""
        if not look.now:
            return 0.0
        at_s, now = self._told or (look.at_s, look.now)
        drift = (look.now - now) / NS - (look.at_s - at_s)
        if self._told is None or abs(drift) >= CLOCK_S:
            self._told = (look.at_s, look.now)
        return drift


def _other(before: Source | None, now: Source) -> bool:
    return before is None or (before.state, before.text, before.lost, before.set_aside) != (now.state, now.text, now.lost, now.set_aside)


async def watch(plant: Watched, feed: Feed, every_s: float = EVERY_S) -> None:
    """Look and publish until cancelled."""
    events, news = asyncio.get_running_loop(), News()
    while True:
        await asyncio.sleep(every_s)
        try:
            look = await asyncio.to_thread(plant.look, events.time())
        except AndonError as error:  # what cannot be looked at now is looked at again
            log.warning("cannot look at the plant", extra={"why": error.what})
            continue
        for what, data in news.since(look):
            feed.publish(what, data)
