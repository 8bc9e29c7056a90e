"""A setting: one key of plant.toml, described as data (kind, default, unit, help, what is allowed)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """How a setting is written in TOML, and what it becomes.

    Durations, instants and times of day are text in the file and int64 ns inside.
    """

    TEXT = "text"
    TEXTS = "list of texts"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "true or false"
    DURATION = "duration"
    INSTANT = "date or time"
    CLOCK = "time of day"
    ZONE = "IANA time zone"
    CHOICE = "one of"
    CHOICES = "list out of"
    BUDGET = "alarm budget"
    EXPRESSION = "expression over tags"


EXAMPLES: dict[Kind, str] = {
    Kind.TEXT: 'text in quotes, like "pump 3"',
    Kind.TEXTS: 'a list of texts, like ["a", "b"]',
    Kind.NUMBER: "a number, like 12.5",
    Kind.INTEGER: "a whole number, like 7",
    Kind.BOOLEAN: "true or false",
    Kind.DURATION: 'a duration, like "30s", "15min", "1h30m" or "7d"',
    Kind.INSTANT: 'a date or time, like "2026-03-01" or "2026-03-01T06:00:00+01:00"',
    Kind.CLOCK: 'a time of day, like "06:00"',
    Kind.ZONE: 'an IANA zone, like "Europe/Berlin" or "UTC"',
    Kind.BUDGET: 'events per time, like "1/week", "2/day" or "1/14d"',
    Kind.EXPRESSION: 'an expression, like "speed < 5" or "`FIC-101.PV` / 2"',
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of one section.

    Attributes
    ----------
    key : what stands in the file
    attribute : the attribute of the section's dataclass
    kind : how it is written
    help : one sentence for people
    default : the value where the key is absent
    unit : unit of a number; empty where none
    allowed : the choices of CHOICE and CHOICES
    low, high : bounds of a number, inclusive; of a duration in ns
    required : the section makes no sense without it
    """

    key: str
    attribute: str
    kind: Kind
    help: str
    default: Any = None
    unit: str = ""
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    required: bool = False

    @property
    def what_is_allowed(self) -> str:
        """What may stand in the file, for error messages and the reference."""
        if self.kind in (Kind.CHOICE, Kind.CHOICES):
            words = ", ".join(f'"{word}"' for word in self.allowed)
            return f"one of {words}" if self.kind is Kind.CHOICE else f"a list out of {words}"
        text = EXAMPLES[self.kind]
        if self.kind in (Kind.NUMBER, Kind.INTEGER) and (self.low is not None or self.high is not None):
            text += f", {_bounds(self.low, self.high)}"
        return text


def _bounds(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


def setting(
    kind: Kind,
    help: str,
    *,
    key: str = "",
    default: Any = MISSING,
    factory: Callable[[], Any] | None = None,
    unit: str = "",
    allowed: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """A dataclass field that is also a setting; without a default it is required."""
    about = {"kind": kind, "help": help, "key": key, "unit": unit, "allowed": allowed, "low": low, "high": high}
    if factory is not None:
        return field(default_factory=factory, metadata={"setting": about})
    return field(metadata={"setting": about}) if default is MISSING else field(default=default, metadata={"setting": about})


def settings_of(section: type) -> tuple[Setting, ...]:
    """The settings of a section's dataclass, in the order in which they are declared."""
    found: list[Setting] = []
    for item in fields(section):
        about: dict[str, Any] | None = item.metadata.get("setting")
        if about is None:
            continue
        required = item.default is MISSING and item.default_factory is MISSING
        default = None if required else item.default_factory() if item.default_factory is not MISSING else item.default
        key = about["key"] or item.name.removesuffix("_ns")
        found.append(Setting(attribute=item.name, default=default, required=required, **(about | {"key": key})))
    return tuple(found)
