"""The candidates for detection, and the choice between them: injected standard faults at equal event rate (contract 4).

Every candidate is the same machinery with fewer parts: which cores, which views. So whichever is chosen runs through the
same bundle. The evaluation period plays no part here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from andon.evidence.budget import FaultCost, found_share, group_cost
from andon.evidence.calibrate import CalibrationRefused
from andon.evidence.calibration import Calibration
from andon.evidence.fault_trace import FaultTrace
from andon.evidence.group import HeldBack, promise_group
from andon.evidence.lines import Statistic
from andon.evidence.normal_trace import as_pieces
from andon.evidence.standard_faults import fault_trace, standard_faults
from andon.evidence.unpromised import without_promise
from andon.evidence.views import STATISTICS, Views, fit_views
from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.budget import Budget
from andon.plant.errors import EvidenceError
from andon.plant.progress import Progress, silent
from andon.plant.window import Expectation, Prepared
from andon.scoring.detector import LAST, LINEAR, NETWORK, Detector, ages, judged_part, with_last_value
from andon.scoring.linear_core import LinearCore
from andon.scoring.network_core import NetworkCore
from andon.training.sisters import expect

FAULTS = 135
FEWEST_FAULTS = 45
MANY_ASSETS = 3
WITHOUT_FAULTS = "linear"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to turn expectations into evidence.

    Attributes
    ----------
    name : for people and the report card
    cores : which cores' residuals it looks at; LAST for those of the last value
    only : kinds of views; None for all
    spans : kind -> spans in ticks in place of the defaults
    statistics : what is read off the vectors; None for the default
    diagonal : correlations are left out, each channel for itself
    principal : principal components, T² and SPE, in place of the inverse covariance
    """

    name: str
    cores: tuple[str, ...]
    only: tuple[str, ...] | None
    spans: dict[str, tuple[float, ...]] | None = None
    statistics: tuple[Statistic, ...] | None = None
    diagonal: bool = False
    principal: bool = False

    def views(self, prepared: Prepared, told: Mapping[str, Expectation], rows: BoolArray) -> Views:
        """Its views, fitted on the normal time `rows`."""
        return fit_views(
            prepared, told, rows, only=self.only, spans=self.spans, statistics=self.statistics or STATISTICS,
            diagonal=self.diagonal, principal=self.principal,
        )  # fmt: skip


_SQUARE = (Statistic.QUADRATIC,)

CANDIDATES: tuple[Candidate, ...] = (
    Candidate("limits", (LINEAR,), ("level",), {"level": (1.0,)}, (Statistic.STRONGEST,), True),
    Candidate("last value", (LAST,), ("fast",), {"fast": (1.0,)}, (Statistic.STRONGEST,), True),
    Candidate("T²", (LINEAR,), ("level",), {"level": (1.0,)}, _SQUARE),
    Candidate("PCA T²/SPE", (LINEAR,), ("level",), {"level": (1.0,)}, _SQUARE, principal=True),
    Candidate("EWMA-T²", (LINEAR,), ("level",), {"level": (15.0,)}, _SQUARE),
    Candidate("residual T²", (LINEAR,), ("fast",), {"fast": (1.0,)}, _SQUARE),
    Candidate("CVA", (LINEAR,), ("fast", "state"), {"fast": (1.0,), "state": (5.0,)}, _SQUARE),
    Candidate("linear", (LINEAR,), None),
    Candidate("network", (LINEAR, NETWORK), None),
)
"""From the simplest to the richest; where two find the same, the earlier one wins."""


@dataclass(frozen=True, slots=True)
class Normal:
    """The time of one asset on which candidates are tried.

    Attributes
    ----------
    asset : its name
    prepared, expectations : its ticks and what the cores say of them
    held_back : (T,) bool, normal calibration time
    """

    asset: str
    prepared: Prepared
    expectations: Mapping[str, Expectation]
    held_back: BoolArray


@dataclass(frozen=True, slots=True)
class Ran:
    """A candidate, and the evidence that it gives on each asset's held-back time and on its injected faults."""

    candidate: Candidate
    detector: Detector
    held: dict[str, HeldBack]


@dataclass(frozen=True, slots=True)
class Group:
    """A budget group as far as this model serves it.

    Attributes
    ----------
    name, budget : as in the plant file; the budget is the part of these assets
    assets : those of the model
    """

    name: str
    budget: Budget
    assets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """How one candidate did on the calibration period.

    Attributes
    ----------
    calibrations : asset -> its calibration; empty where the budget was refused
    costs : of the injected faults of all assets
    found : share of injected standard faults found at the promised rate, NaN where refused or where none was injected
    refused : why the budget was refused, or None
    """

    candidate: Candidate
    detector: Detector
    calibrations: dict[str, Calibration]
    costs: tuple[FaultCost, ...]
    found: float
    refused: CalibrationRefused | None = None

    @property
    def calibration(self) -> Calibration | None:
        """Of the first asset; None where the budget was refused."""
        return next(iter(self.calibrations.values()), None)


def run_candidates(
    laid: Prepared,
    expectations: Mapping[str, Expectation],
    train: BoolArray,
    assets: Sequence[Normal],
    linear: LinearCore,
    network: NetworkCore | None,
    *,
    sigma: Float64Array,
    warm_up: int,
    seed: int = 0,
    exogenous: Sequence[int] = (),
    only: Sequence[str] | None = None,
    progress: Progress = silent,
) -> tuple[Ran, ...]:
    """Fit every candidate, and run it on held-back time and on injected faults.

    Parameters
    ----------
    laid : T ticks that views are fitted on; of sisters, their training time end to end
    expectations : core -> what it says of them
    train : (T,) bool, normal training time
    assets : where the candidates are tried
    sigma : (C,) standard deviation of each channel's normal residual
    exogenous : channels that people set; never judged, never faulted
    only : names of candidates; all where absent

    Returns
    -------
    in the order of `CANDIDATES`
    """
    known = {*expectations, LAST}
    chosen = [c for c in CANDIDATES if set(c.cores) <= known and (only is None or c.name in only)]
    seen, told = judged_part(laid, expectations, exogenous)
    detectors = []
    for number, candidate in enumerate(chosen):
        progress("choosing", 0.4 * number / len(chosen))
        if LAST in candidate.cores:  # as large as the recording, and wanted for this one only
            last = linear.last_value(laid, expectations[LINEAR], linear.start())
            cores = judged_part(laid, {LAST: last}, exogenous)[1]
        else:
            cores = {core: told[core] for core in candidate.cores}
        views = candidate.views(seen, cores, train)
        detectors.append(Detector(linear, network if NETWORK in candidate.cores else None, views, warm_up, exogenous=tuple(exogenous)))
    held: list[dict[str, HeldBack]] = [{} for _ in chosen]
    count = FAULTS if len(assets) < MANY_ASSETS else max(FEWEST_FAULTS, MANY_ASSETS * FAULTS // len(assets))
    for number, asset in enumerate(assets):

        def report(_: str, share: float, number: int = number) -> None:
            progress("choosing", 0.4 + 0.5 * (number + share) / len(assets))

        found = _held_back(asset, chosen, detectors, linear, network, sigma, seed, count, report)
        for kept, one in zip(held, found, strict=True):
            kept[asset.asset] = one
    return tuple(Ran(*parts) for parts in zip(chosen, detectors, held, strict=True))


def _held_back(
    asset: Normal,
    chosen: Sequence[Candidate],
    detectors: Sequence[Detector],
    linear: LinearCore,
    network: NetworkCore | None,
    sigma: Float64Array,
    seed: int,
    count: int,
    progress: Progress,
) -> list[HeldBack]:
    """What every candidate says of one asset's held-back time, and of the faults that are injected there."""
    low, high = _stretch(asset.held_back)
    part, held = asset.prepared.part(low, high), asset.held_back[low:high]
    expectations = {core: _cut(e, low, high) for core, e in asset.expectations.items()}
    seen, told = judged_part(part, with_last_value(linear, part, expectations), detectors[0].exogenous)
    faults = _fault_traces(part, held, chosen, detectors, linear, network, sigma, seed, count, progress)
    judge = held & (part.why == 0) & (ages(part.reset, 0) >= detectors[0].warm_up)
    out = []
    for candidate, detector, found in zip(chosen, detectors, faults, strict=True):
        views, _ = detector.views.run(seen, {core: told[core] for core in candidate.cores}, detector.views.start())
        out.append(HeldBack(as_pieces(views.trace, judge, part.tick), part.interval_ns, tuple(found)))
    return out


def price(ran: Sequence[Ran], groups: Sequence[Group], seed: int = 0) -> tuple[Tried, ...]:
    """Hold every candidate to the same promises."""
    tried = []
    for one in ran:
        calibrations: dict[str, Calibration] = {}
        refused: CalibrationRefused | None = None
        for group in groups:
            members = {asset: one.held[asset] for asset in group.assets}
            try:
                calibrations |= promise_group(members, group.budget, one_scale=True, seed=seed).assets
            except CalibrationRefused as refusal:
                refused = refusal
                break
        tried.append(_tried(one, {} if refused else calibrations, refused))
    return tuple(tried)


def price_without_promise(ran: Sequence[Ran], groups: Sequence[Group], seed: int = 0) -> tuple[Tried, ...]:
    """Every candidate with a threshold above all that its held-back time shows, where no promise can be made."""

    def above_all(held: HeldBack, budget: Budget) -> Calibration:
        return without_promise(held.pieces, held.interval_ns, budget, faults=held.faults, seed=seed)

    return tuple(
        _tried(one, {asset: above_all(one.held[asset], group.budget) for group in groups for asset in group.assets}, None) for one in ran
    )


def _tried(one: Ran, calibrations: dict[str, Calibration], refused: CalibrationRefused | None) -> Tried:
    costs = group_cost(calibrations.values())
    return Tried(one.candidate, one.detector, calibrations, costs, found_share(costs), refused)


def _fault_traces(
    part: Prepared,
    held: BoolArray,
    chosen: Sequence[Candidate],
    detectors: Sequence[Detector],
    linear: LinearCore,
    network: NetworkCore | None,
    sigma: Float64Array,
    seed: int,
    count: int,
    progress: Progress,
) -> list[list[FaultTrace]]:
    """What each candidate makes of each injected fault; the cores run once a piece, and no piece is kept.

    Where the time is too short for any fault there are none, and the model is chosen without them.
    """
    found: list[list[FaultTrace]] = [[] for _ in chosen]
    able = sigma.copy()
    able[list(detectors[0].exogenous)] = 0.0
    injected = standard_faults(part, able, count=count, seed=seed, rows=held)
    number = 0
    while True:
        try:
            injection, piece = next(injected)
        except StopIteration:
            return found
        except EvidenceError:
            return [[] for _ in chosen]
        progress("choosing", number / count)
        number += 1
        judge = (piece.why == 0) & (ages(piece.reset, 0) >= detectors[0].warm_up)
        expectations = with_last_value(linear, piece, expect(linear, network, piece))
        seen, told = judged_part(piece, expectations, detectors[0].exogenous)
        for traces, candidate, detector in zip(found, chosen, detectors, strict=True):
            views, _ = detector.views.run(seen, {core: told[core] for core in candidate.cores}, detector.views.start())
            traces.append(fault_trace(injection, views.trace, judge, piece.tick))


def choose(tried: Sequence[Tried]) -> Tried:
    """The candidate that finds most standard faults at the promised rate; among equals within one fault, the simpler.

    Where no fault could be injected nothing tells them apart, and the linear views are taken.

    Raises
    ------
    CalibrationRefused : the promise was refused for every candidate
    """
    able = [item for item in tried if item.calibrations]
    if not able:
        refused = [item.refused for item in tried if item.refused is not None]
        raise min(refused, key=lambda error: error.missing_days)
    priced = [item for item in able if np.isfinite(item.found)]
    if not priced:
        return next((item for item in able if item.candidate.name == WITHOUT_FAULTS), able[0])
    best = max(item.found for item in priced)
    return next(item for item in priced if item.found >= best - 1.0 / FAULTS)


def _stretch(rows: BoolArray) -> tuple[int, int]:
    at = np.flatnonzero(rows)
    return (int(at[0]), int(at[-1]) + 1) if len(at) else (0, 0)


def _cut(expectation: Expectation, low: int, high: int) -> Expectation:
    return Expectation(*(getattr(expectation, name)[low:high] for name in Expectation.__dataclass_fields__))


def normal_sigma(prepared: Prepared, expected: Expectation, rows: BoolArray) -> Float64Array:
    """(C,) standard deviation of each channel's forecast residual on normal time; 0 where it is never valid."""
    residual = np.where(prepared.valid[rows], prepared.x[rows] - expected.forecast[rows], np.nan)
    known = np.isfinite(residual)
    count = known.sum(axis=0)
    square = np.where(known, residual, 0.0).astype(np.float64) ** 2
    out: Float64Array = np.sqrt(square.sum(axis=0) / np.maximum(count, 1))
    return out
