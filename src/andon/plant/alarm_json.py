"""Records of alarms as JSON values, and back. What is written by a released version is read by every later one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from andon.plant.alarm import ACTS, ALARM_SCHEMA_VERSION, Act, AlarmKind, Consequence, Pause, Record, SuppressedBy
from andon.plant.errors import AlarmError
from andon.plant.sentences import plain
from andon.plant.verdict import Event, Sentence, View

_ACTS: dict[str, type[Act]] = {act.name: act for act in ACTS}


def record_to_dict(record: Record) -> dict[str, Any]:
    """A record as JSON values: schema_version, alarm_id, number, at, by, act (its name), data (its fields)."""
    return {
        "schema_version": ALARM_SCHEMA_VERSION,
        "alarm_id": record.alarm_id,
        "number": record.number,
        "at": record.at,
        "by": record.by,
        "act": record.act.name,
        "data": act_to_dict(record.act),
    }


def record_from_dict(row: Mapping[str, Any]) -> Record:
    """What `record_to_dict` gave.

    Raises
    ------
    AlarmError : something else, or of a newer Andon
    """
    version = row.get("schema_version")
    if not isinstance(version, int) or not 1 <= version <= ALARM_SCHEMA_VERSION:
        raise AlarmError(
            f"a record of alarms with schema version {version!r}, this Andon knows 1 to {ALARM_SCHEMA_VERSION}",
            do="update Andon on this machine",
        )
    try:
        act = act_from_dict(str(row["act"]), row["data"])
        return Record(str(row["alarm_id"]), int(row["number"]), int(row["at"]), str(row["by"]), act)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AlarmError(f"not a record of alarms: {error!r}", do="give what `record_to_dict` gave") from error


def act_to_dict(act: Act) -> dict[str, Any]:
    """The fields of an act as JSON values; without its name."""
    return {item.name: _plain(getattr(act, item.name)) for item in fields(act)}


def act_from_dict(name: str, data: Mapping[str, Any]) -> Act:
    """The act of that name.

    Raises
    ------
    KeyError, TypeError, ValueError : it is none
    """
    kind = _ACTS[name]
    known = {item.name for item in fields(kind)}
    if not set(data) <= known:
        raise ValueError(f"{name!r} has no {sorted(set(data) - known)[0]!r}")
    return kind(**{key: _read(kind, key, value) for key, value in data.items()})


def pause_to_dict(pause: Pause) -> dict[str, Any]:
    """A pause as JSON values."""
    return {item.name: _plain(getattr(pause, item.name)) for item in fields(pause)}


def pause_from_dict(row: Mapping[str, Any]) -> Pause:
    """What `pause_to_dict` gave.

    Raises
    ------
    AlarmError : something else
    """
    try:
        return Pause(**{**row, "kind": SuppressedBy(row["kind"]), "tags": tuple(row.get("tags", ()))})
    except (KeyError, TypeError, ValueError) as error:
        raise AlarmError(f"not a pause of alarms: {error!r}", do="give what `pause_to_dict` gave") from error


def event_to_plain(event: Event) -> dict[str, Any]:
    """An event as JSON values, its times in ns UTC."""
    return {
        "asset": event.asset,
        "model": event.model,
        "onset": event.onset,
        "start": event.start,
        "peak": event.peak,
        "end": event.end,
        "severity": float(event.severity),
        "view": event.view.value,
        "shares": {tag: float(share) for tag, share in event.shares.items()},
        "onset_order": [[tag, at] for tag, at in event.onset_order],
        "sentence": plain(event.sentence),
        "peak_evidence": float(event.peak_evidence),
        "quality_relevant": event.quality_relevant,
    }


def event_from_plain(row: Mapping[str, Any]) -> Event:
    """What `event_to_plain` gave."""
    sentence = _sentence(row["sentence"])
    return Event(
        asset=row["asset"], model=row["model"], onset=row["onset"], start=row["start"], peak=row["peak"], end=row["end"],
        severity=row["severity"], view=View(row["view"]), shares=dict(row["shares"]),
        onset_order=tuple((tag, at) for tag, at in row["onset_order"]), sentence=sentence,
        peak_evidence=row["peak_evidence"], quality_relevant=row["quality_relevant"],
    )  # fmt: skip


def _sentence(row: Mapping[str, Any]) -> Sentence:
    return Sentence(row["key"], {name: _part(value) for name, value in row["args"].items()})


def _part(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _sentence(value)
    return [_part(item) for item in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Event):
        return event_to_plain(value)
    if isinstance(value, tuple):
        return list(value)
    return value.value if isinstance(value, AlarmKind | Consequence | SuppressedBy) else value


def _read(kind: type[Act], key: str, value: Any) -> Any:
    if key == "event" and isinstance(value, Mapping):
        return event_from_plain(value)
    if key == "kind":
        return AlarmKind(value)
    if key == "consequence":
        return Consequence(value)
    if key == "by":
        return SuppressedBy(value)
    return tuple(value) if isinstance(value, list) else value
