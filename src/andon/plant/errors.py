"""Errors in three parts: what happened, where in the user's material, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class At:
    """Where in the user's material. Every part is optional."""

    file: str | None = None
    line: int | None = None
    tag: str | None = None
    time: str | None = None
    key: str | None = None

    def __str__(self) -> str:
        place = [self.file + (f":{self.line}" if self.line else "")] if self.file else []
        if self.file is None and self.line is not None:
            place.append(f"line {self.line}")
        place += [f"{name} {value}" for name, value in (("tag", self.tag), ("time", self.time), ("key", self.key)) if value]
        return ", ".join(place)

    def __bool__(self) -> bool:
        return bool(str(self))


class AndonError(Exception):
    """Base of all errors that a user may see.

    Parameters
    ----------
    what : what happened
    at : where in the user's material
    do : what the user can do about it
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, at: At | None = None, do: str = "") -> None:
        self.what = what
        self.at = at or At()
        self.do = do
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.at}: {self.what}" if self.at else self.what
        return f"{text}\n  do: {self.do}" if self.do else text

    def as_dict(self) -> dict[str, object]:
        """One JSON shape for all errors."""
        at = {name: getattr(self.at, name) for name in ("file", "line", "tag", "time", "key")}
        return {
            "error": type(self).__name__,
            "what": self.what,
            "at": {name: value for name, value in at.items() if value is not None},
            "do": self.do,
        }


class AskUserError(AndonError):
    """The user must decide or correct something; nothing was done."""


class RefusedError(AndonError):
    """The material does not allow what was asked, whatever the user answers."""


class TryAgainError(AndonError):
    """Something outside failed (disk, network); the same call may succeed later."""


class UsageError(AskUserError):
    """The command line is wrong."""

    exit_code: ClassVar[int] = 2


class ReadingError(AskUserError):
    """A file cannot be read, or read without ambiguity."""


class PlantFileError(AskUserError):
    """plant.toml is wrong; `at` names file, line and key."""


class PreparationError(RefusedError):
    """The recording does not fit the preparation or the plant file."""


class EvidenceError(RefusedError):
    """Evidence cannot be computed or calibrated from what was given."""


class TrainingError(RefusedError):
    """A model cannot be trained from what was given."""


class EvaluationError(RefusedError):
    """A measure cannot be computed from what was given."""


class BundleError(RefusedError):
    """A model file is damaged, tampered with, or of an unknown shape."""


class AlarmError(RefusedError):
    """An act on an alarm is not possible in its state."""


class AlarmConflictError(TryAgainError):
    """Somebody else was quicker: the alarm has a record with that number already."""


class StoreError(TryAgainError):
    """The disk or database refused."""


class ConflictError(TryAgainError):
    """Someone else changed the same thing first; nothing was done. Read again and decide anew."""
