"""Soft sensors of a fleet: not vectorised, they answer asset by asset.

Each has its own results, which come at different times, and what it remembers of them is no array of one shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.label import LabResults
from andon.plant.verdict import QualityPredictions
from andon.plant.window import Expectation, Prepared
from andon.scoring.lockstep.state import LockstepState
from andon.scoring.monitor import Monitor
from andon.scoring.quality_of import predict_quality


@dataclass(frozen=True, slots=True)
class HandOver:
    """Results that came with a step, for each asset once: at its first tick in the step, or after the last where it has none.

    Attributes
    ----------
    given : (A,) bool, changed as they are handed over
    """

    lab: tuple[LabResults, ...]
    given: BoolArray

    def to(self, at: int, asset: str) -> list[LabResults]:
        """What the asset has not been given yet."""
        if self.given[at]:
            return []
        self.given[at] = True
        return [item for item in self.lab if item.asset in ("", asset)]


def predict_each(
    members: Sequence[Monitor],
    prepared: Prepared,
    live: BoolArray,
    assets: Sequence[str],
    network: Expectation | None,
    trace: Float64Array,
    levels: Float64Array,
    results: HandOver,
    state: LockstepState,
) -> tuple[dict[int, tuple[QualityPredictions, ...]], Float64Array]:
    """Predictions of one tick, and the evidence with what results add.

    Parameters
    ----------
    prepared, network : rows are assets
    trace, levels : (A,) evidence of the sensors; threshold in force

    Returns
    -------
    asset -> one table a target; (A,) evidence that decides
    """
    from andon.scoring.quality import expectation_part

    heard, tables = trace.copy(), {}
    quality, coupled = list(state.quality), list(state.coupled)
    for at in np.flatnonzero(live).tolist():
        own, coupling = members[at], members[at].coupling
        if not own.quality:
            continue
        one = replace(prepared.part(at, at + 1), asset=assets[at])
        reference = levels[at] if coupling is None else coupling.reference
        told = expectation_part(network, at, at + 1)
        tables[at], quality[at] = predict_quality(
            own.quality, one, told, trace[at : at + 1] / reference, results.to(at, assets[at]), quality[at]
        )
        before = coupled[at]
        if coupling is not None and before is not None:
            checks = [told_of.checks for model, told_of in zip(own.quality, quality[at], strict=True) if model.target in coupling.targets]
            part, coupled[at] = coupling.run(checks, one.tick, before)
            heard[at] += part[0]
    state.quality, state.coupled = tuple(quality), tuple(coupled)
    return tables, heard


def keep_results(members: Sequence[Monitor], assets: Sequence[str], results: HandOver, state: LockstepState) -> None:
    """Results that no tick of the step took wait in the state of their asset."""
    quality = list(state.quality)
    for at in np.flatnonzero(state.prepare.begun & ~results.given).tolist():
        mine = results.to(at, assets[at])
        quality[at] = tuple(
            model.wait(own, [item for item in mine if item.target == model.target])
            for model, own in zip(members[at].quality, quality[at], strict=True)
        )
    state.quality = tuple(quality)
