"""Material for the tests of the network: a nonlinear plant with gaps and resets, and networks of random weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from andon.plant.time import MINUTE_NS
from andon.plant.window import Prepared

if TYPE_CHECKING:
    from andon.training.fit_network import TrainedNetwork


def ring_of_tags(rows: int = 2000, channels: int = 6, seed: int = 0, missing: float = 0.01) -> Prepared:
    """Each tag is a tent over its neighbour two ticks before, with noise: a line cannot say that."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(rows, channels)).astype(np.float32)
    x = np.zeros((rows, channels), dtype=np.float32)
    for t in range(2, rows):
        x[t] = 1 - 1.3 * np.abs(np.roll(x[t - 2], 1)) + 0.15 * noise[t]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    valid = rng.random((rows, channels)) >= missing
    x[~valid] = 0
    reset = np.zeros(rows, dtype=bool)
    reset[[0, rows // 3]] = True
    names = tuple(f"tag{i}" for i in range(channels))
    context = np.stack([np.sin(np.arange(rows) / 50), np.ones(rows)], axis=1).astype(np.float32)
    tick = np.arange(1000, 1000 + rows, dtype=np.int64)
    mode, why = np.zeros(rows, dtype=np.int16), np.zeros(rows, dtype=np.uint8)
    return Prepared("ring", names, names, ("swing", "one"), MINUTE_NS, tick, x, valid, context, mode, why, reset)


def random_network(
    channels: int = 6, context: int = 2, layers: int = 2, cell: str = "gru", targets: int = 2, horizon: int = 5, seed: int = 7
) -> TrainedNetwork:
    """A network as if it had been trained: random weights, so that every output moves."""
    import torch

    from andon.training.fit_network import TrainedNetwork
    from andon.training.loop import Finish
    from andon.training.network.model import Network
    from andon.training.pieces import Scales
    from andon.training.sizes import NetworkSizes

    groups = min(3, channels)
    sizes = NetworkSizes(channels, context, 16, layers, 8, 2 * layers, groups, 4, cell)
    group = np.arange(channels) % groups
    forecast, level, relation = (np.linspace(low, 1.0, channels, dtype=np.float32) for low in (0.2, 0.5, 0.3))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(sizes, group, forecast, targets, 3)
        heads = [network.heads.mix, network.relation.second] + ([network.quality.mix] if network.quality is not None else [])
        for layer in heads:
            torch.nn.init.normal_(layer.weight, std=0.2)
            torch.nn.init.normal_(layer.bias, std=0.1)
    weights = {name: p.detach().numpy().copy() for name, p in network.named_parameters()}
    names = tuple(f"tag{i}" for i in range(channels))
    return TrainedNetwork(
        sizes, weights, Scales(forecast, level, relation, np.zeros(channels, np.float32)), group, horizon, names,
        tuple("abcdefgh"[:context]), MINUTE_NS, ("purity", "colour")[:targets], np.array([90.0, 5.0])[:targets],
        np.array([2.0, 0.5])[:targets], (0.1, 0.5, 0.9), {}, Finish("planned", 0, 0, 0.0, 0.0, 0.0, 0.0, ()), 300, 40,
    )  # fmt: skip
