"""A preparation: everything that was fitted on normal training time to put a recording on the grid, scaled and masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from andon.plant.errors import PreparationError
from andon.plant.messages import say

PREPARATION_SCHEMA_VERSION = 1


class Source(StrEnum):
    """How a channel comes from its tag: LAST is the last sample of a tick, where a mean makes no sense."""

    VALUE = "value"
    SIN = "sin"
    COS = "cos"
    RATE = "rate"
    DERIVED = "derived"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel and how it was fitted.

    Attributes
    ----------
    name : the tag's id, or "tag:sin", "tag:cos", "tag:rate"
    tag : the tag it comes from
    source : how
    center, scale : scaled = (value - center) / scale
    scaled_by : "robust", "spread", "quantum", "range", "level" or "unit": what the scale was taken from
    hold_ns : how long the last good value stands
    stuck_ns : unchanged longer than this is BAD; None: not checked
    low, high : range of a raw sample; outside is BAD
    usual_step : of a set-point: a step from tick to tick beyond this starts settling; None: not watched
    usual_travel : of a set-point: the same for a move in one direction, of steps with no rest longer than the settling time; None: each
        step is a move by itself, as in the first models
    """

    name: str
    tag: str
    source: Source
    center: float = 0.0
    scale: float = 1.0
    scaled_by: str = "unit"
    hold_ns: int = 0
    stuck_ns: int | None = None
    low: float | None = None
    high: float | None = None
    full_turn: float = 360.0
    unit: str = ""
    usual_step: float | None = None
    usual_travel: float | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """A category tag and its levels seen in training, as text; a level never seen is all zeros."""

    tag: str
    levels: tuple[str, ...]
    hold_ns: int


@dataclass(frozen=True, slots=True)
class ModeModel:
    """How the operating mode of a tick is found.

    Attributes
    ----------
    source : "none", "tag" or "discovered"
    tag : for "tag"
    levels : for "tag", the texts of the modes seen in training
    channels : for "discovered", the channels that tell the modes apart
    centers : (modes, channels) in scaled units
    radius : distance beyond which the mode is unknown
    hold_ns : how long the last value of the mode's tag stands
    reason : why modes were discovered, or not: a kind of `preparing.modes.<kind>`, and its detail
    """

    source: str = "none"
    tag: str = ""
    levels: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    centers: tuple[tuple[float, ...], ...] = ()
    radius: float = 0.0
    hold_ns: int = 0
    reason: tuple[str, str] = ("none", "")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the modes; mode k of `Prepared.mode` is names[k]."""
        if self.source == "tag":
            return self.levels
        return tuple(f"mode {index + 1}" for index in range(len(self.centers))) if self.source == "discovered" else ("",)


@dataclass(frozen=True, slots=True)
class Window:
    """One maintenance window as prepare needs it; see `calendar.py`."""

    every: str
    start: int | None
    end: int | None
    days: tuple[int, ...]
    day: int | None
    at_ns: int
    lasts_ns: int
    zone: str


@dataclass(frozen=True, slots=True)
class Preparation:
    """Fitted on normal training time; a pure value, JSON-serialisable by `to_dict` and `from_dict`.

    Attributes
    ----------
    assets : assets it may be used for (one, or sisters)
    interval_ns : sampling interval of the grid
    channels : C channels
    others : tags that only expressions need; they are no channels
    categories : category tags, one-hot in the context
    modes : how the mode is found
    derived : (id, expression) of derived tags
    off : off condition by asset ("" is the default of the others); empty where none
    settle_ns : no verdict for so long after off time, maintenance, a change of mode or an unusual move of a set-point
    gap_ns : a gap of all tags longer than this resets the state
    min_valid : smallest share of valid channels for a verdict
    calendar : hour of day and day of week are in the context
    zone : of the site
    maintenance : windows by asset ("" is for all)
    fitted_from, fitted_to : the time that was used, ns
    sample_ns : median time between samples in training
    notes : (kind, tag, detail) what fitting had to decide and a person may want to know; `say_note` makes it a sentence
    """

    assets: tuple[str, ...]
    interval_ns: int
    channels: tuple[Channel, ...]
    others: tuple[Channel, ...] = ()
    categories: tuple[Category, ...] = ()
    modes: ModeModel = ModeModel()
    derived: tuple[tuple[str, str], ...] = ()
    off: tuple[tuple[str, str], ...] = ()
    settle_ns: int = 0
    gap_ns: int = 0
    min_valid: float = 0.5
    calendar: bool = False
    zone: str = "UTC"
    maintenance: tuple[tuple[str, Window], ...] = ()
    fitted_from: int = 0
    fitted_to: int = 0
    sample_ns: int = 0
    notes: tuple[tuple[str, str, str], ...] = ()

    @property
    def channel_names(self) -> tuple[str, ...]:
        """C names."""
        return tuple(channel.name for channel in self.channels)

    @property
    def channel_tags(self) -> tuple[str, ...]:
        """C tags, the tag that each channel comes from."""
        return tuple(channel.tag for channel in self.channels)

    @property
    def context_names(self) -> tuple[str, ...]:
        """K names of the context, in order."""
        names = ["age"]
        if len(self.modes.names) > 1:
            names += [f"mode={name}" for name in self.modes.names]
        for category in self.categories:
            names += [f"{category.tag}={level}" for level in category.levels]
        if self.calendar:
            names += ["hour:sin", "hour:cos", "weekday:sin", "weekday:cos"]
        return tuple(names)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that are read from a recording, each once."""
        read = [channel.tag for channel in (*self.channels, *self.others) if channel.source is not Source.DERIVED]
        read += [category.tag for category in self.categories] + ([self.modes.tag] if self.modes.tag else [])
        return tuple(dict.fromkeys(read))

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts and lists for JSON."""
        return {"schema_version": PREPARATION_SCHEMA_VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Preparation:
        """The inverse of `to_dict`, also after JSON.

        Raises
        ------
        PreparationError : another schema version, or a damaged dict
        """
        if data.get("schema_version") != PREPARATION_SCHEMA_VERSION:
            raise PreparationError(f"unknown schema version of a preparation: {data.get('schema_version')!r}", do="use a newer Andon")
        try:
            more = {item.name: data[item.name] for item in fields(cls)}
            for name in ("channels", "others"):
                more[name] = tuple(Channel(**{**item, "source": Source(item["source"])}) for item in more[name])
            more["categories"] = tuple(Category(**_tuples(item)) for item in more["categories"])
            more["modes"] = ModeModel(**_tuples(more["modes"]))
            more["maintenance"] = tuple((asset, Window(**_tuples(window))) for asset, window in more["maintenance"])
            for name in ("assets", "derived", "off", "notes"):
                more[name] = _tuple(more[name])
            return cls(**more)
        except (KeyError, TypeError, ValueError) as error:
            raise PreparationError(f"a damaged preparation: {error}", do="train again") from error


def say_note(note: tuple[str, str, str], language: str = "en") -> str:
    """The sentence of one note of a preparation."""
    kind, tag, detail = note
    if kind == "modes":
        reason, _, more = detail.partition(":")
        return say(f"preparing.modes.{reason}", language, detail=more)
    return say(f"preparing.note.{kind}", language, tag=tag, detail=detail)


def _tuple(value: Any) -> Any:
    return tuple(_tuple(item) for item in value) if isinstance(value, list | tuple) else value


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _tuple(value) for key, value in data.items()}
