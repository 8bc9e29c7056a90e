"""VUS against the published package's values, a naive twin, and laws."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from andon.evaluating.vus import Vus, vus, vus_pr, vus_roc
from andon.evaluating.window_rule import acf_window
from andon.plant.errors import EvaluationError

GOLDEN = Path(__file__).parent / "golden"


def naive_vus(labels: NDArray[Any], scores: NDArray[Any], window: int, thresholds: int) -> tuple[float, float]:
    """Written from the paper: for every buffer width and threshold, count tick by tick."""
    count = len(labels)
    runs: list[tuple[int, int]] = []
    for t in range(count):
        if labels[t] and (t == 0 or not labels[t - 1]):
            stop = t
            while stop + 1 < count and labels[stop + 1]:
                stop += 1
            runs.append((t, stop))
    cut = sorted(scores, reverse=True)
    levels = [cut[int(i)] for i in np.linspace(0, count - 1, thresholds)]
    areas_roc, areas_pr = [], []
    for width in range(window + 1):
        half = width // 2
        weight = [float(v) for v in labels]
        for start, stop in runs:
            for t in range(count):
                gap = start - t if t < start else t - stop
                if not start <= t <= stop and gap <= half:
                    weight[t] = min(1.0, weight[t] + (1 - gap / width) ** 0.5)
        groups: list[list[int]] = []
        for start, stop in runs:
            if groups and groups[-1][1] >= start - half:
                groups[-1][1] = stop + half
            else:
                groups.append([start - half, stop + half])
        points = [(0.0, 0.0, 1.0)]
        for level in levels:
            alarm = [s >= level for s in scores]
            tp = sum(w for w, a in zip(weight, alarm, strict=True) if a)
            n_labels = sum(w if labels[t] else w * alarm[t] for t, w in enumerate(weight))
            expected = (sum(labels) + n_labels) / 2
            met = sum(any(alarm[max(a, 0) : b + 1]) for a, b in groups) / len(groups)
            points.append((min(1.0, tp / expected) * met, (sum(alarm) - tp) / (count - expected), tp / sum(alarm)))
        areas_pr.append(sum((q[0] - p[0]) * q[2] for p, q in itertools.pairwise(points)))
        points.append((1.0, 1.0, 0.0))
        areas_roc.append(sum((q[1] - p[1]) * (q[0] + p[0]) / 2 for p, q in itertools.pairwise(points)))
    return float(np.mean(areas_roc)), float(np.mean(areas_pr))


@pytest.mark.parametrize("row", json.loads((GOLDEN / "vus.json").read_text()), ids=lambda row: row["name"])
def test_equals_the_published_package(row: dict[str, Any]) -> None:
    labels = np.array([int(c) for c in row["labels"]])
    got = vus(labels, np.array(row["scores"]), row["window"], row["thresholds"])
    assert got.roc == pytest.approx(row["roc"], abs=1e-9)
    assert got.pr == pytest.approx(row["pr"], abs=1e-9)


@pytest.mark.parametrize("row", json.loads((GOLDEN / "acf_window.json").read_text()))
def test_window_rule_equals_tsb_ad(row: dict[str, Any]) -> None:
    assert acf_window(row["series"]) == row["window"]


def test_window_rule_of_degenerate_series() -> None:
    assert acf_window([]) == acf_window([1.0]) == acf_window([0.1] * 500) == acf_window(np.arange(500.0)) == 125
    with pytest.raises(EvaluationError, match="without missing values"):
        acf_window([1.0, np.nan, 2.0])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_equals_the_naive_twin(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 30))
    labels = np.array(data.draw(st.lists(st.integers(0, 1), min_size=count, max_size=count)))
    labels[0], labels[-1] = data.draw(st.sampled_from([(1, 0), (0, 1)]))
    scores = np.array(data.draw(st.lists(st.integers(-4, 4), min_size=count, max_size=count)), dtype=float)
    window, thresholds = data.draw(st.integers(0, 12)), data.draw(st.sampled_from([2, 7, 40]))
    got = vus(labels, scores, window, thresholds)
    roc, pr = naive_vus(labels, scores, window, thresholds)
    assert got.roc == pytest.approx(roc, abs=1e-9)
    assert got.pr == pytest.approx(pr, abs=1e-9)


def test_degenerate_classes() -> None:
    none = vus(np.zeros(5), np.arange(5.0), 3)
    assert np.isnan(none.roc)
    assert np.isnan(none.pr)
    every = vus(np.ones(5), np.arange(5.0), 3)
    assert np.isnan(every.roc)
    assert every.pr == pytest.approx(1.0)


def test_only_the_order_of_scores_counts() -> None:
    rng = np.random.default_rng(3)
    labels = (np.arange(400) % 90) < 12
    scores = np.round(rng.normal(size=400) + labels, 2)
    assert vus(labels, scores, 20) == vus(labels, np.exp(scores), 20)
    infinite = np.where(scores > 2, np.inf, np.where(scores < -1, -np.inf, 0.0))
    assert isinstance(vus(labels, infinite, 20), Vus)
    assert vus_pr(labels, scores, 20) == vus(labels, scores, 20).pr
    assert vus_roc(labels, scores, 20) == vus(labels, scores, 20).roc


def test_bad_input_is_refused() -> None:
    with pytest.raises(EvaluationError, match="1 of 3 scores are not numbers"):
        vus([0, 1, 0], [1.0, np.nan, 0.0], 2)
    with pytest.raises(EvaluationError, match="3 labels, but scores of shape"):
        vus([0, 1, 0], [1.0, 2.0], 2)
    with pytest.raises(EvaluationError, match="values other than 0 and 1"):
        vus([0, 2, 0], [1.0, 2.0, 3.0], 2)
    with pytest.raises(EvaluationError, match="must be a vector"):
        vus([[0, 1]], [[1.0, 2.0]], 2)
    with pytest.raises(EvaluationError, match="out of range"):
        vus([0, 1, 0], [1.0, 2.0, 3.0], -1)


def test_a_long_recording_takes_seconds_not_minutes() -> None:
    rng = np.random.default_rng(1)
    labels = np.zeros(20_000, dtype=bool)
    for start in rng.integers(0, 19_900, 40):
        labels[start : start + int(rng.integers(5, 90))] = True
    scores = rng.normal(size=20_000) + labels
    began = time.perf_counter()
    vus(labels, scores, 125, 250)
    assert time.perf_counter() - began < 10  # 0.1 s on an idle core; the bound allows a busy machine
