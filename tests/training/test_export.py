"""The graphs say what PyTorch says, whatever the shape of the plant; and the stored graphs are those that are written today."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from andon.plant.arrays import Float32Array
from andon.plant.window import Expectation
from andon.scoring.network_core import NetworkCore
from andon.training.export import export_graphs, rings_of
from andon.training.fit_network import TrainedNetwork, zero_expectation
from tests.training.network_material import random_network, ring_of_tags

STORED = Path(__file__).parents[1] / "scoring" / "network_graphs"
SHAPES = [
    {"channels": 1, "context": 0, "targets": 0},
    {"channels": 2, "context": 1, "targets": 1, "cell": "lstm"},
    {"channels": 6, "context": 0, "targets": 2, "layers": 3},
    {"channels": 9, "context": 2, "targets": 0, "layers": 3, "cell": "lstm", "horizon": 16},
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: "-".join(str(v) for v in s.values()))
def test_both_graphs_say_what_pytorch_says(shape: dict[str, int | str]) -> None:
    trained = random_network(**shape)  # type: ignore[arg-type]
    sizes = trained.sizes
    prepared = ring_of_tags(300, sizes.channels, missing=0.1)
    prepared = replace(prepared, context=3 * prepared.context[:, : sizes.context], reset=np.arange(300) == 0)
    prepared = replace(prepared, channels=trained.channels)
    linear = zero_expectation(prepared)
    graphs = export_graphs(trained)
    core = NetworkCore.from_bytes(graphs.sequence, graphs.step, json.loads(json.dumps(graphs.meta)))
    whole, _ = core.run(prepared, linear, core.start())
    with torch.no_grad():
        network = trained.network()
        given = (torch.from_numpy(a)[None] for a in (prepared.x, prepared.valid, linear.forecast, prepared.context))
        out, _ = network(*given, network.start(1))
    said = {name: getattr(out, name)[0].numpy() for name in ("forecast", "log_scale", "level", "relation", "features", "quality")}
    scales, horizon = trained.scales, trained.horizon

    def close(a: Float32Array, b: Float32Array) -> None:
        np.testing.assert_allclose(a, b, atol=1e-5, rtol=1e-4)

    close(whole.features, said["features"])
    close(whole.quality, said["quality"])
    close(whole.relation, said["relation"] * scales.relation)
    close(whole.level[horizon:], (said["level"] * scales.level)[:-horizon])
    close(whole.log_scale[1:], (said["log_scale"] + np.log(scales.forecast))[:-1])
    close(whole.forecast[1:], linear.forecast[1:] + (said["forecast"] * scales.forecast)[:-1])
    state = core.start()
    for t in range(100):  # the step graph, tick by tick
        row = Expectation(*(getattr(linear, name)[t : t + 1] for name in Expectation.__slots__))
        tick, state = core.run(prepared.part(t, t + 1), row, state)
        for name in Expectation.__slots__:
            np.testing.assert_allclose(getattr(tick, name)[0], getattr(whole, name)[t], atol=1e-5, rtol=1e-5, err_msg=name)


def test_nothing_of_python_travels() -> None:
    graphs = export_graphs(random_network())
    assert json.loads(json.dumps(graphs.meta)) == graphs.meta


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_stored_graphs_are_those_of_today(cell: str) -> None:
    graphs = export_graphs(random_network(cell=cell))
    assert json.loads((STORED / f"{cell}.json").read_text(encoding="utf-8")) == graphs.meta
    prepared = replace(ring_of_tags(64), channels=tuple(graphs.meta["channels"]))
    linear = zero_expectation(prepared)
    sequence, step = ((STORED / f"{cell}.{name}.onnx").read_bytes() for name in ("sequence", "step"))
    stored, made = NetworkCore.from_bytes(sequence, step, graphs.meta), NetworkCore.from_bytes(graphs.sequence, graphs.step, graphs.meta)
    a, b = (core.run(prepared, linear, core.start())[0] for core in (stored, made))
    for name in Expectation.__slots__:
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), atol=1e-6, err_msg=name)


def test_rings_are_powers_of_two_and_hold_their_delays() -> None:
    trained: TrainedNetwork = random_network(layers=3)
    for ring in rings_of(trained):
        assert ring.ticks & (ring.ticks - 1) == 0
        assert max(ring.delays) <= ring.ticks
