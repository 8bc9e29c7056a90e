"""The ledger: what was changed, by whom and when, in a chain of hashes.

One JSON object a line; each holds the hash of the one before, so that an entry cannot be changed, removed, added or
moved without breaking the chain. Beside it `<name>.head` keeps number and hash of the last entry, so that cutting off
the end shows as well. Whoever can write both files can still forge both: to be safe against that, keep the head
elsewhere (it is printed by `andon`), or on a medium that only grows.

A line that a crash cut off was never acknowledged. The next append puts it aside as an entry of its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from andon.plant.atomic_write import write_text
from andon.plant.errors import At, StoreError
from andon.store.locking import only_writer

START = "0" * 64
"""The hash before the first entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change.

    Attributes
    ----------
    number : 1, 2, 3, ...
    at : ns UTC
    by : who; may be empty
    what : stable short name of the kind of change
    data : its details, JSON values
    before : hash of the entry before
    hash : of this entry
    """

    number: int
    at: int
    by: str
    what: str
    data: Mapping[str, Any]
    before: str
    hash: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that is to be written; see `Entry`."""

    what: str
    data: Mapping[str, Any]
    at: int
    by: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold.

    Attributes
    ----------
    line : of the file, from 1; 0 for the end of the file
    kind : "unreadable", "changed", "moved" (removed, added or out of order), "cut-off" (the end is missing),
        "torn" (the last line is not whole: a crash while writing)
    """

    line: int
    kind: str


class Ledger:
    """An append-only file of entries. Reading takes no lock; appending takes that of the folder."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._head = self.path.with_name(self.path.name + ".head")

    def append(self, what: str, data: Mapping[str, Any], *, at: int, by: str = "") -> Entry:
        """Write one entry and have it on disk before returning.

        Raises
        ------
        StoreError : the disk refuses; then nothing was added
        """
        with only_writer(self.path.parent):
            return self.append_locked(what, data, at=at, by=by)

    def append_all(self, drafts: Iterable[Draft]) -> list[Entry]:
        """Write several entries with one wait for the disk: all of them, or none.

        Raises
        ------
        StoreError : the disk refuses; then nothing was added
        """
        with only_writer(self.path.parent):
            return self._append(list(drafts))

    def append_locked(self, what: str, data: Mapping[str, Any], *, at: int, by: str = "") -> Entry:
        """`append` for a caller that holds the folder's lock already."""
        return self._append([Draft(what, data, at, by)])[0]

    def _append(self, drafts: list[Draft]) -> list[Entry]:
        """Seal and write; the caller holds the lock."""
        if not drafts:
            return []
        torn = self._take_torn_line()
        number, before = self.head()
        if torn is not None:
            drafts = [Draft("torn-line", {"text": torn}, drafts[0].at), *drafts]
        entries = []
        for draft in drafts:
            entries.append(_seal(number + 1, draft.at, draft.by, draft.what, draft.data, before))
            number, before = entries[-1].number, entries[-1].hash
        self._write(entries)
        return entries[1:] if torn is not None else entries

    def entries(self, what: str | None = None, after: int = 0) -> Iterator[Entry]:
        """Entries in order, of one kind where named, with a number above `after`; damaged lines are left out."""
        for _, _, entry in self.lines():
            if entry is not None and entry.number > after and what in (None, entry.what):
                yield entry

    def since(self, number: int) -> list[Entry]:
        """Entries from `number` on, read from the end of the file: quick however long the ledger is."""
        return self._from_end(lambda entry: entry.number < number, lambda entry: entry.number >= number)

    def head(self) -> tuple[int, str]:
        """Number and hash of the last entry; (0, START) of an empty ledger."""
        last = self._last()
        return (last.number, last.hash) if last else (0, START)

    def verify(self, known_head: tuple[int, str] | None = None) -> tuple[Break, ...]:
        """Every place where the chain does not hold; empty when all is well.

        Parameters
        ----------
        known_head : a head that was kept elsewhere; it must still be in the chain
        """
        heads = [head for head in (self.kept_head(), known_head) if head is not None]
        return check_chain(self.lines(), heads)

    def lines(self) -> Iterator[tuple[int, bytes, Entry | None]]:
        """Number, text and entry of every line of the file; None where a line is no entry."""
        try:
            with open(self.path, "rb") as file:
                for line, text in enumerate(file, start=1):
                    yield line, text, parse_line(text)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(
                f"cannot read the ledger: {error.strerror or error}", at=At(file=str(self.path)), do="check the folder"
            ) from error

    def _last(self) -> Entry | None:
        """The last readable entry."""
        return next(iter(self._from_end(lambda _: True, lambda _: True)[-1:]), None)

    def _from_end(self, enough: Callable[[Entry], bool], wanted: Callable[[Entry], bool]) -> list[Entry]:
        """The wanted entries of a piece at the end of the file that begins with one that is early enough, or of the whole."""
        try:
            with open(self.path, "rb") as file:
                size = file.seek(0, os.SEEK_END)
                span = 16_384
                while True:
                    file.seek(max(0, size - span))
                    lines = file.read().splitlines(keepends=True)
                    found = [entry for text in (lines if span >= size else lines[1:]) if (entry := parse_line(text)) is not None]
                    if span >= size or (found and enough(found[0])):
                        return [entry for entry in found if wanted(entry)]
                    span *= 4
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(
                f"cannot read the ledger: {error.strerror or error}", at=At(file=str(self.path)), do="check the folder"
            ) from error

    def _take_torn_line(self) -> str | None:
        """Cut a last line without its end off the file; its text, or None."""
        try:
            with open(self.path, "r+b") as file:
                data_end = file.seek(0, os.SEEK_END)
                if data_end == 0:
                    return None
                file.seek(data_end - 1)
                if file.read(1) == b"\n":
                    return None
                file.seek(0)
                start = file.read().rfind(b"\n") + 1
                file.seek(start)
                torn = file.read()
                file.truncate(start)
                return torn.decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(
                f"cannot write the ledger: {error.strerror or error}", at=At(file=str(self.path)), do="check the folder"
            ) from error

    def _write(self, entries: list[Entry]) -> None:
        lines = b"".join(line_of(entry) for entry in entries)
        size = -1
        try:
            with open(self.path, "ab") as file:
                size = file.tell()
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self._cut_back(size)
            what = f"cannot write the ledger: {error.strerror or error}"
            raise StoreError(what, at=At(file=str(self.path)), do="free some space, or choose another folder") from error
        with suppress(StoreError):  # the entries are on disk; a head that lags is allowed, one that leads is not
            write_text(self._head, json.dumps({"number": entries[-1].number, "hash": entries[-1].hash}))

    def _cut_back(self, size: int) -> None:
        """Take back a line that did not reach the disk whole."""
        try:
            if size >= 0:
                os.truncate(self.path, size)
        except OSError:
            pass  # the torn line is put aside by the next append

    def kept_head(self) -> tuple[int, str] | None:
        """Number and hash that are kept beside the ledger: it may lag behind the last entry, never lead; None where there is none."""
        try:
            head = json.loads(self._head.read_text(encoding="utf-8"))
            return int(head["number"]), str(head["hash"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return -1, "unreadable"


def check_chain(lines: Iterable[tuple[int, bytes, Entry | None]], heads: Iterable[tuple[int, str]]) -> tuple[Break, ...]:
    """Every place where a chain does not hold.

    Parameters
    ----------
    lines : number, text and entry (None where it is none) of each line
    heads : numbers and hashes that must stand in the chain
    """
    check = ChainCheck(heads)
    for line, text, entry in lines:
        check.take(line, text, entry)
    return check.breaks()


class ChainCheck:
    """Whether a chain holds, line by line: `take` every line, then ask for the `breaks`.

    Parameters
    ----------
    heads : numbers and hashes that must stand in the chain
    """

    def __init__(self, heads: Iterable[tuple[int, str]] = ()) -> None:
        self.number, self.before = 0, START
        self._heads = list(heads)
        self._numbers = {head[0] for head in self._heads}
        self._found: dict[int, str] = {0: START}
        self._breaks: list[Break] = []

    def take(self, line: int, text: bytes, entry: Entry | None) -> None:
        """The next line of the file, from 1, and its entry; None where it is none."""
        if entry is None:
            self._breaks.append(Break(line, "unreadable" if text.endswith(b"\n") else "torn"))
            return
        if _hash(entry) != entry.hash:
            self._breaks.append(Break(line, "changed"))
        elif entry.number != self.number + 1 or entry.before != self.before:
            self._breaks.append(Break(line, "moved"))
        self.number, self.before = entry.number, entry.hash
        if self.number in self._numbers:
            self._found[self.number] = entry.hash

    def breaks(self) -> tuple[Break, ...]:
        """Every place where the chain does not hold; empty when all is well so far."""
        cut = [Break(0, "cut-off") for number, known in self._heads if self._found.get(number) != known and not self._breaks]
        return (*self._breaks, *cut[:1])


def line_of(entry: Entry) -> bytes:
    """The line of an entry."""
    return (json.dumps(_as_dict(entry) | {"hash": entry.hash}, ensure_ascii=False) + "\n").encode("utf-8")


def _seal(number: int, at: int, by: str, what: str, data: Mapping[str, Any], before: str) -> Entry:
    entry = Entry(number, at, by, what, json.loads(json.dumps(dict(data), allow_nan=False)), before, "")
    return Entry(number, at, by, what, entry.data, before, _hash(entry))


def _as_dict(entry: Entry) -> dict[str, Any]:
    return {"number": entry.number, "at": entry.at, "by": entry.by, "what": entry.what, "data": dict(entry.data), "before": entry.before}


def _hash(entry: Entry) -> str:
    return sha256(json.dumps(_as_dict(entry), sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def parse_line(text: bytes) -> Entry | None:
    """The entry of a line; None of anything else."""
    if not text.endswith(b"\n"):
        return None
    try:
        row = json.loads(text)
        if set(row) != {"number", "at", "by", "what", "data", "before", "hash"} or not isinstance(row["data"], dict):
            return None
        return Entry(row["number"], row["at"], row["by"], row["what"], row["data"], row["before"], row["hash"])
    except (ValueError, TypeError, RecursionError):
        return None
