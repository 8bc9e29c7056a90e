"""A budget: how many events per judgeable running time a budget group agreed to take (contract 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from andon.plant.errors import AskUserError
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, parse_duration

_PERIODS = {"min": MINUTE_NS, "hour": HOUR_NS, "h": HOUR_NS, "shift": 8 * HOUR_NS, "day": DAY_NS, "d": DAY_NS, "week": 7 * DAY_NS,
            "w": 7 * DAY_NS, "month": 30 * DAY_NS, "year": 365 * DAY_NS}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Budget:
    """`events` per `per_ns` of judgeable running time; events less than `merge_gap_ns` apart count once."""

    events: float
    per_ns: int
    merge_gap_ns: int = HOUR_NS

    @property
    def rate_per_hour(self) -> float:
        """Promised events per hour of judgeable running time."""
        return self.events * HOUR_NS / self.per_ns

    @property
    def return_period_ns(self) -> float:
        """Mean judgeable time between two promised events."""
        return self.per_ns / self.events

    def __str__(self) -> str:
        for name in ("hour", "day", "week", "month", "year"):
            if _PERIODS[name] == self.per_ns:
                return f"{self.events:g}/{name}"
        if self.per_ns % DAY_NS == 0:
            return f"{self.events:g}/{self.per_ns // DAY_NS}d"
        return f"{self.events:g}/{self.per_ns / HOUR_NS:g}h"


def parse_budget(text: str, merge_gap_ns: int = HOUR_NS) -> Budget:
    """Read "1/week", "2 / day", "1/14d", "0.5/month".

    Raises
    ------
    AskUserError : not a rate of events
    """
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(?:/|per)\s*([0-9]*\.?[0-9]*)\s*([A-Za-z]+)\s*", text)
    do = 'write it like "1/week", "2/day" or "1/14d"'
    if match is None or float(match[1]) <= 0:
        raise AskUserError(f"{text!r} is not an alarm budget", do=do)
    count = float(match[2] or 1)
    unit = match[3].lower()
    per = _PERIODS.get(unit) or _PERIODS.get(unit.rstrip("s"))
    per_ns = round(count * per) if per else parse_duration(f"{count}{match[3]}")
    if per_ns <= 0:
        raise AskUserError(f"{text!r} is not an alarm budget", do=do)
    return Budget(float(match[1]), per_ns, merge_gap_ns)
