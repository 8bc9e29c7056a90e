"""The first fortnight: notifications only, a digest a day with marks, and then a proposal from what was counted.

People learn what a promise feels like before anything rings. The proposal compares the counted false alarms with the
promise by the probability that it would have given so many, or so few; a sample that is too small proposes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from andon.alarms.counting import at_least
from andon.alarms.history import History
from andon.alarms.promise import SURE, Kept
from andon.alarms.shifts import ShiftSpan
from andon.plant.alarm import AlarmKind
from andon.plant.budget import Budget, parse_budget
from andon.plant.time import HOUR_NS
from andon.plant.verdict import Sentence

_LADDER = tuple(
    parse_budget(text) for text in ("1/90d", "1/month", "1/14d", "1/week", "2/week", "4/week", "1/day", "2/day", "5/day", "1/hour")
)


class Proposal(StrEnum):
    """What to do after the first fortnight."""

    MARK = "mark"
    KEEP = "keep"
    LOOSEN = "loosen"
    TIGHTEN = "tighten"


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """One line of a digest, with buttons for true and false: the alarm's id, asset, when it came (ns UTC), what it says, its mark."""

    alarm_id: str
    asset: str
    at: int
    sentence: Sentence
    count: int
    false: bool | None


@dataclass(frozen=True, slots=True)
class Digest:
    """What came in a day.

    Attributes
    ----------
    day : from digest to digest
    entries : in order of time
    true, false, unmarked : by the mark as of now
    """

    day: ShiftSpan
    entries: tuple[DigestEntry, ...]
    true: int
    false: int
    unmarked: int


@dataclass(frozen=True, slots=True)
class Suspect:
    """A source of false alarms: an asset and its leading tag, with how many it gave."""

    asset: str
    tag: str
    false: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the first fortnight says about one promise.

    Attributes
    ----------
    kept : the counts
    proposal : what to do
    budget : the promise to make from now on; the present one for KEEP and MARK
    suspects : sources of more than one event marked false, the worst first
    without_action : (asset, tag) that led a true one and have no action in the plant file: they will ring nothing
    """

    kept: Kept
    proposal: Proposal
    budget: Budget
    suspects: tuple[Suspect, ...]
    without_action: tuple[tuple[str, str], ...]


def digest(histories: Iterable[History], day: ShiftSpan) -> Digest:
    """The digest of a day: every notification and alarm that came in it.

    Parameters
    ----------
    histories : up to now, so that marks given since are in it
    """
    entries: list[DigestEntry] = []
    for one in histories:
        came = [at for at in (*one.shown, *(ring.at for ring in one.rings)) if day.start <= at < day.end]
        if came:
            alarm = one.alarm
            pairs = zip(one.events, one.log, strict=True)
            event, mark = next((pair for pair in reversed([*pairs]) if pair[0].start <= came[-1]), (alarm.event, one.log[-1]))
            entries.append(DigestEntry(alarm.id, alarm.asset, min(came), event.sentence, len(came), mark.false))
    entries.sort(key=lambda entry: (entry.at, entry.alarm_id))
    true, false = sum(entry.false is False for entry in entries), sum(entry.false is True for entry in entries)
    return Digest(day, tuple(entries), true, false, len(entries) - true - false)


def outcome(kept: Kept, histories: Iterable[History]) -> Outcome:
    """What to do with a promise, from what was counted.

    Parameters
    ----------
    kept : of the fortnight, from `andon.alarms.promise.kept`
    histories : of the same time
    """
    assets, found = kept.promise.assets, tuple(histories)
    mine = [one for one in found if not assets or one.alarm.asset in assets]
    false: dict[tuple[str, str], int] = {}
    for one in mine:
        count = sum(mark.false is True for mark in one.log)
        if count:
            false[one.source] = false.get(one.source, 0) + count
    suspects = sorted(
        (Suspect(*source, count) for source, count in false.items() if count > 1), key=lambda row: (-row.false, row.asset, row.tag)
    )
    silent = {
        one.source: None
        for one in mine
        if any(mark.false is False for mark in one.log) and not one.alarm.action and one.alarm.kind is AlarmKind.NOTIFICATION
    }
    proposal, budget = _proposal(kept)
    return Outcome(kept, proposal, budget, tuple(suspects), tuple(silent))


def _proposal(kept: Kept) -> tuple[Proposal, Budget]:
    budget = kept.promise.budget
    if kept.promise.running_ns <= 0:
        return Proposal.KEEP, budget
    if not kept.held:
        # With the unmarked ones left out the promise may hold: then the marks decide.
        if kept.unmarked and at_least(kept.false, kept.expected) >= SURE:
            return Proposal.MARK, budget
        return Proposal.LOOSEN, _nearest(kept, above=True)
    if kept.too_few < SURE:
        tighter = _nearest(kept, above=False)
        return (Proposal.TIGHTEN, tighter) if tighter.rate_per_hour < budget.rate_per_hour else (Proposal.KEEP, budget)
    return Proposal.KEEP, budget


def _nearest(kept: Kept, *, above: bool) -> Budget:
    """The round budget that fits: at least what was counted to loosen; to tighten, one that would have held at the upper end."""
    hours = kept.promise.running_ns / HOUR_NS
    wanted = (max(kept.counted, 1) if above else kept.high) / hours
    rung = next((step for step in _LADDER if step.rate_per_hour >= wanted * (1 - 1e-9)), _LADDER[-1])
    return Budget(rung.events, rung.per_ns, kept.promise.budget.merge_gap_ns)
