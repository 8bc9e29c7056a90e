"""Novelty of shape: how far the last patch is from the patches of normal time, each tag's level and amplitude removed.

A patch of the last `patch` ticks is normalised per tag, described by its slow cosine coefficients, projected onto the
directions in which normal patches differ, and compared by cosine with a memory of at most 1,024 normal patches. One patch
is looked at every `stride` ticks (of the tick number, so that any cut of a recording looks at the same patches).

References
----------
Roth et al. 2022, "Towards total recall in industrial anomaly detection" (PatchCore: memory of normal patches).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.plant.arrays import BoolArray, Float32Array, Float64Array, Int64Array

MEMORY = 1024
CANDIDATES = 4096
COEFFICIENTS = 8
DIRECTIONS = 64
NEAREST = 3
GROUP = 16
SEARCHED_IN_GROUPS = 256
FLOOR_SHARE = 0.5
SMALLEST_FLOOR = 0.02


@dataclass(frozen=True, slots=True)
class Novelty:
    """What normal patches look like.

    Attributes
    ----------
    patch, stride : ticks
    floor : (C,) float32, added to the spread of a tag in a patch, so that noise is not blown up to shape
    waves : (patch, K) float32, orthonormal cosines without the constant
    centre : (K * C,) float32, mean of normal descriptions
    directions : (K * C, D) float32
    memory : (M, D) float32, unit length
    """

    patch: int
    stride: int
    floor: Float32Array
    waves: Float32Array
    centre: Float32Array
    directions: Float32Array
    memory: Float32Array

    def describe(self, patches: Float32Array, waves: Float32Array | None = None) -> Float32Array:
        """(N, K * C) normalised shape of patches (N, patch, C); `waves` in place of its own where rows stand in another order."""
        centred = patches - np.add.reduce(patches, axis=1, keepdims=True) / np.float32(self.patch)
        spread = np.sqrt(np.einsum("npc,npc->nc", centred, centred) / self.patch) + self.floor
        shape = np.matmul((self.waves if waves is None else waves).T, centred) / (spread[:, None, :] * np.float32(np.sqrt(self.patch)))
        out: Float32Array = shape.reshape(len(patches), -1)
        return out

    def describe_all(self, x: Float32Array, ends: Int64Array) -> Float32Array:
        """(N, K * C) normalised shape of the patches of x (T, C) that end at rows `ends`, as `describe` of `windows`, without copying."""
        first = ends - self.patch + 1
        step = int(first[1] - first[0]) if len(first) > 1 else 1
        if not bool((first == first[0] + step * np.arange(len(first))).all()):
            return self.describe(windows(x, self.patch, ends))
        moved = x - x[len(x) // 2]  # the waves do not see a constant; rounding does
        wide = moved.astype(np.float64)  # far from zero, sums of squares cancel
        shape = np.matmul(self.waves.T, _patches(moved, self.patch, first[0], step, len(first)))
        mean = np.full((1, self.patch), 1.0 / self.patch)
        means = np.matmul(mean, _patches(wide, self.patch, first[0], step, len(first)))
        np.square(wide, out=wide)
        variance = np.matmul(mean, _patches(wide, self.patch, first[0], step, len(first))) - np.square(means)
        spread = np.sqrt(np.maximum(variance, 0.0)).astype(np.float32) + self.floor
        shape /= spread * np.float32(np.sqrt(self.patch))
        out: Float32Array = shape.reshape(len(first), -1)
        return out

    def embed(self, described: Float32Array) -> Float32Array:
        """(N, D) unit vectors."""
        vector = (described - self.centre) @ self.directions
        length = np.sqrt(np.einsum("nd,nd->n", vector, vector)) + np.float32(1e-6)
        out: Float32Array = vector / length[:, None]
        return out

    def nearest(self, described: Float32Array) -> Float32Array:
        """(N,) float32 in [0, 2], mean cosine distance of descriptions (N, K * C) to the nearest normal patches."""
        return nearest(self.embed(described), self.memory)

    def distance(self, patches: Float32Array) -> Float32Array:
        """(N,) float32 in [0, 2], mean cosine distance of patches (N, patch, C) to the nearest normal patches."""
        return self.nearest(self.describe(patches))

    def distance_all(self, x: Float32Array, ends: Int64Array) -> Float32Array:
        """(N,) as `distance`, of the patches of x (T, C) that end at rows `ends`."""
        return self.nearest(self.describe_all(x, ends))


def _patches(x: NDArray[Any], patch: int, first: int, step: int, count: int) -> NDArray[Any]:
    """(N, patch, C) patches of x (T, C) that begin at rows first, first + step, ...; a view."""
    row, column = x.strides
    return np.lib.stride_tricks.as_strided(x[first:], (count, patch, x.shape[1]), (step * row, row, column), writeable=False)


def nearest(vectors: Float32Array, memory: Float32Array) -> Float32Array:
    """(N,) mean cosine distance of unit vectors to their nearest in `memory`."""
    count = min(NEAREST, len(memory))
    near = np.matmul(memory, vectors.T)
    if len(vectors) >= GROUP and len(near) >= SEARCHED_IN_GROUPS and len(near) % GROUP == 0:
        near = _candidates(near, count)
    if count < len(near):
        near = np.partition(np.ascontiguousarray(near.T), len(near) - count, axis=1)[:, -count:].T
    closeness: Float32Array = np.maximum(np.float32(1.0) - near.mean(axis=0), np.float32(0.0))
    return closeness


def _candidates(near: Float32Array, count: int) -> Float32Array:
    """(K, N) a few values of each column of (M, N), its `count` largest among them: those of the groups with the largest maxima."""
    grouped = near.reshape(GROUP, -1, near.shape[1])
    best = np.ascontiguousarray(grouped.max(axis=0).T)
    rows = np.arange(len(best))
    parts = []
    for _ in range(count):
        at = best.argmax(axis=1)
        best[rows, at] = -np.inf
        parts.append(grouped[:, at, rows])
    return np.concatenate(parts, axis=0)


def cosines(patch: int, count: int) -> Float32Array:
    """(patch, count) orthonormal cosines (DCT-II) of frequency 1..count."""
    step = np.arange(patch)[:, None]
    wave = np.arange(1, count + 1)[None, :]
    out: Float32Array = (np.sqrt(2.0 / patch) * np.cos(np.pi * (step + 0.5) * wave / patch)).astype(np.float32)
    return out


def windows(x: Float32Array, patch: int, ends: Int64Array) -> Float32Array:
    """(N, patch, C) the last `patch` rows up to and with each end."""
    view = np.lib.stride_tricks.sliding_window_view(x, patch, axis=0)
    return np.ascontiguousarray(view[ends - patch + 1].transpose(0, 2, 1))


def fit_novelty(x: Float32Array, ends: Int64Array, patch: int, stride: int) -> tuple[Novelty, Float64Array]:
    """Memory of normal shapes, and the cross-fitted distances of normal patches.

    Parameters
    ----------
    x : (T, C) scaled, gaps filled
    ends : (N,) rows at which a patch of normal time ends
    patch, stride : ticks

    Returns
    -------
    novelty : to score with
    distances : (N',) distance of each candidate patch to the memory of the other blocks of time
    """
    if len(ends) > CANDIDATES:
        ends = ends[np.linspace(0, len(ends) - 1, CANDIDATES).astype(np.int64)]
    width = x.shape[1]
    step = max(1, 2**22 // max(patch * width, 1))
    spreads = [windows(x, patch, ends[low : low + step]).std(axis=1) for low in range(0, len(ends), step)]
    floor = np.maximum(FLOOR_SHARE * np.median(np.concatenate(spreads), axis=0), SMALLEST_FLOOR).astype(np.float32)
    waves = cosines(patch, min(COEFFICIENTS, patch - 1))
    size = waves.shape[1] * width
    empty = np.zeros((0, 0), dtype=np.float32)
    plain = Novelty(patch, stride, floor, waves, np.zeros(size, dtype=np.float32), empty, empty)
    described = np.concatenate([plain.describe(windows(x, patch, ends[low : low + step])) for low in range(0, len(ends), step)])
    centre = described.mean(axis=0)
    directions = _directions(described - centre)
    shaped = Novelty(patch, stride, floor, waves, centre, directions, empty)
    vectors = shaped.embed(described)
    kept = np.linspace(0, len(vectors) - 1, min(MEMORY, len(vectors))).astype(np.int64)
    memory = vectors[kept]
    return Novelty(patch, stride, floor, waves, centre, directions, memory), _crossed(vectors, ends, patch)


def _directions(described: Float32Array) -> Float32Array:
    """(K * C, D) leading directions of the descriptions, by the smaller of the two Gram matrices."""
    rows, size = described.shape
    if size <= rows or size <= MEMORY:
        values, vectors = np.linalg.eigh((described.T @ described).astype(np.float64))
        found = vectors
    else:
        sample = described[np.linspace(0, rows - 1, min(rows, MEMORY)).astype(np.int64)]
        values, inner = np.linalg.eigh((sample @ sample.T).astype(np.float64))
        found = sample.T @ inner / np.sqrt(np.maximum(values, 1e-9))
    order = np.argsort(values)[::-1][:DIRECTIONS]
    order = order[values[order] > 1e-6 * max(float(values.max(initial=0.0)), 1e-12)]
    if order.size == 0:
        order = np.array([len(values) - 1])
    return np.ascontiguousarray(found[:, order], dtype=np.float32)


def _crossed(vectors: Float32Array, ends: Int64Array, patch: int, folds: int = 4) -> Float64Array:
    """Distances to the memory of the other folds, patches that overlap the fold left out."""
    out = np.full(len(vectors), np.nan)
    for piece in np.array_split(np.arange(len(vectors)), folds):
        if piece.size == 0:
            continue
        others = np.flatnonzero((ends < ends[piece[0]] - patch) | (ends > ends[piece[-1]] + patch))
        if others.size == 0:
            continue
        if others.size > MEMORY:
            others = others[np.linspace(0, others.size - 1, MEMORY).astype(np.int64)]
        out[piece] = nearest(vectors[piece], vectors[others])
    kept: Float64Array = out[np.isfinite(out)]
    return kept


def patch_ends(tick: Int64Array, age: Int64Array, patch: int, stride: int) -> BoolArray:
    """(T,) True where a patch is looked at: the tick number divides by the stride and the patch is whole.

    Parameters
    ----------
    tick : (T,) tick numbers
    age : (T,) ticks since the last reset, 0 at the reset
    """
    due: BoolArray = (tick % stride == 0) & (age >= patch - 1)
    return due
