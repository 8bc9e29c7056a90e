"""An event of novel shape names its tags by occlusion."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from andon.evidence.novelty import fit_novelty
from andon.plant.arrays import Float32Array
from andon.plant.window import Prepared
from andon.scoring.events_of import Explained

PATCH, STRIDE, ROWS = 32, 4, 200
TAGS = ("a", "b", "c")


def waves(rows: int, seed: int) -> Float32Array:
    t = np.arange(rows)[:, None]
    noise = 0.05 * np.random.default_rng(seed).normal(size=(rows, 3))
    return np.asarray(np.sin(t / 5.0 + np.array([0.0, 1.0, 2.0])) + noise, dtype=np.float32)


def explained(x: Float32Array, reset_at: int = 0, exogenous: tuple[int, ...] = (), first: int = 1000) -> Explained:
    novelty, _ = fit_novelty(waves(2000, 1), np.arange(PATCH, 2000, 3), PATCH, STRIDE)
    rows = len(x)
    prepared = Prepared(
        "line", TAGS, TAGS, (), 1, np.arange(first, first + rows), x, np.ones((rows, 3), dtype=bool), np.zeros((rows, 0), np.float32),
        np.zeros(rows, np.int16), np.zeros(rows, np.uint8), np.arange(rows) == reset_at,
    )  # fmt: skip
    detector = SimpleNamespace(linear=SimpleNamespace(scale=np.ones(3)), views=SimpleNamespace(novelty=novelty), exogenous=exogenous)
    monitor: Any = SimpleNamespace(tag_ids=TAGS, detector=detector)
    return Explained(monitor, prepared, [], np.zeros(rows), x)


def test_the_tag_out_of_step_has_the_largest_share() -> None:
    x = waves(ROWS, 2)
    x[100:160, 1] = np.random.default_rng(5).permutation(x[100:160, 1])
    shares = explained(x).novelty((140, 150))
    assert shares is not None
    assert shares.argmax() == 1
    assert shares.sum() == pytest.approx(1.0)


def test_a_patch_begins_where_the_tick_number_says() -> None:
    """Row 141 of a recording that begins with tick 1000 is tick 1141: its last patch ended with tick 1140."""
    x = waves(ROWS, 2)
    x[100:141, 2] = 0.0
    one = explained(x).novelty((141,))
    x[141, 1] = 50.0
    other = explained(x).novelty((141,))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one, other)


def test_no_patch_reaches_over_a_reset_or_before_the_beginning() -> None:
    x = waves(ROWS, 2)
    assert explained(x).novelty((PATCH - 2,)) is None
    assert explained(x, reset_at=130).novelty((140,)) is None
    assert explained(x, reset_at=100).novelty((140,)) is not None
    both, late = explained(x, reset_at=100).novelty((110, 150)), explained(x, reset_at=100).novelty((150,))
    np.testing.assert_array_equal(both, late)


def test_channels_that_people_set_are_not_looked_at() -> None:
    x = waves(ROWS, 2)
    usual = explained(x, exogenous=(0,)).novelty((140,))
    x[:, 0] = np.random.default_rng(3).normal(size=ROWS)
    wild = explained(x, exogenous=(0,)).novelty((140,))
    assert usual is not None
    np.testing.assert_array_equal(usual, wild)
