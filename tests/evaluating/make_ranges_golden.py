"""Rewrite golden/ranges.json with the package `TSB-AD` 1.5 (`metric_RF1` and others).

    pip download --no-deps TSB_AD==1.5 (unpack to REF)
    python tests/evaluating/make_ranges_golden.py REF/TSB_AD/evaluation/basic_metrics.py

Its search for runs finds none where a series is one or zero throughout, and its point adjustment never reaches the first
tick; such cases are left out. It writes the point-adjusted F1 (`metric_PointF1PA`) and the composite F1 (`metric_EventF1PA`) too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

GOLDEN = Path(__file__).parent / "golden" / "ranges.json"


def main(file: str) -> None:
    """Score random pairs of 0/1 series."""
    space: dict[str, Any] = {}
    exec(compile(Path(file).read_text(encoding="utf-8"), file, "exec"), space)
    grader = space["basic_metricor"]()
    rng = np.random.default_rng(11)
    rows: list[dict[str, Any]] = []
    while len(rows) < 40:
        count = int(rng.integers(10, 90))
        labels, alarm = (np.convolve(rng.random(count) < rate, np.ones(int(rng.integers(1, 9))))[:count].clip(0, 1).astype(int)
                         for rate in (0.1, rng.choice([0.03, 0.1, 0.3])))  # fmt: skip
        if len(set(labels)) < 2 or len(set(alarm)) < 2 or labels[0]:
            continue
        recall, _, _ = grader.range_recall_new(labels, alarm, alpha=0.2)
        precision = grader.range_recall_new(alarm, labels, 0)[0]
        f1 = grader.metric_RF1(labels, alarm.astype(float), preds=alarm)
        rows.append({"labels": "".join(map(str, labels)), "alarm": "".join(map(str, alarm)), "precision": float(precision),
                     "recall": float(recall), "f1": float(f1), "point_adjusted": float(grader.metric_PointF1PA(labels, alarm, preds=alarm)),
                     "composite": float(grader.metric_EventF1PA(labels, alarm, preds=alarm))})  # fmt: skip
    GOLDEN.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
