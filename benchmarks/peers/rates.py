"""Rows per second of rivals on a table of float32; run by the environment of the rival, prints one JSON object.

FOLDER/pyod/bin/python benchmarks/peers/rates.py TABLE.npy pyod
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress

import numpy as np


def best(call: object, runs: int = 3) -> float:
    """Shortest wall time of a call, seconds."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        call()  # type: ignore[operator]
        times.append(time.perf_counter() - began)
    return min(times)


def pyod(x: np.ndarray) -> dict[str, float]:
    """PyOD's AutoEncoder and ECOD, and river's HalfSpaceTrees."""
    from pyod.models.auto_encoder import AutoEncoder
    from pyod.models.ecod import ECOD

    out = {}
    model = AutoEncoder(epoch_num=2, verbose=0)
    model.fit(x[:5000])
    out["pyod_ae_rows_per_s"] = len(x) / best(lambda: model.decision_function(x))
    out["pyod_ae_one_row_ms"] = 1e3 * best(lambda: model.decision_function(x[:1]), 9)
    ecod = ECOD()
    ecod.fit(x[:5000])
    out["pyod_ecod_rows_per_s"] = len(x) / best(lambda: ecod.decision_function(x), 1)
    with suppress(ImportError):
        out |= river(x)
    return out


def river(x: np.ndarray) -> dict[str, float]:
    """river's HalfSpaceTrees, which learns as it scores."""
    from river.anomaly import HalfSpaceTrees

    trees = HalfSpaceTrees(seed=1)
    rows = [{str(i): float(v) for i, v in enumerate(row)} for row in x[:2000]]

    def learn() -> None:
        for row in rows:
            trees.score_one(row)
            trees.learn_one(row)

    return {"river_rows_per_s": len(rows) / best(learn, 1)}


def tsb_ad(x: np.ndarray) -> dict[str, float]:
    """TSB-AD's CNN."""
    from TSB_AD.models.CNN import CNN

    model = CNN(window_size=50, num_channel=[32, 32, 40], feats=x.shape[1], lr=8e-4, batch_size=128, epochs=1)
    model.fit(x[:3000])
    part = x[:5000]
    return {"tsb_cnn_rows_per_s": len(part) / best(lambda: model.decision_function(part), 1)}


if __name__ == "__main__":
    table = np.load(sys.argv[1])
    print(json.dumps({"pyod": pyod, "river": river, "tsb-ad": tsb_ad}[sys.argv[2]](table)))
