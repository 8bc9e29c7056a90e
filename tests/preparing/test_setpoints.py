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
from andon.preparing.setpoints import GROSS, MARGIN, SMALLEST, Ramps, no_moves, steps_of, travel_at, travels, usual_step
from andon.preparing.state import PrepareState

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
    start = replace(no_moves(1), value=np.array([1.0]))
    travel, after = travels(value, np.arange(5), start, Ramps(np.array([10]), np.array([0.0])))
    assert travel[:, 0].tolist() == [0.0, 0.0, 0.0, 0.0, 2.0]
    assert (after.value.tolist(), after.ramp_from.tolist(), after.ramp_way.tolist(), after.ramp_tick.tolist()) == ([3.0], [1.0], [1.0], [4])


def test_a_ramp_of_usual_steps_settles_from_its_end() -> None:
    normal = plant_with(moving(1.0))
    preparation = fit_preparation(normal, PLANT, np.ones(normal.rows, dtype=bool))
    sp = np.full(600, 50.0)
    sp[300:] += np.minimum(np.arange(1, 301), 8) * 0.5  # eight steps of half a unit, each of which is usual
    settling = np.flatnonzero(prepare(preparation, plant_with(sp))[0].why == Why.SETTLING)
    # Beyond 1.2 units from the third step on; the last step is that of row 307, and five minutes follow.
    assert settling.tolist() == list(range(302, 313))
    back = sp.copy()
    back[301:] = 50.5 + 0.5 * (np.arange(299) % 2)  # to and fro is no ramp
    assert not (prepare(preparation, plant_with(back))[0].why == Why.SETTLING).any()


def test_a_rest_longer_than_the_settling_time_ends_a_move() -> None:
    preparation = fit_preparation(plant_with(moving(1.0)), PLANT, np.ones(2000, dtype=bool))
    for apart, settles in ((3, True), (5, True), (6, False), (60, False)):
        sp = 50.0 + 0.5 * np.minimum(np.maximum((np.arange(900) - 300) // apart + 1, 0), 6)
        sp = np.where(np.arange(900) < 300, 50.0, sp)
        assert bool((prepare(preparation, plant_with(sp))[0].why == Why.SETTLING).any()) is settles, apart


def test_ramps_that_normal_time_had_are_judged() -> None:
    ramps = 50.0 + 0.5 * np.minimum(np.arange(3000) % 300, 8).astype(np.float64)
    preparation = fit_preparation(plant_with(ramps), PLANT, np.ones(3000, dtype=bool))
    prepared, _ = prepare(preparation, plant_with(ramps[:900]))
    assert not (prepared.why == Why.SETTLING).any()


@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.5, 0.5, -0.5, 1.0, np.nan]), min_size=1, max_size=60), st.lists(st.integers(1, 9), max_size=12),
    st.integers(-1, 4), st.sampled_from([0.0, 0.5]),
)  # fmt: skip
def test_travels_are_the_same_tick_by_tick_and_in_any_cut(moves: list[float], cuts: list[int], rest: int, still: float) -> None:
    steps = np.array(moves)
    value = np.where(np.isnan(steps), np.nan, 50.0 + np.nan_to_num(steps).cumsum())
    table, tick = np.column_stack([value, value[::-1]]), np.arange(len(value)) + 7
    start, ends = no_moves(2), Ramps(np.array([rest, rest]), np.array([still, still]))
    whole, last = travels(table, tick, start, ends)
    one, state = [], start
    for row, k in zip(table, tick, strict=True):
        travel, state = travel_at(row, int(k), state, ends)
        one.append(travel)
    np.testing.assert_array_equal(np.array(one), whole)
    low, part, parts = 0, start, []
    for high in [*np.cumsum(cuts).tolist(), len(value)]:
        high = min(high, len(value))
        if high > low:
            travel, part = travels(table[low:high], tick[low:high], part, ends)
            parts.append(travel)
            low = high
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    for other in (state, part):
        np.testing.assert_array_equal(other.value, last.value)
        np.testing.assert_array_equal(other.ramp_from, last.ramp_from)
        np.testing.assert_array_equal(other.ramp_way, last.ramp_way)
        np.testing.assert_array_equal(other.ramp_tick, last.ramp_tick)
    if rest < 0 and still == 0.0:
        np.testing.assert_array_equal(whole, steps_of(table, start.value)[0])


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


def test_a_state_kept_before_ramps_is_read_as_at_rest() -> None:
    preparation = fit_preparation(plant_with(moving(1.0)), PLANT, np.ones(2000, dtype=bool))
    _, state = prepare(preparation, plant_with(moving(1.0, 50)))
    kept = {name: array for name, array in state.to_arrays().items() if not name.startswith("ramp_")}
    again = PrepareState.from_arrays(state.plan, kept)
    assert again.set_value.tolist() == state.set_value.tolist()
    assert again.ramp_way.tolist() == [0.0]
