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
from andon.evidence.standard_faults import Injection, fault_trace, standard_faults
from andon.evidence.views import fit_views
from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.budget import Budget
from andon.plant.progress import Progress, silent
from andon.plant.window import Expectation, Prepared
from andon.scoring.detector import LINEAR, NETWORK, Detector, ages
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
    only : names of candidates; all where absent

    Returns
    -------
    in the order of `CANDIDATES`
    """
    stretch = _stretch(held_back)
    part = prepared.part(*stretch)
    injected = list(standard_faults(part, sigma, count=FAULTS, seed=seed, rows=held_back[slice(*stretch)]))
    chosen = [c for c in CANDIDATES if set(c.cores) <= set(expectations) and (only is None or c.name in only)]
    pieces = [(injection, piece, _expect(linear, network, piece)) for injection, piece in injected]
    tried = []
    for number, candidate in enumerate(chosen):
        progress("choosing", number / len(chosen))
        seen = {core: expectations[core] for core in candidate.cores}
        more = {} if candidate.statistics is None else {"statistics": candidate.statistics}
        views = fit_views(prepared, seen, train, only=candidate.only, spans=candidate.spans, diagonal=candidate.diagonal, **more)
        uses_network = network if NETWORK in candidate.cores else None
        detector = Detector(linear, uses_network, views, warm_up)
        tried.append(
            _try(
                candidate, detector, part, {k: _cut(e, *stretch) for k, e in seen.items()}, held_back[slice(*stretch)], pieces, budget, seed
            )
        )
    progress("choosing", 1.0)
    return tuple(tried)


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


def _try(
    candidate: Candidate,
    detector: Detector,
    part: Prepared,
    expectations: Mapping[str, Expectation],
    held_back: BoolArray,
    pieces: Sequence[tuple[Injection, Prepared, dict[str, Expectation]]],
    budget: Budget,
    seed: int,
) -> Tried:
    trace, _ = detector.views.run(part, expectations, detector.views.start())
    judge = held_back & (part.why == 0) & (_age(part.reset) >= detector.warm_up)
    faults: list[FaultTrace] = []
    for injection, piece, expected in pieces:
        seen, _ = detector.views.run(piece, {core: expected[core] for core in candidate.cores}, detector.views.start())
        ok = (piece.why == 0) & (_age(piece.reset) >= detector.warm_up)
        faults.append(fault_trace(injection, seen.trace, ok, piece.tick))
    try:
        calibration = calibrate(trace.trace, judge, part.tick, part.interval_ns, budget, faults=faults, seed=seed)
    except CalibrationRefused as refused:
        return Tried(candidate, detector, None, (), float("nan"), refused)
    costs = cost(calibration)
    return Tried(candidate, detector, calibration, costs, found_share(costs))


def _stretch(rows: BoolArray) -> tuple[int, int]:
    at = np.flatnonzero(rows)
    return (int(at[0]), int(at[-1]) + 1) if len(at) else (0, 0)


def _age(reset: BoolArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return ages(reset, 0)


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
