"""One tick of all lines at once: the live path of the views.

History runs source by source over many rows; a live tick has one row, and the time goes into calls, not into arithmetic. So
the lines of all sources are stacked and a tick takes a few calls. A property test holds both paths to the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from andon.evidence.impute import ConditionalFill
from andon.evidence.lines import LARGEST, LEVELS, LONG_MEMORY, OF_RELATION, SIZES, Lines, Statistic
from andon.evidence.smooth import alpha_of
from andon.plant.arrays import BoolArray, Float32Array, Int64Array
from andon.plant.window import Expectation, Prepared

ONE = np.float32(1.0)
LARGEST_STACK = 2**25  # numbers; wider assets keep their lines apart rather than twice
FULL = (Statistic.SPREAD, Statistic.STRONGEST, Statistic.EXTENT)


@dataclass(frozen=True, slots=True)
class Stack:
    """Lines of all sources together. G sources, M lines, L of them decorrelated, V views.

    Attributes
    ----------
    cores : cores in the order of their residuals: row 0 is the level, then forecast and relation of each core
    pick : (G,) int64, the row that each source is
    sized, logged : (G, 1) bool, sources of which the size is taken, and its logarithm; None where there is none
    masked : (G, 1) bool, sources that are zero where a channel is missing: all but the level and its drift
    rate : (G, C) float32, one over the unit of the size; ones for the others
    highest, lowest : (G, C) float32, how far deviations are believed; None where no source has a limit
    centre : (G, C) float32
    source : (M,) int64, the source of each line
    alpha : (M, 1) float32
    size, extent_expected : (M, C) float32
    full : (L,) int64, lines with all three statistics; the others have their extent alone
    factor : (L, C, C) float32, precision times the root of the gain
    spread_expected : (L, C) float32
    order : (V,) int64, where each view stands in [spread, strongest, extent]
    scale : (V,) float32
    fill : for missing channels
    ones : (C,) float32
    """

    cores: tuple[str, ...]
    pick: Int64Array
    sized: BoolArray | None
    logged: BoolArray | None
    masked: BoolArray
    rate: Float32Array
    highest: Float32Array | None
    lowest: Float32Array | None
    centre: Float32Array
    source: Int64Array
    alpha: Float32Array
    size: Float32Array
    extent_expected: Float32Array
    full: Int64Array
    factor: Float32Array
    spread_expected: Float32Array
    order: Int64Array
    scale: Float32Array
    fill: ConditionalFill
    ones: Float32Array


def stack(lines: Sequence[Lines]) -> Stack | None:
    """The lines stacked; None where some are not of channels, read other statistics than the defaults, or are very wide."""
    usual = all(line.of_channels and line.statistics in (FULL, (Statistic.EXTENT,)) for line in lines)
    if not lines or not usual:
        return None
    full_lines = [line for line in lines if line.statistics == FULL]
    if not full_lines or sum(line.precision.size for line in full_lines) > LARGEST_STACK:
        return None
    counts = [len(line.spans) for line in lines]
    source = np.repeat(np.arange(len(lines)), counts)
    is_full = np.repeat([line.statistics == FULL for line in lines], counts)
    full = np.flatnonzero(is_full)
    deep, whole = len(full), len(source)
    order, seen = [], 0
    for at in range(whole):
        if is_full[at]:
            order += [seen, deep + seen, 2 * deep + at]
            seen += 1
        else:
            order.append(2 * deep + at)
    precision = np.concatenate([line.precision for line in full_lines])
    parts = [(line.source.rpartition(".")[0], line.source.rpartition(".")[2]) for line in lines]
    cores = tuple(dict.fromkeys(core for core, _ in parts if core))
    sized = np.array([[kind in SIZES] for _, kind in parts])
    logged = np.array([[kind == "agitation"] for _, kind in parts])
    limited = np.array([[kind in LONG_MEMORY] for _, kind in parts])
    highest = np.where(limited, np.stack([line.unit for line in lines]), np.float32(np.inf)) if limited.any() else None
    return Stack(
        cores=cores,
        pick=np.array([0 if not core else 1 + 2 * cores.index(core) + (kind in OF_RELATION) for core, kind in parts]),
        sized=sized if sized.any() else None,
        logged=logged if logged.any() else None,
        masked=np.array([[kind not in LEVELS] for _, kind in parts]),
        rate=np.where(sized, np.float32(1.0) / np.stack([line.unit for line in lines]), np.float32(1.0)),
        highest=highest,
        lowest=None if highest is None else -highest,
        centre=np.stack([line.centre for line in lines]),
        source=source,
        alpha=np.array([[alpha_of(span)] for line in lines for span in line.spans], dtype=np.float32),
        size=np.concatenate([line.size for line in lines]),
        extent_expected=np.concatenate([line.expected[:, line.statistics.index(Statistic.EXTENT)] for line in lines]),
        full=full,
        factor=np.concatenate([line.factor for line in full_lines]),
        spread_expected=np.concatenate([line.expected[:, line.statistics.index(Statistic.SPREAD)] for line in full_lines]),
        order=np.array(order),
        scale=np.concatenate([line.scale.ravel() for line in lines]),
        fill=ConditionalFill(precision),
        ones=np.ones(len(lines[0].centre), dtype=np.float32),
    )


def tick(
    lines: Stack, prepared: Prepared, expectations: Mapping[str, Expectation], means: Float32Array, view: Float32Array
) -> tuple[Float32Array, Float32Array] | None:
    """Views of one row.

    Parameters
    ----------
    prepared : one tick
    means : (M, C) float32, the state of the lines
    view : (V,) float32, written to

    Returns
    -------
    means after the tick and the row with its gaps filled (C,); None where a core has no forecast of this tick
    """
    x, valid = prepared.x[0], prepared.valid[0]
    gone = None if np.count_nonzero(valid) == len(valid) else ~valid
    if gone is not None and expectations:
        x = np.where(gone, next(iter(expectations.values())).relation[0], x)
    rows = np.empty((1 + 2 * len(lines.cores), len(x)), dtype=np.float32)
    rows[0] = x
    for at, core in enumerate(lines.cores):
        expected = expectations[core]
        rows[1 + 2 * at], rows[2 + 2 * at] = expected.forecast[0], expected.relation[0]
    np.subtract(x, rows[1:], out=rows[1:])
    values: Float32Array = rows.take(lines.pick, axis=0)
    if lines.sized is not None:
        np.abs(values, out=values, where=lines.sized)
        values *= lines.rate
    if lines.logged is not None:
        np.log1p(values, out=values, where=lines.logged)
    values -= lines.centre
    if lines.highest is not None and lines.lowest is not None:
        np.minimum(values, lines.highest, out=values)
        np.maximum(values, lines.lowest, out=values)
    if gone is not None:
        values[lines.masked & gone] = 0.0
    if np.count_nonzero(values == values) < values.size:  # NaN: the first tick after a reset
        return None
    after: Float32Array = values.take(lines.source, axis=0)
    after -= means
    after *= lines.alpha
    after += means
    y = after.take(lines.full, axis=0)
    if gone is not None:
        lines.fill.fill(y[:, None, :], valid[None])
    squared = np.matmul(y[:, None, :], lines.factor)[:, 0]
    squared *= squared
    size = np.abs(after)
    if gone is not None:
        lines.fill.gain(squared[:, None, :], valid[None])
        squared[:, gone] = 0.0
        size[:, gone] = 0.0
    np.minimum(squared, LARGEST, out=squared)
    deep = len(lines.full)
    numbers = np.empty(2 * deep + len(after), dtype=np.float32)
    np.maximum.reduce(squared, axis=1, out=numbers[deep : 2 * deep])
    squared += ONE
    np.matmul(np.log(squared, out=squared), lines.ones, out=numbers[:deep])
    np.vecdot(size, lines.size, out=numbers[2 * deep :])
    if gone is not None:
        numbers[:deep] += lines.spread_expected[:, gone].sum(axis=1)
        numbers[2 * deep :] += lines.extent_expected[:, gone].sum(axis=1)
    np.divide(numbers.take(lines.order), lines.scale, out=view)
    return after, x
