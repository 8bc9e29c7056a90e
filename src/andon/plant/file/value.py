"""One value of plant.toml: from what TOML gives to what a setting holds, and back to text."""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime
from datetime import time as clock_time
from decimal import Decimal
from typing import Any, TypeVar

from andon.plant.budget import Budget, parse_budget
from andon.plant.errors import AskUserError
from andon.plant.file.expression import parse_expression
from andon.plant.file.setting import Kind, Setting
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, NS, format_duration, format_instant, parse_duration, parse_instant, zone

Number = TypeVar("Number", int, float)


class WrongValueError(Exception):
    """The value found is not allowed; `hint` says more than the setting's own words, where there is more to say."""

    def __init__(self, hint: str = "") -> None:
        self.hint = hint
        super().__init__(hint)


def read_value(setting: Setting, value: Any, zone_name: str) -> Any:
    """The value that a setting holds.

    Parameters
    ----------
    value : as tomllib gives it
    zone_name : of the site, for instants without an offset

    Raises
    ------
    WrongValueError : it is not what the setting allows
    """
    try:
        return _READERS[setting.kind](setting, value, zone_name)
    except AskUserError as error:
        raise WrongValueError(error.what) from error


def _text(setting: Setting, value: Any, zone_name: str) -> str:
    if not isinstance(value, str):
        raise WrongValueError
    if setting.required and not value.strip():
        raise WrongValueError("it is empty")
    return value


def _texts(setting: Setting, value: Any, zone_name: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        raise WrongValueError
    return tuple(values)


def _number(setting: Setting, value: Any, zone_name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValueError
    try:
        number = float(value)
    except OverflowError as error:
        raise WrongValueError("it is too large") from error
    if not math.isfinite(number):
        raise WrongValueError("it is not finite")
    return _within(setting, number)


def _within(setting: Setting, number: Number) -> Number:
    if (setting.low is not None and number < setting.low) or (setting.high is not None and number > setting.high):
        raise WrongValueError
    return number


def _integer(setting: Setting, value: Any, zone_name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongValueError
    return _within(setting, value)


def _boolean(setting: Setting, value: Any, zone_name: str) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError
    return value


def _duration(setting: Setting, value: Any, zone_name: str) -> int:
    if not isinstance(value, str):
        raise WrongValueError("a duration needs its unit")
    length = parse_duration(value)
    if abs(length) >= 2**62:
        raise WrongValueError("it is too long")
    if setting.low is not None and length < setting.low:
        raise WrongValueError(f"it must be at least {format_duration(int(setting.low))}")
    return length


def _instant(setting: Setting, value: Any, zone_name: str) -> int:
    if isinstance(value, datetime | date):
        value = value.isoformat()
    if not isinstance(value, str):
        raise WrongValueError
    instant = parse_instant(value, zone_name)
    if abs(instant) >= 2**63 - 1:
        raise WrongValueError("it must lie between the years 1678 and 2261")
    return instant


def _clock(setting: Setting, value: Any, zone_name: str) -> int:
    if isinstance(value, clock_time):
        value = value.isoformat()
    match = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", value) if isinstance(value, str) else None
    if match is None:
        raise WrongValueError
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    length = hour * HOUR_NS + minute * MINUTE_NS + second * NS
    if minute > 59 or second > 59 or length > DAY_NS:
        raise WrongValueError
    return length


def _zone(setting: Setting, value: Any, zone_name: str) -> str:
    if not isinstance(value, str):
        raise WrongValueError
    zone(value)
    return value


def _choice(setting: Setting, value: Any, zone_name: str) -> Any:
    if value not in setting.allowed or not isinstance(value, str):
        raise WrongValueError
    return type(setting.default)(value) if setting.default is not None else value


def _choices(setting: Setting, value: Any, zone_name: str) -> tuple[str, ...]:
    values = _texts(setting, value, zone_name)
    if any(item not in setting.allowed for item in values):
        raise WrongValueError
    return values


def _budget(setting: Setting, value: Any, zone_name: str) -> Budget:
    if not isinstance(value, str):
        raise WrongValueError
    return parse_budget(value)


def _expression(setting: Setting, value: Any, zone_name: str) -> str:
    text = _text(setting, value, zone_name)
    if text:
        parse_expression(text)
    return text


_READERS = {
    Kind.TEXT: _text, Kind.TEXTS: _texts, Kind.NUMBER: _number, Kind.INTEGER: _integer, Kind.BOOLEAN: _boolean,
    Kind.DURATION: _duration, Kind.INSTANT: _instant, Kind.CLOCK: _clock, Kind.ZONE: _zone, Kind.CHOICE: _choice,
    Kind.CHOICES: _choices, Kind.BUDGET: _budget, Kind.EXPRESSION: _expression,
}  # fmt: skip


def toml_text(text: str) -> str:
    """A TOML basic string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_value(setting: Setting, value: Any) -> str:
    """The TOML of a value, as `read_value` reads it back."""
    match setting.kind:
        case Kind.TEXTS | Kind.CHOICES:
            return "[" + ", ".join(toml_text(item) for item in value) + "]"
        case Kind.NUMBER:
            return repr(float(value)) if value != int(value) or abs(value) >= 1e15 else str(int(value))
        case Kind.INTEGER:
            return str(value)
        case Kind.BOOLEAN:
            return "true" if value else "false"
        case Kind.DURATION:
            return toml_text(format_duration(value))
        case Kind.INSTANT:
            return toml_text(format_instant(value))
        case Kind.CLOCK:
            minutes, seconds = divmod(value // NS, 60)
            return toml_text(f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else ""))
        case Kind.BUDGET:
            return toml_text(budget_text(value))
        case _:
            return toml_text(str(value))


def budget_text(budget: Budget) -> str:
    """The exact text of a budget's rate, as `parse_budget` reads it."""
    lengths = [
        f"{budget.per_ns // size}{unit}"
        for size, unit in ((DAY_NS, "d"), (HOUR_NS, "h"), (NS, "s"), (1, "ns"))
        if budget.per_ns % size == 0
    ]
    for text in (str(budget), *(f"{budget.events:g}/{length}" for length in lengths)):
        if "/" in text and _same_rate(text, budget):
            return text
    return f"{Decimal(repr(budget.events)):f}/{lengths[0]}"


def _same_rate(text: str, budget: Budget) -> bool:
    try:
        other = parse_budget(text)
    except AskUserError:
        return False
    return (other.events, other.per_ns) == (budget.events, budget.per_ns)
