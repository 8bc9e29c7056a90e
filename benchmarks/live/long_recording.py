"""A plant with a long past: one asset recorded for weeks at 1 Hz with its verdicts, and thousands of alarms that are open now."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from andon.alarms.book import Book
from andon.plant.alarm import Record
from andon.plant.batch import Batch
from andon.plant.file.parse import parse_plant_file
from andon.plant.recording import Recording
from andon.plant.time import DAY_NS, HOUR_NS, NS
from andon.plant.verdict import Event, Sentence, View
from andon.scoring.monitor import Monitor
from andon.store.database import alarm_records, events
from andon.store.database.database import Database
from andon.store.results import event_to_dict
from andon.store.segments import Keep, Segments, VerdictTraces
from andon.streaming.keeping import to_kept
from benchmarks.live.folder import PlantFolder, make_folder

ASSET = "furnace-3"
TAGS = tuple(f"TIC-{number}01" for number in range(1, 6))
SETTINGS = '[alarms]\nfirst_fortnight = false\n\n[[response]]\ncheck = ["the burner", "the damper"]\naction = "lower the load"\n'
PIECE = 100_000


def small_model(seconds: int = 15) -> Monitor:
    """A model of the furnace's tags at 1 Hz: the linear core, trained in seconds."""
    import andon

    table = _values(np.random.default_rng(1), 20_000)
    recording = Recording.from_arrays(ASSET, TAGS, (1_770_000_000 + np.arange(len(table), dtype=np.int64)) * NS, table)
    return andon.fit(recording, time_limit=f"{seconds}s", network=False)


def _values(rng: np.random.Generator, rows: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """(rows, C) a furnace that wanders."""
    slow = np.repeat(rng.normal(size=(rows // 60 + 1, len(TAGS))).cumsum(axis=0) * 0.05, 60, axis=0)[:rows]
    return (800 + slow + rng.normal(size=(rows, len(TAGS)))).astype(np.float32)


def make_long(path: Path, monitor: Monitor, days: float, alarms: int) -> PlantFolder:
    """The folder, as a service would have left it.

    Parameters
    ----------
    days : of samples and verdicts at 1 Hz until now
    alarms : that are open
    """
    now = time.time_ns() // NS * NS
    made = make_folder(path / "made", {"furnace": (monitor, [ASSET])}, promoted=now - 400 * DAY_NS)
    folder = made.copy(path / "plant", SETTINGS)
    version = monitor.version
    samples, traces = Segments(folder.live.samples, keep=Keep(2**62, 2**62)), VerdictTraces(folder.live.verdicts, keep=Keep(2**62, 2**62))
    samples.register(version, [ASSET], TAGS, interval=NS)
    rng, rows = np.random.default_rng(2), round(days * 86_400)
    start = now - rows * NS
    for number, low in enumerate(range(0, rows, PIECE)):
        count = min(PIECE, rows - low)
        moments = start + np.arange(low, low + count, dtype=np.int64) * NS
        nobody = np.zeros(count, np.int32)
        values = _values(rng, count)
        samples.write(Batch("past", now, (ASSET,), TAGS, nobody, moments, values, np.zeros(values.shape, np.uint8)))
        columns = np.full((count, 17), -1.0)
        columns[:, 0], columns[:, 1], columns[:, 2] = rng.gamma(2.0, 0.1, count), 1.0, 0.5
        columns[:, 3:7] = 0.0
        columns[:, 12:] = 0.0
        traces.write(version, monitor.tag_ids, (ASSET,), nobody, moments, columns, interval=NS)
        for segments in (samples, traces.segments):
            segments.flush()
            if number % 5 == 4 or low + count == rows:
                segments.settle(int(moments[-1]))
    _raise_alarms(folder, version, alarms, now)
    return folder


def _raise_alarms(folder: PlantFolder, version: str, count: int, now: int) -> None:
    """Alarms of as many machines and causes."""
    book, records, rows = Book(parse_plant_file(folder.plant)), list[Record](), []
    for number in range(count):
        at = now - HOUR_NS + number * (HOUR_NS // (count + 1))
        tag = TAGS[number % len(TAGS)]
        event = Event(
            asset=ASSET if number % 50 == 0 else f"machine {number:04d}", model=version, onset=at - 60 * NS, start=at, peak=at, end=None,
            severity=0.2 + 0.7 * (number % 97) / 97, view=View.LEVEL, shares={tag: 0.7, TAGS[0] if tag != TAGS[0] else TAGS[1]: 0.3},
            onset_order=((tag, at - 60 * NS),), peak_evidence=9.0,
            sentence=Sentence("evidence.event.level.above", {"tag": tag, "sigma": "4.1", "since": "03:12"}),
        )  # fmt: skip
        decision = book.opened(event, at)
        book.commit(decision)
        records += decision.records
        rows.append((event_to_dict(event), at))
    with Database(folder.live.database, at=now) as database:

        def keep(connection: object) -> None:
            for row, at in rows:
                events.put(connection, row, at=at)  # type: ignore[arg-type]
            alarm_records.append_all(connection, [to_kept(record) for record in records])  # type: ignore[arg-type]

        database.write(keep)
