"""Instants and durations: int64 nanoseconds, UTC inside; IANA zones at the edges."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from andon.plant.errors import AskUserError

NS: int = 1_000_000_000
MINUTE_NS: int = 60 * NS
HOUR_NS: int = 3600 * NS
DAY_NS: int = 86_400 * NS
WEEK_H: float = 168.0

_UNITS_NS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000,
    "s": NS, "sec": NS, "second": NS, "seconds": NS,
    "m": MINUTE_NS, "min": MINUTE_NS, "minute": MINUTE_NS, "minutes": MINUTE_NS,
    "h": HOUR_NS, "hour": HOUR_NS, "hours": HOUR_NS,
    "d": DAY_NS, "day": DAY_NS, "days": DAY_NS,
    "w": 7 * DAY_NS, "week": 7 * DAY_NS, "weeks": 7 * DAY_NS,
    "month": 30 * DAY_NS, "months": 30 * DAY_NS, "year": 365 * DAY_NS, "years": 365 * DAY_NS,
}  # fmt: skip
_PART = re.compile(r"([0-9]*\.?[0-9]+)\s*([A-Za-zµ]+)")


def parse_duration(text: str) -> int:
    """Nanoseconds of "90s", "15 min", "1h30m", "7 days".

    Raises
    ------
    AskUserError : not a duration; the text says what is
    """
    rest = text.strip()
    total = Decimal(0)
    parts = _PART.findall(rest)
    if not parts or _PART.sub("", rest).strip(" ,"):
        raise AskUserError(f"{text!r} is not a duration", do='write it like "30s", "15min", "1h30m" or "7d"')
    for number, unit in parts:
        if unit not in _UNITS_NS and unit.lower() not in _UNITS_NS:
            raise AskUserError(f"{unit!r} is not a unit of time", do="use ns, us, ms, s, min, h, d, week, month or year")
        total += Decimal(number) * _UNITS_NS.get(unit, _UNITS_NS.get(unit.lower(), 0))  # exact: a float loses ns after 104 days
    return round(total)


def format_duration(ns: int) -> str:
    """The shortest exact text for a duration, as `parse_duration` reads it."""
    if ns == 0:
        return "0s"
    sign, rest = ("-", -ns) if ns < 0 else ("", ns)
    text = ""
    for unit, size in (("d", DAY_NS), ("h", HOUR_NS), ("min", MINUTE_NS), ("s", NS), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)):
        count, rest = divmod(rest, size)
        if count:
            text += f"{count}{unit}"
    return sign + text


def zone(name: str) -> tzinfo:
    """The IANA zone of that name.

    Raises
    ------
    AskUserError : no such zone
    """
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise AskUserError(f"{name!r} is not an IANA time zone", do='use a name like "Europe/Berlin" or "UTC"') from error


def parse_instant(text: str, zone_name: str = "UTC") -> int:
    """Nanoseconds since the epoch of an ISO 8601 text; `zone_name` where it names no offset.

    Raises
    ------
    AskUserError : not an ISO date or time
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise AskUserError(f"{text!r} is not a date or time", do='write it like "2026-03-01" or "2026-03-01T06:00:00+01:00"') from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone(zone_name))
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * NS + delta.microseconds * 1_000


def format_instant(ns: int, zone_name: str = "UTC") -> str:
    """ISO 8601 text of an instant in a zone, to the second, or finer where the instant is."""
    seconds, rest = divmod(ns, NS)
    moment = datetime.fromtimestamp(seconds, tz=zone(zone_name)).replace(microsecond=rest // 1_000)
    text = moment.isoformat()
    return text.replace("+00:00", "Z") if zone_name.upper() == "UTC" else text
