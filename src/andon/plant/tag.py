"""A tag: what the user calls one measured or set quantity. Its id is opaque Unicode text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a tag is to the process."""

    MEASURED = "measured"
    SETPOINT = "setpoint"
    COUNTER = "counter"
    ANGLE = "angle"
    CATEGORY = "category"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of an asset.

    Attributes
    ----------
    id : what the historian calls it, never changed
    name : what a person calls it; the id where empty
    unit : engineering unit, text only
    low, high : instrument range; a value outside is BAD
    hold_ns : how long the last GOOD value stands; None: from the audit, at most 1 h
    group : unit of equipment, for grouping shares; may be empty
    full_turn : size of a full turn of an angle in the tag's unit
    """

    id: str
    name: str = ""
    unit: str = ""
    role: Role = Role.MEASURED
    low: float | None = None
    high: float | None = None
    hold_ns: int | None = None
    group: str = ""
    full_turn: float = 360.0

    @property
    def label(self) -> str:
        """The name, else the id."""
        return self.name or self.id
