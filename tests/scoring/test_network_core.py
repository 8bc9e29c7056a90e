"""The two graphs are one network: any cut, any mix, any restart. No PyTorch here: the graphs are stored files."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from andon.plant.errors import BundleError, PreparationError
from andon.plant.time import MINUTE_NS
from andon.plant.window import Expectation, Prepared
from andon.scoring import network_core
from andon.scoring.network_core import NetworkCore
from andon.scoring.network_state import NetworkCoreState

FOLDER = Path(__file__).parent / "network_graphs"
VIEWS = ("forecast", "relation", "log_scale", "level", "features", "quality")
CELLS = ("gru", "lstm")


def parts_of(cell: str) -> tuple[bytes, bytes, dict[str, Any]]:
    meta: dict[str, Any] = json.loads((FOLDER / f"{cell}.json").read_text(encoding="utf-8"))
    return (FOLDER / f"{cell}.sequence.onnx").read_bytes(), (FOLDER / f"{cell}.step.onnx").read_bytes(), meta


CORES = {cell: NetworkCore.from_bytes(*parts_of(cell)) for cell in CELLS}


def plant(rows: int, seed: int = 0, resets: tuple[int, ...] = (0,)) -> tuple[Prepared, Expectation]:
    """Ticks of six tags, and a linear core that says nine tenths of the last tick."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 6)).astype(np.float32).cumsum(axis=0) * np.float32(0.1)
    valid = rng.random((rows, 6)) > 0.05
    x[~valid] = 0
    reset = np.zeros(rows, dtype=bool)
    reset[list(resets)] = True
    names = tuple(f"tag{i}" for i in range(6))
    context = rng.normal(size=(rows, 2)).astype(np.float32)
    prepared = Prepared(
        "a",
        names,
        names,
        ("a", "b"),
        MINUTE_NS,
        np.arange(rows),
        x,
        valid,
        context,
        np.zeros(rows, np.int16),
        np.zeros(rows, np.uint8),
        reset,
    )
    forecast = np.concatenate([x[:1], np.float32(0.9) * x[:-1]])
    forecast[reset] = np.nan
    level = np.full((rows, 6), 0.25, np.float32)
    linear = Expectation(forecast, 0.5 * x, np.zeros_like(x), level, np.zeros((rows, 0), np.float32), np.zeros((rows, 0, 0), np.float32))
    return prepared, linear


def part(linear: Expectation, low: int, high: int) -> Expectation:
    return Expectation(*(getattr(linear, name)[low:high] for name in VIEWS))


def in_pieces(core: NetworkCore, prepared: Prepared, linear: Expectation, cuts: list[int], restart: bool = False) -> Expectation:
    state, said = core.start(), []
    for low, high in zip([0, *cuts], [*cuts, prepared.rows], strict=True):
        piece, state = core.run(prepared.part(low, high), part(linear, low, high), state)
        said.append(piece)
        if restart:
            state = NetworkCoreState.from_arrays(load(save(state.to_arrays())))
    return Expectation(*(np.concatenate([getattr(piece, name) for piece in said]) for name in VIEWS))


def assert_same(a: Expectation, b: Expectation, atol: float) -> None:
    for name in VIEWS:
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), atol=atol, rtol=1e-5 if atol else 0, err_msg=name)


@given(
    cell=st.sampled_from(CELLS),
    seed=st.integers(0, 3),
    resets=st.sets(st.integers(1, 199), max_size=2),
    cuts=st.sets(st.integers(1, 199), max_size=30),
    restart=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_any_cut_mix_and_restart_gives_the_same(cell: str, seed: int, resets: set[int], cuts: set[int], restart: bool) -> None:
    # Cuts closer than STEP_ROWS go through the step graph, others through the sequence graph.
    prepared, linear = plant(200, seed, (0, *sorted(resets)))
    whole, _ = CORES[cell].run(prepared, linear, CORES[cell].start())
    assert_same(in_pieces(CORES[cell], prepared, linear, sorted(cuts), restart), whole, 1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_one_tick_at_a_time_is_the_whole(cell: str) -> None:
    prepared, linear = plant(150, 1, (0, 70))
    whole, _ = CORES[cell].run(prepared, linear, CORES[cell].start())
    assert_same(in_pieces(CORES[cell], prepared, linear, list(range(1, 150))), whole, 1e-5)


def test_same_cuts_are_the_same_bits() -> None:
    prepared, linear = plant(300, 2)
    cuts = [3, 10, 11, 12, 200]
    first, second = (in_pieces(CORES["gru"], prepared, linear, cuts, restart) for restart in (False, True))
    for name in VIEWS:
        assert np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True), name


def test_forecast_and_level_use_nothing_later() -> None:
    core = CORES["gru"]
    prepared, linear = plant(120, 3)
    before, _ = core.run(prepared, linear, core.start())
    changed = replace(prepared, x=prepared.x.copy())
    changed.x[60] += 3.0
    after, _ = core.run(changed, linear, core.start())
    horizon = core.horizon
    assert np.array_equal(before.forecast[:61], after.forecast[:61], equal_nan=True)
    assert np.array_equal(before.log_scale[:61], after.log_scale[:61])
    assert np.array_equal(before.level[: 60 + horizon], after.level[: 60 + horizon])
    assert np.array_equal(before.features[:60], after.features[:60])
    assert not np.array_equal(before.forecast[61], after.forecast[61])
    assert not np.array_equal(before.level[60 + horizon], after.level[60 + horizon])


def test_a_channel_is_never_told_by_itself() -> None:
    core = CORES["gru"]
    prepared, linear = plant(50, 4)
    before, _ = core.run(prepared, linear, core.start())
    changed = replace(prepared, x=prepared.x.copy())
    changed.x[:, 2] += 100.0
    after, _ = core.run(changed, linear, core.start())
    assert np.array_equal(before.relation[:, 2], after.relation[:, 2])
    assert not np.array_equal(before.relation[:, 1], after.relation[:, 1])


def test_before_anything_was_said_the_linear_core_speaks() -> None:
    core = CORES["gru"]
    prepared, linear = plant(40, 5, (0, 20))
    said, _ = core.run(prepared, linear, core.start())
    assert np.isnan(said.forecast[[0, 20]]).all()
    for start in (0, 20):
        assert np.array_equal(said.level[start : start + core.horizon], linear.level[start : start + core.horizon])
        np.testing.assert_array_equal(said.log_scale[start], np.asarray(core.meta["log_scale"], np.float32))


def test_a_linear_core_without_level_is_completed() -> None:
    core = CORES["gru"]
    prepared, linear = plant(40, 5)
    with_level, _ = core.run(prepared, linear, core.start())
    without, _ = core.run(prepared, replace(linear, level=np.zeros((40, 0), np.float32)), core.start())
    np.testing.assert_allclose(without.level + 0.25, with_level.level, atol=1e-6)


def test_quantiles_never_cross() -> None:
    prepared, linear = plant(200, 6)
    said, _ = CORES["gru"].run(prepared, linear, CORES["gru"].start())
    assert said.quality.shape == (200, 2, 3)
    assert (np.diff(said.quality, axis=-1) > -1e-6).all()


def test_assets_in_lockstep_are_assets_alone() -> None:
    core = CORES["lstm"]
    plants = [plant(30, seed) for seed in range(3)]
    state = core.start(batch=3)
    alone = [core.start() for _ in range(3)]
    for t in range(30):
        x, expected = np.stack([p.x[t] for p, _ in plants]), np.stack([e.forecast[t] for _, e in plants])
        valid, context = np.stack([p.valid[t] for p, _ in plants]), np.stack([p.context[t] for p, _ in plants])
        out, state = core.step(x, valid, expected, context, state)
        for i, (p, e) in enumerate(plants):
            single, alone[i] = core.step(p.x[t : t + 1], p.valid[t : t + 1], e.forecast[t : t + 1], p.context[t : t + 1], alone[i])
            np.testing.assert_allclose(out[i], single[0], atol=1e-6, rtol=1e-5)


def test_the_state_is_not_changed() -> None:
    core = CORES["gru"]
    prepared, linear = plant(60, 7)
    _, state = core.run(prepared.part(0, 30), part(linear, 0, 30), core.start())
    copy = NetworkCoreState.from_arrays({name: array.copy() for name, array in state.to_arrays().items()})
    first, _ = core.run(prepared.part(30, 33), part(linear, 30, 33), state)
    second, _ = core.run(prepared.part(30, 33), part(linear, 30, 33), state)
    assert_same(first, second, 0)
    for name, array in state.to_arrays().items():
        assert np.array_equal(array, copy.to_arrays()[name]), name


def test_lanes_give_what_one_lane_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_core, "LANE_ROWS", 400)
    prepared, linear = plant(3000, 8)
    sequence, step, meta = parts_of("gru")
    one, end_one = CORES["gru"].run(prepared, linear, CORES["gru"].start())
    for settle in (40, 3):  # with a run-up of four ticks the state cannot be the true one: found out, and run again
        core = NetworkCore.from_bytes(sequence, step, meta | {"settle_ticks": settle}, threads=3)
        reruns: list[int] = []
        chunks = core._chunks
        monkeypatch.setattr(
            core,
            "_chunks",
            lambda said, low, high, state, chunks=chunks, reruns=reruns: (reruns.append(low), chunks(said, low, high, state))[1],
        )
        many, end_many = core.run(prepared, linear, core.start())
        assert_same(one, many, 1e-5)
        np.testing.assert_allclose(end_one.memory, end_many.memory, atol=1e-5)
        assert len(reruns) == (3 if settle == 40 else 5)


def test_other_channels_are_refused() -> None:
    prepared, linear = plant(10)
    other = replace(prepared, channels=tuple(f"other{i}" for i in range(6)))
    with pytest.raises(PreparationError, match="the network was trained for 6 other channels than these 6") as error:
        CORES["gru"].run(other, linear, CORES["gru"].start())
    assert error.value.do == "prepare the recording with the preparation of the same model"


def test_damaged_parts_are_refused() -> None:
    sequence, step, meta = parts_of("gru")
    with pytest.raises(BundleError, match="a graph of the network cannot be opened"):
        NetworkCore.from_bytes(sequence[:500], step, meta)
    with pytest.raises(BundleError, match="the network's description is incomplete: KeyError\\('rings'\\)"):
        NetworkCore.from_bytes(sequence, step, {name: value for name, value in meta.items() if name != "rings"})
    with pytest.raises(BundleError, match="the step graph does not fit its description"):
        NetworkCore.from_bytes(sequence, sequence, meta)
    with pytest.raises(BundleError, match="the sequence graph does not fit its description"):
        NetworkCore.from_bytes(sequence, step, meta | {"channels": meta["channels"][:-1]})
    with pytest.raises(BundleError, match="network of schema 99, this version reads 1"):
        NetworkCore.from_bytes(sequence, step, meta | {"schema_version": 99})


def test_an_incomplete_state_is_refused() -> None:
    arrays = CORES["gru"].start().to_arrays()
    del arrays["memory"]
    with pytest.raises(BundleError, match="the saved state of the network is incomplete: 'memory'"):
        NetworkCoreState.from_arrays(arrays)


SCRIPT = """
import sys
class NoTraining:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "onnx", "onnxscript", "sklearn", "scipy"):
            raise ImportError(name + " is not for scoring")
sys.meta_path.insert(0, NoTraining())
from tests.scoring.test_network_core import CORES, assert_same, in_pieces, plant
prepared, linear = plant(60)
whole, _ = CORES["gru"].run(prepared, linear, CORES["gru"].start())
assert_same(in_pieces(CORES["gru"], prepared, linear, [5, 6, 40]), whole, 1e-5)
print("scored", sorted(m for m in ("torch", "onnx", "scipy") if m in sys.modules))
"""


def test_scoring_runs_where_the_training_stack_cannot_be_imported() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "scored []", done.stderr
