"""Many assets in lockstep are prepared as each by itself, tick by tick, bit for bit; the state goes over in both directions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.arrays import BoolArray
from andon.plant.errors import PreparationError
from andon.plant.file.schema import OutOfService
from andon.plant.label import Label, LabelKind
from andon.plant.recording import Recording
from andon.plant.rows import Rows, join
from andon.plant.time import NS
from andon.plant.window import Prepared
from andon.preparing import ModeModel, Preparation, PrepareState, moved_to, prepare
from andon.preparing.lockstep import Labelled, PrepareTogether
from andon.preparing.lockstep_state import AllPrepareState
from andon.preparing.preparation import Category, Channel, Source, Window
from tests.preparing.plants import some_preparation, some_recording

FIELDS = ("x", "valid", "context", "mode", "why", "reset")
ASSETS = ("one", "泵", "three", "never")


@dataclass(frozen=True)
class Plant:
    """Assets with their samples; the last one has none."""

    preparations: tuple[Preparation, ...]
    recordings: tuple[Recording, ...]

    @property
    def together(self) -> PrepareTogether:
        return PrepareTogether(self.preparations, ASSETS, self.recordings[0].tags)

    def rows(self) -> Rows:
        parts = [Rows(np.full(r.rows, at, np.int32), r.time, r.values, r.status) for at, r in enumerate(self.recordings)]
        rows = join(parts)
        return rows.take(np.lexsort((rows.time, rows.asset)))


@st.composite
def plants(draw: st.DrawFn) -> Plant:
    shared = some_preparation(
        NS,
        hold=draw(st.sampled_from([0, NS, 5 * NS])),
        gap=draw(st.sampled_from([3 * NS, 10 * NS])),
        settle=draw(st.sampled_from([0, 2 * NS])),
        stuck=draw(st.sampled_from([None, 2 * NS])),
        min_valid=draw(st.sampled_from([0.0, 0.5, 0.9])),
        usual_step=draw(st.sampled_from([None, 0.5, 3.0])),
        usual_travel=draw(st.sampled_from([None, 0.5, 4.0])),
    )
    kind = draw(st.sampled_from(["tag", "discovered", "none"]))
    modes = {
        "tag": ModeModel("tag", tag="product", levels=("0", "1"), hold_ns=2 * NS),
        "discovered": ModeModel("discovered", channels=("b",), centers=((-1.0,), (2.0,)), radius=2.0),
        "none": ModeModel(),
    }[kind]
    plain = draw(st.booleans())
    channels = (Channel("a", "a", Source.VALUE, 1.0, 2.0, hold_ns=NS, low=-4.0, high=4.0), shared.channels[1]) if plain else shared.channels
    channels = (*channels, Channel("sum", "sum", Source.DERIVED, 0.5, 2.0)) if not plain and draw(st.booleans()) else channels
    once = 1_700_000_010 * NS
    shared = replace(
        shared,
        assets=ASSETS,
        channels=channels,
        categories=() if plain else (Category("grade", ("0", "2"), NS),),
        others=() if plain else shared.others,
        derived=(("sum", "a + b"),) if channels[-1].name == "sum" else (),
        modes=ModeModel() if plain else modes,
        off=() if plain else draw(st.sampled_from([(("", "stop > 0"),), (("one", "stop > 0"),), ()])),
        calendar=draw(st.booleans()),
        zone="Europe/Berlin",
        maintenance=draw(
            st.sampled_from(
                [
                    (),
                    (("泵", Window("once", once, once + 5 * NS, (), None, 0, 0, "UTC")),),
                    (("", Window("once", once, once + 5 * NS, (), None, 0, 0, "UTC")),),
                ]
            )
        ),
    )
    own = draw(st.booleans())
    middles = [[channel.center + (0.3 * at if own else 0.0) for channel in shared.channels] for at in range(len(ASSETS))]
    preparations = tuple(moved_to(shared, name, middles[at]) if own else shared for at, name in enumerate(ASSETS))
    seed, whole = draw(st.integers(0, 2**31)), draw(st.booleans())
    recordings = []
    for at, name in enumerate(ASSETS):
        made = some_recording(seed + at, 40, draw(st.sampled_from([NS // 3, NS, 3 * NS])), 0.5, whole=whole)
        rows = made.rows if name != "never" else 0
        tags = ("a", "b") if plain else made.tags
        columns = [made.tags.index(tag) for tag in tags]
        first = draw(st.integers(0, 10)) if at == 1 else 0
        recordings.append(
            Recording(name, tags, made.time[first:rows], made.values[first:rows][:, columns], made.status[first:rows][:, columns])
        )
    return Plant(preparations, tuple(recordings))


def restored(together: PrepareTogether, state: AllPrepareState, next_tick: int) -> AllPrepareState:
    """Through the states of single assets and through arrays."""
    apart = together.split(state, next_tick)
    return AllPrepareState.from_arrays(together.start(), together.join(apart).to_arrays())


@settings(max_examples=40, deadline=None)
@given(st.data(), plants())
def test_in_lockstep_each_asset_is_prepared_as_by_itself(data: st.DataObject, plant: Plant) -> None:
    together, rows = plant.together, plant.rows()
    tick = -(-rows.time // NS)
    first, last = int(tick.min()), min(int(tick.max()), int(tick.min()) + 45)
    state = together.start()
    alone: list[PrepareState | None] = [None] * len(ASSETS)
    restarts = data.draw(st.sets(st.integers(first, last), max_size=3))
    labels = [
        Label("", (first + 20) * NS, (first + 24) * NS, LabelKind.PLANNED),
        Label("one", first * NS, (first + 2) * NS, LabelKind.PLANNED),
    ]
    planned = [Labelled(-1 if not item.asset else ASSETS.index(item.asset), item.start, item.end) for item in labels]
    out = [OutOfService("a", "泵", (first + 30) * NS, ""), OutOfService("b", "", (first + 8) * NS, "")]
    planned, labels, out = (planned, labels, out) if data.draw(st.booleans()) else ([], [], [])
    for k in range(first, last + 1):
        if k in restarts:
            state = restored(together, state, k)
        prepared, live = together.tick(k, rows.take(np.flatnonzero(tick == k)), state, planned=planned, out_of_service=out)
        for at, recording in enumerate(plant.recordings):
            mine = recording.between((k - 1) * NS + 1, k * NS + 1)
            if not mine.rows and alone[at] is None:
                assert not live[at]
                continue
            one, alone[at] = prepare(plant.preparations[at], mine, alone[at], labels=labels, out_of_service=out, until=k * NS)
            assert live[at]
            same(one, prepared, at)


def same(one: Prepared, many: Prepared, at: int) -> None:
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(one, name)[0], getattr(many, name)[at], err_msg=name)


def test_assets_that_differ_in_more_than_centres_are_refused() -> None:
    one = some_preparation(NS, hold=NS, gap=3 * NS, settle=0, stuck=None)
    with pytest.raises(PreparationError, match="prepared in different ways"):
        PrepareTogether((one, replace(one, settle_ns=NS)), ("a", "b"), one.tags)


def test_samples_that_wait_cannot_be_joined() -> None:
    one = some_preparation(NS, hold=NS, gap=3 * NS, settle=0, stuck=None, modes=False)
    recording = some_recording(1, 30, NS, 0.0)
    _, state = prepare(one, recording)
    assert len(state.time)
    with pytest.raises(PreparationError, match="samples wait"):
        PrepareTogether((one,), ("press",), recording.tags).join([state])


def test_a_state_of_another_width_is_refused() -> None:
    one = some_preparation(NS, hold=NS, gap=3 * NS, settle=0, stuck=None)
    fresh = PrepareTogether((one, one), ("a", "b"), one.tags).start()
    arrays: dict[str, BoolArray] = fresh.to_arrays()
    arrays["begun"] = arrays["begun"][:1]
    with pytest.raises(PreparationError, match=r"does not fit this preparation \(begun\)"):
        AllPrepareState.from_arrays(fresh, arrays)
