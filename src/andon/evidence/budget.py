"""What a budget costs: the share of standard faults found and the delay, at one promise or over many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from andon.evidence.calibrate import rebudget_many
from andon.evidence.calibration import Calibration
from andon.evidence.fault_trace import FaultTrace, detect
from andon.plant.budget import Budget
from andon.plant.time import DAY_NS, HOUR_NS


@dataclass(frozen=True, slots=True)
class FaultCost:
    """How one standard fault fares at a budget.

    Attributes
    ----------
    kind, size, over_ns : the fault, as in `FaultTrace`
    count : injections
    found : share found, 0-1
    median_delay_ns : over all injections, a missed one counting as never; None where fewer than half are found
    """

    kind: str
    size: float
    over_ns: int
    count: int
    found: float
    median_delay_ns: int | None


@dataclass(frozen=True, slots=True)
class BudgetPoint:
    """One promise on the curve of delay against budget.

    Attributes
    ----------
    threshold, found : of all injections
    costs : per standard fault
    """

    budget: Budget
    threshold: float
    found: float
    costs: tuple[FaultCost, ...]


def cost(calibration: Calibration, fault_traces: Sequence[FaultTrace] | None = None) -> tuple[FaultCost, ...]:
    """Share found and median delay per standard fault at the calibration's budget.

    Parameters
    ----------
    calibration : the promise
    fault_traces : evidence of injected faults; None: those that the calibration carries

    Returns
    -------
    one row per kind, size and duration, in the order in which they first come
    """
    return _priced([(calibration, calibration.faults if fault_traces is None else fault_traces)])


def group_cost(calibrations: Iterable[Calibration]) -> tuple[FaultCost, ...]:
    """`cost` over the injections of all assets of a group, each under its own calibration."""
    return _priced([(calibration, calibration.faults) for calibration in calibrations])


def _priced(parts: Iterable[tuple[Calibration, Sequence[FaultTrace]]]) -> tuple[FaultCost, ...]:
    delays: dict[tuple[str, float, int], list[float]] = {}
    for calibration, faults in parts:
        for fault in faults:
            key = (fault.kind, fault.size, fault.over_ns)
            late = detect(fault, calibration.opening, calibration.threshold) * calibration.interval_ns
            delays.setdefault(key, []).append(late)
    rows = []
    for (kind, size, over_ns), late_ns in delays.items():
        middle = float(np.quantile(late_ns, 0.5, method="higher"))
        delay = round(middle) if np.isfinite(middle) else None
        rows.append(FaultCost(kind, size, over_ns, len(late_ns), float(np.isfinite(late_ns).mean()), delay))
    return tuple(rows)


def found_share(costs: Sequence[FaultCost], size: float | None = None) -> float:
    """Share found of all injections, or of those of one size; NaN where there are none."""
    chosen = [row for row in costs if size is None or row.size == size]
    total = sum(row.count for row in chosen)
    return sum(row.found * row.count for row in chosen) / total if total else float("nan")


def budget_curve(calibration: Calibration, budgets: Sequence[Budget] | None = None) -> tuple[BudgetPoint, ...]:
    """Misses and delay over promises, refused ones left out: the curve of the report.

    Parameters
    ----------
    calibration : carries the evidence of normal time and of the faults
    budgets : None: from ten times more often to ten times rarer than the promise, as far as it can be promised
    """
    if budgets is None:
        budgets = _around(calibration.budget)
    points = []
    for other in rebudget_many(calibration, budgets):
        if isinstance(other, Calibration):
            costs = cost(other)
            points.append(BudgetPoint(other.budget, other.threshold, found_share(costs), costs))
    return tuple(points)


def group_curve(calibrations: Mapping[str, Calibration], budget: Budget) -> tuple[BudgetPoint, ...]:
    """`budget_curve` of a group: every part becomes rarer or more frequent alike; promises that one asset cannot make are left out.

    Parameters
    ----------
    calibrations : asset -> its calibration, with its part of the budget
    budget : of the group

    Returns
    -------
    points at the group's promises; their threshold is the mean of the assets'
    """
    others = [rebudget_many(one, _around(one.budget)) for one in calibrations.values()]
    points = []
    for at, promise in enumerate(_around(budget)):
        made = [row[at] for row in others]
        kept = [one for one in made if isinstance(one, Calibration)]
        if len(kept) == len(made):
            costs = group_cost(kept)
            points.append(BudgetPoint(promise, float(np.mean([one.threshold for one in kept])), found_share(costs), costs))
    return tuple(points)


def _around(promise: Budget) -> list[Budget]:
    return [
        Budget(promise.events, max(round(promise.per_ns * factor), 1), promise.merge_gap_ns)
        for factor in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    ]


def tightest_budget(calibration: Calibration) -> Budget:
    """The rarest promise that the carried normal time allows: one event in all of it."""
    hours = max(calibration.judged_ns // HOUR_NS, 1)
    per_ns = hours * HOUR_NS if hours < 48 else (calibration.judged_ns // DAY_NS) * DAY_NS
    return Budget(1.0, per_ns, calibration.budget.merge_gap_ns)
