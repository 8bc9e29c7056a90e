"""Events, as `event_to_dict` gives them. An event is written again when it moves or ends; the same one again changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from andon.store.database import changes
from andon.store.database.tables import events
from andon.store.database.upserting import upsert
from andon.store.times import from_text


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """One event.

    Attributes
    ----------
    id, asset, model : its names
    start, end : ns UTC; `end` is None while it lasts
    changed : ns UTC, when it was written last
    data : the event, for `event_from_dict`
    """

    id: str
    asset: str
    model: str
    start: int
    end: int | None
    changed: int
    data: Mapping[str, Any]


def put(connection: Connection, event: Mapping[str, Any], *, at: int) -> bool:
    """Keep an event in its newest form; whether that changed anything.

    Parameters
    ----------
    event : from `event_to_dict`
    at : ns UTC, now
    """
    there = connection.execute(select(events.c.data).where(events.c.id == event["id"])).scalar_one_or_none()
    if there == dict(event):
        return False
    row = {
        "id": event["id"], "asset": event["asset"], "model": event["model"], "start": from_text(event["start"]),
        "end": from_text(event["end"]) if event["end"] else None, "severity_ppm": round(1e6 * event["severity"]),
        "changed": at, "data": dict(event),
    }  # fmt: skip
    upsert(connection, events, row)
    changes.note(connection, "event", str(event["id"]), at=at)
    return True


def get(connection: Connection, key: str) -> KeptEvent | None:
    """The event of an id."""
    return next(iter(_read(connection, select(events).where(events.c.id == key))), None)


def between(
    connection: Connection, start: int, end: int, *, asset: str | None = None, after: tuple[int, str] | None = None, most: int = 1_000
) -> list[KeptEvent]:
    """Events that last into start <= time < end, oldest first.

    Parameters
    ----------
    asset : of this one only
    after : (start, id) of the last event of the page before
    most : of a page
    """
    query = select(events).where(events.c.start < end, (events.c.end.is_(None)) | (events.c.end >= start))
    if asset is not None:
        query = query.where(events.c.asset == asset)
    if after is not None:
        query = query.where((events.c.start > after[0]) | ((events.c.start == after[0]) & (events.c.id > after[1])))
    return _read(connection, query.order_by(events.c.start, events.c.id).limit(most))


def newest(connection: Connection, asset: str) -> KeptEvent | None:
    """The event of an asset that began last."""
    query = select(events).where(events.c.asset == asset).order_by(events.c.start.desc(), events.c.id.desc()).limit(1)
    return next(iter(_read(connection, query)), None)


def count(connection: Connection) -> int:
    """How many there are."""
    return int(connection.execute(select(func.count()).select_from(events)).scalar_one())


def open_events(connection: Connection) -> list[KeptEvent]:
    """Events that last, oldest first."""
    return _read(connection, select(events).where(events.c.end.is_(None)).order_by(events.c.start, events.c.id))


def _read(connection: Connection, query: Any) -> list[KeptEvent]:
    rows = connection.execute(query)
    return [KeptEvent(row.id, row.asset, row.model, row.start, row.end, row.changed, row.data) for row in rows]
