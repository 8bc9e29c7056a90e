"""Events that opened, in the ledger: each once, however often the journal is read again after a crash."""

from __future__ import annotations

import json
import os
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from andon.plant.atomic_write import write_text
from andon.plant.errors import StoreError
from andon.plant.verdict import Event
from andon.store.ledger import Entry, Ledger
from andon.store.ledger_writer import LedgerWriter

REMEMBERED = 4
"""Checkpoints: two are kept, a third may be on its way when the process dies, and a number may be of a moment after its checkpoint's."""


class Openings:
    """The ledger's side of the keeper. Whoever tells it an event that the ledger has changes nothing.

    A replay begins at a checkpoint, so it can repeat only entries since then. Their numbers at the last checkpoints stand in a small
    file; without it, or where it is of another ledger, the whole ledger is looked through once.

    Parameters
    ----------
    ledger : where to
    marks : the file with the numbers, made with the first checkpoint
    """

    def __init__(self, ledger: Ledger, marks: str | os.PathLike[str]) -> None:
        self._ledger, self._marks = ledger, Path(marks)
        self._numbers = self._read()
        last, _ = ledger.head()
        if self._numbers and self._numbers[-1] > last:
            self._numbers = []
        whole = len(self._numbers) < REMEMBERED
        self._writer = LedgerWriter(ledger, remember_from=1 if whole else self._numbers[0] + 1)

    def opened(self, event: Event) -> None:
        """An event has opened and is kept.

        Raises
        ------
        StoreError : the disk refuses; say it again
        """
        self.submit(event).result()

    def submit(self, event: Event) -> Future[Entry]:
        """`opened` without waiting for the disk: it stands in the ledger when the future has its entry, or raises what `opened` raises."""
        data = {"event": event.id, "asset": event.asset, "model": event.model, "onset": event.onset, "severity": round(event.severity, 6)}
        return self._writer.submit("event-opened", data, at=event.start, by="andon", once=event.id)

    def flush(self) -> None:
        """A checkpoint follows: what the ledger has now will not be repeated by a replay from there."""
        number, _ = self._ledger.head()
        self._numbers = [*self._numbers, number][-REMEMBERED:]
        with suppress(StoreError):  # then a restart looks a little further back
            write_text(self._marks, json.dumps(self._numbers))
        if len(self._numbers) == REMEMBERED:
            self._writer.forget_before(self._numbers[0] + 1)

    def close(self) -> None:
        """Write what is queued, and end."""
        self._writer.close()

    def _read(self) -> list[int]:
        try:
            found = json.loads(self._marks.read_text(encoding="ascii"))
            return [int(number) for number in found]
        except (OSError, ValueError, TypeError):
            return []
