"""Plain words: what a budget means to the people on shift, and what an event is about.

Sentences are keys and arguments of the message catalogue; an argument may itself be a sentence, or a list of them.
`andon.plant.sentences.speak` says them in a language; nothing here does.
"""

from __future__ import annotations

from collections.abc import Sequence

from andon.evidence.budget import FaultCost
from andon.evidence.calibrate import CalibrationRefused
from andon.evidence.calibration import Calibration
from andon.evidence.moved import Moved
from andon.plant.budget import Budget
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, NS, format_instant
from andon.plant.verdict import Sentence, View

_PERIODS = {HOUR_NS: "hour", DAY_NS: "day", 7 * DAY_NS: "week", 30 * DAY_NS: "month", 365 * DAY_NS: "year"}
_NUMBER_WORDS = 12
_SURE = 0.9
_FAR = 20.0


def duration_sentence(ns: float) -> Sentence:
    """A duration to two digits at most, in the unit that a person would use."""
    units = (("day", DAY_NS), ("hour", HOUR_NS), ("minute", MINUTE_NS), ("second", NS))
    name, size = next(
        ((name, size) for name, size in units if abs(ns - size) <= 0.02 * size),
        next(((name, size) for name, size in units[:3] if ns >= 2 * size), units[2] if ns > 1.5 * MINUTE_NS else units[3]),
    )
    count = ns / size
    shown = f"{count:.0f}" if count >= 9.95 or abs(count - round(count)) < 0.05 else f"{count:.1f}"
    if name == "second" and 0 < count < 1:
        shown = f"{count:.2g}"
    return Sentence(f"evidence.duration.one-{name}" if shown == "1" else f"evidence.duration.{name}s", {"n": shown} if shown != "1" else {})


def _number(count: int) -> object:
    return Sentence(f"evidence.number.{count}") if 0 <= count <= _NUMBER_WORDS else count


def _size(sigma: float) -> object:
    """A deviation to one decimal; beyond twenty the figure says no more than that it is far."""
    return f"{abs(sigma):.1f}" if abs(sigma) <= _FAR else Sentence("evidence.more-than", {"n": f"{_FAR:.0f}"})


def _events(count: float) -> Sentence:
    if count == 1:
        return Sentence("evidence.events.one")
    return Sentence("evidence.events.many", {"n": _number(int(count)) if count == int(count) else f"{count:g}"})


def budget_sentence(budget: Budget) -> Sentence:
    """ "one false alarm a week", "two false alarms in 10 hours"."""
    period = _PERIODS.get(budget.per_ns)
    if period:
        return Sentence("evidence.promise.period", {"events": _events(budget.events), "period": Sentence(f"evidence.{period}.one")})
    return Sentence("evidence.promise.duration", {"events": _events(budget.events), "duration": duration_sentence(budget.per_ns)})


def shift_sentence(calibration: Calibration, cost: Sequence[FaultCost] = ()) -> tuple[Sentence, ...]:
    """What the people on shift agreed to, and what it costs.

    Parameters
    ----------
    calibration : the promise
    cost : from `andon.evidence.budget.cost`

    Returns
    -------
    the promise with the count that nine periods of ten do not exceed, then the faults that are found and how soon
    """
    budget = calibration.budget
    most = _number(max(calibration.at_most(budget.per_ns), 1))
    period = _PERIODS.get(budget.per_ns)
    promise = (
        Sentence(
            "evidence.budget.promise", {"promise": budget_sentence(budget), "most": most, "periods": Sentence(f"evidence.{period}.many")}
        )
        if period
        else Sentence("evidence.budget.promise-other", {"promise": budget_sentence(budget), "most": most})
    )
    shown = _typical(cost)
    if not shown:
        return (promise,)
    found = [_found(row) for row in shown]
    faults = found[0] if len(found) == 1 else Sentence("evidence.cost.two", {"first": found[0], "second": found[1]})
    return promise, Sentence("evidence.cost.sentence", {"faults": faults})


def _typical(cost: Sequence[FaultCost]) -> list[FaultCost]:
    """The quick fault and the slow one: the largest step, the smaller drift over the longest time."""
    steps = sorted((row for row in cost if row.kind == "step"), key=lambda row: row.size)
    drifts = sorted((row for row in cost if row.kind == "drift"), key=lambda row: (row.over_ns, -row.size))
    return steps[-1:] + drifts[-1:]


def fault_sentence(row: FaultCost) -> Sentence:
    """The name of a standard fault."""
    args: dict[str, object] = {"size": f"{row.size:g}"}
    if row.kind == "drift":
        args["duration"] = duration_sentence(row.over_ns)
    return Sentence(f"evidence.fault.{row.kind}", {} if row.kind == "stuck" else args)


def _found(row: FaultCost) -> Sentence:
    fault, share = fault_sentence(row), f"{100 * row.found:.0f} %"
    if row.median_delay_ns is None:
        return Sentence("evidence.cost.missed", {"fault": fault, "share": share})
    told: dict[str, object] = {"fault": fault} if row.found >= _SURE else {"fault": fault, "share": share}
    key = "evidence.cost.found" if row.found >= _SURE else "evidence.cost.share"
    if row.median_delay_ns == 0:
        return Sentence(f"{key}-tick", told)
    return Sentence(key, told | {"delay": duration_sentence(row.median_delay_ns)})


def moved_sentence(result: Moved, budget: Budget) -> Sentence:
    """Whether the promise still holds, in one sentence."""
    promise = budget_sentence(budget)
    if not result.moved:
        args: dict[str, object] = {"events": result.events, "promised": f"{result.promised:.2g}"}
        return Sentence("evidence.moved.fine", args | {"duration": duration_sentence(result.judged_ns)})
    if result.ratio >= 1.5:
        return Sentence("evidence.moved.rate", {"ratio": f"{result.ratio:.2g}", "promise": promise})
    return Sentence("evidence.moved.level", {"promise": promise})


def refused_sentence(refusal: CalibrationRefused) -> tuple[Sentence, ...]:
    """What is missing for a promise, and what can be promised now."""
    missing = Sentence("evidence.refused.more", {"missing": duration_sentence(refusal.missing_days * DAY_NS)})
    if refusal.tightest is None:
        return missing, Sentence("evidence.refused.none")
    return missing, Sentence("evidence.refused.tightest", {"promise": budget_sentence(refusal.tightest)})


def event_sentence(
    view: View,
    tag: str,
    sigma: float,
    onset: int,
    *,
    start: int | None = None,
    explained_by: Sequence[str] = (),
    also: Sequence[str] = (),
    zone: str = "UTC",
) -> Sentence:
    """The shape of a deviation: "pressure 4.1 σ above what flow and valve position explain, since 03:12".

    Parameters
    ----------
    view : with the largest part of the evidence
    tag : label of the tag with the largest share
    sigma : its deviation at the peak in standard deviations of normal time, with sign; for agitation the factor
    onset, start : ns UTC; where both fall on one local day the sentence names the time of day alone
    explained_by : labels of the tags that explain it in normal time (relation view)
    also : labels of other tags with a large share
    zone : IANA zone of the site
    """
    local = format_instant(onset, zone)
    same_day = start is not None and format_instant(start, zone)[:10] == local[:10]
    since = local[11:16] if same_day else f"{local[:10]} {local[11:16]}"
    side = "above" if sigma >= 0 else "below"
    args: dict[str, object] = {"tag": tag, "since": since}
    match view:
        case View.AGITATION:
            key = "evidence.event.agitation"
            args["size"] = _size(sigma)
        case View.NOVELTY | View.QUALITY:
            key = f"evidence.event.{view.value}"
        case View.RELATION:
            args["sigma"] = _size(sigma)
            many = "" if len(explained_by) > 1 else "one." if explained_by else "alone."
            key = f"evidence.event.relation.{many}{side}"
            if explained_by:
                args["others"] = list(explained_by)
        case _:
            args["sigma"] = _size(sigma)
            key = f"evidence.event.{view.value}.{side}"
    sentence = Sentence(key, args)
    return Sentence("evidence.event.with", {"first": sentence, "others": list(also)}) if also else sentence
