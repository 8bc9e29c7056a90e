"""A small plant for tests: correlated tags with memory, as prepared ticks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from andon.plant.arrays import BoolArray, Float32Array
from andon.plant.window import Expectation, Prepared


def plant(rows: int, channels: int = 6, seed: int = 0, first: int = 1000) -> Prepared:
    """Stationary ticks: three hidden first-order processes seen by all channels, plus noise; unit variance."""
    random = np.random.default_rng(seed)
    hidden = np.zeros((rows, 3))
    state = random.normal(size=3)
    for t in range(rows):
        state = np.array([0.95, 0.8, 0.5]) * state + np.sqrt(1.0 - np.array([0.95, 0.8, 0.5]) ** 2) * random.normal(size=3)
        hidden[t] = state
    mixing = np.random.default_rng(99).normal(size=(3, channels))
    mixing /= np.sqrt((mixing**2).sum(axis=0))
    x = 0.8 * hidden @ mixing + 0.6 * random.normal(size=(rows, channels))
    reset = np.zeros(rows, dtype=bool)
    reset[0] = True
    names = tuple(f"t{index}" for index in range(channels))
    return Prepared(
        "plant", names, names, (), 60_000_000_000, first + np.arange(rows, dtype=np.int64), x.astype(np.float32),
        np.ones((rows, channels), dtype=bool), np.zeros((rows, 0), dtype=np.float32), np.zeros(rows, dtype=np.int16),
        np.zeros(rows, dtype=np.uint8), reset,
    )  # fmt: skip


def without(ticks: Prepared, gone: BoolArray) -> Prepared:
    """Those samples missing."""
    return replace(ticks, x=np.where(gone, np.float32(0.0), ticks.x), valid=ticks.valid & ~gone)


def moved(ticks: Prepared, shift: Float32Array, start: int) -> Prepared:
    """A step of `shift` (C,) from row `start` on."""
    x = ticks.x.copy()
    x[start:] += shift
    return replace(ticks, x=x)


def part_of(expected: Expectation, low: int, high: int) -> Expectation:
    """Rows low..high."""
    return Expectation(
        *(getattr(expected, name)[low:high] for name in ("forecast", "relation", "log_scale", "level", "features", "quality"))
    )
