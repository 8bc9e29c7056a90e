"""Records of alarms: acts, numbered within their alarm. What an alarm is follows from its records; nothing else is kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, func, insert, select

from andon.plant.errors import ConflictError
from andon.store.database import changes
from andon.store.database.tables import alarm_records

_COLUMNS = ("alarm", "number", "at", "by", "kind")
_AT_ONCE = 500
_DO = "read the alarm again and decide anew"


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """One act on one alarm.

    Attributes
    ----------
    alarm : id of the alarm
    number : 1, 2, 3, ... within the alarm
    at : ns UTC
    by : who; empty for Andon itself
    kind : name of the act
    data : the act as JSON values
    sequence : its place among all records, given by the database; 0 of one that is not kept yet
    """

    alarm: str
    number: int
    at: int
    by: str
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    sequence: int = 0


def append(connection: Connection, record: AlarmRecord) -> AlarmRecord:
    """Keep a record; the same one again changes nothing, so that a replay writes each once.

    Returns
    -------
    the record with its sequence

    Raises
    ------
    ConflictError : another record has its number, or the one before it is missing
    """
    return append_all(connection, (record,))[0]


def append_all(connection: Connection, records: Iterable[AlarmRecord]) -> list[AlarmRecord]:
    """`append` of each, all or none.

    Raises
    ------
    ConflictError : as `append`
    """
    given = list(records)
    known = _known(connection, given)
    new: list[AlarmRecord] = []
    for record in given:
        place = (record.alarm, record.number)
        there = known.get(place)
        if there is None:
            if record.number < 1:
                raise ConflictError("records count from 1", do="give the number after the last record")
            if record.number > 1 and (record.alarm, record.number - 1) not in known:
                raise ConflictError(f"record {record.number - 1} of alarm {record.alarm} is missing", do=_DO)
            known[place] = record
            new.append(record)
        elif (there.at, there.by, there.kind, there.data) != (record.at, record.by, record.kind, dict(record.data)):
            raise ConflictError(f"record {record.number} of alarm {record.alarm} exists already", do=_DO)
    if new:
        rows = [{name: getattr(record, name) for name in _COLUMNS} | {"data": dict(record.data)} for record in new]
        statement = insert(alarm_records).returning(alarm_records.c.sequence, sort_by_parameter_order=True)
        for record, sequence in zip(new, connection.execute(statement, rows).scalars().all(), strict=True):
            known[record.alarm, record.number] = replace(record, sequence=int(sequence))
        changes.note_all(connection, [("alarm", record.alarm, record.at) for record in new])
    return [known[record.alarm, record.number] for record in given]


def append_once(connection: Connection, alarm: str, *, at: int, by: str, kind: str, data: Mapping[str, Any]) -> AlarmRecord:
    """Keep an act under the next number of its alarm, unless the alarm has the very same act already.

    For what follows from samples: after a crash they come again and give the same acts, while people may have acted in between.
    """
    there = of_alarm(connection, alarm)
    for record in there:
        if (record.at, record.by, record.kind, record.data) == (at, by, kind, dict(data)):
            return record
    return append(connection, AlarmRecord(alarm, there[-1].number + 1 if there else 1, at, by, kind, data))


def of_alarm(connection: Connection, alarm: str) -> list[AlarmRecord]:
    """The records of one alarm, in order."""
    return _read(connection, select(alarm_records).where(alarm_records.c.alarm == alarm).order_by(alarm_records.c.number))


def of_alarms(connection: Connection, alarms: Iterable[str]) -> list[AlarmRecord]:
    """Every record of some alarms, in the order in which they were kept."""
    wanted, found = sorted(set(alarms)), list[AlarmRecord]()
    for start in range(0, len(wanted), _AT_ONCE):
        found += _read(connection, select(alarm_records).where(alarm_records.c.alarm.in_(wanted[start : start + _AT_ONCE])))
    return sorted(found, key=lambda record: record.sequence)


def alarms_since(connection: Connection, sequence: int) -> list[str]:
    """Alarms that have a record after a sequence."""
    return list(connection.execute(select(alarm_records.c.alarm).where(alarm_records.c.sequence > sequence).distinct()).scalars())


def last_sequence(connection: Connection) -> int:
    """The sequence of the last record of all; 0 where there is none."""
    return int(connection.execute(select(func.max(alarm_records.c.sequence))).scalar() or 0)


def last_number(connection: Connection, alarm: str) -> int:
    """The number of the last record of an alarm; 0 where there is none."""
    return int(connection.execute(select(func.max(alarm_records.c.number)).where(alarm_records.c.alarm == alarm)).scalar() or 0)


def since(connection: Connection, sequence: int = 0, *, most: int | None = None) -> list[AlarmRecord]:
    """Records after a sequence, in the order in which they were kept."""
    return _read(
        connection, select(alarm_records).where(alarm_records.c.sequence > sequence).order_by(alarm_records.c.sequence).limit(most)
    )


def between(connection: Connection, start: int, end: int) -> list[AlarmRecord]:
    """Every record of the alarms that have one with start <= at < end, in the order in which they were kept."""
    alarms = select(alarm_records.c.alarm).where(alarm_records.c.at >= start, alarm_records.c.at < end).distinct()
    return _read(connection, select(alarm_records).where(alarm_records.c.alarm.in_(alarms)).order_by(alarm_records.c.sequence))


def _known(connection: Connection, records: list[AlarmRecord]) -> dict[tuple[str, int], AlarmRecord]:
    """Records that are kept of the same alarms, from one before the first number given."""
    alarms, found = sorted({record.alarm for record in records}), dict[tuple[str, int], AlarmRecord]()
    least = min((record.number for record in records), default=1) - 1
    for start in range(0, len(alarms), _AT_ONCE):
        wanted = (alarm_records.c.alarm.in_(alarms[start : start + _AT_ONCE]), alarm_records.c.number >= least)
        for record in _read(connection, select(alarm_records).where(*wanted)):
            found[record.alarm, record.number] = record
    return found


def _read(connection: Connection, query: Any) -> list[AlarmRecord]:
    return [AlarmRecord(**row._mapping) for row in connection.execute(query)]
