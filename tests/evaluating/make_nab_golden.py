"""Rewrite golden/nab.json with the package `tsad` 0.19.4.

    pip download --no-deps tsad==0.19.4 (unpack to REF) ; pip install --target REF pandas
    PYTHONPATH=REF python tests/evaluating/make_nab_golden.py REF/tsad/utils/evaluating

Only its `evaluating` folder runs, as a package of its own; plotting is replaced by empty modules. Times are seconds.
"""

from __future__ import annotations

import importlib
import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

GOLDEN = Path(__file__).parent / "golden" / "nab.json"


def main(folder: str) -> None:
    """Score random recordings with every side and rule for overlap."""
    for name in ("matplotlib", "matplotlib.pyplot", "matplotlib.gridspec"):
        sys.modules[name] = types.ModuleType(name)
    sys.path.insert(0, str(Path(folder).parent))
    evaluate: Any = importlib.import_module("evaluating.evaluating")
    univariate: Any = importlib.import_module("evaluating.univariate_funcs")
    source: Any = importlib.import_module("evaluating.src")
    pandas: Any = importlib.import_module("pandas")
    rng = np.random.default_rng(5)
    rows = []
    for number in range(40):
        truths, predictions, kept = [], [], []
        for _ in range(int(rng.integers(1, 4))):
            count = int(rng.integers(60, 400))
            index = pandas.to_datetime(np.arange(count), unit="s")
            true = pandas.Series(np.zeros(count, int), index=index)
            # At least 3 s apart: with cut windows of length zero the package divides by zero.
            true.iloc[np.unique(rng.integers(0, count // 3, size=int(rng.integers(1, 5)))) * 3] = 1
            predicted = pandas.Series((rng.random(count) < rng.choice([0.005, 0.03, 0.2])).astype(int), index=index)
            truths.append(true)
            predictions.append(predicted)
            kept.append({"points": np.flatnonzero(true).tolist(), "alarms": np.flatnonzero(predicted).tolist()})
        window = int(rng.choice([10, 30, 60]))
        side, theirs = [("right", "righter"), ("left", "lefter"), ("center", "center")][number % 3]
        overlap = ["cut right window", "cut left window"][number % 2]
        matrix = np.zeros((3, 3))
        counts = [0, 0, 0]
        for true, predicted in zip(truths, predictions, strict=True):
            bounds = source.single_detecting_boundaries(true, None, predicted, 0.1, f"{window}s", theirs, overlap)
            matrix = matrix + univariate.single_evaluate_nab(bounds, predicted, plot_figure=False)
            missed, history, false, _ = univariate.single_average_delay(bounds, predicted, theirs, True)
            counts = [counts[0] + len(history), counts[1] + missed, counts[2] + false]
        scores = (100 * (matrix[0] - matrix[1]) / (matrix[2] - matrix[1])).tolist()
        rounded = evaluate.evaluating(truths, predictions, window_width=f"{window}s", anomaly_window_destination=theirs,
                                      intersection_mode=overlap, verbose=False)  # fmt: skip
        assert [round(score, 2) for score in scores] == list(rounded.values())
        rows.append({"recordings": kept, "window": window, "side": side, "overlap": overlap, "scores": scores, "counts": counts})
    GOLDEN.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
