"""`andon labels`: what people said of periods, out of a running plant and into it, in the one file that all parts exchange."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from andon.alarms.history import History, histories
from andon.plant.alarm import Mark, SuppressedBy
from andon.plant.alarm_json import pause_from_dict
from andon.plant.errors import AskUserError, At
from andon.plant.label import Label, LabelKind
from andon.plant.time import format_instant
from andon.project.live.places import Places
from andon.reading.labels import read_labels, write_labels
from andon.store.database import alarm_records, labels
from andon.store.models import ModelStore
from andon.streaming.keeping import of_kept

FOREVER = 2**62


@dataclass(frozen=True, slots=True)
class Origin:
    """A label and where it comes from: "label" (imported, or set by somebody), "mark" (of an alarm), "maintenance"."""

    label: Label
    origin: str

    def to_dict(self) -> dict[str, Any]:
        """For --json and for a table."""
        one = self.label
        return {
            "asset": one.asset, "start": format_instant(one.start), "end": format_instant(one.end), "kind": one.kind.value,
            "note": one.note, "by": one.by, "at": "" if one.at is None else format_instant(one.at), "origin": self.origin,
        }  # fmt: skip


def all_labels(places: Places, *, asset: str | None = None) -> list[Origin]:
    """What is known of periods, by start: labels, marks of alarms (false, or a fault), planned work.

    An event that still lasts has no end yet and is left out, whatever its mark.

    Raises
    ------
    AskUserError : there is no database yet
    """

    def read(connection: Connection) -> tuple[list[labels.KeptLabel], list[alarm_records.AlarmRecord]]:
        return labels.between(connection, -FOREVER, FOREVER), alarm_records.between(connection, 0, FOREVER)

    with places.open_database() as database:
        kept, records = database.read(read)
    found = [Origin(item.label, "label") for item in kept]
    for one in histories((of_kept(row) for row in records), FOREVER):
        found += [Origin(label, "mark") for label in _marked(one)]
    found += [Origin(label, "maintenance") for label in _planned(places.models)]
    found = [item for item in found if asset is None or item.label.asset in ("", asset)]
    return sorted(found, key=lambda item: (item.label.start, item.label.end, item.label.asset, item.origin))


def export_labels(places: Places, path: str | os.PathLike[str], *, asset: str | None = None) -> int:
    """Write labels.csv; how many there are. Planned work that names no asset is written for every asset that a model serves.

    Raises
    ------
    AskUserError : there is no database yet
    StoreError : the disk refuses
    """
    assets = sorted(places.models.state().champions)
    rows: list[Label] = []
    for item in all_labels(places, asset=asset):
        named = [item.label.asset] if item.label.asset else [name for name in assets if asset in (None, name)]
        rows += [replace(item.label, asset=name) for name in named]
    write_labels(path, rows)
    return len(rows)


def import_labels(places: Places, path: str | os.PathLike[str]) -> tuple[int, int]:
    """Take in labels.csv: how many are new or changed, and how many were there already. The same file again changes nothing.

    Raises
    ------
    ReadingError : a line is wrong; nothing was taken
    AskUserError : an asset is none of the plant's, or there is no database yet
    """
    given = read_labels(path, places.plant.site.zone)
    known = {*places.models.state().champions, *(asset.id for asset in places.plant.assets)}
    strangers = sorted({label.asset for label in given} - known) if known else []
    if strangers:
        do = f"the assets of this plant are {', '.join(sorted(known)[:8])}"
        raise AskUserError(f"this plant has no asset {strangers[0]!r}", at=At(file=str(path)), do=do)
    now = time.time_ns()

    def put(connection: Connection) -> int:
        new = 0
        for label in given:
            before = labels.get(connection, key_of(label))
            if before is None or before.withdrawn is not None or (before.label.note, before.label.by) != (label.note, label.by):
                labels.put(connection, key_of(label), label, at=now)
                new += 1
        return new

    with places.open_database(make=True) as database:
        new = database.write(put)
    if new:
        places.models.record("labels-imported", {"new": new, "rows": len(given), "at_terminal": True}, at=now)
    return new, len(given) - new


def key_of(label: Label) -> str:
    """The id of an imported label: the same for the same asset, period and kind."""
    return "file-" + sha256(repr((label.asset, label.start, label.end, label.kind.value)).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _marked(one: History) -> Iterable[Label]:
    """A label for each event of an alarm that was marked and has ended."""
    by = {record.at: record.by for record in one.records if isinstance(record.act, Mark)}
    events = {event.id: event for event in one.events}
    for mark in one.log:
        end = events[mark.id].end if mark.id in events else None
        if mark.false is not None and mark.marked_at is not None and end is not None and end > mark.opened:
            kind = LabelKind.FALSE if mark.false else LabelKind.FAULT
            onset = min(events[mark.id].onset, mark.opened)
            yield Label(one.alarm.asset, onset, end, kind, f"alarm {one.alarm.id}", by.get(mark.marked_at, ""), mark.marked_at)


def _planned(models: ModelStore) -> Iterable[Label]:
    """A label for each window of maintenance, as the ledger tells it; one that was ended early ends there."""
    found: dict[str, Label] = {}
    for entry in models.ledger.entries():
        if entry.what == "alarms-paused" and entry.data.get("kind") == SuppressedBy.MAINTENANCE.value:
            paused = pause_from_dict({key: value for key, value in entry.data.items() if key != "pause"})
            label = Label(paused.asset, paused.start, paused.end, LabelKind.PLANNED, paused.why, paused.by, paused.at)
            found[str(entry.data["pause"])] = label
        elif entry.what == "alarms-resumed" and (label_before := found.get(str(entry.data.get("pause")))) is not None:
            found[str(entry.data["pause"])] = replace(label_before, end=min(label_before.end, entry.at))
    return [label for label in found.values() if label.end > label.start]
