"""Budgets: each group's promise, what others would cost, and another promise at once."""

from __future__ import annotations

from collections.abc import Mapping

from andon.evidence.budget import BudgetPoint, FaultCost, budget_curve, group_curve
from andon.evidence.calibration import Calibration
from andon.evidence.events import first_exceedances, ground
from andon.plant.budget import Budget, parse_budget
from andon.plant.file.schema import BudgetGroup
from andon.plant.time import DAY_NS, HOUR_NS, NS, WEEK_H
from andon.project import promises
from andon.project.live.past import budget_of
from andon.project.live.running import Running
from andon.service.callers import Caller
from andon.service.pages.kept_promises import calibrations, most_by_chance, promises_kept, tightest
from andon.service.pages.worked_out import WorkedOut
from andon.service.problems import UnknownName
from andon.service.schema import BudgetPage, Effect, NewBudget

KEPT = 64


class Curves:
    """What promises cost, worked out once for each set of calibrations: it takes seconds, and only another model changes it."""

    def __init__(self) -> None:
        self._known = WorkedOut[tuple[int, ...], tuple[dict[str, Calibration], list[Effect]]](KEPT)

    def of(self, made: dict[str, Calibration], budget: Budget) -> list[Effect]:
        """The curve, from the rarest promise to the most frequent; each effect stands for one setting of the slider.

        Parameters
        ----------
        budget : of the group, with which the calibrations were made
        """
        key = tuple(sorted(id(one) for one in made.values()))  # what is kept below cannot lose its identity to another

        def curve() -> tuple[dict[str, Calibration], list[Effect]]:
            points = group_curve(made, budget) if len(made) > 1 else budget_curve(next(iter(made.values()))) if made else ()
            return dict(made), sorted((_effect(point, made) for point in points), key=lambda effect: effect.per_week)

        return self._known.get(key, curve)[1]


def budgets(running: Running, caller: Caller, curves: Curves) -> list[BudgetPage]:
    """Every group's promise, and what others would cost."""
    return [budget_page(running, caller, group.name, curves) for group in running.plant.budgets]


def _section(running: Running, group: str) -> BudgetGroup:
    named = next((item for item in running.plant.budgets if item.name == group), None)
    if named is None:
        raise UnknownName(group)
    return named


def budget_page(running: Running, caller: Caller, group: str, curves: Curves) -> BudgetPage:
    section = _section(running, group)
    made, budget = calibrations(running, section), budget_of(running, section)
    kept, rarest = promises_kept(running, section), tightest(made)
    expected = budget.rate_per_hour * WEEK_H
    return BudgetPage(
        group=group, assets=list(made), promise=str(budget), per_week=expected, low=0.0, high=most_by_chance(made, WEEK_H),
        observed_per_week=kept.false / kept.hours * WEEK_H if kept.hours > 0 else None, observed_h=kept.hours,
        unmarked=sum(item.false is None for item in kept.log), moved=kept.moved,
        tightest=str(rarest) if rarest is not None else "",
        why_not="" if all(not one.made_no_promise for one in made.values()) else "no promise could be made yet",
        curve=curves.of(made, section.budget), controller=_controller(running, made),
    )  # fmt: skip


def _effect(point: BudgetPoint, made: Mapping[str, Calibration]) -> Effect:
    per_week = point.budget.rate_per_hour * WEEK_H
    return Effect(
        per_week=per_week, threshold=point.threshold,
        delay_s={fault_name(row): None if row.median_delay_ns is None else row.median_delay_ns / NS for row in point.costs},
        found={fault_name(row): row.found for row in point.costs},
        would_have_opened=_would_have_opened(made, point), low=0.0, high=per_week,
    )  # fmt: skip


def fault_name(row: FaultCost) -> str:
    """The stable name of a standard fault: `step_4`, `drift_4_1h`, `stuck`."""
    if row.kind == "stuck":
        return row.kind
    over = f"_{row.over_ns // DAY_NS}d" if row.over_ns >= DAY_NS else f"_{row.over_ns // HOUR_NS}h" if row.over_ns else ""
    return f"{row.kind}_{row.size:g}{over if row.kind == 'drift' else ''}"


def _would_have_opened(made: Mapping[str, Calibration], point: BudgetPoint) -> int:
    """Events that the held-back normal time has at a threshold: what that time would have shown."""
    count = 0
    for one in made.values():
        for trace in one.normal:
            spans = first_exceedances(ground(trace.trace, trace.judge, trace.tick, one.opening), point.threshold, one.opening)
            count += len(spans[0])
    return count


def _controller(running: Running, made: dict[str, Calibration]) -> list[tuple[float, float]]:
    """Movements of the threshold: (Unix seconds, factor on the promise's), of the first asset."""
    for served in running.loop.heart.served:
        for at, asset in enumerate(served.fleet.assets):
            if asset in made:
                limit = served.limits[at]
                return [(step.time / NS, step.threshold / limit.promise.threshold) for step in limit.steps if step.time < 2**61]
    return []


def set_budget(running: Running, caller: Caller, group: str, wanted: NewBudget, curves: Curves) -> BudgetPage:
    """Another promise: kept in the store and its ledger, and told to the loop, which follows from the next tick on."""
    section = _section(running, group)
    made = calibrations(running, section)
    if not made:
        raise UnknownName(group)
    name = group if len(made) > 1 else next(iter(made))
    promises.budget(name, wanted.budget, models=str(running.models.folder), why=wanted.why or f"by {caller.name}")
    if len(made) == 1:
        running.models.set_budget(group, parse_budget(wanted.budget, section.merge_gap_ns), by=caller.name)
    running.follow()
    running.tell("budget", {"group": group})
    return budget_page(running, caller, group, curves)
