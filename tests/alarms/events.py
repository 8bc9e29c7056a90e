"""Events and records for tests of alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from andon.plant.alarm import SYSTEM, Act, AlarmKind, Clear, Raise, Record
from andon.plant.time import MINUTE_NS, NS
from andon.plant.verdict import Event, Sentence, View

T0 = 1_760_000_000 * NS
MIN = MINUTE_NS


def event(
    start: int = T0,
    asset: str = "pump 1",
    shares: Mapping[str, float] | None = None,
    *,
    severity: float = 0.6,
    model: str = "m",
    **more: Any,
) -> Event:
    """An event of the level view; `shares` are half TIC-1, half FIC-1 where not given."""
    found = dict(shares if shares is not None else {"TIC-1": 0.6, "FIC-1": 0.4})
    tag = next(iter(found), "")
    args: dict[str, object] = {"tag": tag, "sigma": "4.1", "since": "03:12"}
    known: dict[str, Any] = {
        "asset": asset, "model": model, "onset": start - 2 * MIN, "start": start, "peak": start + MIN, "end": None, "severity": severity,
        "view": View.LEVEL, "shares": found, "onset_order": tuple((tag, start - MIN) for tag in found),
        "sentence": Sentence("evidence.event.level.above", args), "peak_evidence": 9.0,
    }  # fmt: skip
    return Event(**(known | more))


def closed(event_: Event, end: int) -> Event:
    """The same event with its end."""
    return replace(event_, end=end)


def raise_alarm(event_: Event | None = None, **more: Any) -> Raise:
    """A raise of kind alarm, priority 3."""
    known: dict[str, Any] = {"kind": AlarmKind.ALARM, "priority": 3, "cause": ("TIC-1",), "action": "close V-3"}
    return Raise(event_ or event(), **(known | more))


class Writer:
    """Writes the records of one alarm, a minute apart, with the next number each."""

    def __init__(self, alarm_id: str = "a1", at: int = T0) -> None:
        self.alarm_id, self.at = alarm_id, at
        self.records: list[Record] = []

    def __call__(self, *acts: Act, after: int = MIN, by: str = SYSTEM) -> list[Record]:
        for act in acts:
            self.at += after
            self.records.append(Record(self.alarm_id, len(self.records) + 1, self.at, by, act))
        return self.records

    def clear(self, *, off_delay: int = 0) -> list[Record]:
        """Close every event that is open."""
        opened = [record.act.event.id for record in self.records if isinstance(record.act, Raise)]
        done = [record.act.event for record in self.records if isinstance(record.act, Clear)]
        return self(*(Clear(found, off_delay) for found in opened if found not in done))
