"""Rewrite golden/vus.json and golden/acf_window.json with the published packages.

    pip install --no-deps --target REF vus==0.0.6 ; pip download --no-deps TSB_AD==1.5 (unpack beside it)
    pip install --target REF statsmodels
    PYTHONPATH=REF python tests/evaluating/make_vus_golden.py REF/vus/utils/metrics.py REF/TSB_AD/utils/slidingWindows.py

Only the two named files of the packages run, because the packages themselves import TensorFlow and matplotlib.
Degenerate cases that the reference answers with an exception (no label at all) are not in the golden file.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "golden"


def load(path: str) -> dict[str, Any]:
    """The names of one reference file, its unused plotting and table imports replaced by empty modules."""
    for name in ("matplotlib", "matplotlib.pyplot", "matplotlib.patches", "tqdm"):
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["tqdm"].tqdm = None  # type: ignore[attr-defined]
    space: dict[str, Any] = {}
    exec(compile(Path(path).read_text(encoding="utf-8"), path, "exec"), space)
    return space


def cases() -> list[tuple[str, Any, Any, int, int]]:
    """Name, labels, scores, window, thresholds."""
    rng = np.random.default_rng(20261124)
    out: list[tuple[str, Any, Any, int, int]] = []
    for number in range(24):
        count = int(rng.integers(30, 260))
        labels = np.zeros(count, dtype=int)
        for _ in range(int(rng.integers(1, 7))):
            start = int(rng.integers(0, count))
            labels[start : start + int(rng.integers(1, 25))] = 1
        if labels.all():
            labels[0] = 0
        scores = np.round(rng.normal(size=count) + labels * rng.uniform(0, 3), 3 if number % 3 else 1)
        out.append((f"random {number}", labels, scores, int(rng.integers(0, 40)), int(rng.choice([10, 100, 250]))))
    ramp = np.arange(60.0)
    middle = ((ramp >= 20) & (ramp < 30)).astype(int)
    out += [
        ("perfect", middle, middle * 1.0, 12, 100),
        ("inverted", middle, 1.0 - middle, 12, 100),
        ("constant score", middle, np.zeros(60), 12, 100),
        ("label at both ends", (ramp < 3).astype(int) + (ramp > 56), ramp, 9, 50),
        ("one tick", (ramp == 30).astype(int), -np.abs(ramp - 33), 11, 250),
        ("every other tick", (ramp % 2).astype(int), np.sin(ramp), 7, 100),
        ("window wider than the recording", middle, ramp, 150, 100),
        ("no window", middle, np.cos(ramp), 0, 100),
    ]
    return out


def main(metrics_file: str, window_file: str) -> None:
    """Write both golden files."""
    grader = load(metrics_file)["metricor"]()
    rows = []
    for name, labels, scores, window, thresholds in cases():
        *_, roc, pr = grader.RangeAUC_volume_opt(labels, np.asarray(scores, dtype=float), window, thresholds)
        rows.append({"name": name, "labels": "".join(map(str, labels)), "scores": [float(s) for s in scores],
                     "window": window, "thresholds": thresholds, "roc": float(roc), "pr": float(pr)})  # fmt: skip
    (FOLDER / "vus.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")
    rule = load(window_file)["find_length_rank"]
    rng = np.random.default_rng(7)
    series = []
    for number in range(12):
        count = int(rng.integers(20, 700))
        x = np.sin(np.arange(count) * 2 * np.pi / rng.uniform(5, 120)) * (number % 3) + 0.5 * rng.normal(size=count).cumsum() * (number % 2)
        x = np.round(x + 0.1 * rng.normal(size=count), 3)
        series.append({"series": [float(v) for v in x], "window": int(rule(x))})
    (FOLDER / "acf_window.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in series) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3])
