"""What the detector gives to the soft sensor, measured on the user's data: alone, with shared features, widened by abnormality, both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import BoolArray, FloatArray
from andon.plant.label import LabResults
from andon.plant.progress import Progress, silent
from andon.plant.window import Expectation, Prepared
from andon.training.quality.family import Family
from andon.training.quality.fit import fit_quality
from andon.training.quality.report import QualityReport
from andon.training.quality.smooth_response import RidgeOnFeatures, RidgeOnLags

DISTURBED = 1.0
"""Abnormality from which a tick counts as disturbed: evidence at the threshold."""

LINES = (
    ("quality alone", False, False),
    ("shared features", True, False),
    ("coupling", False, True),
    ("shared features and coupling", True, True),
)


@dataclass(frozen=True, slots=True)
class AblationRow:
    """One way to fit a target, judged at the same results.

    Attributes
    ----------
    name : one of `LINES`
    chosen : the candidate chosen that way
    figures : rmse, coverage, coverage_disturbed (while abnormality is at least one), width; None where there is nothing to judge
    """

    name: str
    chosen: str
    figures: dict[str, float | None]


def ablate_quality(
    prepared: Prepared,
    lab: LabResults,
    train: BoolArray,
    calibrate: BoolArray,
    evaluate: BoolArray | None,
    *,
    network: Expectation | None,
    abnormality: FloatArray | None,
    head: int = 0,
    mode: str = "lab",
    level: float = 0.9,
    dead_time_ns: int | None = None,
    seed: int = 0,
    families: Sequence[Family] | None = None,
    progress: Progress = silent,
) -> tuple[AblationRow, ...]:
    """Fit the soft sensor with and without what the detector gives; each line chooses among its own candidates.

    Parameters
    ----------
    as `fit_quality`; a line whose ingredient is absent is left out, and "coupling" where features are there
    families : of each line; the linear ones where None, so that the lines differ in nothing but what the detector gives
    """
    out = []
    for name, features, coupled in LINES:
        if (features and network is None) or (coupled and abnormality is None) or (name == "coupling" and network is not None):
            continue
        own: tuple[Family, ...] = (RidgeOnLags(), RidgeOnFeatures()) if features else (RidgeOnLags(),)
        _, report = fit_quality(
            prepared, lab, train, calibrate, evaluate, network=network if features else None, head=head,
            abnormality=abnormality if coupled else None, mode=mode, level=level, dead_time_ns=dead_time_ns, seed=seed,
            families=own if families is None else families, progress=progress,
        )  # fmt: skip
        out.append(AblationRow(name, report.chosen, _figures(report, abnormality)))
    return tuple(out)


def _figures(report: QualityReport, abnormality: FloatArray | None) -> dict[str, float | None]:
    ok = np.isfinite(report.predicted)
    inside = (report.value >= report.low) & (report.value <= report.high)
    trace = np.zeros(len(ok)) if abnormality is None else np.nan_to_num(abnormality[report.row])
    disturbed = ok & (trace >= DISTURBED)
    return {
        "rmse": float(np.sqrt(np.mean((report.value - report.predicted)[ok] ** 2))) if ok.any() else None,
        "coverage": float(inside[ok].mean()) if ok.any() else None,
        "coverage_disturbed": float(inside[disturbed].mean()) if disturbed.any() else None,
        "width": float((report.high - report.low)[ok].mean()) if ok.any() else None,
    }
