"""Soft sensors of a plant: every quality target with enough results, and the ablation that shows what the couplings are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.errors import TrainingError
from andon.plant.file.schema import PlantFile, Target
from andon.plant.label import LabResults
from andon.plant.progress import Progress, silent
from andon.plant.window import Expectation, Prepared
from andon.scoring.quality import QualityModel
from andon.scoring.responses import response_kind
from andon.training.quality import QualityReport, fit_quality
from andon.training.quality.coupling import AblationRow, ablate_quality

LEAST_RESULTS = 60


@dataclass(frozen=True, slots=True)
class FittedTargets:
    """Models, reports, and what was left out with the reason."""

    models: tuple[QualityModel, ...]
    reports: tuple[QualityReport, ...]
    ablation: tuple[AblationRow, ...]
    left_out: tuple[tuple[str, str], ...]


def fit_targets(
    prepared: Prepared,
    lab: Sequence[LabResults],
    plant: PlantFile,
    train: BoolArray,
    calibrate: BoolArray,
    evaluate: BoolArray,
    *,
    network: Expectation | None,
    abnormality: Float64Array,
    seed: int = 0,
    ablate: bool = True,
    heads: Sequence[str] | None = None,
    progress: Progress = silent,
) -> FittedTargets:
    """Fit a soft sensor for every target that has results.

    Parameters
    ----------
    prepared : T ticks, training to evaluation
    lab : results of the asset
    train, calibrate, evaluate : (T,) bool
    network : its features and quality heads, or None
    abnormality : (T,) evidence over its threshold; it widens the intervals where results show that it should
    ablate : fit the first target without features and without coupling too
    heads : targets in the order of the network's quality heads; None: that of `lab`
    """
    wanted = {target.name: target for target in plant.targets}
    models: list[QualityModel] = []
    reports: list[QualityReport] = []
    ablation: list[AblationRow] = []
    left_out: list[tuple[str, str]] = []
    order = tuple(heads or dict.fromkeys(item.target for item in lab))
    for results in dict.fromkeys(item.target for item in lab):
        head = order.index(results)
        found = next(item for item in lab if item.target == results)
        target = wanted.get(found.target)
        if len(found.value) < LEAST_RESULTS:
            left_out.append((found.target, f"{len(found.value)} results; at least {LEAST_RESULTS} are needed"))
            continue
        dead = target.dead_time_ns if target is not None else None
        limits = None
        if target is not None and target.kind == "classification":
            limits = specification(target, found)
            if limits is None:
                left_out.append((found.target, "a target of kind classification needs low or high, or results that are 0 and 1"))
                continue
        try:
            model, report = fit_quality(
                prepared, found, train, calibrate, evaluate, network=network, head=head, abnormality=abnormality,
                level=plant.model.coverage, dead_time_ns=dead, seed=seed, limits=limits, progress=progress,
            )  # fmt: skip
        except TrainingError as error:
            left_out.append((found.target, error.what))
            continue
        if ablate and not ablation:
            ablation += ablate_quality(
                prepared, found, train, calibrate, evaluate, network=network, abnormality=abnormality, head=head,
                level=plant.model.coverage, dead_time_ns=dead, seed=seed, progress=progress,
            )  # fmt: skip
        models.append(model)
        reports.append(report)
    return FittedTargets(tuple(models), tuple(reports), tuple(ablation), tuple(left_out))


def specification(target: Target, results: LabResults) -> tuple[float, float] | None:
    """Limits of a target of kind classification: its own, or those between 0 and 1 where results are a class; None where neither."""
    if target.low is not None or target.high is not None:
        return (-np.inf if target.low is None else target.low, np.inf if target.high is None else target.high)
    return (0.5, np.inf) if set(np.unique(results.value[np.isfinite(results.value)]).tolist()) <= {0.0, 1.0} else None


def reads_network(model: QualityModel) -> bool:
    """True where a soft sensor needs the network's features or quality head."""
    arrays = model.response.arrays()
    return "network" in response_kind(model.response) or any(
        name.rpartition(".")[2] == "feature_weight" and array.size for name, array in arrays.items()
    )
