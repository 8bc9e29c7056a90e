"""The test that says "the process has moved": the evidence of later time against that of the calibration.

Four one-sided looks, Bonferroni: events at the threshold in force, events at the lower level where counting resolves, the
longest event against those of the lower level on normal time, and the mean of -log p over blocks of time. A quieter
process is no alarm; its promise holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from andon.evidence.calibration import Calibration
from andon.evidence.counts import tail_probability
from andon.evidence.events import first_exceedances, ground
from andon.evidence.normal_trace import as_pieces
from andon.plant.arrays import BoolArray, Float64Array, FloatArray, Int64Array
from andon.plant.errors import EvidenceError
from andon.plant.time import HOUR_NS

_BLOCKS = 40
_MOST_SCORE = 20.0


@dataclass(frozen=True, slots=True)
class Moved:
    """Whether the promise still holds.

    Attributes
    ----------
    moved : the process has moved: `p` is below the level of the test
    p : probability of evidence at least this high if nothing had changed
    events : opened at the threshold over the time looked at
    promised, expected : the budget's count for that time, and the calibration's mean
    ratio : events against the promise; where fewer than five were opened, from the lower level, where more are seen
    judged_ns : judgeable time looked at
    why : "events", "exceedances", "standing" or "level": the look with the smallest p
    """

    moved: bool
    p: float
    events: int
    promised: float
    expected: float
    ratio: float
    judged_ns: int
    why: str


def moved(calibration: Calibration, trace: FloatArray, judge: BoolArray, tick: Int64Array, *, level: float = 0.01) -> Moved:
    """Compare later time with the held-back normal time of the calibration.

    Parameters
    ----------
    calibration : what was promised, with its trace
    trace, judge, tick : (T,) evidence of later time; leave out of `judge` what is known to be a fault
    level : chance of a false "moved" in one look; ask once a week, not every minute

    Raises
    ------
    EvidenceError : nothing can be judged
    """
    (piece,) = as_pieces(trace, judge, tick)
    judged_ns = piece.judged_ticks * calibration.interval_ns
    hours = judged_ns / HOUR_NS
    g = ground(piece.trace, piece.judge, piece.tick, calibration.opening)
    start, last = first_exceedances(g, calibration.threshold, calibration.opening)
    events = len(start)
    lower = len(first_exceedances(g, calibration.base_level, calibration.opening)[0])
    rates, base_rates = np.array(calibration.rates), np.array(calibration.base_rates)
    # Bursts thin out in proportion to the events, so the lower level has more of them.
    base_dispersion = 1.0 + (calibration.dispersion - 1.0) * float(base_rates.mean() / max(rates.mean(), 1e-300))
    looks = {
        "events": tail_probability(events, rates * hours, calibration.dispersion),
        "exceedances": tail_probability(lower, base_rates * hours, base_dispersion),
        "standing": standing_tail(calibration, int((piece.tick[last] - piece.tick[start]).max(initial=0)) + 1, events),
        "level": _level_p(calibration, piece.trace[piece.judge]),
    }
    why = min(looks, key=lambda name: looks[name])
    p = min(1.0, len(looks) * looks[why])
    promised, expected = calibration.promised(judged_ns), calibration.expected(judged_ns)
    ratio = events / promised if events >= 5 else lower / max(float(np.mean(calibration.base_rates)) * hours, 1e-12) * expected / promised
    return Moved(p < level, p, events, promised, expected, ratio, judged_ns, why)


def standing_tail(calibration: Calibration, longest: int, events: int) -> float:
    """P(one of so many events stands this long), durations with a heavy Pareto tail around their mean on normal time."""
    total = count = 0
    for piece in calibration.normal:
        g = ground(piece.trace, piece.judge, piece.tick, calibration.opening)
        start, last = first_exceedances(g, calibration.base_level, calibration.opening)
        total += int((piece.tick[last] - piece.tick[start] + 1).sum())
        count += len(start)
    if events == 0 or count == 0:
        return 1.0
    return float(min(1.0, events * (1.0 + 0.5 * longest * count / total) ** -2.0))


def _scores(calibration: Calibration, values: FloatArray) -> Float64Array:
    """-log p of each tick, mean 1 on normal time; bounded, so that one fault does not speak for weeks."""
    return np.asarray(np.minimum(-np.log(calibration.p_map(values)), _MOST_SCORE))


def _level_p(calibration: Calibration, values: FloatArray) -> float:
    """One-sided p-value: the later block means of -log p against those of the calibration."""
    normal = _scores(calibration, np.concatenate([piece.trace[piece.judge] for piece in calibration.normal]))
    size = max(len(normal) // _BLOCKS, 1)
    before = normal[: len(normal) // size * size].reshape(-1, size).mean(axis=1)
    count = max(len(values) // size, 1)
    if len(values) < size // 2 or len(before) < 4:
        return 1.0
    after = float(_scores(calibration, values).mean())
    off = before - before.mean()
    lags = max(1, len(before) // 10)
    variance = float(off @ off) / (len(before) - 1)
    long_run = variance
    for lag in range(1, lags + 1):
        long_run += 2.0 * (1.0 - lag / (lags + 1.0)) * float(off[lag:] @ off[:-lag]) / (len(before) - 1)
    spread = math.sqrt(max(long_run, variance) * (1.0 / len(before) + 1.0 / count))
    if spread <= 0.0:
        return 1.0
    return student_tail((after - float(before.mean())) / spread, len(before) / (2.0 * lags + 1.0))


def student_tail(t: float, freedom: float) -> float:
    """P(T > t) of Student's t with `freedom` degrees of freedom, by quadrature in an angle.

    Raises
    ------
    EvidenceError : `freedom` is not positive
    """
    if freedom <= 0:
        raise EvidenceError(f"{freedom} degrees of freedom", do="pass a positive number")
    # T = sqrt(freedom) tan(a): the density is proportional to cos(a)^(freedom - 1) on (-pi/2, pi/2).
    angle = math.atan(t / math.sqrt(freedom))
    log = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(math.pi)
    # a = pi/2 - u^2 removes the singular end where freedom < 1.
    top = math.sqrt(math.pi / 2 - angle)
    u = (np.arange(4000) + 0.5) / 4000 * top
    density = 2.0 * u * np.sin(u**2) ** (freedom - 1.0)
    return float(min(math.exp(log) * density.sum() * top / 4000, 1.0))
