"""The candidates for detection, and the choice between them: injected standard faults at equal event rate (contract 4).

Every candidate is the same machinery with fewer parts: which cores, which views. So whichever is chosen runs through the
same bundle. The evaluation period plays no part here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from andon.evidence.budget import FaultCost, cost, found_share
from andon.evidence.calibrate import CalibrationRefused, calibrate
from andon.evidence.calibration import Calibration
from andon.evidence.fault_trace import FaultTrace
from andon.evidence.lines import Statistic
from andon.evidence.standard_faults import fault_trace, standard_faults
from andon.evidence.views import fit_views
from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.budget import Budget
from andon.plant.progress import Progress, silent
from andon.plant.window import Expectation, Prepared
from andon.scoring.detector import LINEAR, NETWORK, Detector, ages, judged_part
from andon.scoring.linear_core import LinearCore
from andon.scoring.network_core import NetworkCore

FAULTS = 135


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to turn expectations into evidence.

    Attributes
    ----------
    name : for people and the report card
    cores : which cores' residuals it looks at
    only : kinds of views; None for all
    spans : kind -> spans in ticks in place of the defaults
    statistics : what is read off the vectors; None for the default
    diagonal : correlations are left out, each channel for itself
    """

    name: str
    cores: tuple[str, ...]
    only: tuple[str, ...] | None
    spans: dict[str, tuple[float, ...]] | None = None
    statistics: tuple[Statistic, ...] | None = None
    diagonal: bool = False


_SQUARE = (Statistic.QUADRATIC,)

CANDIDATES: tuple[Candidate, ...] = (
    Candidate("limits", (LINEAR,), ("level",), {"level": (1.0,)}, (Statistic.STRONGEST,), True),
    Candidate("T²", (LINEAR,), ("level",), {"level": (1.0,)}, _SQUARE),
    Candidate("EWMA-T²", (LINEAR,), ("level",), {"level": (15.0,)}, _SQUARE),
    Candidate("residual T²", (LINEAR,), ("fast",), {"fast": (1.0,)}, _SQUARE),
    Candidate("CVA", (LINEAR,), ("fast", "state"), {"fast": (1.0,), "state": (5.0,)}, _SQUARE),
    Candidate("linear", (LINEAR,), None),
    Candidate("network", (LINEAR, NETWORK), None),
)
"""From the simplest to the richest; where two find the same, the earlier one wins."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How one candidate did on the calibration period.

    Attributes
    ----------
    calibration : None where the budget was refused
    found : share of injected standard faults found at the promised rate, NaN where refused
    delay_ns : median delay over kinds found by at least half, NaN where none
    """

    candidate: Candidate
    detector: Detector
    calibration: Calibration | None
    costs: tuple[FaultCost, ...]
    found: float
    refused: CalibrationRefused | None = None


def try_candidates(
    prepared: Prepared,
    expectations: Mapping[str, Expectation],
    linear: LinearCore,
    network: NetworkCore | None,
    train: BoolArray,
    held_back: BoolArray,
    budget: Budget,
    *,
    sigma: Float64Array,
    warm_up: int,
    seed: int = 0,
    exogenous: Sequence[int] = (),
    only: Sequence[str] | None = None,
    progress: Progress = silent,
) -> tuple[Tried, ...]:
    """Fit, run and price every candidate.

    Parameters
    ----------
    prepared : T ticks
    expectations : core -> what it says of them
    train : (T,) bool, normal training time
    held_back : (T,) bool, normal calibration time
    budget : the promise that all are held to
    sigma : (C,) standard deviation of each channel's normal residual
    exogenous : channels that people set; never judged, never faulted
    only : names of candidates; all where absent

    Returns
    -------
    in the order of `CANDIDATES`
    """
    low, high = _stretch(held_back)
    part, held = prepared.part(low, high), held_back[low:high]
    chosen = [c for c in CANDIDATES if set(c.cores) <= set(expectations) and (only is None or c.name in only)]
    prepared, told = judged_part(prepared, expectations, exogenous)
    detectors, traces = [], []
    seen = prepared.part(low, high)
    for number, candidate in enumerate(chosen):
        progress("choosing", 0.4 * number / len(chosen))
        cores = {core: told[core] for core in candidate.cores}
        more = {} if candidate.statistics is None else {"statistics": candidate.statistics}
        views = fit_views(prepared, cores, train, only=candidate.only, spans=candidate.spans, diagonal=candidate.diagonal, **more)
        detectors.append(Detector(linear, network if NETWORK in candidate.cores else None, views, warm_up, exogenous=tuple(exogenous)))
        cut = {core: _cut(expected, low, high) for core, expected in cores.items()}
        traces.append(views.run(seen, cut, views.start())[0].trace)
    faults = _fault_traces(part, held, chosen, detectors, linear, network, sigma, seed, progress)
    judge = held & (part.why == 0) & (ages(part.reset, 0) >= warm_up)
    tried = []
    for candidate, detector, trace, found in zip(chosen, detectors, traces, faults, strict=True):
        try:
            calibration = calibrate(trace, judge, part.tick, part.interval_ns, budget, faults=found, seed=seed)
        except CalibrationRefused as refused:
            tried.append(Tried(candidate, detector, None, (), float("nan"), refused))
            continue
        costs = cost(calibration)
        tried.append(Tried(candidate, detector, calibration, costs, found_share(costs)))
    progress("choosing", 1.0)
    return tuple(tried)


def _fault_traces(
    part: Prepared,
    held: BoolArray,
    chosen: Sequence[Candidate],
    detectors: Sequence[Detector],
    linear: LinearCore,
    network: NetworkCore | None,
    sigma: Float64Array,
    seed: int,
    progress: Progress,
) -> list[list[FaultTrace]]:
    """What each candidate makes of each injected fault; the cores run once a piece, and no piece is kept."""
    found: list[list[FaultTrace]] = [[] for _ in chosen]
    able = sigma.copy()
    able[list(detectors[0].exogenous)] = 0.0
    for number, (injection, piece) in enumerate(standard_faults(part, able, count=FAULTS, seed=seed, rows=held)):
        progress("choosing", 0.4 + 0.5 * number / FAULTS)
        judge = (piece.why == 0) & (ages(piece.reset, 0) >= detectors[0].warm_up)
        seen, told = judged_part(piece, _expect(linear, network, piece), detectors[0].exogenous)
        for traces, candidate, detector in zip(found, chosen, detectors, strict=True):
            views, _ = detector.views.run(seen, {core: told[core] for core in candidate.cores}, detector.views.start())
            traces.append(fault_trace(injection, views.trace, judge, piece.tick))
    return found


def choose(tried: Sequence[Tried]) -> Tried:
    """The candidate that finds most standard faults at the promised rate; among equals within one fault, the simpler.

    Raises
    ------
    CalibrationRefused : the promise was refused for every candidate
    """
    able = [item for item in tried if item.calibration is not None]
    if not able:
        refused = [item.refused for item in tried if item.refused is not None]
        raise min(refused, key=lambda error: error.missing_days)
    best = max(item.found for item in able)
    return next(item for item in able if item.found >= best - 1.0 / FAULTS)


def _stretch(rows: BoolArray) -> tuple[int, int]:
    at = np.flatnonzero(rows)
    return (int(at[0]), int(at[-1]) + 1) if len(at) else (0, 0)


def _cut(expectation: Expectation, low: int, high: int) -> Expectation:
    return Expectation(*(getattr(expectation, name)[low:high] for name in Expectation.__dataclass_fields__))


def _expect(linear: LinearCore, network: NetworkCore | None, piece: Prepared) -> dict[str, Expectation]:
    first, _ = linear.run(piece, linear.start())
    found = {LINEAR: first}
    if network is not None:
        found[NETWORK], _ = network.run(piece, first, network.start())
    return found


def normal_sigma(prepared: Prepared, expected: Expectation, rows: BoolArray) -> Float64Array:
    """(C,) standard deviation of each channel's forecast residual on normal time; 0 where it is never valid."""
    residual = np.where(prepared.valid[rows], prepared.x[rows] - expected.forecast[rows], np.nan)
    known = np.isfinite(residual)
    count = known.sum(axis=0)
    square = np.where(known, residual, 0.0).astype(np.float64) ** 2
    out: Float64Array = np.sqrt(square.sum(axis=0) / np.maximum(count, 1))
    return out
