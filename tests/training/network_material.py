"""Small plants for the tests of the network: a nonlinear ring of tags, with gaps and resets."""

from __future__ import annotations

import numpy as np

from andon.plant.time import MINUTE_NS
from andon.plant.window import Prepared


def ring_of_tags(rows: int = 2000, channels: int = 6, seed: int = 0, missing: float = 0.01) -> Prepared:
    """Each tag is a tent over its neighbour two ticks before, with noise: a line cannot say that."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(rows, channels)).astype(np.float32)
    x = np.zeros((rows, channels), dtype=np.float32)
    for t in range(2, rows):
        x[t] = 1 - 1.3 * np.abs(np.roll(x[t - 2], 1)) + 0.15 * noise[t]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    valid = rng.random((rows, channels)) >= missing
    x[~valid] = 0
    reset = np.zeros(rows, dtype=bool)
    reset[[0, rows // 3]] = True
    names = tuple(f"tag{i}" for i in range(channels))
    context = np.stack([np.sin(np.arange(rows) / 50), np.ones(rows)], axis=1).astype(np.float32)
    tick = np.arange(1000, 1000 + rows, dtype=np.int64)
    mode, why = np.zeros(rows, dtype=np.int16), np.zeros(rows, dtype=np.uint8)
    return Prepared("ring", names, names, ("swing", "one"), MINUTE_NS, tick, x, valid, context, mode, why, reset)
