"""What a report shows, as plain frozen data: written beside the results, so that a report can be made again in any language.

Times are milliseconds since the epoch, UTC; `None` stands for a missing value. Texts for people are sentences of the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from andon.plant.verdict import Sentence

REPORT_SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Lane:
    """Evidence over the whole recording, decimated to its extremes.

    Attributes
    ----------
    time : N bucket starts
    evidence : largest evidence in the bucket as a multiple of the threshold; None where it cannot judge
    why : N codes of `Why`, the most frequent reason where it cannot judge, else 0
    """

    time: tuple[int, ...]
    evidence: tuple[float | None, ...]
    why: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EventTag:
    """One responsible tag of an event: what it did against what was expected."""

    tag: str
    name: str
    unit: str
    group: str
    share: float
    moved_at: int | None
    time: tuple[int, ...]
    value: tuple[float | None, ...]
    expected: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class EventCard:
    """One event with the tags that matter."""

    id: str
    asset: str
    onset: int
    start: int
    peak: int
    end: int | None
    severity: float
    view: str
    sentence: Sentence
    tags: tuple[EventTag, ...]
    shares: dict[str, float] = field(default_factory=dict)
    label: str = ""
    quality_relevant: bool | None = None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What one budget costs: promised events a week; per standard fault the share found and the median delay."""

    per_week: float
    found: dict[str, float]
    delay_s: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One labelled fault: whether an event caught it, and how long after its beginning (negative: before)."""

    note: str
    start: int
    end: int
    caught: bool
    delay_s: float | None = None


@dataclass(frozen=True, slots=True)
class BudgetPanel:
    """Promised against observed.

    Attributes
    ----------
    faults : what people call the standard faults of the curve
    """

    promise: str | Sentence
    per_week: float
    hours: float
    expected: float
    low: float
    high: float
    observed: int
    false_observed: int | None
    refused: Sentence | None
    moved: Sentence | None
    sentences: tuple[Sentence, ...]
    curve: tuple[CurvePoint, ...]
    faults: dict[str, Sentence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QualityPoint:
    """One laboratory result against its prediction."""

    time: int
    value: float
    predicted: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of the tables of baselines and of the ablation: a name and figures by column key; the asset where they are of several."""

    name: str
    figures: dict[str, float | None]
    chosen: bool = False
    asset: str = ""


@dataclass(frozen=True, slots=True)
class QualityPanel:
    """One quality target: chosen candidate, its rivals, stated against measured coverage.

    Attributes
    ----------
    kind : "regression", or "classification": points then are outcomes (1 within specification, 0 not) against probabilities
    within, brier, base_brier, balanced : of a classification: share within, Brier score, that of the share itself, mean of the
        shares of both classes called right
    reliability : one row for each tenth of the probability
    """

    target: str
    unit: str
    chosen: str
    level: float
    coverage: float | None
    width: float | None
    rmse: float | None
    r2: float | None
    refused: float
    dead_time_s: float | None
    points: tuple[QualityPoint, ...]
    candidates: tuple[dict[str, float | str | None], ...]
    better_afterwards: str = ""
    kind: str = "regression"
    within: float | None = None
    brier: float | None = None
    base_brier: float | None = None
    balanced: float | None = None
    reliability: tuple[TableRow, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One data problem."""

    tag: str
    weight: float
    kind: str
    evidence: Sentence
    consequence: Sentence
    suggestion: Sentence


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything a report shows.

    Attributes
    ----------
    audited : whether the data was audited; without that, no findings mean nothing
    """

    title: str
    zone: str
    made_at: str
    version: str
    model: str
    assets: tuple[str, ...]
    verdict: tuple[Sentence, ...]
    lanes: dict[str, Lane]
    events: tuple[EventCard, ...]
    budget: BudgetPanel | None
    quality: tuple[QualityPanel, ...]
    baselines: tuple[TableRow, ...]
    ablation: tuple[TableRow, ...]
    findings: tuple[FindingRow, ...]
    card: tuple[tuple[str, str | Sentence], ...]
    measures: dict[str, float | None] = field(default_factory=dict)
    events_left_out: int = 0
    faults: tuple[FaultRow, ...] = ()
    audited: bool = True
    schema_version: int = REPORT_SCHEMA_VERSION
