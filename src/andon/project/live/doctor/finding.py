"""What one check found, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from andon.plant.error_words import translated
from andon.plant.errors import AndonError
from andon.plant.messages import say


class Health(StrEnum):
    """How bad it is, best first."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    check : stable short name, the message `project.doctor.check.<check>`
    health : how bad it is
    key, args : the sentence `project.doctor.<key>`; what to do is `project.doctor.<key>.do`, where it is bad
    what, do : in place of them, of an error
    """

    check: str
    health: Health
    key: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    what: str = ""
    do: str = ""

    def told(self, language: str) -> tuple[str, str]:
        """What was found, and what to do; the latter empty where nothing has to be done."""
        if not self.key:
            return translated(self.what, language), translated(self.do, language)
        bad = self.health in (Health.WARNING, Health.WRONG)
        key = f"project.doctor.{self.key}"
        return say(key, language, **self.args), say(f"{key}.do", language, **self.args) if bad else ""

    def to_dict(self, language: str = "en") -> dict[str, Any]:
        """For --json."""
        what, do = self.told(language)
        return {"check": self.check, "health": self.health.value, "what": what, "do": do}


def ok(check: str, key: str, **args: object) -> Finding:
    """All is well."""
    return Finding(check, Health.OK, key, args)


def skipped(check: str, key: str, **args: object) -> Finding:
    """There is nothing to check, or no way to."""
    return Finding(check, Health.SKIPPED, key, args)


def warning(check: str, key: str, **args: object) -> Finding:
    """It works, and will not for long, or not well."""
    return Finding(check, Health.WARNING, key, args)


def wrong(check: str, key: str, **args: object) -> Finding:
    """It does not work."""
    return Finding(check, Health.WRONG, key, args)


def of_error(check: str, error: AndonError) -> Finding:
    """An error of ours, in its own words."""
    place = f"{error.at}: " if error.at else ""
    return Finding(check, Health.WRONG, what=f"{place}{error.what}", do=error.do)
