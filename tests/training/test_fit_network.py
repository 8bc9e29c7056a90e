"""Training: it learns what a line cannot, repeats, resumes, keeps its time, and never harms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from andon.plant.arrays import BoolArray
from andon.plant.errors import AndonError, TrainingError
from andon.plant.messages import say
from andon.plant.time import NS
from andon.plant.window import Expectation, Prepared
from andon.scoring.network_core import NetworkCore
from andon.training.checkpoints import read_checkpoint
from andon.training.export import export_graphs
from andon.training.fit_network import NetworkOptions, QualityTargets, TrainedNetwork, fit_network, zero_expectation
from andon.training.loop import Finish, TrainingRecord, finish_sentence
from andon.training.residual_scales import residual_scale
from tests.training.network_material import ring_of_tags

ROWS = 2400
EARLY, LATER = np.arange(ROWS) < 1500, (np.arange(ROWS) >= 1500) & (np.arange(ROWS) < 2000)
PLENTY = 600 * NS


def ridge(prepared: Prepared) -> Expectation:
    """One lag by least squares. No line can follow a tent."""
    x = prepared.x.astype(np.float64)
    weights = np.linalg.lstsq(x[:1499], x[1:1500], rcond=None)[0]
    forecast = np.concatenate([np.full((1, x.shape[1]), np.nan), x[:-1] @ weights]).astype(np.float32)
    return replace(zero_expectation(prepared), forecast=forecast)


def small(**how: object) -> NetworkOptions:
    options: dict[str, object] = {"threads": 1, "time_limit_ns": PLENTY, "width": 16}
    return NetworkOptions(**(options | how))  # type: ignore[arg-type]


def short(monkeypatch: pytest.MonkeyPatch, updates: int, ticks: int = 32) -> None:
    """A plan of so many updates of short pieces."""
    from andon.training import fit_network as module
    from andon.training import sizes

    choose = sizes.choose_sizes
    monkeypatch.setattr(module, "choose_sizes", lambda *a, **k: replace(choose(*a, **k), updates=updates, ticks=ticks))


@pytest.fixture(scope="module")
def trained() -> tuple[Prepared, Expectation, TrainedNetwork, list[tuple[str, float]]]:
    prepared = ring_of_tags(ROWS)
    linear, seen = ridge(prepared), []
    with pytest.MonkeyPatch.context() as patch:
        short(patch, 220, 24)
        network = fit_network(
            prepared,
            linear,
            EARLY,
            LATER,
            options=NetworkOptions(threads=1, time_limit_ns=PLENTY),
            progress=lambda stage, share: seen.append((stage, share)),
        )
    return prepared, linear, network, seen


def test_it_learns_what_a_line_cannot(trained: tuple[Prepared, Expectation, TrainedNetwork, list[tuple[str, float]]]) -> None:
    prepared, linear, network, _ = trained
    graphs = export_graphs(network)
    core = NetworkCore.from_bytes(graphs.sequence, graphs.step, graphs.meta)
    said, _ = core.run(prepared, linear, core.start())
    never_seen = np.arange(ROWS) >= 2000
    use = prepared.valid[never_seen]

    def power(expected: Expectation) -> float:
        return float(np.mean((prepared.x - expected.forecast)[never_seen][use] ** 2))

    assert power(said) < 0.6 * power(linear)
    # The scale it states is the scale it has, within a fifth.
    rest = (prepared.x - said.forecast)[never_seen] * np.exp(-said.log_scale[never_seen])
    assert np.sqrt(np.mean(rest[use] ** 2)) == pytest.approx(1.0, abs=0.2)


def test_progress_ends_at_one(trained: tuple[Prepared, Expectation, TrainedNetwork, list[tuple[str, float]]]) -> None:
    seen = trained[3]
    shares = [share for _, share in seen]
    assert {stage for stage, _ in seen} == {"network"}
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_graphs_say_what_pytorch_says(trained: tuple[Prepared, Expectation, TrainedNetwork, list[tuple[str, float]]]) -> None:
    import torch

    prepared, linear, network, _ = trained
    graphs = export_graphs(network)
    core = NetworkCore.from_bytes(graphs.sequence, graphs.step, graphs.meta)
    rows = slice(0, 400)
    part = prepared.part(0, 400)
    said, _ = core.run(part, Expectation(*(getattr(linear, n)[rows] for n in Expectation.__slots__)), core.start())
    with torch.no_grad():
        net = network.network()
        out, _ = net(
            *(torch.from_numpy(a[rows].copy())[None] for a in (prepared.x, prepared.valid, linear.forecast, prepared.context)), net.start(1)
        )
    scale = network.scales
    np.testing.assert_allclose(said.features, out.features[0].numpy(), atol=1e-5, rtol=1e-5)
    np.testing.assert_allclose((said.forecast - linear.forecast[rows])[1:], (out.forecast[0].numpy() * scale.forecast)[:-1], atol=1e-5)
    np.testing.assert_allclose(said.relation, out.relation[0].numpy() * scale.relation, atol=1e-5)
    np.testing.assert_allclose(said.log_scale[1:], (out.log_scale[0].numpy() + np.log(scale.forecast))[:-1], atol=1e-5)
    np.testing.assert_allclose(said.level[network.horizon :], (out.level[0].numpy() * scale.level)[: -network.horizon], atol=1e-5)


def fit(options: NetworkOptions, prepared: Prepared | None = None, **more: object) -> TrainedNetwork:
    prepared = prepared or ring_of_tags(ROWS)
    return fit_network(prepared, zero_expectation(prepared), EARLY, LATER, options=options, **more)  # type: ignore[arg-type]


def test_the_seed_repeats_and_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch, 12)
    first, second, other = (fit(small(seed=seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)
    assert not np.array_equal(first.weights["entry.weight"], other.weights["entry.weight"])


def test_any_number_of_threads_gives_the_same_network(monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch, 6)
    one, two = (fit(small(threads=threads)) for threads in (1, 2))
    assert one.finish.updates == 6
    assert all(np.array_equal(one.weights[name], two.weights[name]) for name in one.weights)


class Stop(Exception):
    """Somebody pressed Ctrl-C."""


def test_a_resumed_training_ends_where_an_unbroken_one_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from andon.training import loop

    monkeypatch.setattr(loop, "CHECKPOINT_EVERY_S", 0.0)
    short(monkeypatch, 30)
    whole = fit(small())
    path = tmp_path / "training.safetensors"

    def stop_at(record: TrainingRecord) -> None:
        if record.update >= 20:
            raise Stop

    with pytest.raises(Stop):
        fit(small(checkpoint=path), on_record=stop_at)
    assert path.is_file()
    updates: list[int] = []
    resumed = fit(small(checkpoint=path), on_record=lambda record: updates.append(record.update))
    assert updates[0] == 20  # not from the beginning: updates 0 to 15 were done
    assert all(np.array_equal(whole.weights[name], resumed.weights[name]) for name in whole.weights)
    assert not path.exists()


def test_a_checkpoint_of_another_training_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from andon.training import loop

    monkeypatch.setattr(loop, "CHECKPOINT_EVERY_S", 0.0)
    short(monkeypatch, 12)
    path = tmp_path / "training.safetensors"

    def stop_at(record: TrainingRecord) -> None:
        if record.update >= 10:
            raise Stop

    with pytest.raises(Stop):
        fit(small(checkpoint=path), on_record=stop_at)
    updates: list[int] = []
    fit(small(checkpoint=path, seed=5), on_record=lambda record: updates.append(record.update))
    assert updates[0] == 0


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "training.safetensors"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="the checkpoint cannot be read") as error:
        read_checkpoint(path, "any")
    assert error.value.do == "delete it; training then starts from the beginning"
    assert read_checkpoint(tmp_path / "absent", "any") is None


def test_the_time_limit_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    # A clock of its own: every look at it costs a fifth of a second, so the loop cannot finish its plan.
    short(monkeypatch, 500)
    now = [0.0]

    def clock() -> float:
        now[0] += 0.2
        return now[0]

    network = fit(small(time_limit_ns=20 * NS), clock=clock)
    assert network.finish.why == "time"
    assert 5 < network.finish.updates < 100
    assert network.finish.seconds <= 20


def test_what_did_not_help_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    # White noise: nothing can be learnt, and the gain leaves (almost) nothing of what was learnt by heart.
    short(monkeypatch, 40)
    prepared = ring_of_tags(ROWS)
    noise = replace(prepared, x=np.random.default_rng(0).normal(size=prepared.x.shape).astype(np.float32))
    nothing = np.zeros_like(noise.x)
    linear = replace(zero_expectation(noise), forecast=nothing, level=nothing)
    network = fit_network(noise, linear, EARLY, LATER, options=small())
    for view, share in network.explained.items():
        assert (share >= 0).all(), view
        assert share.mean() < 0.02, view


def test_quality_is_learnt_on_the_shared_features(monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch, 90)
    prepared = ring_of_tags(ROWS, missing=0.0)
    tick = prepared.tick[5::7]
    value = 50 + 4 * prepared.x[5::7, 2].astype(np.float64)
    zeros = np.zeros(len(tick), dtype=np.int64)
    quality = QualityTargets(("purity",), tick, zeros, value, tick + 30)
    network = fit(small(quantiles=(0.1, 0.5, 0.9)), prepared, quality=quality)
    known = (quality.known_tick <= prepared.tick[1999]) & (tick <= prepared.tick[1499])
    assert network.quality_centre[0] == pytest.approx(value[known].mean())
    graphs = export_graphs(network)
    core = NetworkCore.from_bytes(graphs.sequence, graphs.step, graphs.meta)
    said, _ = core.run(prepared, zero_expectation(prepared), core.start())
    later = tick >= prepared.tick[2000]
    median = network.quality_centre[0] + network.quality_scale[0] * said.quality[5::7, 0, 1].astype(np.float64)
    assert np.std((median - value)[later]) < 0.8 * np.std(value[later])


def test_values_not_yet_known_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch, 5)
    prepared = ring_of_tags(ROWS)
    tick = prepared.tick[100:1400:50]
    zeros = np.zeros(len(tick), dtype=np.int64)
    far = np.full(len(tick), prepared.tick[-1])
    late = fit(small(), prepared, quality=QualityTargets(("purity",), tick, zeros, np.full(len(tick), 7.0), far))
    assert late.quality_centre[0] == 0.0  # nothing was known within training time


def test_every_ending_has_its_sentence() -> None:
    for why, word in (("planned", "as planned"), ("early", "had not improved since update 7"), ("time", "at its time limit")):
        sentence = finish_sentence(Finish(why, 9, 7, 0.0, 0.0, 3.4, 0.0, ()))
        assert word in say(sentence.key, "en", **sentence.args)
        assert say(sentence.key, "zh-CN", **sentence.args) != say(sentence.key, "en", **sentence.args)


@pytest.mark.parametrize(
    ("train", "valid", "what"),
    [
        (np.arange(ROWS) < 10, LATER, "10 training and 500 validation ticks are too few for a network"),
        (LATER, EARLY, "validation time begins before training time ends"),
        (EARLY[:-1], LATER, f"{ROWS} ticks, but {ROWS - 1} training and {ROWS} validation flags"),
    ],
)
def test_bad_splits_are_refused(train: BoolArray, valid: BoolArray, what: str) -> None:
    prepared = ring_of_tags(ROWS)
    with pytest.raises(TrainingError) as error:
        fit_network(prepared, zero_expectation(prepared), train, valid)
    assert error.value.what == what


def test_scale_of_a_quiet_tag_is_not_zero() -> None:
    x = np.zeros((100, 2), np.float32)
    x[::2, 1] = 1.0
    scale = residual_scale(x, np.ones((100, 2), bool), np.zeros_like(x), np.ones(100, bool))
    assert scale[0] == pytest.approx(5e-3)
    assert 0.3 < scale[1] < 1.5


def test_tensorboard_without_the_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    short(monkeypatch, 5)
    with pytest.raises(AndonError, match="TensorBoard is not installed"):
        fit(small(tensorboard=tmp_path))
