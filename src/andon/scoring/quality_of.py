"""Quality predictions of a judged chunk: every target's soft sensor over the same ticks, in history and live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andon.plant.arrays import Float64Array
from andon.plant.label import LabResults
from andon.plant.verdict import QualityPredictions
from andon.plant.window import Prepared
from andon.scoring.detector import NETWORK, Detection

if TYPE_CHECKING:
    from andon.scoring.quality import QualityState


def predict_quality(
    models: Sequence[Any],
    prepared: Prepared,
    detection: Detection,
    abnormality: Float64Array,
    lab: Sequence[LabResults],
    states: Sequence[QualityState],
) -> tuple[tuple[QualityPredictions, ...], tuple[QualityState, ...]]:
    """Predictions of every target at every tick of a chunk. Any cut of a recording gives the same predictions.

    Parameters
    ----------
    models : soft sensors, one a target
    abnormality : (T,) evidence over the threshold in force
    lab : results to hand over with this chunk, each once; those not yet known wait in the state
    states : of the models, in their order

    Returns
    -------
    one table a model; the next states
    """
    network = detection.expectations.get(NETWORK)
    tables, after = [], []
    for model, state in zip(models, states, strict=True):
        mine = [item for item in lab if item.target == model.target]
        table, state = model.predict(prepared, mine, abnormality, network, state)
        tables.append(table)
        after.append(state)
    return tuple(tables), tuple(after)


def join_steps(steps: Sequence[tuple[QualityPredictions, ...]]) -> QualityPredictions | None:
    """The chunks' tables as one: target after target, each in time order; None where there is no target."""
    if not steps or not steps[0]:
        return None
    from andon.scoring.quality import join_predictions

    return join_predictions([step[number] for number in range(len(steps[0])) for step in steps])
