"""Exponentially weighted means of many spans at once, with state, without a Python loop per sample.

y[t] = (1 - a) y[t-1] + a x[t] with a = 2 / (span + 1). History is cut into blocks; inside a block the recursion is one
matrix product with a lower triangular matrix, whose last columns carry the state that enters the block; the states that enter the
blocks are a recursion of the same kind, and one small product.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from andon.evidence.workspace import Workspace
from andon.plant.arrays import Float32Array

BLOCK = 32
MOST_BLOCKS = 64  # that enter one product of states


def alpha_of(span: float) -> float:
    """Weight of the newest value for a span: 2 / (span + 1); span 1 follows the value itself."""
    return 2.0 / (span + 1.0)


@lru_cache(maxsize=256)
def _kernel(spans: tuple[float, ...], block: int) -> tuple[Float32Array, Float32Array]:
    """Matrices of one block.

    Returns
    -------
    whole : (S, block, block + S) maps [x of the block; state per span] to y of each span
    ends : (S, block) maps x of the block to its part of the state after it
    """
    count = len(spans)
    whole = np.zeros((count, block, block + count))
    step = np.arange(block)
    ends = np.zeros((count, block))
    for index, span in enumerate(spans):
        alpha = alpha_of(span)
        age = step[:, None] - step[None, :]
        whole[index, :, :block] = np.where(age >= 0, alpha * (1.0 - alpha) ** np.maximum(age, 0), 0.0)
        whole[index, :, block + index] = (1.0 - alpha) ** (step + 1)
        ends[index] = whole[index, -1, :block]
    return whole.astype(np.float32), ends.astype(np.float32)


@lru_cache(maxsize=256)
def _carry(spans: tuple[float, ...], blocks: int) -> Float32Array:
    """(S, blocks + 1, blocks + 1) maps [state; what each block adds to it] to the state before each block and after the last."""
    out = np.zeros((len(spans), blocks + 1, blocks + 1))
    at = np.arange(blocks + 1)
    age = at[:, None] - at[None, :]
    for index, span in enumerate(spans):
        out[index] = np.where(age >= 0, ((1.0 - alpha_of(span)) ** BLOCK) ** np.maximum(age, 0), 0.0)
    return out.astype(np.float32)


def smooth(
    x: Float32Array, spans: tuple[float, ...], state: Float32Array, room: Workspace | None = None, name: str = "smooth"
) -> tuple[Float32Array, Float32Array]:
    """Exponentially weighted means of every span.

    Parameters
    ----------
    x : (T, D) float32
    spans : S spans in ticks, each >= 1
    state : (S, D) float32, the means before the first row
    room : where `y` may be written, to be used again by the next call with the same `name`

    Returns
    -------
    y : (S, T, D) float32; not to be written to, for the span 1 it may be `x` itself
    state : (S, D) float32 after the last row
    """
    rows, width = x.shape
    count = len(spans)
    if rows == 0:
        return np.zeros((count, 0, width), dtype=np.float32), state
    if spans == (1.0,):
        return x[None], x[-1:].copy()
    room = room or Workspace()
    out = room.take(name, (count, rows, width))
    low = 0
    while low + BLOCK <= rows:
        full = min((rows - low) // BLOCK, MOST_BLOCKS)
        high = low + full * BLOCK
        state = _blocks(x[low:high].reshape(full, BLOCK, width), spans, state, out[:, low:high], room)
        low = high
    if low < rows:
        whole, _ = _kernel(spans, rows - low)
        np.matmul(whole, np.concatenate([x[low:], state], axis=0), out=out[:, low:])
        state = out[:, -1].copy()
    return out, state


def _blocks(x: Float32Array, spans: tuple[float, ...], state: Float32Array, out: Float32Array, room: Workspace) -> Float32Array:
    """Blocks (N, BLOCK, D) into `out` (S, N * BLOCK, D); returns the state after them."""
    full, _, width = x.shape
    count = len(spans)
    whole, ends = _kernel(spans, BLOCK)
    added = room.take("added", (count, full + 1, width))
    added[:, 0] = state
    np.matmul(ends, x, out=added[:, 1:].transpose(1, 0, 2))
    states = np.matmul(_carry(spans, full), added)
    entering = room.take("entering", (full, BLOCK + count, width))
    entering[:, :BLOCK] = x
    entering[:, BLOCK:] = states[:, :-1].transpose(1, 0, 2)
    for index in range(count):
        np.matmul(whole[index], entering, out=out[index].reshape(full, BLOCK, width))
    last: Float32Array = states[:, -1].copy()
    return last
