"""The second coupling: laboratory results as evidence of the detector, calibrated within the same budget, and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from andon.evidence.budget import cost, found_share
from andon.evidence.calibrate import CalibrationRefused, calibrate_pieces
from andon.evidence.calibration import Calibration
from andon.evidence.conformal import normal_deviate
from andon.evidence.fault_trace import FaultTrace, detect
from andon.evidence.normal_trace import NormalTrace
from andon.evidence.quality_view import QualityEvidence, fit_quality_evidence
from andon.plant.arrays import Float64Array, Int64Array
from andon.training.quality.report import Held, QualityReport

FEWEST = 40
SHIFT = 4.0
LASTS = 12
SHIFTS = 20
GAIN = 0.2
"""Share of product shifts that must be found beyond those found alone, which is by chance, as no sensor shows them."""

DEAREST = 0.02
"""Share of the standard faults that may be lost to the higher threshold; beyond it the coupling is left out."""


@dataclass(frozen=True, slots=True)
class Coupled:
    """What the coupling is worth, at one budget.

    Attributes
    ----------
    evidence : what turns results into evidence
    calibration : of the sensors' evidence and that of the results together
    found_alone, found : share of the injected standard faults found, without and with
    product_alone, product : share found of product shifts that no sensor shows: twelve results in a row four standard deviations off
    used : whether it is worth its price: it finds such shifts beyond chance, and costs at most two in a hundred of the standard faults
    """

    evidence: QualityEvidence
    calibration: Calibration
    found_alone: float
    found: float
    product_alone: float
    product: float

    @property
    def used(self) -> bool:
        """The rule, on held-back time alone."""
        return self.product >= self.product_alone + GAIN and not self.found < self.found_alone - DEAREST


def held_checks(held: Held, level: float) -> Float64Array:
    """(N, 3) checks of honest predictions, as a soft sensor in service leaves them, in the order in which they became known."""
    half = (held.high - held.low) / 2.0 / normal_deviate(level)
    ok = np.isfinite(half) & (half > 0.0)
    distance = (held.value - (held.low + held.high) / 2.0)[ok] / half[ok]
    rows = np.stack([held.tick[ok].astype(np.float64), held.known[ok].astype(np.float64), distance], axis=1)
    return rows[np.argsort(rows[:, 1], kind="stable")]


def couple_quality(calibration: Calibration, reports: Sequence[QualityReport]) -> Coupled | None:
    """Calibrate the detector's evidence and that of results together.

    Parameters
    ----------
    calibration : of the sensors' evidence
    reports : of the soft sensors, in their order; those with fewer than forty results in the calibration period are left out

    Returns
    -------
    None where no target has enough results, or the budget cannot be promised with them
    """
    all_checks = {report.target: held_checks(report.held, report.level) for report in reports}
    checks = {target: rows for target, rows in all_checks.items() if len(rows) >= FEWEST}
    if not checks or calibration.made_no_promise:
        return None
    evidence = fit_quality_evidence(tuple(checks), tuple(checks.values()), calibration.threshold)
    given = list(checks.values())
    pieces = [_louder(evidence, given, piece) for piece in calibration.normal]
    faults = [replace(fault, piece=_louder(evidence, given, fault.piece)) for fault in calibration.faults]
    try:
        both = calibrate_pieces(
            pieces, calibration.interval_ns, calibration.budget, faults=faults, confidence=calibration.confidence, seed=calibration.seed,
            own=calibration.own,
        )  # fmt: skip
    except CalibrationRefused:
        return None
    alone, together = [], []
    for fault, silent_one in _product_faults(evidence, checks, calibration.own_normal):
        together.append(np.isfinite(detect(fault, both.opening, both.threshold)))
        alone.append(np.isfinite(detect(silent_one, calibration.opening, calibration.threshold)))
    return Coupled(
        evidence, both, found_share(cost(calibration)), found_share(cost(both)), float(np.mean(alone)) if alone else 0.0,
        float(np.mean(together)) if together else 0.0,
    )  # fmt: skip


def _part(evidence: QualityEvidence, checks: Sequence[Float64Array], tick: Int64Array) -> Float64Array:
    """What results add at the ticks of a piece, with the memory of those before it."""
    state = evidence.start()
    if not len(tick):
        return np.zeros(0)
    before = [rows[rows[:, 1] < tick[0]] for rows in checks]
    _, state = evidence.run(before, tick[:0], state)
    here = [rows[(rows[:, 1] >= tick[0]) & (rows[:, 1] <= tick[-1])] for rows in checks]
    return evidence.run(here, tick, state)[0]


def _louder(evidence: QualityEvidence, checks: Sequence[Float64Array], piece: NormalTrace) -> NormalTrace:
    return replace(piece, trace=(piece.trace + _part(evidence, checks, piece.tick)).astype(np.float32))


def _product_faults(
    evidence: QualityEvidence, checks: dict[str, Float64Array], pieces: Sequence[NormalTrace]
) -> list[tuple[FaultTrace, FaultTrace]]:
    """Shifts of the product that the sensors do not show, on held-back time: with what results add, and without."""
    out = []
    for number, (target, rows) in enumerate(checks.items()):
        firsts = np.unique(np.linspace(0, max(len(rows) - LASTS, 0), SHIFTS).astype(np.int64))
        for count, first in enumerate(firsts.tolist()):
            moved = rows.copy()
            moved[first : first + LASTS, 2] += SHIFT if count % 2 else -SHIFT
            begin, end = int(moved[first, 1]), int(moved[min(first + LASTS, len(rows)) - 1, 1]) + evidence.hold[number]
            piece = next((one for one in pieces if one.tick[0] <= begin <= one.tick[-1]), None)
            if piece is None:
                continue
            cut = slice(max(0, int(np.searchsorted(piece.tick, begin)) - 1000), int(np.searchsorted(piece.tick, end)))
            plain = NormalTrace(piece.trace[cut], piece.judge[cut], piece.tick[cut])
            given = [moved if name == target else other for name, other in checks.items()]
            sign = SHIFT if count % 2 else -SHIFT
            fault = FaultTrace("product", sign, 0, target, begin, _louder(evidence, given, plain))
            out.append((fault, replace(fault, piece=plain)))
    return out
