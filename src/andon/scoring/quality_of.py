"""Quality predictions of a scored recording: every target's soft sensor over the same chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.plant.arrays import Float64Array
from andon.plant.label import LabResults
from andon.plant.verdict import QualityPredictions
from andon.plant.window import Prepared
from andon.scoring.detector import NETWORK

if TYPE_CHECKING:
    from andon.scoring.monitor import Monitor, Step


def predict_quality(
    monitor: Monitor, prepared: Prepared, steps: Sequence[Step], abnormality: Float64Array, lab: Sequence[LabResults]
) -> QualityPredictions | None:
    """Predictions of every target at every tick; None where the model has no target."""
    if not monitor.quality:
        return None
    from andon.scoring.quality import join_predictions

    parts = []
    for model in monitor.quality:
        state = model.start()
        known: LabResults | None = next((item for item in lab if item.target == model.target), None)
        low = 0
        for step in steps:
            high = low + step.prepared.rows
            network = step.detection.expectations.get(NETWORK)
            part, state = model.predict(step.prepared, known, abnormality[low:high], network, state)
            parts.append(part)
            known, low = None, high
    return join_predictions(parts)
