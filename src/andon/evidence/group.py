"""Group budgets: one promise for several assets, split by judgeable time and verified on the pooled events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from andon.evidence.calibrate import CONFIDENCE, CalibrationRefused, calibrate_pieces
from andon.evidence.calibration import Calibration
from andon.evidence.events import first_exceedances, ground
from andon.evidence.fault_trace import FaultTrace
from andon.evidence.normal_trace import NormalTrace, as_pieces
from andon.evidence.rate import COUNTED
from andon.plant.arrays import BoolArray, FloatArray, Int64Array
from andon.plant.budget import Budget
from andon.plant.errors import EvidenceError
from andon.plant.time import HOUR_NS, MINUTE_NS

_TRIES = 6
_WHOLE_HOURS = 10 * HOUR_NS


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What one asset of a group brings: the evidence of its held-back normal time and of its injected faults."""

    pieces: tuple[NormalTrace, ...]
    interval_ns: int
    faults: tuple[FaultTrace, ...] = ()

    @property
    def judged_ns(self) -> int:
        """Judgeable running time."""
        return sum(piece.judged_ticks for piece in self.pieces) * self.interval_ns

    @classmethod
    def of(cls, calibration: Calibration) -> HeldBack:
        """What a calibration carries of its own asset."""
        return cls(calibration.own_normal, calibration.interval_ns, calibration.faults)


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
    """`promise_group` on arrays: asset -> (T,) of its held-back normal time, one interval for all."""
    members = {
        asset: HeldBack(as_pieces(traces[asset], judges[asset], ticks[asset]), interval_ns, tuple((faults or {}).get(asset, ())))
        for asset in traces
    }
    return promise_group(members, budget, confidence=confidence, seed=seed)


def promise_group(
    members: Mapping[str, HeldBack],
    budget: Budget,
    *,
    one_scale: bool = False,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> GroupCalibration:
    """Calibrate each asset on its part of the budget, then check the pooled events and tighten where they are too many.

    Parameters
    ----------
    members : asset -> its held-back evidence
    budget : of the group; a group of one has it whole
    one_scale : the assets' evidence comes from one model, so that an asset whose own time holds fewer than ten events of its part
        may share the threshold that all their time together gives
    confidence : 0-1
    seed : of the bootstrap

    Raises
    ------
    CalibrationRefused : normal time too short for the promise; the days and the tightest promise are the group's
    EvidenceError : no asset
    """
    if not members:
        raise EvidenceError("a budget group without an asset", do="name at least one asset")
    group_ns = judged_by_any(members)
    promised = budget.rate_per_hour * group_ns / HOUR_NS
    if len(members) == 1:
        ((asset, only),) = members.items()
        whole = calibrate_pieces(only.pieces, only.interval_ns, budget, faults=only.faults, confidence=confidence, seed=seed)
        return GroupCalibration(budget, {asset: whole}, group_ns, pooled_events(members, {asset: whole}), promised)
    total = sum(member.judged_ns for member in members.values())
    parts = split_budget(budget, {asset: member.judged_ns for asset, member in members.items()}, group_ns)
    most = max(promised, 1.0)
    tightened = 1.0
    for _ in range(_TRIES):
        assets, refused = {}, []
        for asset in members:
            part = replace(parts[asset], per_ns=_whole(parts[asset].per_ns * tightened))
            try:
                assets[asset] = _member(members, asset, part, one_scale, confidence, seed)
            except CalibrationRefused as refusal:
                refused.append(refusal)
        if refused:
            raise _of_group(refused, budget, len(members), group_ns, total)
        pooled = pooled_events(members, assets)
        if pooled <= most:
            break
        tightened *= 1.1 * pooled / most
    return GroupCalibration(budget, assets, group_ns, pooled, promised)


def rebudget_group(calibrations: Mapping[str, Calibration], budget: Budget, *, one_scale: bool = False) -> GroupCalibration:
    """Another promise for a group: no training and no data, only what the calibrations carry; see `promise_group`."""
    first = next(iter(calibrations.values()), None)
    return promise_group(
        {asset: HeldBack.of(calibration) for asset, calibration in calibrations.items()},
        budget,
        one_scale=one_scale,
        confidence=CONFIDENCE if first is None else first.confidence,
        seed=0 if first is None else first.seed,
    )


def _member(members: Mapping[str, HeldBack], asset: str, part: Budget, one_scale: bool, confidence: float, seed: int) -> Calibration:
    """One asset on its own time; where the scale is one and its own time counts too few events, on the time of all."""
    mine = members[asset]
    if not one_scale or mine.judged_ns >= COUNTED * part.return_period_ns:
        return calibrate_pieces(mine.pieces, mine.interval_ns, part, faults=mine.faults, confidence=confidence, seed=seed)
    pieces = [piece for member in members.values() for piece in member.pieces]
    first = sum(len(members[other].pieces) for other in list(members)[: list(members).index(asset)])
    own = (first, first + len(mine.pieces))
    return calibrate_pieces(pieces, mine.interval_ns, part, faults=mine.faults, confidence=confidence, seed=seed, own=own)


def _of_group(refused: list[CalibrationRefused], budget: Budget, count: int, group_ns: int, total_ns: int) -> CalibrationRefused:
    """What is missing and what can be promised, in the time of the group: an asset's part is rarer than the promise."""
    per_asset = total_ns / max(group_ns, 1)
    able = [refusal.tightest.return_period_ns / per_asset for refusal in refused if refusal.tightest is not None]
    tightest = None
    if len(able) == len(refused):
        tightest = Budget(1.0, max(int(min(able)) // HOUR_NS, 1) * HOUR_NS, budget.merge_gap_ns)
    worst = max(refused, key=lambda refusal: refusal.missing_days)
    return CalibrationRefused(f"{budget} for {count} assets: {worst.what}", worst.missing_days, tightest)


def _whole(per_ns: float) -> int:
    """A period that can be written down, never shorter: whole hours, or minutes where it is short."""
    unit = HOUR_NS if per_ns >= _WHOLE_HOURS else MINUTE_NS
    return int(-(-per_ns // unit)) * unit


def judged_by_any(members: Mapping[str, HeldBack]) -> int:
    """Nanoseconds in which at least one asset can be judged."""
    return time_of_any([(piece.tick[piece.judge], member.interval_ns) for member in members.values() for piece in member.pieces])


def time_of_any(judged: Iterable[tuple[Int64Array, int]]) -> int:
    """Nanoseconds that at least one of several series covers.

    Parameters
    ----------
    judged : increasing ticks, and their interval in ns, of each
    """
    begin: list[Int64Array] = []
    end: list[Int64Array] = []
    for tick, interval_ns in judged:
        if len(tick):
            border = np.flatnonzero(np.diff(tick) != 1)
            begin.append((tick[np.concatenate(([0], border + 1))] - 1) * interval_ns)
            end.append(tick[np.concatenate((border, [len(tick) - 1]))] * interval_ns)
    if not begin:
        return 0
    starts, ends = np.concatenate(begin), np.concatenate(end)
    order = np.argsort(starts, kind="stable")
    starts, reached = starts[order], np.maximum.accumulate(ends[order])
    before = np.concatenate(([starts[0]], reached[:-1]))
    return int(np.maximum(reached - np.maximum(starts, before), 0).sum())


def pooled_events(members: Mapping[str, HeldBack], assets: Mapping[str, Calibration]) -> int:
    """Events of all assets on their traces; those less than the merge gap apart count once."""
    begin: list[int] = []
    end: list[int] = []
    gap = 1
    for asset, member in members.items():
        calibration = assets[asset]
        gap = max(gap, calibration.opening.gap_ticks * member.interval_ns)
        for piece in member.pieces:
            g = ground(piece.trace, piece.judge, piece.tick, calibration.opening)
            start, last = first_exceedances(g, calibration.threshold, calibration.opening)
            begin += (piece.tick[start] * member.interval_ns).tolist()
            end += (piece.tick[last] * member.interval_ns).tolist()
    order = np.argsort(begin, kind="stable")
    if len(order) == 0:
        return 0
    first, last_on = np.array(begin)[order], np.maximum.accumulate(np.array(end)[order])
    return 1 + int(np.count_nonzero(first[1:] - last_on[:-1] > gap))
