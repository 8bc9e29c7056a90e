"""Moves of set-points: what is usual in normal time, and that an unusual one starts settling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.plant.arrays import Float64Array
from andon.plant.file.schema import Machine, PlantFile
from andon.plant.recording import Recording
from andon.plant.tag import Role, Tag
from andon.plant.time import MINUTE_NS
from andon.plant.verdict import Why
from andon.preparing import fit_preparation, prepare
from andon.preparing.setpoints import GROSS, MARGIN, SMALLEST, moved, steps_of, usual_step

PLANT = PlantFile(tags=(Tag("sp", role=Role.SETPOINT),), machine=Machine(settle_ns=5 * MINUTE_NS))


def plant_with(sp: Float64Array) -> Recording:
    random = np.random.default_rng(1)
    pv = sp + random.normal(size=len(sp)) * 0.1
    time = (np.arange(len(sp)) + 28_000_000) * MINUTE_NS
    return Recording("loop", ("sp", "pv"), time, np.stack([sp, pv], axis=1), np.zeros((len(sp), 2), dtype=np.uint8))


def moving(size: float, rows: int = 2000, every: int = 200) -> Float64Array:
    """A set-point that is moved up and down by `size` every `every` minutes."""
    return 50.0 + size * (np.arange(rows) // every % 2).astype(np.float64)


def test_an_unusual_move_starts_settling_and_a_usual_one_does_not() -> None:
    normal = plant_with(moving(1.0))
    preparation = fit_preparation(normal, PLANT, np.ones(normal.rows, dtype=bool))
    sp = moving(1.0, 600)
    sp[450:] += 4.0
    prepared, _ = prepare(preparation, plant_with(sp))
    settling = np.flatnonzero(prepared.why == Why.SETTLING)
    assert settling.tolist() == list(range(450, 456))  # the tick of the move, and the settle time of five minutes
    assert prepared.why[200] == Why.JUDGED  # a move as normal time had them


def test_where_normal_time_had_no_move_any_clear_one_is_unusual() -> None:
    normal = plant_with(np.full(1000, 50.0))
    preparation = fit_preparation(normal, PLANT, np.ones(normal.rows, dtype=bool))
    sp = np.full(300, 50.0)
    sp[100:] = 50.01  # far less than the scale of a constant tag, 1 % of its level
    sp[200:] = 51.0
    prepared, _ = prepare(preparation, plant_with(sp))
    assert np.flatnonzero(prepared.why == Why.SETTLING).tolist() == list(range(200, 206))


def test_a_measured_tag_may_jump_as_it_likes() -> None:
    normal = plant_with(moving(1.0))
    measured = replace(PLANT, tags=())
    preparation = fit_preparation(normal, measured, np.ones(normal.rows, dtype=bool))
    sp = moving(1.0, 600)
    sp[450:] += 4.0
    assert not (prepare(preparation, plant_with(sp))[0].why == Why.SETTLING).any()


def test_a_cascade_that_moves_at_every_tick_is_not_always_settling() -> None:
    random = np.random.default_rng(3)
    walk = 50.0 + np.cumsum(random.normal(size=6000)) * 0.05
    walk[2000:] += 30.0  # one gross move in normal time does not hide all others
    preparation = fit_preparation(plant_with(walk), PLANT, np.ones(6000, dtype=bool))
    limit = preparation.channels[0].usual_step
    assert limit is not None
    assert limit < 10.0
    prepared, _ = prepare(preparation, plant_with(walk[:2000]))
    assert not (prepared.why == Why.SETTLING).any()


def test_a_hole_is_no_move_but_what_stands_after_it_may_be() -> None:
    value = np.array([[1.0], [np.nan], [1.0], [np.nan], [3.0]])
    step, last = steps_of(value, np.array([np.nan]))
    assert step[:, 0].tolist() == [0.0, 0.0, 0.0, 0.0, 2.0]
    assert last.tolist() == [3.0]
    beyond, _ = moved(value, np.array([1.0]), np.array([1.5]))
    assert beyond.tolist() == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("steps", "scale", "limit"),
    [
        ([0.0, 0.0, 0.0], 2.0, SMALLEST * 2.0),
        ([0.0, 1.0, 5.0, 0.0], 1.0, MARGIN * 5.0),
        ([*[1.0] * 999, 100.0], 1.0, MARGIN * GROSS * 1.0),
        ([0.1, 0.1], 10.0, SMALLEST * 10.0),
    ],
)
def test_what_counts_as_usual(steps: list[float], scale: float, limit: float) -> None:
    assert usual_step(np.array(steps), scale) == pytest.approx(limit)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50), st.floats(0.1, 10), st.floats(1e-3, 1e3))
def test_the_limit_does_not_depend_on_the_unit(steps: list[float], scale: float, factor: float) -> None:
    one, other = usual_step(np.array(steps), scale), usual_step(np.array(steps) * factor, scale * factor)
    assert other == pytest.approx(one * factor)
