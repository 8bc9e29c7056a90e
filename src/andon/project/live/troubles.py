"""What is wrong with a running plant's surroundings now: database, disk, links, outlets, clock, certificates, plant file.

A trouble is a state, found anew with every look. `standing` says which of them last, and tells them.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from andon.plant.error_words import translated
from andon.plant.errors import AndonError
from andon.plant.messages import say
from andon.plant.sentences import speak
from andon.plant.time import MINUTE_NS, NS, format_duration
from andon.plant.verdict import Sentence
from andon.project.live.tls import certificates_trouble
from andon.reading.link import Connection, Health

if TYPE_CHECKING:
    from andon.project.live.running import Running

LEAST_SPACE = 1 << 30
"""Bytes; with less the disk is almost full."""
LEAST_SHARE = 0.05
"""Of a small disk, that counts instead."""
QUIET_NS = 5 * MINUTE_NS
QUIET_TICKS = 10
"""A link that is connected and brings nothing for five minutes, or for so many sampling intervals, is quiet."""
UNSENT_NS = 10 * MINUTE_NS
"""A message that waits longer shows that its outlet is away."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong.

    Attributes
    ----------
    part : "database", "loop", "disk", "space", "clock", "certificate", "link", "quiet", "outlet" or "plant-file"
    why : a sentence of the catalogue, or the words of an error
    about : which link or outlet; empty where there is one of the kind
    """

    part: str
    why: Sentence | str
    about: str = ""

    @property
    def key(self) -> str:
        """The same for the same trouble at another moment."""
        return f"{self.part}:{self.about}"

    def told(self, language: str) -> str:
        """Why, in a language, with the name of what it is about."""
        why = speak(self.why, language) if isinstance(self.why, Sentence) else translated(self.why, language)
        return say("project.trouble.about", language, name=self.about, why=why) if self.about else why


def troubles(running: Running) -> list[Trouble]:
    """Everything that is wrong now. Never raises: what cannot be looked at is a trouble itself."""
    wall = time.time_ns()
    found: list[Trouble] = []
    for look in (_database, _loop, _disk, _clock, _links, _outlets, _plant_file):
        try:
            found += look(running)
        except AndonError as error:
            found.append(Trouble(look.__name__.strip("_"), error.what))
    return [*found, *(Trouble("certificate", why, owner) for owner, why in certificates_trouble(running.plant, wall))]


def not_ready(running: Running) -> list[Trouble]:
    """What keeps a plant from taking and judging samples: database, loop, disk."""
    return [trouble for look in (_database, _loop, _written) for trouble in look(running)]


def _database(running: Running) -> Iterator[Trouble]:
    try:
        running.database.check()
    except AndonError as error:
        yield Trouble("database", error.what)


def _loop(running: Running) -> Iterator[Trouble]:
    if running.loop.status.trouble:
        yield Trouble("loop", running.loop.status.trouble)


def _disk(running: Running) -> Iterator[Trouble]:
    refused = list(_written(running))
    yield from refused or space_of(running.folder)


def _written(running: Running) -> Iterator[Trouble]:
    try:
        with tempfile.TemporaryFile(dir=running.folder):
            pass
    except OSError as error:
        yield Trouble("disk", error.strerror or str(error))


def space_of(folder: Path) -> Iterator[Trouble]:
    """Whether a disk is almost full."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return
    if usage.free < min(LEAST_SPACE, usage.total * LEAST_SHARE):
        yield Trouble("space", Sentence("project.trouble.space.why", {"free": f"{usage.free / 2**30:.1f} GiB"}))


def _clock(running: Running) -> Iterator[Trouble]:
    backs = [fleet.arrivals.mark.back for fleet in running.loop.heart.served]
    if any(backs):
        by = format_duration(max(backs) // NS * NS)
        yield Trouble("clock", Sentence("project.trouble.clock.why", {"by": by}))


def _links(running: Running) -> Iterator[Trouble]:
    now, patience = running.clock.now(), patience_with(running)
    for link in running.loop.links:
        health = link.health()
        if health.connection in (Connection.WAITING, Connection.CONNECTING):
            yield Trouble("link", health.last_error or Sentence("project.trouble.link.why", {}), health.link)
        elif (quiet := quiet_of(health, now, patience)) is not None:
            yield Trouble("quiet", quiet, health.link)


def patience_with(running: Running) -> int:
    """How long a link may bring nothing, ns."""
    intervals = [monitor.preparation.interval_ns for monitor in running.monitors.values()]
    return max(QUIET_NS, QUIET_TICKS * max(intervals, default=0))


def quiet_of(health: Health, now: int, patience: int) -> Sentence | None:
    """What nothing has come on for long, where a link is connected; None where all is well.

    Parameters
    ----------
    now : ns UTC
    patience : ns
    """
    if health.connection is not Connection.CONNECTED or not health.since:
        return None
    topics = health.heard or (("", health.last_message_at),)
    for topic, heard in topics:
        last = max(health.since, heard or 0)
        if now - last > patience:
            minutes = format_duration((now - last) // MINUTE_NS * MINUTE_NS)
            return Sentence(f"project.trouble.quiet.{'topic' if topic else 'why'}", {"topic": topic, "time": minutes})
    return None


def _outlets(running: Running) -> Iterator[Trouble]:
    now = time.time_ns()
    for item in running.post.health():
        since = running.post.waiting_since(item.outlet)
        if item.last_error and since is not None and now - since > UNSENT_NS:
            yield Trouble("outlet", item.last_error, item.outlet)


def _plant_file(running: Running) -> Iterator[Trouble]:
    if running.planner.trouble:
        yield Trouble("plant-file", running.planner.trouble)
