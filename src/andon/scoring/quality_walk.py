"""The walk of a soft sensor through ticks and results: what it remembers, what it answers, what a result changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from andon.evidence.conformal import ConformalState, issued, normal_deviate, update
from andon.plant.arrays import Float64Array, Int64Array
from andon.plant.grid import tick_of
from andon.plant.label import LabResults
from andon.plant.window import Prepared
from andon.scoring.input_history import HistoryState

if TYPE_CHECKING:
    from andon.scoring.quality import QualityModel


@dataclass(frozen=True, slots=True)
class QualityState:
    """Everything that a soft sensor carries from chunk to chunk.

    Attributes
    ----------
    history : past of the inputs
    tick : last tick answered, -1 before the first
    ticks : (H,) ticks whose predictions are remembered, at slot tick mod H
    given : (H, 5 + 2 K + E) what was issued: response, centre, scale, two sides, the interval's quantiles; what the E experts of a mix said
    newest : (2, 2) sample tick and residual of the two newest known samples, newest first; NaN where none
    slow : exponential mean of the known residuals
    pending : (sample tick, result time, value) of results not yet known
    conformal : state of the interval
    checks : (N, 3) of the results that became known in the last chunk: sample tick, tick from which the result acts, its distance
        from the middle of the interval issued for it in standard deviations of that interval; what quality tells the detector
    too_late : results whose sample was no longer remembered
    experts : state of the mix of experts; None where the model has none
    last, mean : the newest known result and the mean of those known, scaled units; NaN where none, or where there is no mix
    """

    history: HistoryState
    tick: int
    ticks: Int64Array
    given: Float64Array
    newest: Float64Array
    slow: float
    pending: tuple[tuple[int, int, float], ...]
    conformal: ConformalState
    checks: Float64Array
    too_late: int
    experts: Float64Array | None = None
    last: float = float("nan")
    mean: float = float("nan")


def waiting_results(
    model: QualityModel, state: QualityState, lab: LabResults | Sequence[LabResults] | None
) -> list[tuple[int, int, float]]:
    """Results not yet known, in the order in which they become known."""
    waiting = list(state.pending)
    for results in [lab] if isinstance(lab, LabResults) else lab or ():
        if results.target == model.target:
            tick = tick_of(results.sample_time, model.interval_ns)
            rows = zip(tick.tolist(), results.result_time.tolist(), results.value.tolist(), strict=True)
            waiting += [row for row in rows if np.isfinite(row[2])]
    return sorted(waiting, key=lambda row: (row[1], row[0]))


def walk(
    model: QualityModel,
    prepared: Prepared,
    waiting: list[tuple[int, int, float]],
    response: Float64Array,
    scale: Float64Array,
    state: QualityState,
) -> tuple[Float64Array, QualityState]:
    """Walk through the ticks; between two results nothing changes, so whole pieces are answered at once.

    Parameters
    ----------
    waiting : (sample tick, result time, value), in the order in which they become known
    response : (T,) scaled units; NaN where refused
    scale : (T,) local scale of the interval

    Returns
    -------
    (T, 3) value, low, high in scaled units; the next state
    """
    rows = prepared.rows
    out = np.full((rows, 3), np.nan)
    if not rows:
        return out, replace(state, pending=tuple(waiting), checks=np.zeros((0, 3)))
    interval = model.interval_ns
    # A result acts at the first tick at or after its result time, and never at the tick of its own sample.
    first = int(prepared.tick[0])
    turn = [max(-(-result // interval), sample + 1, first) for sample, result, _ in waiting]
    order = sorted(range(len(waiting)), key=lambda n: (turn[n], waiting[n][1], waiting[n][0]))
    walker = _Walker(model, state)
    done, used = 0, 0
    while done < rows:
        while used < len(order) and turn[order[used]] <= int(prepared.tick[done]):
            walker.learn(waiting[order[used]], turn[order[used]])
            used += 1
        end = rows
        if used < len(order):
            end = min(rows, int(np.searchsorted(prepared.tick, turn[order[used]])))
        piece = slice(done, max(end, done + 1))
        out[piece] = walker.answer(prepared.tick[piece], response[piece], scale[piece])
        done = piece.stop
    left = tuple(waiting[n] for n in order[used:])
    return out, walker.state(int(prepared.tick[-1]), left)


class _Walker:
    """The mutable middle of one call of `predict`; its memory is copied in and out."""

    def __init__(self, model: QualityModel, state: QualityState) -> None:
        self.model = model
        self.before = state
        self.ticks = state.ticks.copy()
        self.given = state.given.copy()
        self.newest = state.newest.copy()
        self.slow = state.slow
        self.conformal = state.conformal
        self.sides = issued(state.conformal)
        self.checks: list[tuple[float, float, float]] = []
        self.too_late = state.too_late
        self.experts = state.experts
        self.last, self.mean = state.last, state.mean

    def answer(self, tick: Int64Array, response: Float64Array, scale: Float64Array) -> Float64Array:
        """(T, 3) value, low, high in scaled units, and remember them."""
        model = self.model
        age = tick - self.newest[0, 0] if np.isfinite(self.newest[0, 0]) else np.full(len(tick), np.inf)
        known = np.array([self.newest[0, 1], self.newest[0, 1] - self.newest[1, 1], self.slow])
        known[1] = known[1] if np.isfinite(known[1]) else 0.0
        centre = response + model.correction.at(known, age)
        wide = scale * model.correction.widening(age)
        low, high = centre + self.sides[0] * wide, centre + self.sides[1] * wide
        values, value = np.zeros((len(tick), 0)), centre if model.mode == "lab" else response
        if model.mix is not None and self.experts is not None:
            # The interval stays where it has learnt to stand; the value moves within it.
            values = model.mix.values(response, centre, self.last, self.mean, model.correction.fade(age))
            value = np.clip(values @ self.experts[:, 0], low, high)
        keep = slice(max(0, len(tick) - len(self.ticks)), len(tick))
        slot = tick[keep] % len(self.ticks)
        self.ticks[slot] = tick[keep]
        self.given[slot, 0], self.given[slot, 1], self.given[slot, 2] = response[keep], centre[keep], wide[keep]
        self.given[slot, 3:5] = self.sides
        end = 5 + self.conformal.quantile.size
        self.given[slot, 5:end] = self.conformal.quantile.ravel()
        self.given[slot, end:] = values[keep]
        return np.stack([value, low, high], axis=1)

    def learn(self, result: tuple[int, int, float], turn: int) -> None:
        """A result acts from tick `turn` on."""
        sample, _, value = result
        slot = sample % len(self.ticks)
        if self.ticks[slot] != sample:
            self.too_late += 1
            return
        model = self.model
        response, centre, scale = self.given[slot, :3]
        if not np.isfinite(response):
            return
        scaled = (value - model.centre) / model.spread
        residual = scaled - response
        end = 5 + self.conformal.quantile.size
        if not np.isfinite(scale):  # the sample has a result: this one corrects it
            self.newest[self.newest[:, 0] == sample, 1] = residual
            self.last = scaled if self.newest[0, 0] == sample else self.last
            return
        self.given[slot, 2] = np.nan
        if not sample <= self.newest[0, 0]:
            self.newest = np.array([[sample, residual], self.newest[0]])
            self.last = scaled
        elif not sample <= self.newest[1, 0]:
            self.newest = np.array([self.newest[0], [sample, residual]])
        if model.mix is not None and self.experts is not None:
            self.experts = model.mix.weigh(self.experts, self.given[slot, end:] - scaled)
            self.mean = model.mix.mean(self.mean, scaled)
        alpha = 2.0 / (model.correction.span + 1.0)
        self.slow = residual if not np.isfinite(self.slow) else self.slow + alpha * (residual - self.slow)
        score = (scaled - centre) / scale
        quantile = self.given[slot, 5:end].reshape(2, -1)
        low, high = self.given[slot, 3:5]
        self.conformal = update(model.settings, self.conformal, score, quantile, self.given[slot, 3:5])
        self.sides = issued(self.conformal)
        if high > low:
            distance = (score - (low + high) / 2.0) / (high - low) * 2.0 * normal_deviate(model.settings.level)
            self.checks.append((float(sample), float(turn), float(distance)))

    def state(self, tick: int, pending: tuple[tuple[int, int, float], ...]) -> QualityState:
        """The state after the chunk."""
        checks = np.array(self.checks, dtype=np.float64).reshape(-1, 3)
        return QualityState(
            self.before.history,
            tick,
            self.ticks,
            self.given,
            self.newest,
            self.slow,
            pending,
            self.conformal,
            checks,
            self.too_late,
            self.experts,
            self.last,
            self.mean,
        )
