"""Alarms: from events to what an operator can work with, by ISA-18.2 and IEC 62682.

`life` is the state machine: the state of an alarm as a function of its records and the time. Everything here is a pure
function of records, plant file and time; clocks, files and sockets are elsewhere.
"""

from andon.alarms.life import Moment, advance, moments, next_change, possible, replay, settle, state

__all__ = ["Moment", "advance", "moments", "next_change", "possible", "replay", "settle", "state"]
