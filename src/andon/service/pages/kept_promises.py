"""Whether a budget group's promise is kept: what opened in service beside what was promised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from andon.evidence.budget import tightest_budget
from andon.evidence.calibration import Calibration
from andon.plant.budget import Budget
from andon.plant.file.schema import BudgetGroup
from andon.plant.time import HOUR_NS
from andon.project.live.running import Running


class Kept(NamedTuple):
    """What was observed of a group.

    `log`: what opened and was closed; `hours`: of service, a mean of the assets; `false`: how many were not marked true; `moved`: more
    of them than the promise allows by chance.
    """

    log: list[Any]
    hours: float
    false: int
    moved: bool


def of_group(running: Running, section: BudgetGroup) -> list[str]:
    """The assets of a group."""
    return running.plant.in_budget_group(section, running.monitors)


def calibrations(running: Running, section: BudgetGroup) -> dict[str, Calibration]:
    """asset -> its calibration, of the assets of a group."""
    return {asset: running.monitors[asset].of(asset).calibration for asset in of_group(running, section)}


def promises_kept(running: Running, section: BudgetGroup) -> Kept:
    """What a group's promise came to in service."""
    assets = of_group(running, section)
    mine, champions, now = set(assets), running.models.state().champions, running.clock.now()
    log = [
        item
        for served in running.loop.heart.served
        for asset, limit in zip(served.fleet.assets, served.limits, strict=True)
        if asset in mine
        for item in limit.log
    ]
    served_h = [max(0.0, (now - champions[asset].at) / HOUR_NS) for asset in assets if asset in champions]
    hours = sum(served_h) / max(len(assets), 1)
    false = sum(item.false is not False for item in log)
    return Kept(log, hours, false, bool(false) and false > most_by_chance(calibrations(running, section), hours))


def most_by_chance(made: Mapping[str, Calibration], hours: float) -> float:
    """So many false alarms are expected at most in some hours, with the margin of the calibration."""
    from andon.evidence.counts import prediction_interval

    return float(sum(prediction_interval(np.asarray(one.rates) * hours, one.dispersion)[1] for one in made.values()))


def tightest(made: Mapping[str, Calibration]) -> Budget | None:
    """The rarest promise that a group's normal time allows: what its poorest asset allows, shared among them; None where none."""
    able = [tightest_budget(one) for one in made.values() if not one.made_no_promise]
    if not able:
        return None
    shortest = min(able, key=lambda budget: budget.per_ns)
    return Budget(1.0, max(shortest.per_ns // len(made) // HOUR_NS, 1) * HOUR_NS, shortest.merge_gap_ns)
