"""From a fitted response to a model that can run: correction, local scale, trained region, seeds of the interval."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from andon.evidence.conformal import ConformalSettings
from andon.plant.arrays import Float64Array, FloatArray, Int64Array
from andon.plant.label import LabResults
from andon.plant.window import Expectation, Prepared
from andon.scoring.correction import Correction
from andon.scoring.expert_mix import ExpertMix
from andon.scoring.input_history import History, HistoryPlan
from andon.scoring.local_scale import LocalScale, describe_scale
from andon.scoring.quality import QualityModel, Responded, expectation_part
from andon.scoring.region import Region
from andon.training.quality.correction import SLOW_SPAN, fit_correction, known_residuals
from andon.training.quality.family import Searched
from andon.training.quality.labelled import Labelled, Tables

LAST_VALUE = Correction(np.array([1.0, 0.0, 0.0]), SLOW_SPAN, 1.0, 1e15, 1.0, 1.0)
UNCORRECTED = Correction(np.zeros(3), SLOW_SPAN, 1.0, 1e15, 1.0, 1.0)
MOVING_MEAN = Correction(np.array([0.0, 0.0, 1.0]), 10.0, 1.0, 1e15, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Ground:
    """What all candidates of one target share in one period of learning.

    Attributes
    ----------
    centre, spread : target = centre + spread x scaled target
    folds : forward folds over the labels
    abnormality : (N,) evidence trace at the labels, zeros where there is none
    """

    target: str
    unit: str
    channels: tuple[str, ...]
    interval_ns: int
    plan: HistoryPlan
    labels: Labelled
    tables: Tables
    centre: float
    spread: float
    folds: list[tuple[Int64Array, Int64Array]]
    abnormality: Float64Array
    level: float
    head: int

    @property
    def y(self) -> Float64Array:
        """(N,) scaled target."""
        return (self.labels.value - self.centre) / self.spread


def history_of(tables: Tables) -> History:
    """The part of a history that descriptions of scale and region look at, at the rows of tables."""
    n = len(tables.means)
    return History(np.zeros((0, 0)), np.zeros(n, dtype=np.int64), tables.means, np.zeros(n, dtype=np.int64), np.ones(n))


def fit_scale(residual: Float64Array, z: Float64Array, typical: float) -> LocalScale:
    """Ridge of the log size of out-of-sample residuals on what describes the moment.

    Parameters
    ----------
    residual : (N,) corrected out-of-sample residuals, NaN where there is none
    z : (N, 4) descriptions
    typical : the typical size, scaled units; the scale is relative to 1 where nothing is known
    """
    ok = np.isfinite(residual)
    centre, spread = z[ok].mean(axis=0), z[ok].std(axis=0)
    used = spread > 1e-9
    used[0] = False
    weight = np.zeros(z.shape[1])
    spread = np.where(used, spread, 1.0)
    centre = np.where(used, centre, 0.0)
    if ok.sum() >= 50 and used.any():
        x = ((z[ok] - centre) / spread)[:, used]
        log = np.log(np.abs(residual[ok]) + 0.1 * typical)
        gram = x.T @ x + (50.0 + 0.05 * len(x)) * np.eye(x.shape[1])
        weight[used] = np.linalg.solve(gram, x.T @ (log - log.mean()))
    # A disturbance may widen an interval, never narrow it. Its weight is that of the greatest likelihood, as logs of small
    # residuals say little of how large the large ones are.
    weight[3] = max(weight[3], 0.0)
    if used[3] and ok.sum() >= 50:
        z_ok = (z[ok] - centre) / spread
        rest = np.exp(np.clip(z_ok[:, :3] @ weight[:3], -1.6, 1.6))
        grid = np.linspace(0.0, 1.5, 31)
        shape = [np.clip(value * z_ok[:, 3], -1.6, 1.6) for value in grid]
        cost = [0.5 * np.log(np.mean((residual[ok] / rest / np.exp(part)) ** 2)) + part.mean() for part in shape]
        weight[3] = float(grid[int(np.argmin(cost))])
    return LocalScale(weight, centre, spread)


def fit_region(ground: Ground) -> Region:
    """An ellipsoid that later training time itself keeps within, with room."""
    means = ground.tables.means
    span = np.array([0, means.shape[1] // 2], dtype=np.int64)
    state = means[:, span].reshape(len(means), -1)
    far = [np.zeros(0)]
    for learn, judge in ground.folds:
        centre, whiten = _whiten(state[learn])
        far.append((((state[judge] - centre) @ whiten) ** 2).mean(axis=1))
    distance = np.concatenate(far)
    limit = 3.0 * float(np.quantile(distance, 0.995)) if len(distance) else 25.0
    centre, whiten = _whiten(state)
    return Region(span, centre, whiten, max(limit, 12.0))


def _whiten(state: Float64Array) -> tuple[Float64Array, Float64Array]:
    centre = state.mean(axis=0)
    cov = np.atleast_2d(np.cov(state.T)) if len(state) > 1 else np.eye(state.shape[1])
    value, vector = np.linalg.eigh(cov)
    floor = max(0.1 * float(value.mean()), 1e-9)
    return centre, vector / np.sqrt(np.maximum(value, 0.0) + floor)


def assemble(
    ground: Ground, found: Searched, mode: str, correction: Correction | None = None, mix: ExpertMix | None = None
) -> QualityModel:
    """A model that can run, seeded with the scores of the forward folds.

    Parameters
    ----------
    correction : a fixed one (last value, moving mean); fitted where None
    mix : weighs the corrected response against the last results; None: the corrected response is taken
    """
    residual = ground.y - found.later
    if correction is None:
        correction = fit_correction(residual, ground.labels)
        known = known_residuals(residual, ground.labels)
    else:
        known = known_residuals(residual, ground.labels, correction.span)
    left = residual - np.where(np.isfinite(known), known, 0.0) @ correction.weight
    finite = np.isfinite(left)
    size = max(float(np.sqrt(np.mean(left[finite] ** 2))), 1e-6)
    correction = replace(correction, corrected_error=min(size, correction.response_error))
    z = describe_scale(history_of(ground.tables), np.nan_to_num(found.later), ground.abnormality)
    scale = fit_scale(left, z, size)
    scores = left[finite] / scale.at(z[finite])
    remember = int(min(max(64, 2 * int(ground.labels.delay.max()) + 16), 100_000))
    return QualityModel(
        ground.target, ground.unit, ground.channels, ground.interval_ns, ground.plan, found.final.response, ground.centre,
        ground.spread, mode, float(ground.labels.value.min()), float(ground.labels.value.max()), correction, scale,
        fit_region(ground), ConformalSettings(level=ground.level), scores, ground.head, remember, found.name,
        mix=mix,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Replayed:
    """Predictions row by row over a stretch of a recording; NaN where refused or not asked."""

    value: Float64Array
    low: Float64Array
    high: Float64Array


def replay(
    model: QualityModel,
    prepared: Prepared,
    lab: LabResults,
    network: Expectation | None,
    abnormality: FloatArray | None,
    rows: slice,
    said: list[Responded] | None = None,
) -> Replayed:
    """Run a model as in service over `rows`, warmed up on what lies before; no result of a later sample is handed over.

    Parameters
    ----------
    rows : the stretch that is asked for
    said : what the inputs told of each chunk, filled where it is empty: the same response is then not asked twice
    """
    warm = model.plan.memory + 2 * model.plan.ring + 2 * model.remember
    begin = max(0, rows.start - warm)
    low_ns, high_ns = int(prepared.time[begin]) - prepared.interval_ns, int(prepared.time[rows.stop - 1])
    here = (lab.sample_time > low_ns) & (lab.sample_time <= high_ns)
    known: LabResults | None = replace(lab, sample_time=lab.sample_time[here], result_time=lab.result_time[here], value=lab.value[here])
    out = np.full((3, prepared.rows), np.nan)
    state = model.start()
    said = [] if said is None else said
    for number, first in enumerate(range(begin, rows.stop, 8192)):
        end = min(first + 8192, rows.stop)
        part = expectation_part(network, first, end)
        trace = None if abnormality is None else abnormality[first:end]
        chunk = prepared.part(first, end)
        if number == len(said):
            said.append(model.heard(chunk, trace, part, state.history))
        got, state = model.predict(chunk, known, trace, part, state, said[number])
        known = None
        out[:, first:end] = got.value, got.low, got.high
    out[:, : rows.start] = np.nan
    return Replayed(out[0], out[1], out[2])
