"""A threshold without a promise: for a model whose held-back normal time is too short to promise any rate of events."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from andon.evidence.calibrate import CONFIDENCE
from andon.evidence.calibration import NO_PROMISE, Calibration, fit_p_map
from andon.evidence.events import Opening
from andon.evidence.fault_trace import FaultTrace
from andon.evidence.normal_trace import NormalTrace
from andon.plant.budget import Budget
from andon.plant.time import HOUR_NS

_REPLICATES = 99
_SINGLE = Opening(2, 3, 0.7)


def without_promise(
    pieces: Sequence[NormalTrace], interval_ns: int, budget: Budget, *, faults: Sequence[FaultTrace] = (), seed: int = 0
) -> Calibration:
    """A calibration that promises nothing: events open above all evidence that the held-back normal time shows.

    The rate is that of no event in the time that was seen: exponentially distributed, one event in all of it on average. Severity
    and the controller measure by the upper two per cent of the evidence.

    Parameters
    ----------
    pieces : held-back normal time, with at least one judged tick
    interval_ns : sampling interval
    budget : what was asked for; only its merge gap is kept
    faults : evidence of injected standard faults
    seed : kept for later calibrations
    """
    values = np.concatenate([piece.trace[piece.judge] for piece in pieces]).astype(np.float64)
    judged = sum(piece.judged_ticks for piece in pieces)
    wall = sum(piece.wall_ticks for piece in pieces)
    judged_ns = judged * interval_ns
    centre, band = (float(v) for v in np.quantile(values, [0.5, 0.75]))
    unit = max(float(np.quantile(values, 0.99)) - centre, 1e-9 * max(abs(centre), 1.0))
    gap = max(1, math.ceil(budget.merge_gap_ns / interval_ns))
    p_map = fit_p_map(values)
    step = max(p_map.decay, 1e-9 * max(abs(float(values.max())), 1.0))
    threshold = float(values.max()) + step
    rates = tuple(float(v) for v in -np.log1p(-(np.arange(_REPLICATES) + 0.5) / _REPLICATES) * HOUR_NS / judged_ns)
    return Calibration(
        budget=Budget(1.0, judged_ns, budget.merge_gap_ns), interval_ns=interval_ns, threshold=threshold,
        opening=Opening(_SINGLE.n, _SINGLE.m, _SINGLE.hysteresis, centre, band, gap, unit), p_map=p_map, rates=rates, dispersion=1.0,
        tail_scale=step, decade=step * math.log(10.0), method=NO_PROMISE, peaks=0, counted=0, judged_ns=judged_ns,
        running_share=judged / max(wall, 1), confidence=CONFIDENCE, base_level=threshold, base_rates=rates, normal=tuple(pieces),
        faults=tuple(faults), seed=seed,
    )  # fmt: skip
