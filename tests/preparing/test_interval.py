"""How often a recording is sampled."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import Int64Array
from andon.plant.recording import Recording
from andon.plant.time import HOUR_NS, MINUTE_NS, NS
from andon.preparing.interval import sample_times, suggest_hold, suggest_interval


def recording(time: Int64Array, tags: int = 2) -> Recording:
    return Recording.from_arrays("m", [f"t{index}" for index in range(tags)], time, np.ones((len(time), tags)))


def test_jitter_is_made_round() -> None:
    random = np.random.default_rng(0)
    time = np.arange(500) * MINUTE_NS + random.integers(0, NS // 2, size=500)
    assert suggest_interval(recording(time)) == MINUTE_NS
    assert suggest_interval(recording(np.arange(500) * 7 * NS)) == 7 * NS


def test_tags_that_take_turns_are_sampled_at_their_own_rate() -> None:
    rec = recording(np.arange(400) * NS)
    rec.values[::2, 0] = np.nan
    rec.values[1::2, 1] = np.nan
    rec.status[::2, 0] = 3
    rec.status[1::2, 1] = 3
    assert sample_times(rec).tolist() == [2 * NS, 2 * NS]
    assert suggest_interval(rec) == 2 * NS


def test_nothing_to_go_by() -> None:
    assert suggest_interval(recording(np.array([5]))) == MINUTE_NS
    assert suggest_interval(recording(np.array([], dtype=np.int64))) == MINUTE_NS


def test_hold() -> None:
    """Regular: two intervals. By exception every ten minutes: twenty minutes. Once a day: one hour at most."""
    minutes = np.arange(3000) * MINUTE_NS
    assert suggest_hold(minutes, np.ones(3000, dtype=bool), MINUTE_NS) == 2 * MINUTE_NS
    assert suggest_hold(minutes, np.arange(3000) % 10 == 0, MINUTE_NS) == 20 * MINUTE_NS
    assert suggest_hold(minutes, np.arange(3000) % 1440 == 0, MINUTE_NS) == HOUR_NS
    assert suggest_hold(minutes, np.zeros(3000, dtype=bool), MINUTE_NS) == 2 * MINUTE_NS
    assert suggest_hold(np.arange(9) * 6 * HOUR_NS, np.ones(9, dtype=bool), 6 * HOUR_NS) == 6 * HOUR_NS
