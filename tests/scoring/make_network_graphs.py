"""Write the small graphs that `test_network_core.py` runs: random weights, so that every output moves.

Run it after a change of the graphs: python -m tests.scoring.make_network_graphs. It is the one place in these tests
that needs the training stack.
"""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "network_graphs"


def main() -> None:
    """Write <cell>.sequence.onnx, <cell>.step.onnx and <cell>.json."""
    from andon.training.export import export_graphs
    from tests.training.network_material import random_network

    FOLDER.mkdir(exist_ok=True)
    for cell in ("gru", "lstm"):
        graphs = export_graphs(random_network(cell=cell))
        (FOLDER / f"{cell}.sequence.onnx").write_bytes(graphs.sequence)
        (FOLDER / f"{cell}.step.onnx").write_bytes(graphs.step)
        (FOLDER / f"{cell}.json").write_text(json.dumps(graphs.meta, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
