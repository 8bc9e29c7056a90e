"""The laws of `prepare`: the naive twin, any cut, order of tags, absent and extra tags, units, tags out of service."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.arrays import BoolArray
from andon.plant.errors import PreparationError
from andon.plant.file.schema import OutOfService, PlantFile
from andon.plant.label import Label, LabelKind
from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.time import MINUTE_NS, NS
from andon.plant.verdict import Why
from andon.plant.window import Prepared
from andon.preparing import Channel, Preparation, PrepareState, Source, fit_preparation, join, make_plan, prepare, prepare_pieces
from tests.preparing.naive import prepare_slowly
from tests.preparing.plants import Case, cases, cuts, some_preparation, some_recording

FIELDS = ("tick", "x", "valid", "context", "mode", "why", "reset")


def same(left: Prepared, right: Prepared) -> None:
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


def rows(recording: Recording, low: int, high: int) -> Recording:
    return replace(recording, time=recording.time[low:high], values=recording.values[low:high], status=recording.status[low:high])


@settings(max_examples=150, deadline=None)
@given(cases())
def test_the_naive_twin_says_the_same(case: Case) -> None:
    got, _ = prepare(case.preparation, case.recording)
    if got.rows == 0:
        assert int(case.recording.time[-1]) // NS < -(-int(case.recording.time[0]) // NS)
        return
    twin = prepare_slowly(case.preparation, case.recording, int(case.recording.time[-1]) // NS, ["stop"])
    assert got.tick.tolist() == twin.tick
    np.testing.assert_array_equal(got.valid, np.array(twin.valid))
    np.testing.assert_allclose(got.x, np.array(twin.x), atol=1e-5)
    assert got.why.tolist() == twin.why
    assert got.reset.tolist() == twin.reset
    assert got.mode.tolist() == twin.mode
    np.testing.assert_allclose(got.context[:, 0], twin.age, atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(st.data(), cases())
def test_any_cut_gives_the_same(data: st.DataObject, case: Case) -> None:
    whole, end = prepare(case.preparation, case.recording)
    at = data.draw(cuts(case.recording.rows))
    store = data.draw(st.booleans())
    state: PrepareState | None = None
    pieces: list[Prepared] = []
    for low, high in itertools.pairwise(at):
        piece, state = prepare(case.preparation, rows(case.recording, low, high), state)
        pieces.append(piece)
        if store:  # as after a restart
            arrays = state.to_arrays()
            state = PrepareState.from_arrays(make_plan(case.preparation), arrays)
    same(join(pieces), whole)
    assert state is not None
    for name, value in state.to_arrays().items():
        np.testing.assert_array_equal(value, end.to_arrays()[name], err_msg=name)


@settings(max_examples=50, deadline=None)
@given(cases(), st.integers(1, 40))
def test_pieces_as_they_are_worked_out_give_the_same(case: Case, block_values: int) -> None:
    whole, _ = prepare(case.preparation, case.recording)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("andon.preparing.walk.BLOCK_VALUES", block_values)
        pieces = list(prepare_pieces(case.preparation, case.recording))
    same(join(pieces), whole)


@settings(max_examples=100, deadline=None)
@given(cases(), st.booleans())
def test_one_sample_at_a_time_gives_the_same(case: Case, calendar: bool) -> None:
    """The live tick (`tick.py`) is a second writing of the pipeline; this holds both together."""
    preparation = replace(
        case.preparation,
        calendar=calendar,
        zone="Europe/Berlin",
        derived=(("sum", "a + b"),) if calendar else (),
        channels=(*case.preparation.channels, Channel("sum", "sum", Source.DERIVED)) if calendar else case.preparation.channels,
    )
    whole, end = prepare(preparation, case.recording)
    state: PrepareState | None = None
    pieces: list[Prepared] = []
    for row in range(case.recording.rows):
        piece, state = prepare(preparation, rows(case.recording, row, row + 1), state)
        pieces.append(piece)
    same(join(pieces), whole)
    assert state is not None
    for name, value in state.to_arrays().items():
        np.testing.assert_array_equal(value, end.to_arrays()[name], err_msg=name)


@settings(max_examples=40, deadline=None)
@given(cases(), st.integers(0, 2**31))
def test_tags_in_any_order_with_strangers_among_them(case: Case, seed: int) -> None:
    recording = case.recording
    order = np.random.default_rng(seed).permutation(len(recording.tags) + 1)
    tags = (*recording.tags, "stranger")
    values = np.concatenate((recording.values, np.ones((recording.rows, 1))), axis=1)[:, order]
    status = np.concatenate((recording.status, np.zeros((recording.rows, 1), dtype=np.uint8)), axis=1)[:, order]
    shuffled = replace(recording, tags=tuple(tags[index] for index in order), values=values, status=status)
    same(prepare(case.preparation, shuffled)[0], prepare(case.preparation, recording)[0])


@settings(max_examples=40, deadline=None)
@given(cases())
def test_a_tag_that_vanished_is_missing_throughout(case: Case) -> None:
    tags = tuple(tag for tag in case.recording.tags if tag != "b")
    got, _ = prepare(case.preparation, case.recording.select(tags))
    missing = replace(case.recording, status=case.recording.status.copy(), values=case.recording.values.copy())
    missing.status[:, 1] = Status.MISSING
    missing.values[:, 1] = np.nan
    same(got, prepare(case.preparation, missing)[0])
    assert not got.valid[:, 1].any()
    assert not got.x[:, 1].any()


@given(cases())
@settings(max_examples=40, deadline=None)
def test_nothing_in_the_input_changes(case: Case) -> None:
    before = case.recording.values.copy(), case.recording.status.copy(), case.recording.time.copy()
    prepare(case.preparation, case.recording)
    np.testing.assert_array_equal(case.recording.values, before[0])
    np.testing.assert_array_equal(case.recording.status, before[1])
    np.testing.assert_array_equal(case.recording.time, before[2])


@settings(max_examples=60, deadline=None)
@given(cases(), st.integers(1, 20))
def test_until_completes_ticks_without_samples(case: Case, more: int) -> None:
    end = int(case.recording.time[-1])
    whole, _ = prepare(case.preparation, case.recording, until=end + more * NS)
    first, state = prepare(case.preparation, case.recording)
    rest, state = prepare(case.preparation, rows(case.recording, 0, 0), state, until=end + more * NS)
    same(join([first, rest]), whole)
    assert int(whole.tick[-1]) == (end + more * NS) // NS
    again, _ = prepare(case.preparation, rows(case.recording, 0, 0), state, until=end)
    assert again.rows == 0


def test_a_sample_exactly_on_the_border_belongs_to_the_tick_that_ends() -> None:
    """Ticks of one second: 10.0 s is the end of tick 10; 10.000000001 s already belongs to tick 11."""
    preparation = one_tag(hold=0)
    recording = Recording.from_arrays(
        "m", ("a",), np.array([9_500_000_000, 10 * NS, 10 * NS + 1, 11 * NS]), np.array([[1.0], [3.0], [5.0], [9.0]])
    )
    got, _ = prepare(preparation, recording)
    assert got.tick.tolist() == [10, 11]
    assert got.x[:, 0].tolist() == [2.0, 7.0]  # (1 + 3) / 2, (5 + 9) / 2


def one_tag(*, hold: int, **more: object) -> Preparation:
    return Preparation(("m",), NS, (Channel("a", "a", Source.VALUE, hold_ns=hold),), gap_ns=10 * NS, **more)  # type: ignore[arg-type]


def test_the_order_of_arrival_inside_a_tick_is_of_no_concern() -> None:
    random = np.random.default_rng(3)
    time = np.sort(random.choice(20 * 1000, 200, replace=False)) * 1_000_000
    values = random.normal(size=(200, 1))
    straight, _ = prepare(one_tag(hold=NS), Recording.from_arrays("m", ("a",), time, values))
    tick = -(-time // NS)
    shuffled = values.copy()
    for k in np.unique(tick):  # all but the last sample of a tick change places
        at = np.flatnonzero(tick == k)[:-1]
        shuffled[at] = values[random.permutation(at)]
    other, _ = prepare(one_tag(hold=NS), Recording.from_arrays("m", ("a",), time, shuffled))
    np.testing.assert_allclose(other.x, straight.x, atol=1e-6)


def test_the_last_good_value_is_held_and_no_longer() -> None:
    """Sample at 1.0 s, hold 3 s: ticks 1, 2, 3, 4 have it, tick 5 has not."""
    recording = Recording.from_arrays("m", ("a", "b"), np.arange(1, 7) * NS, np.array([[2.0, 0.0]] + [[np.nan, 0.0]] * 5))
    got, _ = prepare(one_tag(hold=3 * NS), recording)
    assert got.x[:, 0].tolist() == [2.0, 2.0, 2.0, 2.0, 0.0, 0.0]
    assert got.valid[:, 0].tolist() == [True, True, True, True, False, False]
    np.testing.assert_allclose(got.context[:, 0], [0, 1 / 3, 2 / 3, 1, 1, 1], atol=1e-6)
    assert got.why.tolist() == [0, 0, 0, 0, Why.NO_DATA, Why.NO_DATA]


def test_a_tag_out_of_service_is_not_valid_until_then() -> None:
    case_recording = some_recording(1, 40, NS, 0.5)
    preparation = some_preparation(NS, hold=5 * NS, gap=10 * NS, settle=0, stuck=None, modes=False)
    plain, _ = prepare(preparation, case_recording)
    until = int(plain.time[plain.rows // 2])
    out, _ = prepare(preparation, case_recording, out_of_service=[OutOfService("angle", until=until)])
    early = plain.time < until
    assert not out.valid[early][:, 3:5].any()
    np.testing.assert_array_equal(out.valid[~early], plain.valid[~early])
    np.testing.assert_array_equal(out.valid[:, :3], plain.valid[:, :3])
    other, _ = prepare(preparation, case_recording, out_of_service=[OutOfService("angle", asset="another press")])
    same(other, plain)
    always, _ = prepare(preparation, case_recording, out_of_service=["angle"])
    assert not always.valid[:, 3:5].any()
    assert not always.x[:, 3:5].any()


def test_a_planned_label_is_maintenance() -> None:
    recording = some_recording(2, 40, NS, 0.5)
    preparation = replace(some_preparation(NS, hold=5 * NS, gap=10 * NS, settle=0, stuck=None), off=())
    time = prepare(preparation, recording)[0].time
    label = Label("press", int(time[3]), int(time[6]), LabelKind.PLANNED)
    got, _ = prepare(
        preparation,
        recording,
        labels=[label, replace(label, asset="other", end=int(time[9])), replace(label, kind=LabelKind.FAULT, end=int(time[9]))],
    )
    assert (np.flatnonzero(got.why == Why.MAINTENANCE)).tolist() == [3, 4, 5]


def walk_like(seed: int, rows: int, tags: int) -> Recording:
    random = np.random.default_rng(seed)
    values = np.cumsum(random.normal(size=(rows, tags)), axis=0) * 0.02 + random.normal(size=(rows, tags)) + 20
    return Recording.from_arrays("m", [f"t{index}" for index in range(tags)], np.arange(1, rows + 1) * MINUTE_NS, values)


@pytest.mark.parametrize("share_missing", [0.0, 0.02, 0.6])
def test_one_tick_of_many_tags_is_bit_equal(share_missing: float) -> None:
    """Sums over many channels are taken in the same order by the live tick."""
    recording = walk_like(7, 300, 70)
    holes = np.random.default_rng(1).random(recording.values.shape) < share_missing
    recording.values[holes] = np.nan
    recording.status[holes] = Status.MISSING
    preparation = fit_preparation(recording, PlantFile(), np.ones(300, dtype=bool))
    whole, _ = prepare(preparation, recording)
    state: PrepareState | None = None
    pieces: list[Prepared] = []
    for row in range(300):
        piece, state = prepare(preparation, rows(recording, row, row + 1), state)
        pieces.append(piece)
    same(join(pieces), whole)


@pytest.mark.parametrize(("factor", "offset"), [(1000.0, 0.0), (1e-4, 0.0), (1.8, 32.0)])
def test_no_score_depends_on_the_unit_of_a_tag(factor: float, offset: float) -> None:
    recording = walk_like(5, 2000, 4)
    other = replace(recording, values=recording.values.astype(np.float64) * factor + offset)
    normal: BoolArray = np.arange(2000) < 1500
    plain = prepare(fit_preparation(recording, PlantFile(), normal), recording)[0]
    moved = prepare(fit_preparation(other, PlantFile(), normal), other)[0]
    np.testing.assert_allclose(moved.x, plain.x, atol=2e-4)
    np.testing.assert_array_equal(moved.valid, plain.valid)


def test_time_that_goes_back_is_refused() -> None:
    recording = walk_like(1, 50, 2)
    preparation = fit_preparation(recording, PlantFile(), np.ones(50, dtype=bool))
    _, state = prepare(preparation, recording)
    with pytest.raises(PreparationError, match="time goes back"):
        prepare(preparation, recording, state)


def test_a_year_from_1970_to_2100_is_refused_before_it_fills_memory() -> None:
    preparation = one_tag(hold=NS)
    recording = Recording.from_arrays("m", ("a",), np.array([0, 4_102_444_800 * NS]), np.array([[1.0], [2.0]]))
    with pytest.raises(PreparationError, match="2 samples span 4102444800 ticks of 1s"):
        prepare(preparation, recording)


def test_an_empty_recording_gives_nothing() -> None:
    preparation = one_tag(hold=NS)
    recording = Recording.from_arrays("m", ("a",), np.zeros(0, dtype=np.int64), np.zeros((0, 1)))
    got, state = prepare(preparation, recording)
    assert got.rows == 0
    assert got.x.shape == (0, 1)
    later, _ = prepare(preparation, Recording.from_arrays("m", ("a",), np.array([5 * NS]), np.array([[1.0]])), state)
    assert later.tick.tolist() == [5]
    assert later.reset.tolist() == [True]


def test_values_far_out_are_clipped() -> None:
    recording = Recording.from_arrays("m", ("a",), np.arange(1, 4) * NS, np.array([[1e30], [-1e30], [np.inf]]))
    got, _ = prepare(one_tag(hold=0), recording)
    assert got.x[:, 0].tolist() == [50.0, -50.0, 0.0]
    assert got.valid[:, 0].tolist() == [True, True, False]
