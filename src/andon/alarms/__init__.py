"""Alarms: from events to what an operator can work with, by ISA-18.2 and IEC 62682.

`rationalising` says what an event is by the plant file: a notification, or an alarm with its priority, action and checks.
`life` is the state machine: the state of an alarm as a function of its records and the time. `grouping` says what
belongs to one case and what stands below what, `pausing` makes the stretches of time in which alarms are suppressed on
purpose, `floods` finds too many at once. The `book` has every open alarm and decides what follows from an event, an
act, or time.

Nothing here reads a clock, a file or a socket.
"""

from andon.alarms.book import Book, Decision
from andon.alarms.floods import Flood, Shown, floods, in_flood, shown
from andon.alarms.grouping import Grouping
from andon.alarms.life import Moment, advance, moments, next_change, possible, replay, settle, state
from andon.alarms.pausing import LedgerEntry, lift, pause, pauses_of
from andon.alarms.rationalising import from_event, priority, responsible

__all__ = [
    "Book",
    "Decision",
    "Flood",
    "Grouping",
    "LedgerEntry",
    "Moment",
    "Shown",
    "advance",
    "floods",
    "from_event",
    "in_flood",
    "lift",
    "moments",
    "next_change",
    "pause",
    "pauses_of",
    "possible",
    "priority",
    "replay",
    "responsible",
    "settle",
    "shown",
    "state",
]
