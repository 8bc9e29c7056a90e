"""Fitting a line: covariance at its own time scale, and scales from normal time that did not set the covariance.

Normal time is cut into halves. What one half says of the other gives the entries and statistics; the larger of the two 99 %
quantiles becomes the scale, so that a line whose mean or covariance is uncertain (short training, a drifting process) speaks
softly. Eight blocks say along which directions the process wanders, see `moved`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

from andon.evidence.lines import LARGEST, LONG_MEMORY, OF_RELATION, SIZES, UNCENTRED, Lines, Statistic, reduce, source_values
from andon.evidence.principal import combined_index
from andon.evidence.smooth import smooth
from andon.evidence.whiten import effective_samples, precision_of
from andon.plant.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from andon.plant.window import Expectation, Prepared

CHUNK = 2048
QUANTILE = 0.99
FOLDS = 2
BLOCKS = 8
# Wandering between blocks of training, as variance, seen from as long after training as training was: about 8 times for a
# random walk, 12 times for a trend.
DRIFT = 10.0
WEAKEST = 0.05
FLOOR = 0.1
AGITATION_FLOOR = 0.05
WARM_SHARE = 0.1
PIECE = 32768
BELIEVED = 3.0  # standard deviations of one tick, in the long memory
LOCATION_STEPS = 8
QUANTILE_ROWS = 50000


def fit_lines(
    source: str,
    spans: tuple[float, ...],
    statistics: tuple[Statistic, ...],
    filled: Float32Array,
    prepared: Prepared,
    expectations: Mapping[str, Expectation],
    rows: BoolArray,
    *,
    diagonal: bool = False,
    principal: bool = False,
) -> Lines:
    """Fit all spans of one source on normal time.

    Parameters
    ----------
    source : as in `Lines`
    spans : S spans in ticks
    statistics : what is read off the vectors
    filled : (T, C) x without gaps
    rows : (T,) bool, normal time
    diagonal : leave correlations out, each channel for itself
    principal : the combined index of principal components, T² and SPE, in place of the inverse covariance
    """
    valid = None if bool(prepared.valid.all()) else prepared.valid
    core, _, kind = source.rpartition(".")
    width = (expectations[core].features if kind == "state" else filled).shape[1]
    unit, zeros = np.ones(width, dtype=np.float32), np.zeros(width, dtype=np.float32)
    if kind in SIZES:
        expected_values = expectations[core].relation if kind in OF_RELATION else expectations[core].forecast
        size = np.abs(np.where(prepared.valid[rows], filled[rows] - expected_values[rows], np.nan))
        count = np.maximum((~np.isnan(size)).sum(axis=0), 1)
        unit = np.maximum(np.nansum(size, axis=0, dtype=np.float64) / count, 0.1 * FLOOR).astype(np.float32)
    centre = zeros
    if kind in LONG_MEMORY:
        plain = source_values(_plain(core, kind), filled, valid, expectations, 0, prepared.rows, unit, zeros)[rows]
        centre, unit = location(plain)
    values = source_values(source, filled, valid, expectations, 0, prepared.rows, unit, centre)
    if kind in UNCENTRED:
        return _fit_extent(source, spans, values, prepared.reset, rows, unit)
    if kind in LONG_MEMORY:
        values = np.where(rows[:, None], values, np.float32(0.0))
    else:
        centre = values[rows].mean(axis=0, dtype=np.float64).astype(np.float32)
        values = np.where(rows[:, None], values - centre, np.float32(0.0))
    floor = np.full(width, AGITATION_FLOOR if kind == "agitation" else FLOOR)
    usable = int(rows.sum())
    age = np.arange(prepared.rows) - np.maximum.accumulate(np.where(prepared.reset, np.arange(prepared.rows), 0))
    use = [rows & (age >= min(span, WARM_SHARE * usable)) for span in spans]
    block = np.minimum((np.cumsum(rows) - 1).clip(0) * BLOCKS // max(usable, 1), BLOCKS - 1)
    fold = block * FOLDS // BLOCKS

    table = _Moments(len(spans), width)
    piece: list[list[Float32Array]] = [[] for _ in spans]
    piece_block: list[list[Int64Array]] = [[] for _ in spans]
    columns = np.unique(np.linspace(0, width - 1, min(width, 16)).astype(int))
    for low, high, y in _smoothed(values, spans, prepared.reset):
        for index in range(len(spans)):
            good = use[index][low:high]
            if low < PIECE:
                piece[index].append(y[index][good][:, columns])
                piece_block[index].append(block[low:high][good])
            table.add(index, y[index][good], block[low:high][good])
    classical = Statistic.QUADRATIC in statistics  # Hotelling's own covariance, for the candidates
    worth = [_worth(np.concatenate(part), np.concatenate(of)) for part, of in zip(piece, piece_block, strict=True)]

    def precision(index: int, blocks: list[int]) -> tuple[Float64Array, Float64Array]:
        size, mean, covariance, wandered = table.of(index, blocks, worth[index], floor)
        if not classical:
            covariance = covariance + DRIFT * wandered
        if diagonal:
            covariance = np.diag(np.diag(covariance))
        invert = combined_index if principal else precision_of
        return mean, invert(covariance, size, worth[index] * size, floor)

    final = np.stack([precision(index, list(range(BLOCKS)))[1] for index in range(len(spans))]).astype(np.float32)
    crossed = _crossed(values, spans, prepared.reset, use, fold, precision, width)
    gain, sizes, expected, scale = [], [], [], []
    for index, (y, pulled, relative, half) in enumerate(crossed):
        quantile = np.maximum(worst_quantile(relative, half), 1.0).astype(np.float32)
        squared = np.minimum(relative / quantile, LARGEST)
        gain.append(1.0 / (np.diag(final[index]) * quantile))
        sizes.append((1.0 / (width * np.maximum(np.abs(y).mean(axis=0, dtype=np.float64), 0.1 * floor))).astype(np.float32))
        numbers = [reduce(one, y[None], pulled[None], squared[None], sizes[-1][None])[0] for one in statistics]
        scale.append([max(float(worst_quantile(number, half)), 1e-6) for number in numbers])
        adds = {
            Statistic.SPREAD: np.log1p(squared).mean(axis=0),
            Statistic.QUADRATIC: (y * pulled).mean(axis=0),
            Statistic.EXTENT: np.abs(y).mean(axis=0) * sizes[-1],
        }
        expected.append([adds.get(one, zeros) for one in statistics])
    return Lines(
        source,
        spans,
        statistics,
        centre,
        unit,
        final,
        np.array(gain, dtype=np.float32),
        np.array(sizes, dtype=np.float32),
        np.array(expected, dtype=np.float32),
        np.array(scale, dtype=np.float32),
    )


def location(values: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Where a deviation is measured from in the long memory, and how far it is believed.

    Parameters
    ----------
    values : (N, D) of normal time

    Returns
    -------
    centre : (D,) float32, from which the limited deviations have mean zero
    limit : (D,) float32, three standard deviations, > 0

    References
    ----------
    Huber 1964, "Robust estimation of a location parameter".
    """
    limit = (BELIEVED * np.maximum(values.std(axis=0, dtype=np.float64), FLOOR)).astype(np.float32)
    centre = values.mean(axis=0, dtype=np.float64).astype(np.float32)
    for _ in range(LOCATION_STEPS):
        centre = centre + np.clip(values - centre, -limit, limit).mean(axis=0, dtype=np.float64).astype(np.float32)
    return centre, limit


def _plain(core: str, kind: str) -> str:
    """The source of which `kind` is the long memory."""
    return f"{core}.{LONG_MEMORY[kind]}" if core else LONG_MEMORY[kind]


def _fit_extent(
    source: str, spans: tuple[float, ...], values: Float32Array, reset: BoolArray, rows: BoolArray, unit: Float32Array
) -> Lines:
    """Lines of sizes in units of their normal time: nothing to decorrelate, only the quantile of the mean."""
    width = values.shape[1]
    values = np.where(rows[:, None], values, np.float32(0.0))
    numbers: list[list[Float32Array]] = [[] for _ in spans]
    sums = np.zeros((len(spans), width))
    for low, high, y in _smoothed(values, spans, reset):
        good = rows[low:high]
        sums += y[:, good].sum(axis=1, dtype=np.float64)
        for index in range(len(spans)):
            numbers[index].append(y[index][good].mean(axis=1))
    scale = [[max(float(worst_quantile(part, _halves(len(part)))), 1e-6)] for part in map(np.concatenate, numbers)]
    return Lines(
        source,
        spans,
        (Statistic.EXTENT,),
        np.zeros(width, dtype=np.float32),
        unit,
        np.tile(np.eye(1, dtype=np.float32), (len(spans), 1, 1)),
        np.ones((len(spans), 1), dtype=np.float32),
        np.full((len(spans), width), 1.0 / width, dtype=np.float32),
        (sums / max(int(rows.sum()), 1) / width).astype(np.float32)[:, None],
        np.array(scale, dtype=np.float32),
    )


def worst_quantile(numbers: Float32Array, fold: Float32Array) -> Float32Array:
    """The 99 % quantile over rows in the fold where it is largest.

    Parameters
    ----------
    numbers : (N,) or (N, D)
    fold : (N,) the fold of each row

    Returns
    -------
    () or (D,) float32
    """
    each = [np.quantile(numbers[fold == part], QUANTILE, axis=0) for part in np.unique(fold)]
    out: Float32Array = np.asarray(np.max(each, axis=0), dtype=np.float32)
    return out


def _halves(rows: int) -> Float32Array:
    return (np.arange(rows) * FOLDS // max(rows, 1)).astype(np.float32)


class _Moments:
    """Sums and products of every block of every span."""

    def __init__(self, spans: int, width: int) -> None:
        self.sizes = np.zeros((spans, BLOCKS))
        self.sums = np.zeros((spans, BLOCKS, width))
        self.squares = np.zeros((spans, BLOCKS, width, width))

    def add(self, index: int, y: Float32Array, block: Int64Array) -> None:
        """Add rows `y` (N, D) of the blocks `block` (N,), not decreasing."""
        borders = np.searchsorted(block, np.arange(BLOCKS + 1))
        for part in range(BLOCKS):
            chosen = y[borders[part] : borders[part + 1]]
            if len(chosen):
                self.sizes[index, part] += len(chosen)
                self.sums[index, part] += chosen.sum(axis=0, dtype=np.float64)
                self.squares[index, part] += chosen.T @ chosen

    def of(
        self, index: int, blocks: list[int], worth: float, floor: Float64Array
    ) -> tuple[float, Float64Array, Float64Array, Float64Array]:
        """Rows, mean, covariance of some blocks together, and the covariance of what moved between them.

        The mean of all blocks is zero by construction.
        """
        sizes = self.sizes[index, blocks]
        size = max(float(sizes.sum()), 1.0)
        mean = self.sums[index, blocks].sum(axis=0) / size
        if len(blocks) == BLOCKS:
            mean = np.zeros_like(mean)
        covariance = self.squares[index, blocks].sum(axis=0) / size - np.outer(mean, mean)
        means = self.sums[index, blocks] / np.maximum(sizes, 1.0)[:, None]
        np.fill_diagonal(covariance, np.maximum(np.diag(covariance), 0.0))
        return size, mean, covariance, moved(means[sizes > 0], covariance, worth * size / len(blocks), floor)


def moved(means: Float64Array, covariance: Float64Array, samples: float, floor: Float64Array) -> Float64Array:
    """Covariance of what moves between blocks of normal time beyond what chance gives.

    In the units of the covariance within blocks, the covariance of block means that do not move is noise of 1 / samples, and
    its largest eigenvalue stays below the Marchenko-Pastur edge. Directions above the edge drift: the process wanders along
    them, and how far it will have wandered after training cannot be known from it.

    Parameters
    ----------
    means : (B, D) means of the blocks
    covariance : (D, D) of all rows
    samples : effective number of samples in a block
    floor : (D,) smallest standard deviation believed

    Returns
    -------
    (D, D) positive semi-definite; zero where nothing moves
    """
    count, width = means.shape
    if count < 3:
        return np.zeros((width, width))
    deviation = means - means.mean(axis=0)
    between = deviation.T @ deviation / (count - 1)
    within = np.maximum(np.diag(covariance) - np.diag(between), 0.05 * np.diag(covariance))
    spread = np.sqrt(np.maximum(within, floor**2))
    correlation = (covariance - between) / np.outer(spread, spread)
    values, vectors = np.linalg.eigh(correlation)
    if values[-1] <= 0.0:
        return np.zeros((width, width))
    # Whitened within blocks; directions that hardly vary there are not blown up.
    values = np.maximum(values, WEAKEST * values[-1])
    turn = (vectors * np.sqrt(values)) @ vectors.T
    back = (vectors / np.sqrt(values)) @ vectors.T
    _, lengths, axes = np.linalg.svd((deviation / spread) @ back / np.sqrt(count - 1), full_matrices=False)
    edge = (1.0 + np.sqrt(width / (count - 1))) ** 2 / max(samples, 1.0)
    kept = turn @ (axes.T * np.sqrt(np.maximum(lengths**2 - edge, 0.0)))
    out: Float64Array = kept @ kept.T * np.outer(spread, spread)
    return out


def _worth(joined: Float32Array, block: Int64Array) -> float:
    """Effective number of samples per row, from the deviations from the mean of each block."""
    if len(joined) < 4:
        return 1.0
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    sizes = np.diff(starts, append=len(block))
    means = np.add.reduceat(joined.astype(np.float64), starts, axis=0) / sizes[:, None]
    centred = joined - np.repeat(means, sizes, axis=0)
    return effective_samples(centred) / len(joined)


def _crossed(
    values: Float32Array,
    spans: tuple[float, ...],
    reset: BoolArray,
    use: list[BoolArray],
    fold: Int64Array,
    precision: object,
    width: int,
) -> list[tuple[Float32Array, Float32Array, Float32Array, Float32Array]]:
    """Per span: vectors, P y, squared entries of every row by what the other folds say, and the fold."""
    assert callable(precision)
    by = {
        (index, part): precision(index, [other for other in range(BLOCKS) if other * FOLDS // BLOCKS != part])
        for index in range(len(spans))
        for part in range(FOLDS)
    }
    total = max(1, len(values) // QUANTILE_ROWS)
    found: list[list[tuple[Float32Array, ...]]] = [[] for _ in spans]
    for low, high, y in _smoothed(values, spans, reset):
        for index in range(len(spans)):
            kept = np.flatnonzero(use[index][low:high])[::total]
            for part in np.unique(fold[low:high][kept]):
                mean, inverse = by[index, int(part)]
                chosen = y[index][kept[fold[low:high][kept] == part]] - mean.astype(np.float32)
                pulled = chosen @ inverse.astype(np.float32)
                squared = np.square(pulled) / np.diag(inverse).astype(np.float32)
                found[index].append((chosen, pulled, squared, np.full(len(chosen), part, dtype=np.float32)))
    empty = np.zeros((1, width), dtype=np.float32)
    return [
        tuple(np.concatenate([row[column] for row in rows]) if rows else (empty, empty, empty, empty[:, 0])[column] for column in range(4))  # type: ignore[misc]
        for rows in found
    ]


def _smoothed(values: Float32Array, spans: tuple[float, ...], reset: BoolArray) -> Iterator[tuple[int, int, Float32Array]]:
    """Chunks (low, high, y (S, T, D)) of a smoothed source."""
    borders = [0, *np.flatnonzero(reset).tolist(), len(values)]
    for first, last in pairwise(borders):
        state = np.zeros((len(spans), values.shape[1]), dtype=np.float32)
        for low in range(first, last, CHUNK):
            high = min(low + CHUNK, last)
            y, state = smooth(values[low:high], spans, state)
            yield low, high, y
