"""The coupling of quality and detector, measured on the user's data: alone, with shared features, widened by abnormality, both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from andon.plant.arrays import BoolArray, FloatArray
from andon.plant.label import LabResults
from andon.plant.progress import Progress, silent
from andon.plant.window import Expectation, Prepared
from andon.training.quality.family import Family
from andon.training.quality.fit import fit_quality
from andon.training.quality.report import PeriodScore, QualityReport


@dataclass(frozen=True, slots=True)
class Coupling:
    """One line of the ablation.

    Attributes
    ----------
    name : "alone", "features", "abnormality" or "both"
    chosen : the candidate chosen with that coupling
    calibrate, evaluate : scores of the chosen candidate
    disturbed : coverage over the quarter of the judged results with the most abnormality; NaN without a trace
    """

    name: str
    chosen: str
    calibrate: PeriodScore
    evaluate: PeriodScore | None
    disturbed: float


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
    seed: int = 0,
    families: Sequence[Family] | None = None,
    progress: Progress = silent,
) -> tuple[Coupling, ...]:
    """Fit the soft sensor with and without what the detector gives; each line chooses among its own candidates.

    Parameters
    ----------
    as `fit_quality`; lines whose ingredient is absent are left out
    """
    lines = [("alone", None, None), ("features", network, None), ("abnormality", None, abnormality), ("both", network, abnormality)]
    out = []
    for name, shared, trace in lines:
        if (name in ("features", "both") and network is None) or (name in ("abnormality", "both") and abnormality is None):
            continue
        _, report = fit_quality(
            prepared, lab, train, calibrate, evaluate, network=shared, head=head, abnormality=trace, mode=mode, level=level, seed=seed,
            families=families, progress=progress,
        )  # fmt: skip
        own = next(item for item in report.candidates if item.name == report.chosen)
        out.append(Coupling(name, report.chosen, own.calibrate, own.evaluate, _disturbed(report, abnormality)))
    return tuple(out)


def _disturbed(report: QualityReport, abnormality: FloatArray | None) -> float:
    import numpy as np

    if abnormality is None or not len(report.row):
        return float("nan")
    trace = np.nan_to_num(abnormality[report.row])
    here = trace >= np.quantile(trace, 0.75)
    here &= np.isfinite(report.low)
    held = (report.value >= report.low) & (report.value <= report.high)
    return float(held[here].mean()) if here.any() else float("nan")
