"""The smallest thing that uses the store as a service does: journal, then what follows from it, now and then a checkpoint."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from andon.plant.batch import Batch
from andon.store.checkpoint import Checkpoints
from andon.store.database import Database, alarm_records
from andon.store.journal import Fsync, Journal
from andon.store.ledger import Ledger
from andon.store.ledger_writer import LedgerWriter
from andon.store.live_folder import LiveFolder
from andon.store.segments import Segments

SECOND = 1_000_000_000
FAR = 2**62


def sample(number: int) -> Batch:
    """One second of two assets, whose values say which."""
    values = np.array([[number], [number + 0.5]], dtype=np.float32)
    time = np.full(2, number * SECOND, dtype=np.int64)
    return Batch("x", number, ("p", "q"), ("a",), np.arange(2, dtype=np.int32), time, values, np.zeros((2, 1), np.uint8), str(number))


@dataclass
class Service:
    """A small stand-in: journal, then samples, records, ledger and, now and then, a checkpoint."""

    folder: LiveFolder
    database: Database

    def __post_init__(self) -> None:
        self.journal = Journal(self.folder.journal, fsync=Fsync(None), segment_bytes=3_000)
        self.segments = Segments(self.folder.samples, grace=0)
        self.segments.register("sisters", ["p", "q"], ["a"], interval=SECOND)
        self.segments._families["sisters"].family.rows_a_span = 50
        self.ledger = LedgerWriter(Ledger(self.folder.ledger))
        self.checkpoints = Checkpoints(self.folder.checkpoints)
        self.done = 0

    def work(self, number: int) -> None:
        """Take in one batch, and do what follows from it."""
        position = self.journal.append(sample(number))
        self.apply(sample(number))
        if number % 5 == 4:
            self.segments.flush()
            self.checkpoints.save({"done": np.array([self.done])}, {}, position=position, at=number)
            self.journal.release(self.checkpoints.needed_from() or self.journal.first)
            self.segments.settle(number * SECOND)

    def apply(self, one: Batch) -> None:
        number = int(one.position)
        assert number == self.done, "a batch is missing, or came twice"
        self.segments.write(one)
        self.database.write(
            lambda c: alarm_records.append_once(c, f"alarm {number % 7}", at=number, by="", kind="raise", data={"n": number})
        )
        self.ledger.append("event-opened", {"n": number}, at=number, once=f"e{number}")
        self.done += 1

    def go_on(self) -> None:
        """After a restart: from the checkpoint, through the journal."""
        checkpoint = self.checkpoints.latest()
        self.done = int(checkpoint.arrays["done"][0]) if checkpoint is not None else 0
        for kept in self.journal.read(checkpoint.position if checkpoint is not None else None):
            self.apply(kept.batch)

    def check(self) -> None:
        """Everything is there once."""
        count = self.done
        for place, asset in enumerate("pq"):
            recording = self.segments.recording(asset, ["a"], 0, FAR)
            assert recording.time.tolist() == [number * SECOND for number in range(count)]
            assert recording.values[:, 0].tolist() == [number + 0.5 * place for number in range(count)]
        records = self.database.read(alarm_records.since)
        assert sorted(record.data["n"] for record in records) == list(range(count))
        assert sorted(entry.data["n"] for entry in self.ledger.ledger.entries("event-opened")) == list(range(count))
        assert self.ledger.ledger.verify() == ()

    def close(self) -> None:
        self.journal.close()
        self.ledger.close()
        self.database.close()


def main() -> None:
    """Work for ever in a folder, and say after each batch how many are done."""
    live = LiveFolder.at(sys.argv[1])
    service = Service(live, Database(live.database))
    service.go_on()
    while True:
        service.work(service.done)
        print(service.done, flush=True)


if __name__ == "__main__":
    main()
