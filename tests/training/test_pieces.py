"""Lanes and pieces: nothing crosses a border, nothing is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.arrays import BoolArray, Int64Array
from andon.training.fit_network import zero_expectation
from andon.training.pieces import LabTargets, Material, Scales, cut_batch, draw_lanes, segments
from tests.training.network_material import ring_of_tags


def naive_segments(rows: BoolArray, reset: BoolArray) -> list[list[int]]:
    found: list[list[int]] = []
    for t, inside in enumerate(rows):
        if inside and t and rows[t - 1] and not reset[t]:
            found[-1][1] = t + 1
        elif inside:
            found.append([t, t + 1])
    return found


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_segments_are_those_of_the_obvious_loop(flags: list[tuple[bool, bool]]) -> None:
    rows, reset = np.array([f[0] for f in flags]), np.array([f[1] for f in flags])
    assert segments(rows, reset).tolist() == naive_segments(rows, reset)


def test_segments_by_hand() -> None:
    rows = np.array([1, 1, 0, 1, 1, 1], dtype=bool)
    reset = np.array([1, 0, 0, 0, 0, 1], dtype=bool)
    assert segments(rows, reset).tolist() == [[0, 2], [3, 5], [5, 6]]


@given(
    sizes=st.lists(st.integers(1, 70), min_size=1, max_size=6), lanes=st.integers(1, 9), ticks=st.integers(2, 16), seed=st.integers(0, 99)
)
@settings(deadline=None)
def test_lanes_walk_inside_segments(sizes: list[int], lanes: int, ticks: int, seed: int) -> None:
    ends = np.cumsum(np.array(sizes) + 3)
    cuts: Int64Array = np.stack([ends - np.array(sizes), ends], axis=1).astype(np.int64)
    rows, fresh, stop = draw_lanes(cuts, lanes, ticks, 5, np.random.default_rng(seed))
    assert rows.shape == (lanes, 5 * ticks)
    assert fresh[:, 0].all()
    for lane in range(lanes):
        last = -1
        for piece in range(5):
            line = rows[lane, piece * ticks : (piece + 1) * ticks]
            have = line[line >= 0]
            assert len(have) >= 1
            assert (np.diff(have) == 1).all()
            assert (line[len(have) :] == -1).all()  # padding only at the end
            inside = [(low, high) for low, high in cuts if low <= have[0] and have[-1] < high]
            assert len(inside) == 1
            assert stop[lane, piece] == inside[0][1]
            if not fresh[lane, piece]:
                assert have[0] == last + 1  # the state belongs to these very rows
            last = have[-1]


def test_same_seed_same_lanes() -> None:
    cuts = np.array([[0, 1000], [1200, 1500]], dtype=np.int64)
    first, second = (draw_lanes(cuts, 7, 16, 4, np.random.default_rng([1, 2])) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def material() -> Material:
    prepared = ring_of_tags(200, 3)
    ones = np.full(3, 2.0, np.float32)
    linear = replace(zero_expectation(prepared), level=np.zeros_like(prepared.x))
    lab = LabTargets(np.array([5, 20, 21], dtype=np.int64), np.array([0, 0, 1], dtype=np.int64), np.array([1.5, -1.0, 0.5], np.float32))
    return Material(prepared, linear, Scales(ones, ones, ones, 0 * ones), horizon=4, lab=lab)


def test_targets_stand_where_they_belong() -> None:
    m = material()
    rows = np.array([[3, 4, 5, 6], [20, 21, 22, -1]], dtype=np.int64)
    batch = cut_batch(m, rows, np.array([66, 23], dtype=np.int64))
    x, valid = m.prepared.x, m.prepared.valid
    if valid[5].all() and valid[4].all():
        expected = (x[5] - x[4]) / 2.0  # row 4 forecasts row 5; the linear core holds the last value
        np.testing.assert_allclose(batch.forecast[0, 1].numpy(), np.clip(expected, -10, 10), rtol=1e-6)
    known = batch.level_known[0].numpy().astype(bool)
    assert np.array_equal(known, valid[7:11])  # four ticks later
    np.testing.assert_allclose(batch.level[0].numpy()[known], np.clip(x[7:11] / 2, -10, 10)[known], rtol=1e-6)
    # The second lane's segment ends at 23: row 22 has no next tick, no row has one four ticks later.
    assert not batch.forecast_known[1, 2:].any()
    assert not batch.level_known[1].any()
    assert not batch.relation_known[1, 3].any()
    assert not batch.valid[1, 3].any()


def test_laboratory_values_come_with_their_lane_and_tick() -> None:
    batch = cut_batch(material(), np.array([[3, 4, 5, 6], [20, 21, 22, -1]], dtype=np.int64), np.array([66, 23], dtype=np.int64))
    assert batch.lab.tolist() == [[0, 2, 0, 1.5], [1, 0, 0, -1.0], [1, 1, 1, 0.5]]
