"""The figures of a period as ISA-18.2 and EEMUA 191 give them, with their targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from andon.alarms.floods import Flood, floods
from andon.alarms.history import History
from andon.alarms.promise import Kept, Promise, kept
from andon.plant.alarm import State
from andon.plant.errors import AlarmError
from andon.plant.file.alarm_settings import AlarmSettings
from andon.plant.time import DAY_NS, MINUTE_NS

TEN_MINUTES_NS = 10 * MINUTE_NS
TOP = 10
PRIORITY_TARGET: dict[int, float] = {1: 0.05, 2: 0.15, 3: 0.80}
"""Share of each priority, 1 the highest (ISA-18.2-2016, table 7)."""
TARGETS: dict[str, float] = {
    "per_ten_minutes": 1.0,
    "per_day": 144.0,
    "peak": 10.0,
    "over_ten": 0.01,
    "flood_share": 0.01,
    "top_share": 0.05,
    "chattering": 0.0,
    "stale": 5.0,
}
"""At most; ISA-18.2-2016, 16.9: one alarm in ten minutes on average, so 144 a day, ten at the peak, under 1 % of the time in flood,
the ten most frequent under 5 % of all, no chattering, fewer than five stale."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A source of alarms: an asset and its leading tag, with what came from it and its share of all alarms."""

    asset: str
    tag: str
    alarms: int
    share: float


@dataclass(frozen=True, slots=True)
class Kpi:
    """Figures of start <= time < end. An alarm counts each time it rings; what stays hidden does not ring.

    Attributes
    ----------
    alarms, notifications : that came
    per_ten_minutes : mean for one operator
    peak : most in one stretch of ten minutes, for one operator; `peak_at` is its begin (ns UTC), None without alarms
    over_ten : share of stretches with more than `flood_begin` for one operator
    floods : in order
    flood_share : share of time in flood
    top : the ten sources with most alarms
    top_share : their share of all
    chattering : sources that came `chatter` times within `chatter_within`
    stale : ids of alarms that stood longer than `stale`, in the period
    priorities : priority -> share; NaN without alarms
    answer_ns : median time from the ring to the acknowledgement; None where none was acknowledged
    unanswered : alarms that waited for an acknowledgement at the end
    shelved, suppressed, out : hidden at the end
    promises : promised and observed rate of each group
    """

    start: int
    end: int
    alarms: int
    notifications: int
    per_ten_minutes: float
    peak: float
    peak_at: int | None
    over_ten: float
    floods: tuple[Flood, ...]
    flood_share: float
    top: tuple[Actor, ...]
    top_share: float
    chattering: tuple[Actor, ...]
    stale: tuple[str, ...]
    priorities: dict[int, float]
    answer_ns: float | None
    unanswered: int
    shelved: int
    suppressed: int
    out: int
    promises: tuple[Kept, ...]

    @property
    def per_day(self) -> float:
        """Mean alarms a day for one operator."""
        return self.per_ten_minutes * DAY_NS / TEN_MINUTES_NS


def kpi(histories: Iterable[History], start: int, end: int, settings: AlarmSettings, promises: Sequence[Promise] = ()) -> Kpi:
    """The figures of a period.

    Parameters
    ----------
    histories : of every alarm that rang or stood in it, up to `end`
    start, end : ns UTC
    settings : operators, limits of floods, chattering, stale
    promises : of the budget groups, with their running time

    Raises
    ------
    AlarmError : the period has no length
    """
    if end <= start:
        raise AlarmError("the period has no length", do="name a start before the end")
    found = tuple(histories)
    rang = sorted((ring.at, one.source, ring.priority) for one in found for ring in one.rings if ring.at < end)
    inside = [row for row in rang if row[0] >= start]
    total = len(inside)
    stretches = [0] * -(-(end - start) // TEN_MINUTES_NS)
    for at, _, _ in inside:
        stretches[(at - start) // TEN_MINUTES_NS] += 1
    busiest = max(range(len(stretches)), key=lambda index: (stretches[index], -index))
    found_floods = tuple(
        flood for flood in floods([row[0] for row in rang], settings, end) if (flood.end or end) > start and flood.start < end
    )
    counts: dict[tuple[str, str], int] = {}
    for _, source, _ in inside:
        counts[source] = counts.get(source, 0) + 1
    ranked = [Actor(*source, count, count / total) for source, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    chatter = chattering(rang, start, settings)
    answers = [done - asked for one in found for asked, done in one.answered if start <= done < end]
    states = [one.alarm.state for one in found]
    return Kpi(
        start=start,
        end=end,
        alarms=total,
        notifications=sum(start <= at < end for one in found for at in one.shown),
        per_ten_minutes=total * TEN_MINUTES_NS / (end - start) / settings.operators,
        peak=stretches[busiest] / settings.operators,
        peak_at=start + busiest * TEN_MINUTES_NS if total else None,
        over_ten=sum(count > settings.flood_begin * settings.operators for count in stretches) / len(stretches),
        floods=found_floods,
        flood_share=sum(min(flood.end or end, end) - max(flood.start, start) for flood in found_floods) / (end - start),
        top=tuple(ranked[:TOP]),
        top_share=sum(actor.share for actor in ranked[:TOP]),
        chattering=tuple(actor for actor in ranked if (actor.asset, actor.tag) in chatter),
        stale=tuple(one.alarm.id for one in found if _stale(one, start, end, settings.stale_ns)),
        priorities={
            level: sum(row[2] == level for row in inside) / total if total else float("nan") for level in PRIORITY_TARGET
        },
        answer_ns=median(answers) if answers else None,
        unanswered=sum(one.alarm.owed and not one.alarm.hidden and bool(one.rings) for one in found),
        shelved=sum(state is State.SHELVED for state in states),
        suppressed=sum(state is State.SUPPRESSED for state in states),
        out=sum(state is State.OUT_OF_SERVICE for state in states),
        promises=tuple(kept(found, promise, start, end) for promise in promises),
    )  # fmt: skip


def chattering(rang: Sequence[tuple[int, tuple[str, str], int]], start: int, settings: AlarmSettings) -> frozenset[tuple[str, str]]:
    """Sources that rang `chatter` times within `chatter_within`, the last of them at or after `start`.

    Parameters
    ----------
    rang : (ns UTC, source, priority), in order of time
    """
    times: dict[tuple[str, str], list[int]] = {}
    found: set[tuple[str, str]] = set()
    for at, source, _ in rang:
        before = times.setdefault(source, [])
        before.append(at)
        if len(before) >= settings.chatter and at >= start and at - before[-settings.chatter] < settings.chatter_within_ns:
            found.add(source)
    return frozenset(found)


def _stale(one: History, start: int, end: int, stale_ns: int) -> bool:
    """Whether it stood longer than `stale_ns` at some time of the period."""
    if not one.rings:
        return False
    return any(begin + stale_ns < min(over, end) and over > start for begin, over in one.standing)
