"""Simulated plants by seed: correlated tags with memory, as a plant has them, steady or moving in a stated way.

Hidden states with different memory (minutes to half a day), a daily wave, a controller that answers the first state, tags
that mix them with lags, heavy-tailed and quantised measurement noise, tags that are copies of each other, and set-point
steps on some plants. A steady plant is stationary from its first tick on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import Float64Array

MOVES = ("drift", "gain", "setpoint", "wear")
"""Slow drift of some tags, noisier sensors, a new set-point, a valve that wears."""


@dataclass(frozen=True, slots=True)
class SimulatedPlant:
    """Recipe of one recording.

    Attributes
    ----------
    seed : decides everything below
    ticks : length
    move : one of `MOVES`, or empty for a steady plant
    move_at : tick from which on it moves
    """

    seed: int
    ticks: int
    move: str = ""
    move_at: int = 0

    def values(self) -> Float64Array:
        """(ticks, C) measured values."""
        from scipy.signal import lfilter

        rng = np.random.default_rng(self.seed)
        width = int(rng.integers(8, 25))
        hidden = max(3, width // 3)
        warm = 3000
        count = self.ticks + warm
        memory = np.exp(rng.uniform(np.log(5.0), np.log(240.0), hidden))
        heavy = rng.random() < 0.4
        shock = rng.standard_t(6.0, (count, hidden)) / np.sqrt(1.5) if heavy else rng.standard_normal((count, hidden))
        state = np.empty((count, hidden))
        for number, rho in enumerate(np.exp(-1.0 / memory)):
            state[:, number] = lfilter([np.sqrt(1.0 - rho**2)], [1.0, -rho], shock[:, number])
        clock = np.arange(count) + rng.integers(0, 1440)
        state[:, 0] += rng.uniform(0.3, 1.5) * np.sin(2.0 * np.pi * clock / 1440.0)
        if rng.random() < 0.3:
            state[:, 1] += self._setpoint(rng, count)
        at = self.move_at + warm
        if self.move == "setpoint":
            state[at:, 1] += 2.0
        mix = rng.standard_normal((hidden, width)) * (rng.random((hidden, width)) < 0.5)
        mix[rng.integers(0, hidden, width), np.arange(width)] += 1.0
        values = np.zeros((count, width))
        for tag in range(width):
            lag = int(rng.integers(0, 15))
            values[:, tag] = np.roll(state, lag, axis=0) @ mix[:, tag]
        noise = rng.uniform(0.1, 0.6, width) * values.std(axis=0)
        measured = rng.standard_normal((count, width))
        spiky = rng.random(width) < 0.25
        measured[:, spiky] = rng.standard_t(5.0, (count, int(spiky.sum()))) / np.sqrt(5.0 / 3.0)
        if self.move == "gain":
            measured[at:, : width // 3] *= 1.4
        if self.move == "wear":
            values[at:, 0] += np.linspace(0.0, 1.0, count - at) * state[at:, 1] * values[:, 0].std()
        values = values + measured * noise
        if width > 10 and rng.random() < 0.5:
            values[:, -1] = values[:, 0] + 0.05 * noise[0] * rng.standard_normal(count)
        if self.move == "drift":
            ramp = np.linspace(0.0, 1.5, count - at)[:, None] * values.std(axis=0)
            values[at:, : max(2, width // 6)] += ramp[:, : max(2, width // 6)]
        coarse = rng.random(width) < 0.3
        step = 0.2 * values.std(axis=0)
        values[:, coarse] = np.round(values[:, coarse] / step[coarse]) * step[coarse]
        return np.asarray(values[warm:] * rng.uniform(0.1, 100.0, width) + rng.uniform(-50.0, 500.0, width))

    @staticmethod
    def _setpoint(rng: np.random.Generator, count: int) -> Float64Array:
        """Steps between three levels, every eight hours on average."""
        change = rng.random(count) < 1.0 / 480.0
        level = rng.choice([-1.0, 0.0, 1.0], count)
        at = np.maximum.accumulate(np.where(change, np.arange(count), 0))
        return np.asarray(level[at])
