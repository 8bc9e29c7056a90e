"""Group budgets: one promise for several assets, split by judgeable time and verified on the pooled events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from andon.evidence.calibrate import CONFIDENCE, calibrate_pieces
from andon.evidence.calibration import Calibration
from andon.evidence.events import first_exceedances, ground
from andon.evidence.fault_trace import FaultTrace
from andon.evidence.normal_trace import NormalTrace, as_pieces
from andon.plant.arrays import BoolArray, FloatArray, Int64Array
from andon.plant.budget import Budget
from andon.plant.errors import EvidenceError

_TRIES = 6


@dataclass(frozen=True, slots=True)
class GroupCalibration:
    """The calibrations of a budget group.

    Attributes
    ----------
    budget : of the whole group
    assets : asset -> its calibration, with its part of the budget
    group_ns : time in which at least one asset can be judged
    pooled : events counted on the held-back time, those less than the merge gap apart once, whatever the asset
    promised : events that the budget allows in that time
    """

    budget: Budget
    assets: dict[str, Calibration]
    group_ns: int
    pooled: int
    promised: float


def split_budget(budget: Budget, judged_ticks: Mapping[str, int], group_ticks: int) -> dict[str, Budget]:
    """Each asset's part: in proportion to its judgeable time, so that the parts add up to the group's count.

    Parameters
    ----------
    budget : events per hour in which at least one asset can be judged
    judged_ticks : judgeable ticks of each asset
    group_ticks : ticks in which at least one can be judged
    """
    total = sum(judged_ticks.values())
    per_ns = round(budget.per_ns * total / max(group_ticks, 1))
    return {asset: replace(budget, per_ns=per_ns) for asset in judged_ticks}


def calibrate_group(
    traces: Mapping[str, FloatArray],
    judges: Mapping[str, BoolArray],
    ticks: Mapping[str, Int64Array],
    interval_ns: int,
    budget: Budget,
    *,
    faults: Mapping[str, tuple[FaultTrace, ...]] | None = None,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> GroupCalibration:
    """Calibrate each asset on its part of the budget, then check the pooled events and tighten where they are too many.

    Parameters
    ----------
    traces, judges, ticks : asset -> (T,) arrays of its held-back normal time
    interval_ns : sampling interval, the same for all
    budget : of the group
    faults : asset -> evidence of injected faults

    Raises
    ------
    CalibrationRefused : an asset's normal time is too short for its part
    EvidenceError : no asset, or arrays that do not fit each other
    """
    if not traces:
        raise EvidenceError("a budget group without an asset", do="name at least one asset")
    pieces = {asset: as_pieces(traces[asset], judges[asset], ticks[asset])[0] for asset in traces}
    group_ticks = len(np.unique(np.concatenate([piece.tick[piece.judge] for piece in pieces.values()])))
    group_ns = group_ticks * interval_ns
    promised = budget.rate_per_hour * group_ns / 3.6e12
    parts = split_budget(budget, {asset: piece.judged_ticks for asset, piece in pieces.items()}, group_ticks)
    most = max(promised, 1.0)
    tightened = 1.0
    for _ in range(_TRIES):
        assets = {
            asset: calibrate_pieces(
                [piece],
                interval_ns,
                replace(parts[asset], per_ns=round(parts[asset].per_ns * tightened)),
                faults=(faults or {}).get(asset, ()),
                confidence=confidence,
                seed=seed,
            )
            for asset, piece in pieces.items()
        }
        pooled = pooled_events(pieces, assets)
        if pooled <= most:
            break
        tightened *= 1.1 * pooled / most
    return GroupCalibration(budget, assets, group_ns, pooled, promised)


def pooled_events(pieces: Mapping[str, NormalTrace], assets: Mapping[str, Calibration]) -> int:
    """Events of all assets on their traces; those less than the merge gap apart count once."""
    begin: list[int] = []
    end: list[int] = []
    gap = 1
    for asset, piece in pieces.items():
        calibration = assets[asset]
        gap = calibration.opening.gap_ticks
        g = ground(piece.trace, piece.judge, piece.tick, calibration.opening)
        start, last = first_exceedances(g, calibration.threshold, calibration.opening)
        begin += piece.tick[start].tolist()
        end += piece.tick[last].tolist()
    order = np.argsort(begin, kind="stable")
    if len(order) == 0:
        return 0
    first, last_on = np.array(begin)[order], np.maximum.accumulate(np.array(end)[order])
    return 1 + int(np.count_nonzero(first[1:] - last_on[:-1] > gap))
