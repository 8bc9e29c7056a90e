"""Write the small graphs that `test_network_core.py` runs: random weights, so that every output moves.

Run it after a change of the graphs: python -m tests.scoring.make_network_graphs. It is the one place in these tests
that needs the training stack.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "network_graphs"
CHANNELS, CONTEXT, HORIZON = 6, 2, 5


def main() -> None:
    """Write <cell>.sequence.onnx, <cell>.step.onnx and <cell>.json."""
    import torch

    from andon.plant.time import MINUTE_NS
    from andon.training.export import export_graphs
    from andon.training.fit_network import TrainedNetwork
    from andon.training.loop import Finish
    from andon.training.network.model import Network
    from andon.training.pieces import Scales
    from andon.training.sizes import NetworkSizes

    FOLDER.mkdir(exist_ok=True)
    for cell in ("gru", "lstm"):
        torch.manual_seed(7)
        sizes = NetworkSizes(CHANNELS, CONTEXT, 16, 2, 8, 4, 3, 4, cell)
        group = np.arange(CHANNELS) % 3
        forecast, level, relation = (np.linspace(low, 1.0, CHANNELS, dtype=np.float32) for low in (0.2, 0.5, 0.3))
        scales = Scales(forecast, level, relation, np.zeros(CHANNELS, np.float32))
        network = Network(sizes, group, scales.forecast, 2, 3)
        assert network.quality is not None
        for layer in (network.heads.mix, network.relation.second, network.quality.mix):
            torch.nn.init.normal_(layer.weight, std=0.2)
            torch.nn.init.normal_(layer.bias, std=0.1)
        weights = {name: p.detach().numpy().copy() for name, p in network.named_parameters()}
        finish = Finish("planned", 0, 0, 0.0, 0.0, 0.0, 0.0, ())
        names = tuple(f"tag{i}" for i in range(CHANNELS))
        trained = TrainedNetwork(
            sizes, weights, scales, group, HORIZON, names, ("a", "b"), MINUTE_NS, ("purity", "colour"),
            np.array([90.0, 5.0]), np.array([2.0, 0.5]), (0.1, 0.5, 0.9), {}, finish, 300, 40,
        )  # fmt: skip
        graphs = export_graphs(trained)
        (FOLDER / f"{cell}.sequence.onnx").write_bytes(graphs.sequence)
        (FOLDER / f"{cell}.step.onnx").write_bytes(graphs.step)
        (FOLDER / f"{cell}.json").write_text(json.dumps(graphs.meta, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
