"""Promised against observed: the panel of a report, and the sentences on what was promised of a model or of its group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from andon.evidence.budget import FaultCost, budget_curve, group_cost, group_curve
from andon.evidence.counts import prediction_interval
from andon.evidence.group import time_of_any
from andon.evidence.moved import moved
from andon.evidence.sentence import budget_sentence, fault_sentence, moved_sentence, shift_sentence
from andon.plant.arrays import Int64Array
from andon.plant.budget import Budget, parse_budget
from andon.plant.errors import AndonError
from andon.plant.label import Label, LabelKind
from andon.plant.time import HOUR_NS, WEEK_H
from andon.plant.verdict import Sentence
from andon.project.groups import groups_of
from andon.reporting import BudgetPanel, CurvePoint
from andon.scoring.monitor import Monitor, Scored

if TYPE_CHECKING:
    from andon.training.fit_monitor import Fitted


def budget_panel(monitor: Monitor, scored: Sequence[Scored], labels: Sequence[Label], fitted: Fitted | None) -> BudgetPanel:
    """Promised against observed, and what other promises would cost; of sisters, of all that were scored together."""
    faults = [label for label in labels if label.kind in (LabelKind.FAULT, LabelKind.PLANNED, LabelKind.UNKNOWN)]
    expected, rates = 0.0, np.zeros(1)
    spread, judged = 1.0, list[tuple[Int64Array, int]]()
    opened: list[tuple[int, int]] = []
    wrong: list[tuple[int, int]] = []
    told: Sentence | None = None
    for one in scored:
        calibration = monitor.of(one.asset).calibration
        mine = [label for label in faults if label.asset in (one.asset, "")]
        normal = one.judge.copy()
        for label in mine:
            normal &= ~((one.prepared.time >= label.start) & (one.prepared.time < label.end))
        judged_h = float(normal.sum()) * one.prepared.interval_ns / 3.6e12
        judged.append((one.prepared.tick[normal], one.prepared.interval_ns))
        expected += calibration.promised(judged_h * 3.6e12)
        # Sorted replicates added level by level: rates of sisters that rise together, so the interval is rather too wide.
        rates = rates + np.sort(calibration.rates) * judged_h
        spread = max(spread, calibration.dispersion)
        opened += [(event.start, event.end or event.start) for event in one.events]
        inside = [any(label.start <= event.start < label.end for label in mine) for event in one.events]
        wrong += [(event.start, event.end or event.start) for event, excused in zip(one.events, inside, strict=True) if not excused]
        try:
            result = moved(calibration, one.trace, normal, one.prepared.tick)
        except AndonError:
            continue
        if result.moved:
            told = moved_sentence(result, calibration.budget)
    hours = time_of_any(judged) / HOUR_NS
    low, high = prediction_interval(rates, spread) if hours > 0 else (0, 0)
    promise, several = promised_budget(monitor), monitor.members
    points = group_curve({one.asset: one.calibration for one in several}, promise) if several else budget_curve(monitor.calibration)
    curve = tuple(
        CurvePoint(
            point.budget.rate_per_hour * WEEK_H, {fault_name(c): c.found for c in point.costs},
            {fault_name(c): None if c.median_delay_ns is None else c.median_delay_ns / 1e9 for c in point.costs},
        )
        for point in points
    )  # fmt: skip
    if monitor.calibration.made_no_promise:
        hours = 0.0  # there is nothing to hold the count against
    gap = promise.merge_gap_ns if several else 0  # of one asset, every event of the list counts
    return BudgetPanel(
        promise=promise_sentence(monitor), per_week=promise.rate_per_hour * WEEK_H, hours=hours, expected=expected, low=float(low),
        high=float(high), observed=apart(opened, gap), false_observed=apart(wrong, gap) if faults else None,
        refused=standing_refusal(monitor), moved=told, sentences=promise_sentences(monitor, costs_of(monitor, fitted)), curve=curve,
        faults={fault_name(row): fault_sentence(row) for row in (points[0].costs if points else ())},
    )  # fmt: skip


def apart(events: Sequence[tuple[int, int]], gap_ns: int) -> int:
    """How many events, where those less than the gap apart count once, whatever the asset; (start, end) ns each."""
    if gap_ns <= 0 or not events:
        return len(events)
    count, last = 1, min(events)[1]
    for start, end in sorted(events)[1:]:
        count += start - last > gap_ns
        last = max(last, end)
    return count


def promised_budget(monitor: Monitor) -> Budget:
    """The promise that the report is about: of sisters that are one group, the group's; of others, their parts together."""
    if not monitor.members:
        return monitor.calibration.budget
    gap = monitor.calibration.budget.merge_gap_ns
    groups = groups_of(monitor.manifest)
    if len(groups) == 1 and set(groups[0].parts) == set(monitor.assets):
        return parse_budget(groups[0].budget, gap)
    rate = sum(one.calibration.budget.rate_per_hour for one in monitor.members)
    return Budget(1.0, round(HOUR_NS / rate), gap)


def promise_sentence(monitor: Monitor) -> Sentence:
    """The promise in words; where none could be made it says so."""
    if monitor.calibration.made_no_promise:
        return Sentence("project.promise.none")
    return budget_sentence(promised_budget(monitor))


def costs_of(monitor: Monitor, fitted: Fitted | None) -> tuple[FaultCost, ...]:
    """What the promise costs in standard faults; while training it is known already."""
    if fitted is not None:
        return fitted.costs
    return group_cost([one.calibration for one in (monitor.members or (monitor,))])


def promise_sentences(monitor: Monitor, costs: Sequence[FaultCost]) -> tuple[Sentence, ...]:
    """The promise of the model for people, of its group where it has a part in one, and what is found at it."""
    groups = tuple(group.sentence() for group in groups_of(monitor.manifest) if len(group.parts) > 1)
    own = shift_sentence(monitor.calibration, costs)
    if monitor.calibration.made_no_promise:
        return own[1:]
    return (*groups, *(own[1:] if monitor.members and groups else own))


def standing_refusal(monitor: Monitor) -> Sentence | None:
    """Why the promise that was asked for in training is not the one that holds; None where it is, or another was made since."""
    kept = monitor.manifest.get("refused")
    if not isinstance(kept, Mapping) or str(monitor.manifest.get("budget")) != str(monitor.of(monitor.asset).calibration.budget):
        return None
    return Sentence(str(kept["key"]), dict(kept["args"]))


def fault_name(row: Any) -> str:
    from andon.plant.time import format_duration

    size = f" {row.size:g}σ" if row.kind in ("step", "drift") else f" ×{row.size:g}" if row.kind == "noise" else ""
    return f"{row.kind}{size}" + (f" {format_duration(row.over_ns)}" if row.over_ns else "")
