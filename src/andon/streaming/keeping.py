"""Keeps what the heart says: samples, verdicts, predictions, events, alarms. The same told twice is kept once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from andon.alarms.book import Book, Decision
from andon.alarms.floods import Flood
from andon.plant.alarm import Act, Alarm, Pause, Record
from andon.plant.alarm_json import act_from_dict, act_to_dict
from andon.plant.batch import Batch
from andon.plant.errors import StoreError
from andon.plant.file import PlantFile
from andon.plant.recording import Recording
from andon.plant.verdict import TOP_TAGS, Event
from andon.scoring.fleet import Judged
from andon.store.database import alarm_records, documents, events
from andon.store.database.alarm_records import AlarmRecord, of_alarm
from andon.store.database.database import Database
from andon.store.results import event_to_dict
from andon.store.segments import Segments, VerdictTraces
from andon.streaming.control import Result
from andon.streaming.laboratory import results_of
from andon.streaming.openings import Openings
from andon.streaming.served import Said, Served
from andon.streaming.snapshot import Snapshot

if TYPE_CHECKING:
    from sqlalchemy import Connection

_QUALITY = ("value", "low", "high")
IN_THE_BOOK = "alarms-in-the-book"
RESULT = ".result"
"""Ending of the column of laboratory results beside the predictions of a target."""


class Samples:
    """The samples that are kept, as the history that events are explained from."""

    def __init__(self, segments: Segments) -> None:
        self.segments = segments

    def read(self, asset: str, tags: Sequence[str], start: int, end: int) -> Recording:
        """Samples of an asset with start <= time <= end (ns)."""
        return self.segments.recording(asset, tags, start, end + 1)


class AlarmDesk:
    """The book of alarms with its records in the database: decided, stored, committed, one at a time.

    Which alarms the book has is noted now and then, so that a restart reads their records and newer ones, not those of all years.
    """

    def __init__(self, book: Book, database: Database, on_records: Callable[[Sequence[Record]], None] | None = None) -> None:
        self.book, self._database, self.on_records = book, database, on_records
        self._lock = threading.RLock()
        self._noted: tuple[int, tuple[str, ...]] | None = None
        self._at = 0

    def load(self) -> None:
        """Take in the records that are kept, of alarms that may be open."""
        with self._lock:
            self.book.load(of_kept(item) for item in self._database.read(_needed))

    def note(self) -> None:
        """Note which alarms the book has; where the database refuses, the last note holds, and a restart reads more."""
        with self._lock, suppress(StoreError):
            sequence, ids = self._database.read(alarm_records.last_sequence), self.book.ids()  # in this order: newer ones are read anyway
            if (sequence, ids) != self._noted:
                note = {"sequence": sequence, "alarms": list(ids)}
                self._database.write(lambda connection: documents.put(connection, IN_THE_BOOK, note, at=self._at))
                self._noted = sequence, ids

    def open(self, now: int) -> tuple[Alarm, ...]:
        """Every alarm that is not closed at `now` (ns)."""
        with self._lock:
            return self.book.open(now)

    def pauses(self, now: int) -> tuple[Pause, ...]:
        """Pauses in force or yet to come at `now`."""
        with self._lock:
            return self.book.pauses(now)

    def alarm(self, alarm_id: str, now: int) -> Alarm | None:
        """An alarm of the book at `now`."""
        with self._lock:
            return self.book.alarm(alarm_id, now)

    def take_plant(self, plant: PlantFile) -> None:
        """Responses, hierarchy and [alarms] of another plant file hold from now on; what is open stays as it was decided."""
        with self._lock:
            self.book.take_plant(plant)

    def serve(self, asset: str, since: int) -> None:
        """A new model serves an asset: its first fortnight begins."""
        with self._lock:
            self.book.serve(asset, since)

    def flood(self, now: int) -> Flood | None:
        """The flood that lasts at `now`."""
        with self._lock:
            return self.book.flood(now)

    def take_changed(self) -> tuple[str, ...]:
        """Alarms that have changed since the last call, by records or by time."""
        with self._lock:
            return self.book.take_changed()

    def event(self, what: str, event: Event, at: int) -> tuple[Record, ...]:
        """An event "opened", was "revised" or "closed" at a tick (ns)."""
        ask = {"opened": self.book.opened, "revised": self.book.revised, "closed": self.book.closed}[what]
        return self._do(lambda: ask(event, at))

    def act(self, alarm_id: str, act: Act, *, at: int, by: str, seen: int | None = None) -> tuple[Record, ...]:
        """What a person does.

        Raises
        ------
        AlarmConflictError, ConflictError : somebody was quicker
        AlarmError : it is not possible
        """
        with self._lock:
            if self.book.alarm(alarm_id, at) is None:  # closed long ago: people may still mark it and comment on it
                self.book.load((of_kept(row) for row in self._database.read(lambda connection: of_alarm(connection, alarm_id))), at)
            return self._do(lambda: self.book.act(alarm_id, act, at=at, by=by, seen=seen))

    def pause(self, pause: Pause, at: int) -> tuple[Record, ...]:
        """A pause is made, or lifted."""
        with self._lock:
            records = self._do(lambda: self.book.pausing(pause, at))
            self.book.keep(pause, at)
            return records

    def tick(self, now: int) -> tuple[Record, ...]:
        """What time alone brings."""
        return self._do(lambda: self.book.tick(now))

    def _do(self, decide: Callable[[], Decision]) -> tuple[Record, ...]:
        with self._lock:
            decision = decide()
            self._at = max(self._at, decision.at)
            if decision.records:
                rows = [to_kept(record) for record in decision.records]
                self._database.write(lambda connection: alarm_records.append_all(connection, rows))
            self.book.commit(decision)
            if decision.records and self.on_records is not None:
                self.on_records(decision.records)
            return decision.records


class Keeping:
    """The keeper of a running plant.

    Parameters
    ----------
    samples, quality : segments of samples, and of predictions
    traces : verdicts
    desk : alarms
    openings : the ledger's side; None where there is no ledger
    results : names of links whose rows are laboratory results

    Attributes
    ----------
    on_kept : told of each entry and what it led to, once that is kept; may be told twice, and may raise TryAgainError
    on_flush : told before a checkpoint
    """

    def __init__(
        self,
        samples: Samples,
        traces: VerdictTraces,
        quality: Segments,
        database: Database,
        desk: AlarmDesk,
        openings: Openings | None = None,
        results: Collection[str] = (),
    ) -> None:
        self.results = frozenset(results)
        self.samples, self.traces, self.quality, self.desk = samples, traces, quality, desk
        self.on_kept: list[Callable[[Batch, Sequence[tuple[Served, Said]]], None]] = []
        self.on_flush: list[Callable[[], None]] = []
        self.snapshots: dict[str, Snapshot] = {}
        self.changed: list[str] = []
        self._database, self._openings = database, openings
        self._snapshot_of: dict[str, Snapshot] = {}
        self._interval_of: dict[str, int] = {}
        self._registered: set[tuple[str, tuple[str, ...]]] = set()

    def serve(self, served: Served) -> None:
        """Get ready for a fleet."""
        snapshot = Snapshot(served.fleet.assets)
        self.snapshots[served.name] = snapshot
        self._interval_of |= dict.fromkeys(served.fleet.assets, served.arrivals.interval)
        self._snapshot_of |= dict.fromkeys(served.fleet.assets, snapshot)
        self._register(served)

    def _register(self, served: Served) -> None:
        """Where samples go: a column that an asset has already, from a model before, goes on."""
        known = self.samples.segments.assets()
        lacking: dict[tuple[str, ...], list[str]] = {}
        for asset in served.fleet.assets:
            have = known.get(asset, ())
            lacking.setdefault(tuple(tag for tag in served.fleet.tags if tag not in have), []).append(asset)
        for tags, assets in lacking.items():
            if tags:
                self.samples.segments.register(served.name, assets, tags, interval=served.arrivals.interval)

    def snapshot(self, asset: str) -> Snapshot | None:
        """Where an asset is shown; None where no model serves it."""
        return self._snapshot_of.get(asset)

    def receive(self, entry: Batch) -> None:
        """Samples, before they are judged: events are explained from what is kept. Results stand beside the predictions."""
        for result in results_of(entry, self.results):
            self._result(result)
        if entry.rows and entry.source not in self.results:
            self.samples.segments.write(entry)

    def keep(self, entry: Batch, said: Sequence[tuple[Served, Said]]) -> None:
        """See `streaming.loop.Keeper`."""
        changed: list[str] = []
        writing: list[Future[Any]] = []  # database and ledger wait for the disk beside one another
        for served, words in said:
            at = max(served.arrivals.closed, 0)
            if words.judged is not None:
                self._verdicts(served, words.judged)
                self._predictions(served, words.judged)
                at = int(words.judged.tick[-1]) * served.arrivals.interval
            for what in ("opened", "revised", "closed"):
                for event in getattr(words, what):
                    writing += self._event(what, event, at)
            if words.judged is None:
                continue
            moved = self.snapshots[served.name].take(words.judged, served.arrivals.interval)
            changed += [served.fleet.assets[index] for index in moved]
        if not entry.rows:
            self.desk.tick(entry.received)
        self.changed = changed
        for one in writing:
            one.result()
        for tell in self.on_kept:
            tell(entry, said)

    def flush(self) -> None:
        """See `streaming.loop.Keeper`."""
        for segments in (self.samples.segments, self.traces.segments, self.quality):
            segments.flush()
        self.desk.note()
        if self._openings is not None:
            self._openings.flush()
        for tell in self.on_flush:
            tell()

    def settle(self, now: int) -> None:
        """Pack and roll up what has ended; every minute or so."""
        for segments in (self.samples.segments, self.traces.segments, self.quality):
            segments.settle(now)

    def _event(self, what: str, event: Event, at: int) -> list[Future[Any]]:
        """Into the database, the ledger and the book; what is still on its way to the disk."""
        row = event_to_dict(event)
        writing: list[Future[Any]] = [self._database.submit(lambda connection: events.put(connection, row, at=at))]
        if what == "opened" and self._openings is not None:
            writing.append(self._openings.submit(event))
        self.desk.event(what, event, at)
        return writing

    def _verdicts(self, served: Served, judged: Judged) -> None:
        rows, width = judged.why.shape
        columns = np.full((rows, width, 7 + 2 * TOP_TAGS), -1.0)
        columns[..., 0], columns[..., 1], columns[..., 2] = judged.evidence, judged.threshold, judged.p
        columns[..., 3], columns[..., 4], columns[..., 5], columns[..., 6] = judged.verdict, judged.why, judged.mode, 0
        columns[..., 7 + TOP_TAGS :] = 0.0
        named = judged.named
        columns[named.row, named.asset, 7 : 7 + TOP_TAGS] = named.tags
        columns[named.row, named.asset, 7 + TOP_TAGS :] = named.shares
        asset = np.tile(np.arange(width, dtype=np.int32), rows)
        time = np.repeat(judged.tick * served.arrivals.interval, width)
        self.traces.write(
            served.fleet.monitor.version, served.fleet.monitor.tag_ids, served.fleet.assets, asset, time,
            columns.reshape(rows * width, -1), interval=served.arrivals.interval,
        )  # fmt: skip

    def _result(self, result: Result) -> None:
        """A laboratory result at the time of its sample; a later one of the same sample stands in its place."""
        for asset in [result.asset] if result.asset else self._snapshot_of:
            known = self._snapshot_of.get(asset)
            if known is None or not np.isfinite(result.value):
                continue
            family, names = f"laboratory {asset}", (f"{result.target}{RESULT}",)
            self._ready(family, asset, names, interval=self._interval_of[asset], wide=True)
            time, value = np.array([result.sample_time], np.int64), np.array([[result.value]])
            self.quality.put(family, (asset,), names, np.zeros(1, np.int32), time, value, np.zeros((1, 1), np.uint8))

    def _predictions(self, served: Served, judged: Judged) -> None:
        for at, tables in judged.quality:
            asset = served.fleet.assets[at]
            for table in tables:
                count = len(table.sample_time)
                if not count:
                    continue
                names = tuple(f"{table.target[0]}.{part}" for part in _QUALITY)
                values = np.column_stack([table.value, table.low, table.high]).astype(np.float32)
                status = np.where(np.isfinite(values), np.uint8(0), np.uint8(3))
                family = f"{served.name} {asset}"
                self._ready(family, asset, names, interval=served.arrivals.interval)
                self.quality.put(family, (asset,), names, np.zeros(count, np.int32), table.sample_time, values, status)

    def _ready(self, family: str, asset: str, names: tuple[str, ...], *, interval: int, wide: bool = False) -> None:
        """Columns beside the predictions, registered before the first row."""
        if (family, names) not in self._registered:
            self.quality.register(family, [asset], names, interval=interval, wide=wide)
            self._registered.add((family, names))


def _needed(connection: Connection) -> list[AlarmRecord]:
    """Records of the alarms that the book had when it was noted last, and of those that have records since; all where nothing is noted."""
    note = documents.get(connection, IN_THE_BOOK)
    sequence = note.get("sequence") if isinstance(note, dict) else None
    if not isinstance(sequence, int) or sequence > alarm_records.last_sequence(connection):
        return alarm_records.since(connection)
    return alarm_records.of_alarms(connection, [*note["alarms"], *alarm_records.alarms_since(connection, sequence)])


def to_kept(record: Record) -> AlarmRecord:
    """A record as the database keeps it."""
    return AlarmRecord(record.alarm_id, record.number, record.at, record.by, record.act.name, act_to_dict(record.act))


def of_kept(row: AlarmRecord) -> Record:
    """The record of a row."""
    data: Mapping[str, Any] = row.data
    return Record(row.alarm, row.number, row.at, row.by, act_from_dict(row.kind, data))
