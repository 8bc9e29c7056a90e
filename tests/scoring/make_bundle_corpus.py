"""Write the corpus: small bundles of the current schema version.

    python tests/scoring/make_bundle_corpus.py plain
    python tests/scoring/make_bundle_corpus.py model [FILE]

`schema_<n>.andon` is a signed bundle with a member of each kind, `model_<n>.andon` a whole model (linear core, views,
calibration) fitted on simulated time; it needs the training stack to be made, not to be opened. The model joins the corpus
with the release of its version, when its members are settled. From then on its file is never rewritten: it stands for what
users have on their disks.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from andon.scoring.bundle import write_bundle
from andon.scoring.safetensors_file import pack_arrays
from andon.scoring.schema_versions import CURRENT

CORPUS = Path(__file__).parent / "corpus"
MADE_AT = 1_790_000_000_000_000_000


def write_plain() -> None:
    """The signed bundle and the public key."""
    from andon.scoring.signing import new_keys

    keys = new_keys()
    members = {
        "core/linear.safetensors": pack_arrays({"weights": np.arange(12, dtype=np.float32).reshape(3, 4), "on": np.array([True, False])}),
        "report_card.json": json.dumps({"caught": 3, "missed": 1}).encode(),
        "network/sequence.onnx": b"not a graph, and never run by reading",
    }
    manifest = {"model": "pump", "assets": ["pump 1", "泵 2"], "tags": ["T/1", "流量"]}
    write_bundle(CORPUS / f"schema_{CURRENT}.andon", members, manifest, keys.private, made_at=MADE_AT)
    (CORPUS / f"schema_{CURRENT}.pub").write_text(keys.public + "\n", encoding="ascii")


def write_model(path: Path) -> None:
    """A model of a made-up pump: two autocorrelated tags and their noisy sum, four days of minutes."""
    from andon.plant.file.parse import parse_plant_text
    from andon.plant.recording import Recording
    from andon.plant.time import MINUTE_NS
    from andon.scoring.model_file import save
    from andon.training.fit_monitor import FitOptions, fit_monitor

    rng = np.random.default_rng(0)
    rows = 4 * 1440
    x = rng.normal(size=(rows, 2))
    for t in range(1, rows):
        x[t] += 0.9 * x[t - 1]
    values = np.column_stack([x, x.sum(axis=1) + 0.3 * rng.normal(size=rows)]) + 10
    time = (MADE_AT // MINUTE_NS + np.arange(rows, dtype=np.int64)) * MINUTE_NS
    recording = Recording.from_arrays("pump 1", ["T/1", "P2", "流量"], time, values.astype(np.float32))
    plant = parse_plant_text('[[budget]]\nname = "all"\nbudget = "24/day"\nmerge_gap = "5min"\n')
    fitted = fit_monitor(recording, plant, interval_ns=MINUTE_NS, options=FitOptions(network=False))
    save(fitted.monitor, path, manifest={"model": "pump"}, made_at=MADE_AT)


if __name__ == "__main__":
    if sys.argv[1] == "plain":
        write_plain()
    else:
        write_model(Path(sys.argv[2]) if len(sys.argv) > 2 else CORPUS / f"model_{CURRENT}.andon")
