"""Write corpus/schema_<n>.andon, one small bundle of the current schema version, with the key that signed it.

    python tests/scoring/make_bundle_corpus.py

A file of an older version is never rewritten: it stands for what users have on their disks.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from andon.scoring.bundle import write_bundle
from andon.scoring.safetensors_file import pack_arrays
from andon.scoring.schema_versions import CURRENT
from andon.scoring.signing import new_keys

CORPUS = Path(__file__).parent / "corpus"


def main() -> None:
    """Write the bundle and its public key."""
    keys = new_keys()
    members = {
        "core/linear.safetensors": pack_arrays({"weights": np.arange(12, dtype=np.float32).reshape(3, 4), "on": np.array([True, False])}),
        "report_card.json": json.dumps({"caught": 3, "missed": 1}).encode(),
        "network/sequence.onnx": b"not a graph, and never run by reading",
    }
    path = CORPUS / f"schema_{CURRENT}.andon"
    write_bundle(
        path,
        members,
        {"model": "pump", "assets": ["pump 1", "泵 2"], "tags": ["T/1", "流量"]},
        keys.private,
        made_at=1_790_000_000_000_000_000,
    )
    (CORPUS / f"schema_{CURRENT}.pub").write_text(keys.public + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
