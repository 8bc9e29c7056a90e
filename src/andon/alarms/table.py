"""The list of alarms as rows of text, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from andon.alarms.floods import Flood, Shown
from andon.alarms.sentences import clock, priority_mark, state_sentence, what_sentence
from andon.plant.alarm import Alarm
from andon.plant.messages import say
from andon.plant.sentences import speak

COLUMNS = ("priority", "since", "asset", "state", "text")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its head, its rows of as many cells, and what stands below it."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    foot: str


def alarm_table(
    view: Shown,
    now: int,
    *,
    flood: Flood | None = None,
    names: Mapping[str, str] | None = None,
    zone: str = "UTC",
    language: str = "en",
) -> Table:
    """The open alarms as a table.

    Parameters
    ----------
    view : from `andon.alarms.floods.shown`
    now : ns UTC
    flood : that lasts; None: none
    names : asset -> name for people
    zone : IANA zone of the site

    Returns
    -------
    one row an alarm, in the order of `view`; the foot says when there are none, and what a flood folds
    """
    called = names or {}
    rows = tuple(_row(alarm, now, called, zone, language) for alarm in view.rows)
    foot = "" if rows else say("alarms.none", language)
    if flood is not None:
        folded = sum(len(ids) for ids in view.folded.values())
        foot = say("alarms.flood", language, since=clock(flood.start, zone, now), count=flood.alarms, folded=folded)
    return Table(tuple(say(f"alarms.column.{column}", language) for column in COLUMNS), rows, foot)


def _row(alarm: Alarm, now: int, names: Mapping[str, str], zone: str, language: str) -> tuple[str, ...]:
    since = alarm.last_raised_at if alarm.last_raised_at is not None else alarm.event.start
    name = names.get(alarm.asset, alarm.asset)
    state, what = state_sentence(alarm, zone=zone, now=now), what_sentence(alarm, zone=zone)
    return priority_mark(alarm.priority), clock(since, zone, now), name, speak(state, language), speak(what, language)
