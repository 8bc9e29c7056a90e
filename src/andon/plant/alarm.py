"""Alarms: their states, the acts on them, and the records that are kept.

What is kept are records, each an act with its number, its time and its author. The state is a function of records and
time (`andon.alarms.life`), so nothing stores "expired" and the same records always give the same alarm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from andon.plant.verdict import Event

ALARM_SCHEMA_VERSION = 1
SYSTEM = "andon"
"""The author of what Andon does itself."""
LOWEST_PRIORITY = 4
"""The priority of every notification; alarms have 1 (act at once) to 3."""


class State(StrEnum):
    """The states of ISA-18.2 and IEC 62682."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    LATCHED_UNACKNOWLEDGED = "latched-unacknowledged"
    LATCHED_ACKNOWLEDGED = "latched-acknowledged"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out-of-service"


class AlarmKind(StrEnum):
    """A notification informs; an alarm asks for an action that the plant file names."""

    NOTIFICATION = "notification"
    ALARM = "alarm"


class Consequence(StrEnum):
    """What it costs to do nothing."""

    MINOR = "minor"
    MAJOR = "major"
    SEVERE = "severe"


class SuppressedBy(StrEnum):
    """The kinds of suppression by design."""

    PARENT = "parent"
    MAINTENANCE = "maintenance"
    SETTLING = "settling"
    CALIBRATION = "calibration"
    SETPOINT = "set-point"


@dataclass(frozen=True, slots=True)
class Raise:
    """An event opened: the beginning of an alarm, or one more event of its case.

    Attributes
    ----------
    event : as known when it opened
    kind, priority : what it is to the operator; 1 is the highest
    cause : responsible tags, the largest share first
    action : what the operator has to do; empty for a notification without one
    check : what to check, in order
    consequence : of doing nothing
    respond_within_ns : time for the action; None where not stated
    latch : stays until it is reset
    on_delay_ns : shown only when it has lasted this long
    """

    name: ClassVar[str] = "raise"
    event: Event
    kind: AlarmKind = AlarmKind.NOTIFICATION
    priority: int = LOWEST_PRIORITY
    cause: tuple[str, ...] = ()
    action: str = ""
    check: tuple[str, ...] = ()
    consequence: Consequence = Consequence.MINOR
    respond_within_ns: int | None = None
    latch: bool = False
    on_delay_ns: int = 0


@dataclass(frozen=True, slots=True)
class Revise:
    """An event is known better: its peak, shares, end; its priority where that follows."""

    name: ClassVar[str] = "revise"
    event: Event
    priority: int = LOWEST_PRIORITY


@dataclass(frozen=True, slots=True)
class Clear:
    """An event closed. The alarm returns to normal when all its events have, `off_delay_ns` later."""

    name: ClassVar[str] = "clear"
    event: str
    off_delay_ns: int = 0


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Somebody has seen it and takes it on."""

    name: ClassVar[str] = "acknowledge"


@dataclass(frozen=True, slots=True)
class Reset:
    """A latched alarm is let go."""

    name: ClassVar[str] = "reset"


@dataclass(frozen=True, slots=True)
class Shelve:
    """Put aside by an operator, for a reason, until a time (ns UTC)."""

    name: ClassVar[str] = "shelve"
    until: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unshelve:
    """Taken back before its time."""

    name: ClassVar[str] = "unshelve"


@dataclass(frozen=True, slots=True)
class Suppress:
    """Suppressed by design.

    Attributes
    ----------
    cause : id of the parent's alarm, or of the pause
    by : kind of cause
    until : ns UTC; None: until `Unsuppress`
    reason : for people
    """

    name: ClassVar[str] = "suppress"
    cause: str
    by: SuppressedBy
    until: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unsuppress:
    """One cause of suppression has ended."""

    name: ClassVar[str] = "unsuppress"
    cause: str


@dataclass(frozen=True, slots=True)
class TakeOut:
    """Out of service, by an engineer: until a time, or until `PutBack`."""

    name: ClassVar[str] = "take-out"
    reason: str
    until: int | None = None


@dataclass(frozen=True, slots=True)
class PutBack:
    """Back in service."""

    name: ClassVar[str] = "put-back"


@dataclass(frozen=True, slots=True)
class Mark:
    """Whether it was a false alarm: about the events that came since the mark before; a second thought replaces the first."""

    name: ClassVar[str] = "mark"
    false: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody has to say."""

    name: ClassVar[str] = "comment"
    text: str


@dataclass(frozen=True, slots=True)
class Assign:
    """Who looks after it; empty: nobody."""

    name: ClassVar[str] = "assign"
    to: str


Act = Raise | Revise | Clear | Acknowledge | Reset | Shelve | Unshelve | Suppress | Unsuppress | TakeOut | PutBack | Mark | Comment | Assign
ACTS: tuple[type[Act], ...] = (
    Raise, Revise, Clear, Acknowledge, Reset, Shelve, Unshelve, Suppress, Unsuppress, TakeOut, PutBack, Mark, Comment, Assign,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One act on one alarm.

    Attributes
    ----------
    alarm_id : id of the alarm: that of its first event
    number : 1, 2, 3, ... without holes; of two records with one number the first wins, the other author reads again
    at : ns UTC
    by : who; `SYSTEM` for Andon itself
    act : what
    """

    alarm_id: str
    number: int
    at: int
    by: str
    act: Act


@dataclass(frozen=True, slots=True)
class Signed:
    """Who and when (ns UTC)."""

    by: str
    at: int


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment with its author."""

    by: str
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """A shelf with its end."""

    by: str
    at: int
    until: int
    reason: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """One cause of suppression that is in force."""

    cause: str
    by: SuppressedBy
    at: int
    until: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Out:
    """Out of service: by whom, since and until when, why."""

    by: str
    at: int
    until: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm, or a notification: one case of an asset and a cause, as its records give it.

    Attributes
    ----------
    id : that of its first event
    number : of its last record
    at : ns UTC, up to when it has been worked out; never before its last record
    asset, kind, cause, action, check, consequence, respond_within_ns : see `Raise`; of the last event
    priority : highest of its open events, or of the last one
    event : the event that was raised or revised last
    events : ids of its last events, oldest first
    open_events : ids of those that are not closed
    active : the condition holds
    owed : somebody has to acknowledge
    latched : has returned to normal and waits for its reset
    active_from : an activation that is still delayed; None: none
    clear_at : a return to normal that is still delayed; None: none
    count : activations; 0: it never lasted as long as its on-delay
    raised_at, last_raised_at : first and last activation; None: none yet
    cleared_at : last return to normal; None while it has none
    acknowledged : the last acknowledgement of the present activation
    shelf, suppressions, out : what hides it
    false, marked : the mark of the events since the last mark, and whose it is; None: not marked, or an event came after it
    """

    id: str
    number: int
    at: int
    asset: str
    kind: AlarmKind
    priority: int
    event: Event
    cause: tuple[str, ...] = ()
    action: str = ""
    check: tuple[str, ...] = ()
    consequence: Consequence = Consequence.MINOR
    respond_within_ns: int | None = None
    latch: bool = False
    events: tuple[str, ...] = ()
    open_events: tuple[tuple[str, int], ...] = ()
    active: bool = False
    owed: bool = False
    latched: bool = False
    active_from: int | None = None
    clear_at: int | None = None
    count: int = 0
    raised_at: int | None = None
    last_raised_at: int | None = None
    cleared_at: int | None = None
    acknowledged: Signed | None = None
    shelf: Shelf | None = None
    suppressions: tuple[Suppression, ...] = ()
    out: Out | None = None
    false: bool | None = None
    marked: Signed | None = None
    remarks: tuple[Remark, ...] = ()
    assigned: str = ""

    @property
    def core(self) -> State:
        """The state without what hides it."""
        if self.active:
            return State.UNACKNOWLEDGED if self.owed else State.ACKNOWLEDGED
        if self.latched:
            return State.LATCHED_UNACKNOWLEDGED if self.owed else State.LATCHED_ACKNOWLEDGED
        return State.RETURNED if self.owed else State.NORMAL

    @property
    def state(self) -> State:
        """The state at `at`: out of service before suppressed, suppressed before shelved, shelved before the rest."""
        if self.out is not None:
            return State.OUT_OF_SERVICE
        if self.suppressions:
            return State.SUPPRESSED
        return State.SHELVED if self.shelf is not None else self.core

    @property
    def hidden(self) -> bool:
        """It is shelved, suppressed or out of service."""
        return self.out is not None or bool(self.suppressions) or self.shelf is not None

    @property
    def closed(self) -> bool:
        """Nothing is left to see or to do, and nothing is delayed."""
        return self.state is State.NORMAL and self.active_from is None and not self.open_events

    @property
    def case(self) -> str:
        """The alarm that it is shown with: its parent's, while that suppresses it, else itself."""
        return next((found.cause for found in self.suppressions if found.by is SuppressedBy.PARENT), self.id)


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch of time in which alarms are suppressed by design: maintenance, settling, a calibration, a moved set-point.

    Attributes
    ----------
    kind : any but `SuppressedBy.PARENT`
    start, end : ns UTC, start <= time < end
    asset : empty: all
    tags : only alarms that these tags are mainly responsible for; empty: all
    why : for people
    by, at : who said so, and when (ns UTC)
    """

    kind: SuppressedBy
    start: int
    end: int
    asset: str = ""
    tags: tuple[str, ...] = field(default=())
    why: str = ""
    by: str = ""
    at: int = 0

    @property
    def id(self) -> str:
        """The same pause has the same id everywhere; its end does not matter, for it may be lifted early."""
        text = "\x1f".join((self.kind, str(self.start), self.asset, *self.tags, self.why, self.by, str(self.at)))
        return sha256(text.encode()).hexdigest()[:16]

    def holds(self, now: int) -> bool:
        """It is in force at `now`."""
        return self.start <= now < self.end
