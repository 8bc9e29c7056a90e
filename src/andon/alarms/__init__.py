"""Alarms: from events to what an operator can work with, by ISA-18.2 and IEC 62682.

`rationalising` says what an event is by the plant file: a notification, or an alarm with its priority, action and checks.
`life` is the state machine: the state of an alarm as a function of its records and the time. `grouping` says what
belongs to one case and what stands below what, `pausing` makes the stretches of time in which alarms are suppressed on
purpose, `floods` finds too many at once. The `book` has every open alarm (`open_alarms`) and decides what follows from an
event, an act, or time (`deciding`).

`telling` says what of an alarm is told elsewhere.
`history` is what an alarm has been; `kpi` and its rows in `figures`, `promise` (was the promised rate kept),
`fortnight` (the digest of the first two weeks, and a proposal), `handover` of a shift (`shifts`) and `similar` past cases
are counted from it. `sentences` and `table` say it in plain words.

Nothing here reads a clock, a file or a socket.
"""

from andon.alarms.book import Book, Decision
from andon.alarms.figures import Figure, figures
from andon.alarms.floods import Flood, Shown, floods, in_flood, shown
from andon.alarms.fortnight import Digest, Outcome, Proposal, digest, outcome
from andon.alarms.grouping import Grouping
from andon.alarms.handover import Handover, handover
from andon.alarms.history import EventMark, History, histories, history
from andon.alarms.kpi import Kpi, kpi
from andon.alarms.life import Moment, advance, moments, next_change, possible, replay, settle, state
from andon.alarms.pausing import LedgerEntry, lift, pause, pauses_of
from andon.alarms.promise import Kept, Promise, kept
from andon.alarms.rationalising import from_event, priority, responsible
from andon.alarms.sentences import (
    case_sentence,
    digest_sentences,
    handover_sentences,
    outcome_sentences,
    record_sentence,
    refused_sentence,
    state_sentence,
)
from andon.alarms.shifts import ShiftSpan, current_shift, digest_day, last_shift
from andon.alarms.similar import Similar, likeness, similar
from andon.alarms.table import Table, alarm_table
from andon.alarms.telling import Telling, Told, tellings

__all__ = [
    "Book",
    "Decision",
    "Digest",
    "EventMark",
    "Figure",
    "Flood",
    "Grouping",
    "Handover",
    "History",
    "Kept",
    "Kpi",
    "LedgerEntry",
    "Moment",
    "Outcome",
    "Promise",
    "Proposal",
    "ShiftSpan",
    "Shown",
    "Similar",
    "Table",
    "Telling",
    "Told",
    "advance",
    "alarm_table",
    "case_sentence",
    "current_shift",
    "digest",
    "digest_day",
    "digest_sentences",
    "figures",
    "floods",
    "from_event",
    "handover",
    "handover_sentences",
    "histories",
    "history",
    "in_flood",
    "kept",
    "kpi",
    "last_shift",
    "lift",
    "likeness",
    "moments",
    "next_change",
    "outcome",
    "outcome_sentences",
    "pause",
    "pauses_of",
    "possible",
    "priority",
    "record_sentence",
    "refused_sentence",
    "replay",
    "responsible",
    "settle",
    "shown",
    "similar",
    "state",
    "state_sentence",
    "tellings",
]
