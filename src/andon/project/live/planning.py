"""Planned work of the plant file: every window becomes a pause of verdicts and of alarms ahead of its time, and an entry of the ledger.

The file is looked at again when it changes: windows, tags out of service, responses, shifts and [alarms] take effect without a
restart; links, outlets and [service] do not. A file that has a mistake changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.alarms.pausing import lift, pauses_of
from andon.plant.alarm import Pause, SuppressedBy
from andon.plant.alarm_json import pause_to_dict
from andon.plant.errors import AndonError
from andon.plant.file import PlantFile
from andon.plant.time import DAY_NS
from andon.project.live.places import places_of
from andon.store.database import documents
from andon.streaming.control import EndPlanned, Planned

if TYPE_CHECKING:
    from andon.project.live.running import Running

log = logging.getLogger("andon.live")
AHEAD_NS = 2 * DAY_NS
KEPT = "plant-file"
BY = "plant file"


class Planner:
    """Looks at the plant file and the calendar. From one thread.

    Parameters
    ----------
    path : of the plant file
    """

    def __init__(self, path: str | Path, running: Running) -> None:
        self._path, self._running = Path(path), running
        self._stamp = self._look_at_file()
        kept = running.database.read(lambda connection: documents.get(connection, KEPT)) or {}
        self._kept = dict(kept)
        self._windows: dict[str, int] = dict(kept.get("windows", {}))
        self._out: list[list[str]] = [list(item) for item in kept.get("out", [])]
        self.trouble = ""

    def look(self, ahead: int = AHEAD_NS) -> None:
        """See to it that all that the plant file plans for the next days is known.

        Raises
        ------
        StoreError : the disk or the database refuses; look again later
        """
        self._reread()
        now, plant = self._running.clock.now(), self._running.plant
        wanted = {found.id: found for found in pauses_of(plant, now, now + ahead)}
        windows = {key: found for key, found in wanted.items() if found.kind is SuppressedBy.MAINTENANCE}
        self._take_away([key for key, end in self._windows.items() if end > now and key not in windows and end <= now + ahead], now)
        for key, found in windows.items():
            if key not in self._windows:
                self._begin(key, found, now)
        self._tags(plant)
        self._alarms(wanted, now)
        self._windows = {key: end for key, end in self._windows.items() if end > now - AHEAD_NS}
        self._keep(now)

    def _begin(self, key: str, found: Pause, now: int) -> None:
        assets = (found.asset,) if found.asset else ()
        self._running.loop.tell(Planned(key, found.start, found.end, assets, found.why, BY))
        self._windows[key] = found.end
        self._keep(now)
        self._running.models.record("alarms-paused", {"pause": key, **pause_to_dict(found)}, at=now, by=BY)

    def _take_away(self, keys: list[str], now: int) -> None:
        """Windows that the file no longer has end now."""
        for key in keys:
            self._running.loop.tell(EndPlanned(key, now))
            for found in self._running.alarms.pauses(now):
                if found.id == key:
                    lifted, entry = lift(found, BY, now)
                    self._running.alarms.pause(lifted, now)
                    self._running.models.record(entry.what, entry.data, at=entry.at, by=entry.by)
            del self._windows[key]

    def _tags(self, plant: PlantFile) -> None:
        """Tags out of service: into the store, which the loop follows; what somebody put back stays so until the file says more."""
        models, now = self._running.models, self._running.clock.now()
        wanted = [[item.asset, item.tag, str(item.until)] for item in plant.out_of_service if item.until is None or item.until > now]
        if wanted == self._out:
            return
        for item in plant.out_of_service:
            if [item.asset, item.tag, str(item.until)] in wanted and [item.asset, item.tag, str(item.until)] not in self._out:
                data: Mapping[str, Any] = {"asset": item.asset, "tag": item.tag, "until": item.until, "why": item.why}
                models.record("tag-out", data, at=now, by=BY)
        there = {(out.asset, out.tag) for out in models.state().tags_out}
        for asset, tag, _ in self._out:
            if (asset, tag) in there and not any((asset, tag) == (one, other) for one, other, _ in wanted):
                models.record("tag-in", {"asset": asset, "tag": tag}, at=now, by=BY)
        self._out = wanted

    def _alarms(self, wanted: Mapping[str, Pause], now: int) -> None:
        """The book of alarms forgets its pauses with the process: those of the file, and those that people made, are told again."""
        known = {found.id for found in self._running.alarms.pauses(now)}
        planned = {key: item for fleet in self._running.loop.heart.served for key, item in fleet.planned.items() if item.end > now}
        for key, found in wanted.items():
            if key in known:
                continue
            if found.kind is SuppressedBy.MAINTENANCE and key in planned:
                found = replace(found, end=min(found.end, planned[key].end))  # somebody ended it early
            self._running.alarms.pause(found, now)
        for key, item in planned.items():
            if key in known or key in wanted or item.by == BY:
                continue
            there = {(one.start, one.asset) for one in self._running.alarms.pauses(now)}
            for asset in item.assets or ("",):
                if (item.start, asset) not in there:
                    made = Pause(SuppressedBy.MAINTENANCE, item.start, item.end, asset, (), item.why, item.by, item.start)
                    self._running.alarms.pause(made, now)

    def _reread(self) -> None:
        stamp = self._look_at_file()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        old = self._running.plant
        try:
            fresh = places_of(self._path).plant
        except AndonError as error:
            self.trouble = str(error).splitlines()[0]
            log.warning("the plant file has a mistake, and changes nothing", extra={"why": self.trouble})
            return
        self.trouble = ""
        self._running.take_plant(
            replace(
                old, maintenance=fresh.maintenance, out_of_service=fresh.out_of_service, responses=fresh.responses, shifts=fresh.shifts,
                alarms=fresh.alarms, assets=fresh.assets,
            )
        )  # fmt: skip

    def _look_at_file(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_size

    def _keep(self, now: int) -> None:
        data = {"windows": dict(self._windows), "out": self._out}
        if data != self._kept:
            self._running.database.write(lambda connection: documents.put(connection, KEPT, data, at=now))
            self._kept = data
