"""The ledger as a page shows it: any page at once, and whether the chain holds, without reading the whole file for each.

What was verified stays verified while the file only grows: each look goes on from where the last one ended. Once an hour, and whenever
the file was replaced or became shorter, everything is verified anew, so that a change in place of an old entry shows as well.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import BinaryIO

from andon.plant.errors import At, StoreError
from andon.store.ledger import Break, ChainCheck, Entry, Ledger, parse_line

MARK_EVERY = 256
RECENT = 1_024
ANEW_S = 3_600.0


class LedgerView:
    """Pages of a ledger, newest first, and whether its chain holds. Any thread may ask.

    Parameters
    ----------
    ledger : another process may append to it
    monotonic_s : a clock that never goes back
    """

    def __init__(self, ledger: Ledger, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self.ledger, self._monotonic_s = ledger, monotonic_s
        self._lock = threading.Lock()
        self._forget(0)

    def _forget(self, identity: int) -> None:
        self._identity, self._since = identity, self._monotonic_s()
        self._offset, self._line = 0, 0
        self._check = ChainCheck()
        self._marks: list[tuple[int, int]] = [(0, 0)]  # highest number before that place of the file, in bytes
        self._recent: deque[tuple[int, str]] = deque([(0, self._check.before)], RECENT)

    def look(self, before: int | None = None, limit: int = 200) -> tuple[list[Entry], tuple[Break, ...]]:
        """At most `limit` entries with a number below `before` (None: the newest), newest first; and every break of the chain.

        Raises
        ------
        StoreError : the file cannot be read
        """
        with self._lock:
            try:
                with open(self.ledger.path, "rb") as file:
                    self._go_on(file)
                    return self._page(file, before, limit), self._breaks()
            except FileNotFoundError:
                self._forget(0)
                return [], self._breaks()
            except OSError as error:
                raise StoreError(
                    f"cannot read the ledger: {error.strerror or error}", at=At(file=str(self.ledger.path)), do="check the folder"
                ) from error

    @property
    def head(self) -> tuple[int, str]:
        """Number and hash of the last entry that was looked at."""
        return self._check.number, self._check.before

    def _go_on(self, file: BinaryIO) -> None:
        """Verify what has come since."""
        about = os.fstat(file.fileno())
        if about.st_ino != self._identity or about.st_size < self._offset or self._monotonic_s() - self._since > ANEW_S:
            self._forget(about.st_ino)
        file.seek(self._offset)
        for text in file:
            if not text.endswith(b"\n"):
                break  # being written, or cut off by a crash: the next append puts it aside
            if self._line % MARK_EVERY == 0 and self._line:
                self._marks.append((max(self._marks[-1][0], self._check.number), self._offset))
            self._line += 1
            self._offset += len(text)
            entry = parse_line(text)
            self._check.take(self._line, text, entry)
            if entry is not None:
                self._recent.append((entry.number, entry.hash))

    def _breaks(self) -> tuple[Break, ...]:
        breaks, head = self._check.breaks(), self.ledger.kept_head()
        if breaks or head is None or head in self._recent or (head[0] > self._check.number and self._grows(head[0])):
            return breaks
        return self.ledger.verify() if 0 <= head[0] <= self._check.number - RECENT else (Break(0, "cut-off"),)

    def _grows(self, number: int) -> bool:
        """The head is of an entry that was appended while we looked."""
        return self.ledger.head()[0] >= number

    def _page(self, file: BinaryIO, before: int | None, limit: int) -> list[Entry]:
        end = self._check.number + 1 if before is None else min(before, self._check.number + 1)
        first = max(end - limit, 0)
        start = max((place for number, place in self._marks if number < first), default=0)
        file.seek(start)
        found: deque[Entry] = deque(maxlen=limit)
        while file.tell() < self._offset:
            entry = parse_line(file.readline())
            if entry is not None and entry.number < end:
                found.append(entry)
            elif entry is not None and entry.number > end + MARK_EVERY:
                break
        return list(found)[::-1]
