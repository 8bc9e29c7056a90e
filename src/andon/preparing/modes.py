"""Discovery of operating modes: simple, and only where the evidence is strong.

Rule. Set-points are looked at first, other channels only where no set-point has levels. A channel has levels when its
sorted values fall apart at gaps wider than a tenth of its span, every level holds at least 5 % of the time, and the
values within a level scatter less than a sixth of the gap. At most four channels are used, the clearest first. A mode is a combination
of levels that holds at least 5 % of the time. Modes are accepted when there are two or more, they cover 97 % of the
time, and one lasts 20 ticks on average. Else there is one mode, and the reason is kept.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, Int64Array
from andon.preparing.preparation import ModeModel
from andon.preparing.scaling import a_few

LEVEL_SHARE = 0.05
COVERED = 0.97
DWELL_TICKS = 20
MOST_CHANNELS = 4


def levels_of(values: Float64Array, most: int) -> tuple[Float64Array, float] | None:
    """Centres of the levels of one channel, and how clear they are (gap / scatter); None where it has no levels.

    Parameters
    ----------
    values : (N,) finite
    """
    ordered = np.sort(a_few(values))
    bottom, top = np.quantile(ordered, [0.002, 0.998]).tolist()
    if top <= bottom:
        return None
    cuts = np.flatnonzero(np.diff(ordered) > 0.1 * (top - bottom)) + 1
    groups = [group for group in np.split(ordered, cuts) if len(group) >= LEVEL_SHARE * len(ordered)]
    if not 2 <= len(groups) <= most or sum(map(len, groups)) < COVERED * len(ordered):
        return None
    centers = np.array([np.median(group) for group in groups])
    scatter = max(float(np.std(group)) for group in groups)
    gap = float(np.diff(centers).min())
    return (centers, gap / scatter if scatter > 0 else np.inf) if scatter < gap / 6 else None


def discover_modes(scaled: Float64Array, tick: Int64Array, names: tuple[str, ...], setpoint: BoolArray, most: int) -> ModeModel:
    """Look for operating modes in normal training time.

    Parameters
    ----------
    scaled : (N, C) scaled values, NaN where missing
    tick : (N,) increasing
    names : C channels
    setpoint : (C,) True for set-points
    most : most modes to accept

    Returns
    -------
    A model of modes; source "none" with its reason where the evidence is not strong
    """
    none = ModeModel()
    found: dict[int, tuple[Float64Array, float]] = {}
    for kind in (setpoint, ~setpoint):
        for channel in np.flatnonzero(kind).tolist():
            column = scaled[:, channel]
            column = column[np.isfinite(column)]
            levels = levels_of(column, most) if len(column) >= 0.9 * len(scaled) and len(column) > 100 else None
            if levels is not None:
                found[channel] = levels
        if found:
            break
    if not found:
        return replace(none, reason=("no-levels", ""))
    used = sorted(sorted(found, key=lambda channel: (-found[channel][1], channel))[:MOST_CHANNELS])
    values = scaled[:, used]
    whole = np.isfinite(values).all(axis=1)
    values, tick = values[whole], tick[whole]
    code: Int64Array = np.zeros(len(values), dtype=np.int64)
    for place, channel in enumerate(used):
        here = found[channel][0]
        code = code * len(here) + np.abs(values[:, place, None] - here).argmin(axis=1)
    _, inverse, counts = np.unique(code, return_inverse=True, return_counts=True)
    kept = np.flatnonzero(counts >= LEVEL_SHARE * len(values))
    covered = float(counts[kept].sum()) / len(values)
    if not 2 <= len(kept) <= most or covered < COVERED:
        return replace(none, reason=("combinations", f"{len(kept)}, {covered:.0%}"))
    changes = int((np.diff(inverse) != 0).sum())
    dwell = (int(tick[-1]) - int(tick[0])) / max(changes, 1)
    if dwell < DWELL_TICKS:
        return replace(none, reason=("too-often", f"{dwell:.0f}"))
    middle: Float64Array = np.array([np.median(values[inverse == kind], axis=0) for kind in kept])
    apart = np.abs(middle[:, None, :] - middle[None, :, :]).max(axis=2)
    radius = 0.5 * float(apart[apart > 0].min())
    by = ", ".join(names[channel] for channel in used)
    return ModeModel(
        "discovered",
        channels=tuple(names[channel] for channel in used),
        centers=tuple(tuple(center) for center in middle.tolist()),
        radius=radius,
        reason=("found", f"{len(kept)}: {by}; {covered:.1%}"),
    )
