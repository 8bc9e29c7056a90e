"""What alarms have been, and what was promised for that time: from the records and verdicts that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.alarms.history import History, histories
from andon.alarms.promise import Promise
from andon.plant.budget import Budget, parse_budget
from andon.plant.file.schema import BudgetGroup
from andon.store.database import alarm_records
from andon.streaming.keeping import of_kept

if TYPE_CHECKING:
    from andon.project.live.running import Running


def past(running: Running, start: int, end: int) -> tuple[History, ...]:
    """What every alarm of a stretch has been."""
    kept = running.database.read(lambda connection: alarm_records.between(connection, start, end))
    return histories((of_kept(item) for item in kept), end)


def promises_of(running: Running, start: int, end: int) -> list[Promise]:
    """Each group's promise, with the time in which its assets could be judged."""
    out = []
    for group in running.plant.budgets:
        assets = tuple(group.assets) or tuple(running.monitors)
        judged = max((judged_ns(running, asset, start, end) for asset in assets if asset in running.monitors), default=0)
        out.append(Promise(group.name, tuple(group.assets), budget_of(running, group), judged))
    return out


def budget_of(running: Running, group: BudgetGroup) -> Budget:
    """What a group was promised last: since the start, else in the plant file."""
    promise = running.models.state().promises.get(group.name)
    return parse_budget(promise.budget, group.merge_gap_ns) if promise is not None else group.budget


def judged_ns(running: Running, asset: str, start: int, end: int) -> int:
    """Judgeable running time of an asset in a period."""
    trace = running.keeping.traces.trace(asset, start, end, 2_000, columns=("evidence",))
    interval = running.monitors[asset].preparation.interval_ns
    return int(trace.count[:, 0].sum()) * interval
