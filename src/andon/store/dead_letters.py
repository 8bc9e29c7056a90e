"""Messages that could not be understood: each is counted, some are kept with the reason, and nothing stops because of them.

Of each kind (source and reason) the first `_FIRST` are kept, then every 10th, then every 100th, and so on, so that a link that
sends nothing but nonsense fills no disk; the file is turned over at half of `most_bytes`. A disk that refuses is counted as well.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FIRST = 100
_MOST_PAYLOAD = 2_048
_MOST_TEXT = 500
_MOST_KINDS = 1_000
_OTHER = "other"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message.

    Attributes
    ----------
    at : when it came, ns UTC
    source : name of the link
    reason : stable short name, for example "not-json"
    detail : one sentence: what was found and where
    payload : the message, or its beginning
    size : its length in bytes
    count : how many of its kind had come by then
    """

    at: int
    source: str
    reason: str
    detail: str
    payload: bytes
    size: int
    count: int


class DeadLetters:
    """A bounded file of dead letters; any thread may add and read. No method raises because of the disk.

    Parameters
    ----------
    folder : made with the first letter
    most_bytes : on disk in all

    Attributes
    ----------
    unwritten : letters that were to be kept and that the disk refused
    """

    def __init__(self, folder: str | os.PathLike[str], most_bytes: int = 16 << 20) -> None:
        self._file = Path(folder) / "dead-letters.jsonl"
        self._before = self._file.with_name("dead-letters.before.jsonl")
        self._most = most_bytes
        self._lock = threading.Lock()
        self.unwritten = 0
        self._counts: dict[tuple[str, str], int] = {}
        for letter in self._letters():
            kind = (letter.source, letter.reason)
            self._counts[kind] = max(self._counts.get(kind, 0), letter.count)

    def add(self, source: str, reason: str, payload: bytes | str, *, at: int, detail: str = "") -> bool:
        """Count a message, and keep it where its turn is; whether it was kept."""
        data = payload.encode("utf-8", "replace") if isinstance(payload, str) else bytes(payload)
        source, reason = source[:_MOST_TEXT], reason[:_MOST_TEXT]
        with self._lock:
            if (source, reason) not in self._counts and len(self._counts) >= _MOST_KINDS:
                source, reason = _OTHER, _OTHER
            count = self._counts[source, reason] = self._counts.get((source, reason), 0) + 1
            return _has_its_turn(count) and self._write(
                DeadLetter(at, source, reason, detail[:_MOST_TEXT], data[:_MOST_PAYLOAD], len(data), count)
            )

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """source -> reason -> how many came; after a restart at least that many."""
        found: dict[str, dict[str, int]] = {}
        with self._lock:
            for (source, reason), count in sorted(self._counts.items()):
                found.setdefault(source, {})[reason] = count
        return found

    def total(self) -> int:
        """How many came in all."""
        with self._lock:
            return sum(self._counts.values())

    def recent(self, most: int = 100, source: str | None = None) -> list[DeadLetter]:
        """Those kept last, newest first."""
        with self._lock:
            letters = [letter for letter in self._letters() if source in (None, letter.source)]
        return letters[::-1][:most]

    def _write(self, letter: DeadLetter) -> bool:
        row = {
            "at": letter.at, "source": letter.source, "reason": letter.reason, "detail": letter.detail,
            "payload": base64.b64encode(letter.payload).decode("ascii"), "size": letter.size, "count": letter.count,
        }  # fmt: skip
        line = (json.dumps(row) + "\n").encode("ascii")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            size = self._file.stat().st_size if self._file.exists() else 0
            if size and size + len(line) > self._most // 2:
                os.replace(self._file, self._before)
                size = 0
            with open(self._file, "a+b") as file:
                if size:
                    file.seek(-1, os.SEEK_END)
                    line = line if file.read(1) == b"\n" else b"\n" + line  # a line that a crash cut off stays one line
                try:
                    file.write(line)
                    file.flush()
                except OSError:
                    with suppress(OSError):
                        os.truncate(self._file, size)
                    raise
        except OSError:
            self.unwritten += 1
            return False
        return True

    def _letters(self) -> Iterator[DeadLetter]:
        for path in (self._before, self._file):
            try:
                lines = path.read_bytes().splitlines()
            except OSError:
                continue
            for line in lines:
                with suppress(ValueError, KeyError, TypeError):  # a line that a crash cut off
                    row = json.loads(line)
                    payload = base64.b64decode(row["payload"])
                    yield DeadLetter(
                        int(row["at"]), row["source"], row["reason"], row["detail"], payload, int(row["size"]), int(row["count"])
                    )


def _has_its_turn(count: int) -> bool:
    step = 1
    while count > _FIRST * step:
        step *= 10
    return count % step == 0
