"""Quality predictions of a judged chunk: every target's soft sensor over the same ticks, in history and live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from andon.plant.arrays import Float64Array
from andon.plant.label import LabResults
from andon.plant.verdict import QualityPredictions
from andon.plant.window import Expectation, Prepared
from andon.scoring.quality_relevance import attributable, leaves_range, usual_distances

if TYPE_CHECKING:
    from andon.evidence.events import Span
    from andon.scoring.monitor import Monitor, Step
    from andon.scoring.quality_walk import QualityState


def predict_quality(
    models: Sequence[Any],
    prepared: Prepared,
    network: Expectation | None,
    abnormality: Float64Array,
    lab: Sequence[LabResults],
    states: Sequence[QualityState],
) -> tuple[tuple[QualityPredictions, ...], tuple[QualityState, ...]]:
    """Predictions of every target at every tick of a chunk. Any cut of a recording gives the same predictions.

    Parameters
    ----------
    models : soft sensors, one a target
    network : what the network said of these ticks; None without one
    abnormality : (T,) evidence over the threshold in force
    lab : results to hand over with this chunk, each once; those not yet known wait in the state
    states : of the models, in their order

    Returns
    -------
    one table a model; the next states
    """
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


def quality_relevant(monitor: Monitor, steps: Sequence[Step], span: Span) -> bool | None:
    """Whether a deviation mattered for the product.

    True where the samples drawn during it were further from what was predicted than those of normal time of the same length, or where a
    prediction in it left the range of the training results by more than its error or, for a class, fell below the decision while it
    stood above when the deviation began; see `quality_relevance`.

    Returns
    -------
    None where the model has no target, or nothing was predicted and no result came
    """
    end = span.end if span.end is not None else 1 << 62
    known, answered = False, False
    for number, model in enumerate(monitor.quality):
        checks = np.concatenate([step.checks[number] for step in steps])
        drawn = checks[(checks[:, 0] >= span.onset) & (checks[:, 0] <= end), 2]
        said = [_during(step, number, span.onset, min(end, span.peak)) for step in steps]
        value, low, high = (np.concatenate(column) for column in zip(*said, strict=True))
        known |= bool(len(drawn))
        answered |= bool(len(value))
        if len(drawn) and attributable(drawn, usual_distances(model)) > 0.0:
            return True
        if len(value) and _leaves(model, value, low, high):
            return True
    return False if known or answered else None


def _during(step: Step, number: int, first: int, last: int) -> tuple[Float64Array, Float64Array, Float64Array]:
    """The predictions of a target from a tick to another: value, low and high, where it answered."""
    begin, end = np.searchsorted(step.prepared.tick, [first, last + 1])
    table = step.quality[number]
    value, low, high = table.value[begin:end], table.low[begin:end], table.high[begin:end]
    ok = np.isfinite(value) & np.isfinite(low) & np.isfinite(high)
    return value[ok], low[ok], high[ok]


def _leaves(model: Any, value: Float64Array, low: Float64Array, high: Float64Array) -> bool:
    if model.spec is not None:
        return bool(value[0] >= model.spec.decision and value.min() < model.spec.decision)
    return leaves_range(value, low, high, model)


def loudest_target(monitor: Monitor, steps: Sequence[Step], span: Span) -> str | None:
    """The target whose results stood furthest from what was predicted, of those known from the onset to the peak; None where none came."""
    best, loudest = None, 0.0
    for number, model in enumerate(monitor.quality):
        for step in steps:
            checks = step.checks[number]
            here = np.abs(checks[(checks[:, 1] >= span.onset) & (checks[:, 1] <= span.peak), 2])
            if len(here) and float(here.max()) > loudest:
                best, loudest = str(model.target), float(here.max())
    return best
