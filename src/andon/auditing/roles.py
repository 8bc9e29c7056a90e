"""What a tag is to the process: counter, angle, category, set-point, constant, or a measured value."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from andon.auditing.finding import Finding, TagStatistics, make_finding, number_text, tag_toml
from andon.auditing.series import Series
from andon.plant.tag import Role

FULL_TURNS = (360.0, 2 * math.pi, 400.0)  # degrees, radians, gon
FEWEST = 50  # samples below which no role is judged


@dataclass(frozen=True, slots=True)
class RoleGuess:
    """What a tag seems to be.

    Attributes
    ----------
    monotonic : "up", "down" or ""
    resets : falls of a counter (rises, where it counts down)
    full_turn : of an angle, else 0
    """

    role: Role = Role.MEASURED
    monotonic: str = ""
    resets: int = 0
    full_turn: float = 0.0
    clock: bool = False


def guess_role(series: Series, stats: TagStatistics) -> RoleGuess:
    """The role that the values show; MEASURED unless there is evidence."""
    if series.texts:
        return RoleGuess(Role.CATEGORY)
    if stats.constant or stats.valid == 0:
        return RoleGuess(Role.IGNORED if stats.rows > 1 else Role.MEASURED)
    if stats.valid < FEWEST:
        return RoleGuess()
    counting = _counting(series, stats)
    if counting is not None:
        return counting
    turn = full_turn_of(series, stats)
    if turn:
        return RoleGuess(Role.ANGLE, full_turn=turn)
    if _is_category(series, stats):
        return RoleGuess(Role.CATEGORY)
    if _is_setpoint(series, stats):
        return RoleGuess(Role.SETPOINT)
    return RoleGuess()


def check_role(series: Series, stats: TagStatistics, guess: RoleGuess) -> Iterator[Finding]:
    """Findings "constant", "counter", "countdown", "clock", "angle", "category", "setpoint" of one tag."""
    tag = series.tag
    if stats.constant:
        toml = tag_toml(tag, ("role", "ignored"))
        yield make_finding("constant", tag, 0.3, toml, value=number_text(stats.median), count=stats.valid)
    elif guess.clock:
        yield make_finding("clock", tag, 0.6, tag_toml(tag, ("role", "ignored")), count=stats.valid)
    elif guess.role is Role.COUNTER:
        toml = tag_toml(tag, ("role", "counter"))
        rise = number_text(stats.maximum - stats.minimum)
        yield make_finding("counter", tag, 0.7, toml, resets=guess.resets, rise=rise)
    elif guess.monotonic == "down":
        toml = tag_toml(tag, ("role", "ignored"))
        yield make_finding("countdown", tag, 0.6, toml, high=number_text(stats.maximum), low=number_text(stats.minimum))
    elif guess.role is Role.ANGLE:
        toml = tag_toml(tag, ("role", "angle"), ("full_turn", guess.full_turn))
        yield make_finding("angle", tag, 0.7, toml, turn=number_text(guess.full_turn))
    elif guess.role is Role.CATEGORY:
        toml = tag_toml(tag, ("role", "category"))
        changes = int(np.count_nonzero(series.change))
        yield make_finding(
            "category", tag, 0.4 if series.texts or stats.distinct > 2 else 0.25, toml, distinct=stats.distinct, changes=changes
        )
    elif guess.role is Role.SETPOINT:
        toml = tag_toml(tag, ("role", "setpoint"))
        changes = int(np.count_nonzero(series.change))
        yield make_finding("setpoint", tag, 0.25, toml, distinct=stats.distinct, changes=changes)


def _counting(series: Series, stats: TagStatistics) -> RoleGuess | None:
    """A tag that only rises, but for resets; or only falls."""
    change = series.change
    up, down = int(np.count_nonzero(change > 0)), int(np.count_nonzero(change < 0))
    moves = up + down
    if moves < 20:
        return None
    minority = min(up, down)
    if minority > max(1, 0.02 * moves) or minority * 10 > moves:
        return None
    sign = 1.0 if up > down else -1.0
    forward = sign * change
    span = stats.maximum - stats.minimum
    if minority:
        # A reset goes back to the start; a small step back is a measurement that drifts, not a counter.
        at = np.flatnonzero(forward < 0)
        landed = sign * series.value[at + 1]
        floor = float((sign * series.value).min())
        fall = -forward[at]
        rise = float(forward[forward > 0].sum())
        near = landed - floor <= 0.1 * np.maximum(fall, 0.1 * span)
        if not bool(near.all()) or float(fall.min()) < 20 * float(np.median(forward[forward > 0])) or rise < span * (minority + 1) * 0.4:
            return None
    # A rise that comes in one or two jumps is a step, not a count.
    gains = forward[forward > 0]
    if float(gains.max()) > 0.5 * float(gains.sum()):
        return None
    if minority == 0 and moves == change.size:
        elapsed = np.diff(series.time).astype(np.float64)
        rate = change / elapsed
        even = float(np.ptp(rate)) <= 1e-6 * abs(float(rate.mean())) + 8 * series.resolution / float(elapsed.min())
        if even or float(np.ptp(change)) <= 4 * series.resolution:
            return RoleGuess(Role.IGNORED, "up" if sign > 0 else "down", 0, clock=True)
    if sign < 0:
        return RoleGuess(Role.IGNORED, "down", minority)
    return RoleGuess(Role.COUNTER, "up", minority)


def full_turn_of(series: Series, stats: TagStatistics) -> float:
    """The full turn of a tag that goes round, 0 where it does not.

    It does where it fills a turn, jumps across the whole of it at least three times, and is otherwise
    steady: steps between a third and two thirds of a turn are rarer than the jumps across.
    """
    change = series.change
    for turn in FULL_TURNS:
        inside = stats.minimum >= -turn / 2 * 1.001 and stats.maximum <= turn * 1.001 and stats.maximum - stats.minimum <= turn * 1.001
        if not inside or stats.maximum - stats.minimum < 0.97 * turn:
            continue
        size = np.abs(change)
        across = int(np.count_nonzero(size > 0.8 * turn))
        middling = int(np.count_nonzero((size > 0.3 * turn) & (size <= 0.7 * turn)))
        # A value that rests at both ends (a valve, a switch) jumps across too, but starts and lands on the rails.
        at = np.flatnonzero(size > 0.8 * turn)
        ends = np.concatenate((series.value[at], series.value[at + 1]))
        on_rails = np.count_nonzero((ends == stats.minimum) | (ends == stats.maximum))
        # It passes the middle on its way; a switch between the ends does not.
        middle = np.searchsorted(series.ordered, stats.minimum + np.array([0.25, 0.75]) * turn)
        if int(middle[1] - middle[0]) < 0.05 * series.value.size:
            continue
        if across >= 3 and middling * 2 < across and on_rails < 0.5 * ends.size and stats.distinct > 20:
            return turn
    return 0.0


def _is_category(series: Series, stats: TagStatistics) -> bool:
    """Few whole numbers, each met often."""
    if stats.distinct > 12 or stats.valid < 20 * stats.distinct:
        return False
    levels = series.ordered[np.concatenate(([True], np.diff(series.ordered) > 0))]
    return bool(np.all(levels == np.rint(levels))) and (stats.distinct <= 3 or stats.repeated > 0.8)


def _is_setpoint(series: Series, stats: TagStatistics) -> bool:
    """A value that rests, then moves: mostly by more than one step of its resolution, as a coarse slow reading does not."""
    changes = series.change[series.change != 0]
    if stats.repeated < 0.98 or changes.size < 3 or stats.valid < 200:
        return False
    if stats.distinct <= 3:
        return True
    step = stats.quantum or float(np.abs(changes).min())
    return float(np.median(np.abs(changes))) >= 1.9 * step and stats.distinct * 3 <= stats.valid
