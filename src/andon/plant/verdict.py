"""What flows out: verdicts per tick, events, quality predictions. Schemas are fixed and versioned."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from hashlib import sha256

from andon.plant.arrays import Float32Array, Float64Array, IntArray, StatusArray, TimeArray

VERDICT_SCHEMA_VERSION = 1
EVENT_SCHEMA_VERSION = 1
QUALITY_SCHEMA_VERSION = 1
TOP_TAGS = 5


class Verdict(IntEnum):
    """The answer of one tick. Stored as uint8, written as its lower-case name."""

    NORMAL = 0
    ANOMALOUS = 1
    CANNOT_JUDGE = 2


class Why(IntEnum):
    """Why a tick cannot be judged. 0: it can."""

    JUDGED = 0
    NO_DATA = 1
    TOO_FEW_VALID = 2
    MACHINE_OFF = 3
    MAINTENANCE = 4
    SETTLING = 5
    UNKNOWN_MODE = 6
    WARMING_UP = 7
    NOT_CALIBRATED = 8
    OUTSIDE_TRAINED_REGION = 9


class View(StrEnum):
    """The views of evidence."""

    FAST = "fast"
    AGITATION = "agitation"
    RELATION = "relation"
    LEVEL = "level"
    NOVELTY = "novelty"
    QUALITY = "quality"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One verdict per tick of one asset, as columns.

    Attributes
    ----------
    time : (T,) int64 ns UTC
    verdict : (T,) uint8, `Verdict`
    why : (T,) uint8, `Why`
    p : (T,) float64, calibrated p-value of the evidence, NaN where it cannot judge
    evidence : (T,) float64, accumulated evidence, >= 0
    threshold : (T,) float64, the threshold in force
    mode : (T,) int16
    revision : (T,) int32, 0 for the first verdict of a tick
    model : version of the model
    tags : all C tag ids
    top_tags : (T, 5) int32 index into `tags`, -1 where none; only filled near and above the threshold
    top_shares : (T, 5) float32
    """

    asset: str
    time: TimeArray
    verdict: StatusArray
    why: StatusArray
    p: Float64Array
    evidence: Float64Array
    threshold: Float64Array
    mode: IntArray
    revision: IntArray
    model: str
    tags: tuple[str, ...]
    top_tags: IntArray
    top_shares: Float32Array


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the message catalogue: its key and arguments, rendered in any language later."""

    key: str
    args: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """A deviation with a beginning and an end.

    Attributes
    ----------
    onset : when the deviation began, found by looking back from `start`
    start : when the evidence crossed the threshold
    peak : when the evidence was greatest
    end : when it returned; None while it lasts
    severity : 0-1; 0 at the threshold, 0.5 at ten times rarer than the promise, see docs
    view : the view with the largest part of the evidence
    shares : tag -> share of the evidence at onset..peak; sums to 1, may be negative; the tags stand in the order of blame, the one
        that left its usual course furthest first
    onset_order : (tag, onset ns) of the responsible tags, first mover first
    sentence : in plain words
    """

    asset: str
    model: str
    onset: int
    start: int
    peak: int
    end: int | None
    severity: float
    view: View
    shares: dict[str, float]
    onset_order: tuple[tuple[str, int], ...]
    sentence: Sentence
    peak_evidence: float = 0.0
    quality_relevant: bool | None = None

    @property
    def id(self) -> str:
        """Hash of asset, onset and model: the same event has the same id in every run."""
        return sha256(f"{self.asset}\x1f{self.onset}\x1f{self.model}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class QualityPredictions:
    """Predictions of one asset's quality targets, as columns of equal length N.

    Attributes
    ----------
    sample_time : (N,) int64, the moment of the process that the value is about
    known_at : (N,) int64, when the prediction could be made; never before its inputs
    target : N target names
    value, low, high : (N,) float64 in the target's unit; NaN where refused
    level : (N,) float64, nominal coverage of low..high
    why : (N,) uint8, `Why`; 0 where answered
    """

    asset: str
    sample_time: TimeArray
    known_at: TimeArray
    target: tuple[str, ...]
    value: Float64Array
    low: Float64Array
    high: Float64Array
    level: Float64Array
    why: StatusArray
