"""The first fortnight: the digest, and a proposal from counts alone."""

from __future__ import annotations

import pytest

from andon.alarms.counting import at_least, at_most, interval
from andon.alarms.fortnight import Outcome, Proposal, digest, outcome
from andon.alarms.history import histories
from andon.alarms.promise import Kept, Promise
from andon.alarms.sentences import digest_sentences, outcome_sentences
from andon.alarms.shifts import ShiftSpan
from andon.plant.alarm import Clear, Mark, Raise, Record
from andon.plant.budget import Budget, parse_budget
from andon.plant.messages import LANGUAGES
from andon.plant.sentences import speak
from andon.plant.time import DAY_NS, HOUR_NS
from tests.alarms.events import MIN, T0, Writer, event, raise_alarm


def counted(promise: str, days: float, *, false: int = 0, unmarked: int = 0, true: int = 0) -> Kept:
    budget = parse_budget(promise)
    running = round(days * DAY_NS)
    count, expected = false + unmarked, budget.events * running / budget.per_ns
    low, high = interval(count)
    sure = at_least(count, expected), at_most(count, expected)
    return Kept(Promise("line", (), budget, running), expected, true, false, unmarked, low, high, *sure)


@pytest.mark.parametrize(
    ("kept", "proposal", "budget"),
    [
        (counted("1/week", 14, false=2), Proposal.KEEP, "1/week"),
        (counted("1/week", 14), Proposal.KEEP, "1/week"),  # none where two are allowed happens once in seven times
        (counted("1/week", 14, false=5), Proposal.KEEP, "1/week"),  # 5.3 %
        (counted("1/week", 14, false=6), Proposal.LOOSEN, "4/week"),  # 1.7 %; three a week
        (counted("1/week", 14, false=2, unmarked=6), Proposal.MARK, "1/week"),
        (counted("1/week", 14, false=7, unmarked=1), Proposal.LOOSEN, "4/week"),
        (counted("2/day", 14, false=12), Proposal.KEEP, "2/day"),  # too few, but no rounder promise would surely hold
        (counted("5/day", 14, false=4), Proposal.TIGHTEN, "1/day"),
        (counted("5/day", 14, false=1, true=40), Proposal.TIGHTEN, "4/week"),
        (counted("1/hour", 1, false=200), Proposal.LOOSEN, "1/hour"),
        (counted("1/week", 0, false=3), Proposal.KEEP, "1/week"),
    ],
)
def test_the_proposal_follows_from_the_counts(kept: Kept, proposal: Proposal, budget: str) -> None:
    found = outcome(kept, ())
    assert (found.proposal, str(found.budget)) == (proposal, budget)


def rows() -> list[Record]:
    """Three of TIC-1 in pump 1, two of them false and one true; one unmarked of LIC-1 that came twice; one of another day."""
    records: list[Record] = []
    for number, (tag, mark) in enumerate([("TIC-1", True), ("TIC-1", True), ("TIC-1", False), ("LIC-1", None)]):
        write = Writer(f"n{number}", T0 + number * HOUR_NS)
        found = event(write.at + MIN, shares={tag: 1.0})
        write(Raise(found, cause=(tag,)), Clear(found.id))
        if mark is None:
            again = event(write.at + MIN, shares={tag: 1.0})
            write(Raise(again, cause=(tag,)), Clear(again.id))
        else:
            write(Mark(mark), after=DAY_NS)
        records += write.records
    write = Writer("late", T0 + 2 * DAY_NS)
    return records + write(raise_alarm(event(write.at + MIN)))


def test_a_digest_has_every_entry_of_its_day_with_its_mark() -> None:
    found = digest(histories(rows(), T0 + 3 * DAY_NS), ShiftSpan("", T0, T0 + DAY_NS))
    assert [(entry.alarm_id, entry.count, entry.false) for entry in found.entries] == [
        ("n0", 1, True), ("n1", 1, True), ("n2", 1, False), ("n3", 2, None),
    ]  # fmt: skip
    assert (found.true, found.false, found.unmarked) == (1, 2, 1)
    lines = [speak(sentence) for sentence in digest_sentences(found)]
    assert lines[0] == "4 came from 2025-10-09 08:53 to 2025-10-10 08:53: 1 marked true, 2 marked false, 1 not marked."
    assert lines[1] == "2025-10-09 08:54 pump 1: TIC-1 4.1 σ above its usual level, since 03:12"
    (none,) = digest_sentences(digest((), ShiftSpan("", T0, T0 + DAY_NS)), zone="Asia/Shanghai")
    assert speak(none, "zh-CN") == "2025-10-09 16:53 至 2025-10-10 16:53 没有任何通知。"
    # An alarm that rings is in the digest too.
    late = digest(histories(rows(), T0 + 3 * DAY_NS), ShiftSpan("", T0 + 2 * DAY_NS, T0 + 3 * DAY_NS))
    assert [entry.alarm_id for entry in late.entries] == ["late"]


def test_the_outcome_names_suspects_and_what_would_stay_silent() -> None:
    found = outcome(counted("1/week", 14, false=2, unmarked=1, true=1), histories(rows(), T0 + 3 * DAY_NS))
    assert [(row.asset, row.tag, row.false) for row in found.suspects] == [("pump 1", "TIC-1", 2)]
    assert found.without_action == (("pump 1", "TIC-1"),)
    lines = [speak(sentence) for sentence in outcome_sentences(found)]
    assert lines == [
        "line: 3 false alarms in 14 d of running time (2 marked false, 1 not marked and counted as false, 1 true); "
        "the promise of 1/week allows 2.",
        "The promise fits: keep 1/week.",
        "pump 1, TIC-1: 2 false alarms. Check the transmitter, take the tag out of service, or label that time as normal.",
        "pump 1, TIC-1: this was true, but the plant file names no action, so it will stay a notification.",
    ]
    other = outcome(
        Kept(Promise("rest", ("pump 9",), parse_budget("1/week"), DAY_NS), 0.1, 0, 0, 0, 0.0, 3.0, 1.0, 0.9),
        histories(rows(), T0 + 3 * DAY_NS),
    )
    assert (other.suspects, other.without_action) == ((), ())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("proposal", list(Proposal))
def test_every_proposal_is_said(proposal: Proposal, language: str) -> None:
    kept = counted("1/week", 14, false=2, unmarked=1)
    said = [speak(sentence, language) for sentence in outcome_sentences(Outcome(kept, proposal, Budget(2, 7 * DAY_NS), (), ()))]
    assert len(said) == 2
    assert "1/week" in said[0]
    assert ("2/week" in said[1]) == (proposal is not Proposal.MARK)
