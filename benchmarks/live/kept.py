"""What a service kept, as tables to compare: samples, verdicts, predictions, events, records of alarms, entries of the ledger."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.store.database import alarm_records, events
from andon.store.database.database import Database
from andon.store.ledger import Ledger
from andon.store.segments import Segments, VerdictTraces
from andon.store.segments.verdict_traces import columns_of
from benchmarks.live.folder import PlantFolder

TOLERANCE = 1e-4
FAR = 2**62


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with a key each."""

    time: NDArray[np.int64]
    rows: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything that follows from samples. `discrete` holds, by name, key -> JSON and how often it is there."""

    samples: dict[str, Table]
    verdicts: dict[str, Table]
    predictions: dict[str, Table]
    discrete: dict[str, Counter[tuple[str, str]]]


def read_kept(folder: PlantFolder, assets: Sequence[str], tags: Sequence[str], until: int) -> Kept:
    """What a service that has ended kept, up to a tick (ns).

    Parameters
    ----------
    until : later ticks are left out: how far the clock closed them is chance
    """
    live = folder.live
    samples, traces, quality = Segments(live.samples), VerdictTraces(live.verdicts), Segments(live.quality)
    rows, verdicts, predictions = {}, {}, {}
    for asset in assets:
        recording = samples.recording(asset, tags, -FAR, until + 1)
        rows[asset] = Table(recording.time, np.column_stack([recording.values, recording.status]))
        parts = traces.read(asset, -FAR, until + 1)
        verdicts[asset] = Table(
            np.concatenate([part.time for part in parts]) if parts else np.zeros(0, np.int64),
            np.concatenate([columns_of(part) for part in parts]) if parts else np.zeros((0, 17)),
        )
        names = quality.assets().get(asset, ())
        table = quality.recording(asset, names, -FAR, until + 1)
        predictions[asset] = Table(table.time, table.values)
    discrete: dict[str, Counter[tuple[str, str]]] = {"events": Counter(), "records": Counter(), "ledger": Counter()}
    with Database(live.database, at=0) as database:
        for event in database.read(lambda connection: events.between(connection, -FAR, FAR, most=1_000_000)):
            discrete["events"][event.id, _text(event.data)] += 1
        for record in database.read(alarm_records.since):
            discrete["records"][f"{record.alarm} {record.number}", _text([record.kind, record.by, record.data])] += 1
    for entry in Ledger(folder.path / "models" / "ledger.jsonl").since(1):
        if entry.what == "event-opened":
            data = {key: value for key, value in entry.data.items() if key != "once"}
            discrete["ledger"][str(entry.data["event"]), _text(data)] += 1
    return Kept(rows, verdicts, predictions, discrete)


def _text(data: Any) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


@dataclass(slots=True)
class Difference:
    """What one run has otherwise than another.

    Attributes
    ----------
    lost : there and not here
    doubled : here more often than there, or not there at all
    different : here with other content
    bits : numbers that agree within the tolerance and not to the last bit
    compared : things looked at
    examples : in words
    """

    lost: int = 0
    doubled: int = 0
    different: int = 0
    bits: int = 0
    compared: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def none(self) -> bool:
        """All the same."""
        return not (self.lost or self.doubled or self.different)

    def say(self, text: str) -> None:
        """An example."""
        if len(self.examples) < 12:
            self.examples.append(text)


def compare(there: Kept, here: Kept) -> Difference:
    """How `here` differs from `there`, the undisturbed run."""
    found = Difference()
    for name in ("samples", "verdicts", "predictions"):
        ours: dict[str, Table] = getattr(here, name)
        for asset, table in getattr(there, name).items():
            _compare_tables(f"{name} of {asset}", table, ours[asset], found)
    for name, wanted in there.discrete.items():
        _compare_counts(name, wanted, here.discrete[name], found)
    return found


def _compare_tables(name: str, there: Table, here: Table, found: Difference) -> None:
    lost = np.setdiff1d(there.time, here.time)
    more = len(here.time) - len(np.intersect1d(there.time, here.time))
    found.lost += len(lost)
    found.doubled += more
    found.compared += len(there.time)
    if len(lost) or more:
        found.say(f"{name}: {len(lost)} lost, {more} that were not there; first {lost[:1]}")
    _, at_there, at_here = np.intersect1d(there.time, here.time, return_indices=True)
    a, b = there.rows[at_there].astype(np.float64), here.rows[at_here].astype(np.float64)
    if a.shape != b.shape:
        found.different += len(a)
        found.say(f"{name}: {a.shape} against {b.shape}")
        return
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    near = same | (np.abs(a - b) <= TOLERANCE * np.maximum(np.abs(a), 1.0))
    found.bits += int((near & ~same).any(axis=1).sum())
    wrong = np.flatnonzero(~near.all(axis=1))
    found.different += len(wrong)
    if len(wrong):
        row = wrong[0]
        column = np.flatnonzero(~near[row])[0]
        found.say(f"{name}: {len(wrong)} rows differ; at {there.time[at_there][row]} column {column}: {a[row, column]} {b[row, column]}")


def _compare_counts(name: str, there: Counter[tuple[str, str]], here: Counter[tuple[str, str]], found: Difference) -> None:
    wanted, got = _by_key(there), _by_key(here)
    found.compared += sum(there.values())
    for key, texts in wanted.items():
        mine = got.get(key, [])
        if not mine:
            found.lost += 1
            found.say(f"{name}: {key} is lost")
        elif len(mine) > len(texts):
            found.doubled += len(mine) - len(texts)
            found.say(f"{name}: {key} is there {len(mine)} times")
        elif texts != mine and not _near(texts, mine):
            found.different += 1
            found.say(f"{name}: {key} differs: {texts} {mine}"[:2000])
        elif texts != mine:
            found.bits += 1
    for key in got.keys() - wanted.keys():
        found.doubled += 1
        found.say(f"{name}: {key} was not there: {got[key]}"[:600])


def _by_key(counts: Counter[tuple[str, str]]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for (key, text), many in sorted(counts.items()):
        out.setdefault(key, []).extend([text] * many)
    return out


def _near(there: list[str], here: list[str]) -> bool:
    """Equal but for numbers that are within the tolerance."""
    return len(there) == len(here) and all(_alike(json.loads(a), json.loads(b)) for a, b in zip(there, here, strict=True))


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_alike(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_alike, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return type(a) in (int, float) and type(b) in (int, float) and abs(a - b) <= TOLERANCE * max(abs(a), 1.0)
    return bool(a == b)
