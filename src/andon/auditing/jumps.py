"""A change of unit: from one sample to the next a tag is multiplied or shifted by a known factor, and stays so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from andon.auditing.finding import Finding, TagStatistics, instant_text, make_finding, number_text
from andon.auditing.series import Series, robust_sd
from andon.plant.arrays import Float64Array, Int64Array
from andon.plant.tag import Role

_WIDE = 200  # samples on either side that are compared
_FEWEST = 30

# name -> (factor, offset): after = factor x before + offset. Inverses are tried as well.
CONVERSIONS: dict[str, tuple[float, float]] = {
    "x10": (10.0, 0.0), "x100": (100.0, 0.0), "x1000": (1000.0, 0.0), "x1e6": (1e6, 0.0),
    "min/h": (60.0, 0.0), "s/h": (3600.0, 0.0), "psi/bar": (14.5038, 0.0), "kPa/psi": (6.89476, 0.0),
    "°C/°F": (1.8, 32.0), "°C/K": (1.0, 273.15), "ft/m": (3.28084, 0.0), "in/mm": (25.4, 0.0), "lb/kg": (2.20462, 0.0),
    "gal/l": (3.78541, 0.0), "kgf/N": (9.80665, 0.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnitJump:
    """A unit jump: index of the first sample in the new unit, the conversion, whether it goes backwards."""

    at: int
    name: str
    factor: float
    offset: float


def unit_jumps_of(series: Series, stats: TagStatistics, role: Role) -> tuple[UnitJump, ...]:
    """Steps after which level and noise are those of another unit.

    Both must fit the same conversion: the level within 5 % and within what the noise allows, the noise (robust standard
    deviation of changes) within a factor 1.5 of the conversion's factor. For a pure shift only 273.15 is known.
    """
    if role is not Role.MEASURED or stats.valid < 4 * _FEWEST or stats.step_sd <= 0:
        return ()
    found: list[UnitJump] = []
    for at in sorted(_candidates(series, stats).tolist()):
        before, after = series.value[max(0, at - _WIDE) : at], series.value[at : at + _WIDE]
        if min(before.size, after.size) < _FEWEST:
            continue
        lowest = min(abs(float(np.median(before))), abs(float(np.median(after))))
        if lowest <= 5 * stats.quantum or min(_different(before), _different(after)) < 5:
            continue  # a level of a few steps fits any factor
        name = _conversion(before, after, stats.quantum)
        if name is not None:
            found.append(UnitJump(at, *name))
    return tuple(found)


def check_units(series: Series, jumps: tuple[UnitJump, ...], zone: str) -> Iterator[Finding]:
    """Finding "unit-jump"."""
    for jump in jumps[:1]:
        before = float(np.median(series.value[max(0, jump.at - _WIDE) : jump.at]))
        after = float(np.median(series.value[jump.at : jump.at + _WIDE]))
        yield make_finding(
            "unit-jump", series.tag, 0.8, start=instant_text(int(series.time[jump.at]), zone), before=number_text(before),
            after=number_text(after), name=jump.name, count=len(jumps),
        )  # fmt: skip


def _different(values: Float64Array) -> int:
    return int(np.unique(values).size)


def _candidates(series: Series, stats: TagStatistics) -> Int64Array:
    """Indexes of the first sample after the largest steps, if steps of that size are rare."""
    size = np.abs(series.change)
    limit = max(8 * series.change_sd, 8 * stats.quantum, 0.1 * (stats.maximum - stats.minimum))
    large = np.flatnonzero(size > limit)
    if large.size == 0 or large.size > max(20, 1e-3 * series.value.size):
        return np.zeros(0, dtype=np.int64)
    return large[np.argsort(size[large])[::-1][:20]].astype(np.int64) + 1


def _conversion(before: Float64Array, after: Float64Array, quantum: float) -> tuple[str, float, float] | None:
    """The conversion that takes one stretch to the other."""
    level_before, level_after = float(np.median(before)), float(np.median(after))
    noise_before, noise_after = robust_sd(np.diff(before)), robust_sd(np.diff(after))
    near = 4 * (robust_sd(after) + 1e-12)
    best: tuple[float, tuple[str, float, float]] | None = None
    for name, (factor, offset) in CONVERSIONS.items():
        for a, b in ((factor, offset), (1 / factor, -offset / factor)):
            expected = a * level_before + b
            miss = abs(expected - level_after)
            if miss > 0.05 * abs(level_after) or miss > max(near, quantum, 0.02 * abs(level_after)):
                continue
            moved = abs(expected - level_before)
            if moved <= 0 or moved < 5 * (robust_sd(before) + robust_sd(after)) or moved < 0.5 * min(abs(level_before), abs(level_after)):
                continue
            doubt = miss / abs(level_after)
            if noise_before > 0 and noise_after > 0:
                ratio = noise_after / noise_before / a
                if not 1 / 1.5 < ratio < 1.5:
                    continue
                doubt += abs(float(np.log(ratio)))
            elif a != 1.0 and (noise_before > 0) != (noise_after > 0):
                continue
            if best is None or doubt < best[0]:
                best = (doubt, (name, a, b))
    return None if best is None else best[1]
