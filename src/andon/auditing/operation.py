"""How the machine is run: when it is off, and which tag names its operating mode."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from andon.auditing.finding import Finding, make_finding, number_text
from andon.auditing.modes import Levels
from andon.auditing.series import usable
from andon.plant.arrays import BoolArray, Float64Array, FloatArray, StatusArray
from andon.plant.file.value import toml_text
from andon.plant.tag import Role

SAMPLE = 4096  # rows, spread evenly, on which tags are compared
_CALM = 0.2  # a tag agrees that the machine is off where its spread falls below this share


@dataclass(frozen=True, slots=True)
class OffCondition:
    """The machine seems to be off where `expression` holds.

    Attributes
    ----------
    share : of the sampled rows
    agreeing, asked : how many of the other moving tags are calm then, of how many
    """

    expression: str
    tag: str
    threshold: float
    share: float
    agreeing: int
    asked: int


def sample_rows(values: FloatArray, status: StatusArray) -> Float64Array:
    """At most 4,096 rows spread evenly, NaN where not valid: (R, C)."""
    at = np.unique(np.linspace(0, max(values.shape[0] - 1, 0), SAMPLE).astype(np.int64))[: max(values.shape[0], 0)]
    if values.shape[0] == 0:
        return np.zeros((0, values.shape[1]))
    part = values[at].astype(np.float64)
    return np.where(usable(part, status[at]), part, np.nan)


def off_condition(sample: Float64Array, tags: Sequence[str], levels: Sequence[Levels | None], roles: Sequence[Role]) -> OffCondition | None:
    """The tag whose flat level near zero goes with the calm of the most other tags.

    At least a third of the other moving tags must be calm (spread below a fifth) while it is there; a tag that stands
    alone is believed only when there is no other moving tag. A switch (a category) needs three fifths of them, and three.

    Parameters
    ----------
    sample : (R, C), NaN where not valid
    levels, roles : one per tag
    """
    best: OffCondition | None = None
    moving = [c for c, role in enumerate(roles) if role in (Role.MEASURED, Role.COUNTER, Role.ANGLE)]
    for column, level in enumerate(levels):
        if level is None or not level.low_is_off or roles[column] not in (Role.MEASURED, Role.CATEGORY):
            continue
        value = sample[:, column]
        off = np.isfinite(value) & level.in_off(np.where(np.isfinite(value), value, np.inf if level.off_below else -np.inf))
        on = np.isfinite(value) & ~off
        if min(int(off.sum()), int(on.sum())) < 10:
            continue
        others = [c for c in moving if c != column]
        spread_off, spread_on = _spreads(sample[:, others], off), _spreads(sample[:, others], on)
        asked = np.isfinite(spread_on) & (spread_on > 0) & np.isfinite(spread_off)
        agreeing = int(np.count_nonzero(spread_off[asked] <= _CALM * spread_on[asked]))
        asked_count = int(asked.sum())
        if asked_count and agreeing * 3 < asked_count:
            continue
        if roles[column] is Role.CATEGORY and (agreeing < 3 or agreeing * 5 < 3 * asked_count):
            continue  # a switch is at rest for many reasons
        sign = "<" if level.off_below else ">"
        share = float(off.sum() / (off.sum() + on.sum()))
        candidate = OffCondition(
            f"{quoted(tags[column])} {sign} {number_text(level.threshold)}", tags[column], level.threshold, share, agreeing, asked_count
        )
        if best is None or agreeing > best.agreeing:
            best = candidate
    return best


def check_off(off: OffCondition | None) -> Iterator[Finding]:
    """Finding "off": the machine stood still for part of the time."""
    if off is not None:
        toml = f"[machine]\noff = {toml_text(off.expression)}"
        weight = 0.6 if off.share > 0.01 else 0.4
        yield make_finding("off", None, weight, toml, expression=off.expression, share=off.share, agreeing=off.agreeing, asked=off.asked)


def mode_tag(sample: Float64Array, tags: Sequence[str], roles: Sequence[Role], running: BoolArray) -> tuple[str, float, int]:
    """The category or set-point that explains most of the other tags: (tag, mean share of variance, values); "" where none.

    Only tags with 2 to 12 values, each met in at least 1 % of the rows, that change at least three times, and explain
    a quarter of the variance of the others on average.

    Parameters
    ----------
    sample : (R, C)
    running : (R,) False where the machine is off
    """
    measured = [c for c, role in enumerate(roles) if role is Role.MEASURED]
    best = ("", 0.0, 0)
    for column, role in enumerate(roles):
        if role not in (Role.CATEGORY, Role.SETPOINT):
            continue
        value = sample[:, column]
        usable = np.isfinite(value) & running
        if usable.sum() < 100:
            continue
        number, index, count = np.unique(value[usable], return_inverse=True, return_counts=True)
        often = count >= 0.01 * usable.sum()
        if not 2 <= number.size <= 12 or not often.all() or np.count_nonzero(np.diff(index)) < 3 or len(measured) < 1:
            continue
        shares = _explained(sample[usable][:, measured], index, number.size)
        share = float(np.mean(shares)) if shares.size else 0.0
        if share > max(best[1], 0.25):
            best = (tags[column], share, int(number.size))
    return best


def check_mode_tag(found: tuple[str, float, int]) -> Iterator[Finding]:
    """Finding "mode-tag"."""
    if found[0]:
        toml = f'[modes]\nfrom = "tag"\ntag = {toml_text(found[0])}'
        yield make_finding("mode-tag", found[0], 0.45, toml, share=found[1], number=found[2])


def quoted(tag: str) -> str:
    """A tag as an expression of the plant file names it: between backquotes, or `tag("...")` where it holds one."""
    return f"tag({toml_text(tag)})" if "`" in tag else f"`{tag}`"


def _spreads(values: Float64Array, rows: BoolArray) -> Float64Array:
    """Inner 80 % of each column over some rows; NaN where fewer than ten values."""
    part = values[rows]
    if part.shape[0] < 10 or part.shape[1] == 0:
        return np.full(values.shape[1], np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanquantile(part, (0.1, 0.9), axis=0)
    return np.where(np.isfinite(part).sum(axis=0) >= 10, high - low, np.nan)


def _explained(values: Float64Array, group: np.ndarray[tuple[int, ...], np.dtype[np.int64]], groups: int) -> Float64Array:
    """Share of each column's variance between groups."""
    out = []
    for column in range(values.shape[1]):
        good = np.isfinite(values[:, column])
        x, g = values[good, column], group[good]
        if x.size < 50 or float(x.var()) <= 0:
            continue
        number = np.maximum(np.bincount(g, minlength=groups), 1)
        means = np.bincount(g, weights=x - x.mean(), minlength=groups) / number
        out.append(float((number * means**2).sum() / (x.size * x.var())))
    return np.array(out)
