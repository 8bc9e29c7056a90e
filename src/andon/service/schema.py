"""What crosses the wire: one frozen struct per shape. The OpenAPI document, the typed client and the console's types come from here.

Single moments are ISO 8601 UTC text (`2026-11-24T10:15:00Z`); columns for charts are Unix seconds, as uPlot takes them.
A missing number is `null`. Sentences travel as key and arguments beside their text in the reader's language.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Shape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Base of all shapes."""


class Problem(Shape, frozen=True, kw_only=True):
    """The one shape of an error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = ""
    at: str = ""
    do: str = ""
    errors: list[dict[str, str]] = []


class Role(StrEnum):
    """What a person may do; each role may do all that the one before may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ENGINEER = "engineer"
    ADMINISTRATOR = "administrator"


class Session(Shape, frozen=True, kw_only=True):
    """Who is signed in. `csrf` goes into the header `X-CSRF-Token` of every request that changes something."""

    user: str
    name: str
    role: Role
    language: str
    csrf: str
    zone: str
    site: str
    version: str
    now: str


class SignIn(Shape, frozen=True, kw_only=True):
    user: str
    password: str


class Language(Shape, frozen=True, kw_only=True):
    """The language of a user."""

    language: str


class NewPassword(Shape, frozen=True, kw_only=True):
    """Answer to the one-time link of a user who has no password, or lost it."""

    token: str
    password: str


class FirstSignIn(Shape, frozen=True, kw_only=True):
    """Answer to the one-time link: the first administrator chooses name and password."""

    token: str
    user: str
    password: str
    language: str = "en"


class State(StrEnum):
    """State of an asset as a person sees it, worst first in lists."""

    ALARM = "alarm"
    ANOMALOUS = "anomalous"
    CANNOT_JUDGE = "cannot_judge"
    NORMAL = "normal"
    NO_MODEL = "no_model"


class Quality(Shape, frozen=True, kw_only=True):
    """A predicted quality now."""

    target: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    limit_low: float | None = None
    limit_high: float | None = None
    at: str = ""
    why: str = ""


class Tile(Shape, frozen=True, kw_only=True):
    """One asset of the overview. `evidence` is the last hour as a multiple of the threshold, oldest first."""

    asset: str
    name: str
    area: str
    line: str
    state: State
    why: str
    priority: int | None
    evidence: list[float | None]
    ratio: float | None
    quality: list[Quality]
    data_share: float
    open_alarms: int
    since: str
    behind_s: float


class Overview(Shape, frozen=True, kw_only=True):
    tiles: list[Tile]
    sources: list[Source]
    moved: list[str]
    at: str


class TagOfAsset(Shape, frozen=True, kw_only=True):
    id: str
    name: str
    unit: str
    group: str
    role: str
    low: float | None
    high: float | None
    share: float | None
    value: float | None
    expected: float | None
    expected_low: float | None
    expected_high: float | None
    deviation_sigma: float | None
    status: str
    out_of_service: str = ""


class AssetPage(Shape, frozen=True, kw_only=True):
    asset: str
    name: str
    area: str
    line: str
    state: State
    why: str
    priority: int | None
    model: str
    budget_group: str
    mode: str
    first: str
    last: str
    tags: list[TagOfAsset]
    targets: list[Quality]
    open_case: str


class Columns(Shape, frozen=True, kw_only=True):
    """A line of a chart, reduced to at most the points asked for: extremes and mean of each bucket. `time` in Unix seconds."""

    time: list[float]
    low: list[float | None]
    high: list[float | None]
    mean: list[float | None]


class TagTrend(Shape, frozen=True, kw_only=True):
    tag: str
    unit: str
    measured: Columns
    expected_low: list[float | None] = []
    expected_high: list[float | None] = []


class QualityTrend(Shape, frozen=True, kw_only=True):
    target: str
    unit: str
    predicted: Columns
    low: list[float | None]
    high: list[float | None]
    lab_time: list[float]
    lab_value: list[float]
    limit_low: float | None = None
    limit_high: float | None = None


class Span(Shape, frozen=True, kw_only=True):
    """A stretch of time with a kind: an event, a verdict that could not be given, maintenance."""

    kind: str
    start: float
    end: float | None
    text: str
    id: str = ""
    priority: int | None = None


class Trend(Shape, frozen=True, kw_only=True):
    """Everything on the time axis of an asset between `start` and `end`; `level_s` is the width of a bucket, 0 for raw samples."""

    start: float
    end: float
    level_s: float
    evidence: Columns
    threshold: float
    tags: list[TagTrend]
    quality: list[QualityTrend]
    spans: list[Span]


class AlarmRow(Shape, frozen=True, kw_only=True):
    """One line of the alarm list. `number` is the last record; an act names it, so that two people do not act on each other."""

    id: str
    case: str
    asset: str
    name: str
    kind: str
    state: str
    priority: int
    severity: float
    text: str
    tags: list[str]
    raised: str
    cleared: str
    count: int
    acknowledged_by: str
    shelved_until: str
    mark: str
    assigned: str
    number: int


class AlarmList(Shape, frozen=True, kw_only=True):
    rows: list[AlarmRow]
    total: int
    next: str
    counts: dict[str, int]


class Act(Shape, frozen=True, kw_only=True):
    """An act on an alarm: acknowledge, shelve (until, reason), unshelve, mark (true, false), comment (text), assign (to), reset,
    out_of_service (reason, until), in_service."""

    kind: str
    number: int | None = None
    reason: str = ""
    until: str = ""
    text: str = ""
    mark: str = ""
    to: str = ""


class BulkAct(Shape, frozen=True, kw_only=True):
    ids: list[str]
    act: Act


class Note(Shape, frozen=True, kw_only=True):
    """Free text."""

    note: str


class ActResult(Shape, frozen=True, kw_only=True):
    """What came of an act on each alarm: empty text where it was done."""

    done: list[AlarmRow]
    refused: dict[str, str]


class Share(Shape, frozen=True, kw_only=True):
    tag: str
    name: str
    unit: str
    group: str
    share: float
    onset: str


class AlarmRecord(Shape, frozen=True, kw_only=True):
    number: int
    at: str
    by: str
    kind: str
    text: str


class SimilarCase(Shape, frozen=True, kw_only=True):
    """`then` and `now` are aligned at the onset: seconds from it, and the leading tag in units of its normal scale."""

    id: str
    asset: str
    text: str
    onset: str
    likeness: float
    mark: str
    tag: str
    then: Columns
    now: Columns


class CasePage(Shape, frozen=True, kw_only=True):
    id: str
    asset: str
    name: str
    state: str
    priority: int
    text: str
    onset: str
    start: str
    peak: str
    end: str
    view: str
    severity: float
    quality_relevant: bool | None
    shares: list[Share]
    check: list[str]
    action: str
    consequence: str
    records: list[AlarmRecord]
    similar: list[SimilarCase]
    alarms: list[AlarmRow]
    mark: str
    model: str
    threshold: float


class Effect(Shape, frozen=True, kw_only=True):
    """What a promise costs at one rate: delay and share found of each standard fault."""

    per_week: float
    threshold: float
    delay_s: dict[str, float | None]
    found: dict[str, float]
    would_have_opened: int
    low: float
    high: float


class BudgetPage(Shape, frozen=True, kw_only=True):
    """A group's promise and the whole curve, so that the slider answers without asking again."""

    group: str
    assets: list[str]
    promise: str
    per_week: float
    low: float
    high: float
    observed_per_week: float | None
    observed_h: float
    unmarked: int
    moved: bool
    tightest: str
    why_not: str
    curve: list[Effect]
    controller: list[tuple[float, float]]


class NewBudget(Shape, frozen=True, kw_only=True):
    budget: str
    why: str = ""


class ModelVersion(Shape, frozen=True, kw_only=True):
    model: str
    version: str
    state: str
    trained: str
    method: str
    assets: list[str]
    card: dict[str, Any]
    signed: bool


class Models(Shape, frozen=True, kw_only=True):
    versions: list[ModelVersion]


class SourceState(StrEnum):
    """What a link is doing. `down`: the last try failed, and it tries again by itself; `stopped`: it has an end, and that was reached."""

    LIVE = "live"
    CATCHING_UP = "catching_up"
    CONNECTING = "connecting"
    DOWN = "down"
    STOPPED = "stopped"


class Source(Shape, frozen=True, kw_only=True):
    """A link: its state, how far behind it is, what was lost or set aside."""

    name: str
    kind: str
    state: SourceState
    text: str
    lag_s: float
    values_per_s: float
    lost: int
    set_aside: int
    since: str


class Outlet(Shape, frozen=True, kw_only=True):
    """A way out: what went, what waits, what failed. Counts are since the start."""

    name: str
    kind: str
    sent: int
    failed: int
    given_up: int
    waiting: int
    text: str
    last_sent: str


class StatusMap(Shape, frozen=True, kw_only=True):
    """Tag × time of status: share of valid samples, 0-1, null where nothing was expected."""

    tags: list[str]
    time: list[float]
    share: list[list[float | None]]


class Finding(Shape, frozen=True, kw_only=True):
    tag: str
    kind: str
    weight: float
    evidence: str
    consequence: str
    suggestion: str


class DeadLetter(Shape, frozen=True, kw_only=True):
    """A message, or a part of one, that could not be read: where it came from, why, and its first bytes as text."""

    source: str
    reason: str
    at: str
    detail: str
    sample: str = ""


class DataPage(Shape, frozen=True, kw_only=True):
    sources: list[Source]
    map: StatusMap
    findings: list[Finding]
    dead_letters: list[DeadLetter]
    outlets: list[Outlet] = msgspec.field(default_factory=list)


class Number(Shape, frozen=True, kw_only=True):
    """A KPI beside its target."""

    key: str
    text: str
    value: float | None
    unit: str
    target: str
    good: bool | None


class Flood(Shape, frozen=True, kw_only=True):
    start: str
    end: str
    alarms: int
    first: str


class BadActor(Shape, frozen=True, kw_only=True):
    asset: str
    text: str
    count: int
    share: float


class KpiPage(Shape, frozen=True, kw_only=True):
    start: str
    end: str
    numbers: list[Number]
    floods: list[Flood]
    bad_actors: list[BadActor]
    priority_mix: dict[str, float]
    promised: float
    observed: float | None
    unmarked: int


class LedgerEntry(Shape, frozen=True, kw_only=True):
    number: int
    at: str
    by: str
    what: str
    data: dict[str, Any]
    hash: str


class LedgerPage(Shape, frozen=True, kw_only=True):
    entries: list[LedgerEntry]
    next: str
    head: str
    whole: bool


class User(Shape, frozen=True, kw_only=True):
    user: str
    name: str
    role: Role
    language: str
    locked: bool
    last_seen: str


class NewUser(Shape, frozen=True, kw_only=True):
    user: str
    role: Role
    password: str
    name: str = ""
    language: str = "en"


class ChangedUser(Shape, frozen=True, kw_only=True):
    """What changes of a user; the rest stays."""

    role: Role | None = None
    password: str | None = None
    locked: bool | None = None
    name: str | None = None


class Token(Shape, frozen=True, kw_only=True):
    id: str
    name: str
    role: Role
    scopes: list[str]
    created: str
    last_used: str
    expires: str


class NewToken(Shape, frozen=True, kw_only=True):
    name: str
    role: Role
    scopes: list[str] = []
    expires: str = ""


class TokenMade(Shape, frozen=True, kw_only=True):
    """Shown once: only its hash is kept."""

    id: str
    secret: str


class Maintenance(Shape, frozen=True, kw_only=True):
    id: str
    assets: list[str]
    start: str
    end: str
    why: str
    by: str


class NewMaintenance(Shape, frozen=True, kw_only=True):
    """A window of maintenance; no assets: all."""

    start: str
    end: str
    why: str
    assets: list[str] = []


class OutOfService(Shape, frozen=True, kw_only=True):
    asset: str
    tag: str
    until: str
    why: str
    by: str


class NewOutOfService(Shape, frozen=True, kw_only=True):
    """A tag that must not be used; no `asset`: of all, no `until`: until it is put back."""

    tag: str
    why: str
    asset: str = ""
    until: str = ""


class Handover(Shape, frozen=True, kw_only=True):
    """The hand-over note of a shift."""

    shift: str
    start: str
    end: str
    text: list[str]
    note: str


class Pushed(Shape, frozen=True, kw_only=True):
    """What came of a push of samples: rows that are safe now, parts that could not be read, and why."""

    accepted: int
    set_aside: int
    reasons: list[str]


class LabResult(Shape, frozen=True, kw_only=True):
    """A laboratory result: when its sample was drawn, and its value. No asset: of all; no `result_time`: known now."""

    target: str
    sample_time: str
    value: float
    asset: str = ""
    result_time: str = ""


class Readiness(Shape, frozen=True, kw_only=True):
    """Whether every part works; `parts` names those that do not, and why."""

    status: str
    parts: dict[str, str]


class Live(Shape, frozen=True, kw_only=True):
    """One message of the live stream (SSE); `id` goes into `Last-Event-ID`. `what` says what `data` is: tile (a `Tile`), alarm (an
    `AlarmRow`), source (a `Source`), budget (group), behind (behind_s), trouble (parts: what does not work, and why), ticks (count: new
    ones were judged), reload (nothing: too much was missed, ask anew)."""

    id: int
    what: str
    data: dict[str, Any]
