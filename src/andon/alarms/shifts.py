"""The shift calendar: which shift it is, in the zone of the site, over midnight and over the change of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from andon.plant.file.schema import DAYS, PlantFile
from andon.plant.time import DAY_NS, NS, zone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ShiftSpan:
    """One shift on one day: start <= time < end, ns UTC. The name is empty where the plant file has no shifts: a day, then."""

    name: str
    start: int
    end: int


def shifts_near(plant: PlantFile, now: int) -> tuple[ShiftSpan, ...]:
    """Shifts that begin on the local days around `now` (ns UTC), in order of time: a week back, so that rare ones are among them."""
    place = zone(plant.site.zone)
    today = _local_day(now, place)
    found: list[ShiftSpan] = []
    for back in range(-8, 2):
        day = today + timedelta(days=back)
        if not plant.shifts:
            found.append(ShiftSpan("", at_clock(day, 0, place), at_clock(day, DAY_NS, place)))
        for shift in plant.shifts:
            if shift.days and DAYS[day.weekday()] not in shift.days:
                continue
            over = shift.end_ns if shift.end_ns > shift.start_ns else shift.end_ns + DAY_NS
            found.append(ShiftSpan(shift.name, at_clock(day, shift.start_ns, place), at_clock(day, over, place)))
    return tuple(sorted(found, key=lambda span: (span.start, span.end)))


def current_shift(plant: PlantFile, now: int) -> ShiftSpan | None:
    """The shift that is at work at `now`, of several the one that began last; None between shifts."""
    return next((span for span in reversed(shifts_near(plant, now)) if span.start <= now < span.end), None)


def last_shift(plant: PlantFile, now: int) -> ShiftSpan | None:
    """The shift that ended last, at or before `now`; None where none did within a week."""
    ended = [span for span in shifts_near(plant, now) if span.end <= now]
    return max(ended, key=lambda span: (span.end, span.start)) if ended else None


def digest_day(plant: PlantFile, now: int) -> ShiftSpan:
    """The day that the digest at or before `now` is about: from one digest to the next."""
    place, clock = zone(plant.site.zone), plant.alarms.digest_ns
    day = _local_day(now, place)
    if at_clock(day, clock, place) > now:
        day -= timedelta(days=1)
    return ShiftSpan("", at_clock(day - timedelta(days=1), clock, place), at_clock(day, clock, place))


def at_clock(day: date, clock_ns: int, place: tzinfo) -> int:
    """ns UTC of a time of day on a local day, 24:00 and later included; of a time that comes twice the first, of one that is left out
    the one an hour later."""
    whole, rest = divmod(clock_ns, DAY_NS)
    moment = datetime(day.year, day.month, day.day, tzinfo=place) + timedelta(days=whole, microseconds=rest // 1_000)
    delta = moment.astimezone(UTC) - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * NS + delta.microseconds * 1_000


def _local_day(now: int, place: tzinfo) -> date:
    return datetime.fromtimestamp(now // NS, tz=place).date()
