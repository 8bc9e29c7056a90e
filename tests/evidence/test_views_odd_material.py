"""Material that plants do export: one tag, constants, silent tags, frequent resets, contaminated or short training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from andon.evidence.views import fit_views
from andon.plant.window import Prepared
from andon.training.linear import fit_linear_core
from tests.evidence.wandering import moved, plant, without


def scored(ticks: Prepared, train: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    rows = np.arange(ticks.rows) < train
    core = fit_linear_core(ticks, rows)
    expected = {"linear": core.run(ticks, core.start())[0]}
    views = fit_views(ticks, expected, rows)
    seen, _ = views.run(ticks, expected, views.start())
    assert np.isfinite(seen.view).all()
    assert (seen.view >= 0.0).all()
    return seen.trace


def test_one_tag() -> None:
    trace = scored(moved(plant(900, 1), np.full(1, 6.0, dtype=np.float32), 800), 700)
    assert np.median(trace[805:]) > np.quantile(trace[:800], 0.99)


def test_a_constant_tag_that_begins_to_move_is_seen() -> None:
    ticks = plant(900)
    x = ticks.x.copy()
    x[:, 2] = 0.0
    x[800:, 2] = 1.0
    trace = scored(replace(ticks, x=x), 700)
    assert trace[800:].min() > np.quantile(trace[:800], 0.99)


def test_everything_constant() -> None:
    ticks = plant(200)
    trace = scored(replace(ticks, x=np.zeros_like(ticks.x)), 150)
    assert trace[1:].max() < 1.0


def test_a_tag_silent_throughout_training() -> None:
    ticks = plant(900)
    gone = np.zeros((900, 6), dtype=bool)
    gone[:, 4] = True
    trace = scored(without(moved(ticks, np.array([5, 0, 0, 0, 0, 0], dtype=np.float32), 800), gone), 700)
    assert np.median(trace[805:]) > np.quantile(trace[:800], 0.99)


def test_resets_every_few_ticks() -> None:
    ticks = plant(900)
    scored(replace(ticks, reset=np.arange(900) % 7 == 0), 700)


def test_a_few_bad_hours_in_training_do_not_blind_the_views() -> None:
    ticks = plant(2000)
    x = ticks.x.copy()
    x[300:330, 1] += 30.0
    x[1900:, 3] += 5.0
    trace = scored(replace(ticks, x=x), 1500)
    assert np.median(trace[1905:]) > np.quantile(trace[1500:1900], 0.99)


@pytest.mark.parametrize("train", [25, 40, 100])
def test_short_training_stays_honest(train: int) -> None:
    """Steady later time is mostly below what training said, however short training was."""
    trace = scored(plant(2000, seed=11), train)
    assert (trace[train:] > 3.0 * np.quantile(trace[:train], 0.99)).mean() < 0.05
