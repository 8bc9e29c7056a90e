"""The folder link: looks for files that are whole and new, and reads each once."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from andon.plant.backoff import Backoff
from andon.plant.batch import Batch
from andon.plant.clock import Clock
from andon.plant.errors import AndonError, At, ReadingError
from andon.reading.folder.names import FileName, Found
from andon.reading.folder.parse import read_batches
from andon.reading.folder.settings import FolderSettings
from andon.reading.gauge import Gauge
from andon.reading.link import SAMPLE_BYTES, Connection, OnDeadLetter, Receipt, discard
from andon.reading.window import Window, Windowed

UNFINISHED = re.compile(r"(^|/)([.~]|.*\.(part|tmp|temp|crdownload|filepart|swp)$)")  # how writers call what they are writing


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that is there. `mark` changes when the file does."""

    path: str
    found: Found
    size: int
    changed: int

    @property
    def mark(self) -> str:
        """What stands in the position once it is done."""
        text = f"{self.path}\0{self.size}\0{self.changed}".encode()
        return hashlib.blake2b(text, digest_size=9).hexdigest()


def read_position(position: str) -> tuple[set[str], str, int]:
    """Marks of files that are done, the mark of the file in hand, and how many of its batches are done.

    Raises
    ------
    ReadingError : it is no position of a folder
    """
    if not position:
        return set(), "", 0
    try:
        said = json.loads(position)
        return set(map(str, said["done"])), str(said["file"]), int(said["batches"])
    except (ValueError, KeyError, TypeError) as error:
        raise ReadingError(f"{position[:60]!r} is no position of a folder", at=At(key="position"), do="start from the beginning") from error


def list_files(folder: Path, names: tuple[FileName, ...]) -> list[Entry]:
    """Files below a folder whose name fits and that nobody is writing by another name. Links that lead out are not followed.

    Raises
    ------
    OSError : the folder cannot be listed
    """
    entries: list[Entry] = []
    root = os.path.realpath(folder)
    with os.scandir(root):
        pass  # an absent folder is an error; os.walk would pass over it
    for place, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            path = os.path.relpath(os.path.join(place, name), root).replace(os.sep, "/")
            if UNFINISHED.search(path):
                continue
            fits = (pattern.match(path) for pattern in names)
            found = next((one for one in fits if one is not None), None) if names else Found("", None)
            if found is None:
                continue
            try:
                about = os.lstat(os.path.join(place, name))
            except FileNotFoundError:
                continue
            if os.path.isfile(os.path.join(place, name)) and not os.path.islink(os.path.join(place, name)):
                entries.append(Entry(path, found, about.st_size, about.st_mtime_ns))
    return sorted(entries, key=lambda entry: (entry.found.time if entry.found.time is not None else 0, entry.changed, entry.path))


class FolderLink(Windowed):
    """Batches of new export files. The position holds marks of the files that are there and done.

    Parameters
    ----------
    settings : see `FolderSettings`; checked here
    clock : for waits and times of arrival
    """

    def __init__(
        self, settings: FolderSettings, clock: Clock, *, on_dead_letter: OnDeadLetter = discard, backoff: Backoff | None = None
    ) -> None:
        settings.check()
        self.name = settings.name
        self._settings, self._clock = settings, clock
        self._backoff = backoff or Backoff(settings.every_ns)
        self._names = tuple(FileName(name) for name in settings.names)
        self._gauge = Gauge(self.name, on_dead_letter)
        self._window = Window(self.name, settings.window)

    async def open(self, position: str = "") -> AsyncIterator[tuple[Batch, Receipt]]:
        """Batches until closed; see `Link.open`."""
        done, half, batches = read_position(position)
        window = self._window = Window(self.name, self._settings.window)
        seen: dict[str, tuple[str, int]] = {}  # path -> mark and when it was first seen so
        loop, tries = asyncio.get_running_loop(), 0
        self._gauge.turn(Connection.CONNECTING, self._clock.now())
        try:
            while not window.closed:
                try:
                    entries = await loop.run_in_executor(None, list_files, Path(self._settings.folder), self._names)
                except OSError as error:
                    tries += 1
                    self._gauge.turn(Connection.WAITING, self._clock.now(), f"{self._settings.folder}: {error.strerror or error}")
                    await window.pause(asyncio.ensure_future(self._clock.sleep(self._backoff.wait_ns(tries))))
                    continue
                tries = 0
                self._gauge.turn(Connection.CONNECTED, self._clock.now())
                done &= {entry.mark for entry in entries}
                for entry in self._ready(entries, done, seen):
                    skip = batches if entry.mark == half else 0
                    async for batch, last in self._read(entry, skip, done):
                        if not await window.room():
                            return
                        receipt = window.give(last)
                        yield replace(batch, received=self._clock.now(), position=last), receipt
                    done.add(entry.mark)
                    if window.closed:
                        return
                await window.pause(asyncio.ensure_future(self._clock.sleep(self._settings.every_ns)))
        finally:
            self._gauge.turn(Connection.CLOSED, self._clock.now())

    def _ready(self, entries: list[Entry], done: set[str], seen: dict[str, tuple[str, int]]) -> list[Entry]:
        """Files that are new, whole and due, in order. A file that is not whole holds back none but itself."""
        now, ready = self._clock.now(), []
        for gone in seen.keys() - {entry.path for entry in entries}:
            del seen[gone]
        for entry in entries:
            if entry.mark in done:
                continue
            if seen.get(entry.path, ("", 0))[0] != entry.mark:
                seen[entry.path] = (entry.mark, now)
            quiet = now - max(seen[entry.path][1], min(entry.changed, now))
            old = now - entry.changed >= self._settings.stable_ns and entry.size > 0
            due = entry.found.time is None or now >= entry.found.time - self._settings.offset_ns + self._settings.delay_ns
            if due and (old or quiet >= self._settings.stable_ns):
                ready.append(entry)
        return ready

    async def _read(self, entry: Entry, skip: int, done: set[str]) -> AsyncIterator[tuple[Batch, str]]:
        """The batches of a file from number `skip` on, each with the position after it."""
        path = Path(self._settings.folder) / entry.path
        self._gauge.messages += 1
        self._gauge.last_message_at = self._clock.now()
        try:
            batches = await asyncio.get_running_loop().run_in_executor(None, read_batches, path, entry.found.asset, self._settings)
        except (AndonError, OSError) as error:
            what = error.what if isinstance(error, AndonError) else (error.strerror or str(error))
            self._gauge.bury("not-file", what, entry.path, self._clock.now(), _beginning(path))
            return
        before = json.dumps(sorted(done))
        for number, batch in enumerate(batches, start=1):
            if number <= skip:
                continue
            self._gauge.took(replace(batch, received=self._clock.now()))
            if number == len(batches):
                yield batch, json.dumps({"done": sorted({*done, entry.mark}), "file": "", "batches": 0})
            else:
                yield batch, f'{{"done": {before}, "file": "{entry.mark}", "batches": {number}}}'


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(SAMPLE_BYTES)
    except OSError:
        return b""
