"""Entries from many threads with few waits for the disk, and none twice after a replay.

Who appends waits until his entry is on the disk; those who wait together share one fsync. An entry with a `once` key that stands in the
ledger already is not written again: a restarted service reads its last minute once more and says the same things.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any

from andon.plant.errors import At, StoreError
from andon.store.group_commit import take_together
from andon.store.ledger import Draft, Entry, Ledger

_TOGETHER = 1_000


class LedgerWriter:
    """The thread that writes for a service. Other processes may append beside it.

    Parameters
    ----------
    ledger : where to
    remember_from : number of the first entry whose `once` key is known again; that of the oldest checkpoint is enough
    """

    def __init__(self, ledger: Ledger, *, remember_from: int = 1) -> None:
        self.ledger = ledger
        self._known: dict[str, Entry] = {}
        self._knowing = threading.Lock()
        for entry in ledger.since(max(remember_from, 1)):
            self._remember(entry)
        self._queue: queue.Queue[tuple[Draft, Future[Entry]] | None] = queue.Queue(maxsize=10_000)
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._write_all, name="ledger-writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> LedgerWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def append(self, what: str, data: Mapping[str, Any], *, at: int, by: str = "", once: str | None = None) -> Entry:
        """Write one entry and have it on disk before returning; with a `once` key that is known, the entry that has it.

        Raises
        ------
        StoreError : the disk refuses; then nothing was added
        """
        return self.submit(what, data, at=at, by=by, once=once).result()

    def submit(self, what: str, data: Mapping[str, Any], *, at: int, by: str = "", once: str | None = None) -> Future[Entry]:
        """Queue an entry; it is on disk when the future has it. A full queue makes the caller wait.

        Parameters
        ----------
        what, data, at, by : of the entry
        once : kept in its data as "once"
        """
        future: Future[Entry] = Future()
        draft = Draft(what, dict(data) | ({"once": once} if once is not None else {}), at, by)
        with self._closing:
            if self._closed:
                raise StoreError("the ledger is closed", at=At(file=str(self.ledger.path)), do="open it again")
            self._queue.put((draft, future))
        return future

    def close(self) -> None:
        """Write what is queued, and end."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _write_all(self) -> None:
        ended = False
        while not ended:
            together, ended = take_together(self._queue, _TOGETHER)
            self._write(together)

    def _write(self, together: list[tuple[Draft, Future[Entry]]]) -> None:
        new: list[tuple[Draft, list[Future[Entry]]]] = []
        waiting: dict[str, list[Future[Entry]]] = {}
        for draft, future in together:
            key = draft.data.get("once")
            if key in self._known:
                future.set_result(self._known[key])
            elif key in waiting:
                waiting[key].append(future)
            else:
                new.append((draft, [future]))
                if key is not None:
                    waiting[key] = new[-1][1]
        try:
            entries = self.ledger.append_all(draft for draft, _ in new) if new else []
        except Exception as error:
            for _, futures in new:
                for future in futures:
                    future.set_exception(error)
            return
        for entry, (_, futures) in zip(entries, new, strict=True):
            self._remember(entry)
            for future in futures:
                future.set_result(entry)

    def _remember(self, entry: Entry) -> None:
        key = entry.data.get("once")
        if isinstance(key, str):
            with self._knowing:
                self._known[key] = entry

    def forget_before(self, number: int) -> None:
        """Forget the `once` keys of entries below a number: what no replay can repeat."""
        with self._knowing:
            self._known = {key: entry for key, entry in self._known.items() if entry.number >= number}
