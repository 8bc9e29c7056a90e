"""Exponentially weighted means of many spans at once, with state, without a Python loop per sample.

y[t] = (1 - a) y[t-1] + a x[t] with a = 2 / (span + 1). History is cut into blocks; inside a block the recursion is one
matrix product with a lower triangular matrix, whose last columns carry the state that enters the block.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from andon.plant.arrays import Float32Array

BLOCK = 32


def alpha_of(span: float) -> float:
    """Weight of the newest value for a span: 2 / (span + 1); span 1 follows the value itself."""
    return 2.0 / (span + 1.0)


@lru_cache(maxsize=256)
def _kernel(spans: tuple[float, ...], block: int) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Matrices of one block.

    Returns
    -------
    whole : (S * block, block + S) maps [x of the block; state per span] to y of each span
    ends : (S, block) maps x of the block to its part of the state after it
    decay : (S, 1) what is left of the state after a block
    """
    count = len(spans)
    whole = np.zeros((count, block, block + count))
    step = np.arange(block)
    ends = np.zeros((count, block))
    decay = np.zeros((count, 1))
    for index, span in enumerate(spans):
        alpha = alpha_of(span)
        age = step[:, None] - step[None, :]
        whole[index, :, :block] = np.where(age >= 0, alpha * (1.0 - alpha) ** np.maximum(age, 0), 0.0)
        whole[index, :, block + index] = (1.0 - alpha) ** (step + 1)
        ends[index] = whole[index, -1, :block]
        decay[index] = (1.0 - alpha) ** block
    return (
        whole.reshape(count * block, block + count).astype(np.float32),
        ends.astype(np.float32),
        decay.astype(np.float32),
    )


def smooth(x: Float32Array, spans: tuple[float, ...], state: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Exponentially weighted means of every span.

    Parameters
    ----------
    x : (T, D) float32
    spans : S spans in ticks, each >= 1
    state : (S, D) float32, the means before the first row

    Returns
    -------
    y : (S, T, D) float32
    state : (S, D) float32 after the last row
    """
    rows, width = x.shape
    count = len(spans)
    if rows == 0:
        return np.zeros((count, 0, width), dtype=np.float32), state
    out = np.empty((count, rows, width), dtype=np.float32)
    full = rows // BLOCK
    done = full * BLOCK
    if full:
        whole, ends, decay = _kernel(spans, BLOCK)
        blocks = x[:done].reshape(full, BLOCK, width)
        entering = np.empty((full, BLOCK + count, width), dtype=np.float32)
        entering[:, :BLOCK] = blocks
        added = np.matmul(ends, blocks)
        for index in range(full):
            entering[index, BLOCK:] = state
            state = decay * state + added[index]
        for index in range(count):
            rows_of = whole[index * BLOCK : (index + 1) * BLOCK]
            np.matmul(rows_of, entering, out=out[index, :done].reshape(full, BLOCK, width))
    if done < rows:
        rest = rows - done
        whole, _, _ = _kernel(spans, rest)
        entering_rest = np.concatenate([x[done:], state], axis=0)
        out[:, done:] = (whole @ entering_rest).reshape(count, rest, width)
        state = out[:, -1].copy()
    return out, state
