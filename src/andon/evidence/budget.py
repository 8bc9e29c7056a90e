"""What a budget costs: the share of standard faults found and the delay, at one promise or over many."""

from __future__ import annotations

from collections.abc import Sequence
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
    faults = calibration.faults if fault_traces is None else fault_traces
    delays: dict[tuple[str, float, int], list[float]] = {}
    for fault in faults:
        key = (fault.kind, fault.size, fault.over_ns)
        delays.setdefault(key, []).append(detect(fault, calibration.opening, calibration.threshold))
    rows = []
    for (kind, size, over_ns), late in delays.items():
        middle = float(np.quantile(late, 0.5, method="higher"))
        delay = round(middle * calibration.interval_ns) if np.isfinite(middle) else None
        rows.append(FaultCost(kind, size, over_ns, len(late), float(np.isfinite(late).mean()), delay))
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
        promise = calibration.budget
        budgets = [
            Budget(promise.events, max(round(promise.per_ns * factor), 1), promise.merge_gap_ns)
            for factor in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
        ]
    points = []
    for other in rebudget_many(calibration, budgets):
        if isinstance(other, Calibration):
            costs = cost(other)
            points.append(BudgetPoint(other.budget, other.threshold, found_share(costs), costs))
    return tuple(points)


def tightest_budget(calibration: Calibration) -> Budget:
    """The rarest promise that the carried normal time allows: one event in all of it."""
    hours = max(calibration.judged_ns // HOUR_NS, 1)
    per_ns = hours * HOUR_NS if hours < 48 else (calibration.judged_ns // DAY_NS) * DAY_NS
    return Budget(1.0, per_ns, calibration.budget.merge_gap_ns)
