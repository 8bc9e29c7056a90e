"""A small soft sensor made by hand, and recordings for it; no training code is imported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from andon.evidence.conformal import ConformalSettings
from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.label import LabResults
from andon.plant.time import MINUTE_NS
from andon.plant.window import Prepared
from andon.scoring.correction import Correction
from andon.scoring.expert_mix import ExpertMix
from andon.scoring.input_history import HistoryPlan
from andon.scoring.local_scale import LocalScale
from andon.scoring.quality import QualityModel
from andon.scoring.region import Region
from andon.scoring.responses import BlendResponse, KernelResponse, LinearResponse, LogResponse, Response, TreeResponse

FIRST = 500


def prepared(rows: int, seed: int = 0, resets: tuple[int, ...] = (0,), missing: float = 0.0) -> Prepared:
    """Three wandering channels."""
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(size=(rows, 3)) * 0.2, axis=0)
    x = (x - x.mean(axis=0)).clip(-2, 2).astype(np.float32)
    valid: BoolArray = rng.random((rows, 3)) >= missing
    reset = np.zeros(rows, dtype=bool)
    reset[list(resets)] = True
    names = ("a", "b", "c")
    return Prepared(
        "unit", names, names, (), MINUTE_NS, np.arange(FIRST, FIRST + rows, dtype=np.int64), np.where(valid, x, 0).astype(np.float32),
        valid, np.zeros((rows, 0), dtype=np.float32), np.zeros(rows, dtype=np.int16), np.zeros(rows, dtype=np.uint8), reset,
    )  # fmt: skip


def results(rows: int, every: int, delay: int, seed: int = 0) -> LabResults:
    """A result of every so many ticks, known `delay` ticks later."""
    rng = np.random.default_rng(seed)
    tick = np.arange(FIRST, FIRST + rows, every, dtype=np.int64)
    return LabResults("unit", "purity", tick * MINUTE_NS, (tick + delay) * MINUTE_NS, 50.0 + 3.0 * rng.normal(size=len(tick)))


def changed(lab: LabResults, which: int, value: float) -> LabResults:
    """The same results but one."""
    values: Float64Array = lab.value.copy()
    values[which] = value
    return replace(lab, value=values)


def responses() -> dict[str, Response]:
    """One response of each kind that needs no network."""
    rng = np.random.default_rng(1)
    zero = np.asarray(0.0)
    linear = LinearResponse(rng.normal(size=(4, 3)) * 0.1, rng.normal(size=(2, 3)) * 0.1, np.zeros(0), np.asarray(0.1))
    kernel = KernelResponse(
        np.array([0, 1]), np.zeros(6), np.ones(6), rng.normal(size=(7, 6)), rng.normal(size=7), rng.normal(size=6) * 0.1,
        np.asarray(0.2), zero, np.asarray(6.0),
    )  # fmt: skip
    left, right = np.array([[1, 1, 2], [0, 0, 0]], dtype=np.int32), np.array([[2, 1, 2], [0, 0, 0]], dtype=np.int32)
    feature = np.array([[4, 0, 0], [0, 0, 0]], dtype=np.int32)
    trees = TreeResponse(
        np.array([0, 2]), left, right, feature, np.zeros((2, 3)), np.array([[0, -1.0, 1.0], [0.25, 0, 0]]), np.asarray(1), zero
    )
    end, sign, centre, spread, low, high = (np.asarray(number) for number in (-2.0, 1.0, 0.5, 0.4, -3.0, 3.0))
    log = LogResponse(linear, end, sign, centre, spread, low, high)
    both = BlendResponse((log, kernel), np.array([0.5, 0.5]), zero)
    return {"linear": linear, "kernel": kernel, "trees": trees, "log": log, "blend": both}


def sensor(response: Response | None = None, mode: str = "lab", remember: int = 64, mix: bool = False) -> QualityModel:
    """A model of three channels with dead time 2 and 8 lags."""
    return QualityModel(
        "purity", "%", ("a", "b", "c"), MINUTE_NS, HistoryPlan((0, 1, 2), 2, 8, 1, (1, 4)), response or responses()["linear"],
        50.0, 3.0, mode, 40.0, 60.0, Correction(np.array([0.5, 0.1, 0.2]), 5.0, 6.0, 30.0, 1.0, 0.8),
        LocalScale(np.array([0.0, 0.1, 0.1, 0.3]), np.zeros(4), np.ones(4)),
        Region(np.array([0, 1]), np.zeros(6), np.eye(6), 9.0), ConformalSettings(windows=(10, 40), steps=(0.05,)),
        np.random.default_rng(2).normal(size=60), 0, remember, "by hand",
        mix=ExpertMix() if mix else None,
    )  # fmt: skip
