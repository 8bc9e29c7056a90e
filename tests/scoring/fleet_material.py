"""Models of six tags made by hand, and samples of several assets for them; no training code is imported."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from andon.evidence.calibration import Calibration, fit_p_map
from andon.evidence.events import Opening
from andon.evidence.lines import Statistic
from andon.evidence.quality_view import QualityEvidence
from andon.evidence.views import STATISTICS, Views, fit_views
from andon.plant.arrays import Float64Array
from andon.plant.budget import Budget
from andon.plant.recording import Recording
from andon.plant.rows import Rows, join
from andon.plant.status import Status
from andon.plant.time import MINUTE_NS
from andon.plant.window import Expectation
from andon.preparing import Channel, Preparation, Source, moved_to, prepare
from andon.scoring.detector import LINEAR, NETWORK, Detector, with_last_value
from andon.scoring.linear_core import LinearCore
from andon.scoring.monitor import Monitor
from andon.scoring.network_core import NetworkCore
from tests.scoring.soft_sensor import sensor

TAGS = tuple(f"tag{index}" for index in range(6))
ASSETS = ("one", "泵<2>", "three", "never")
FIRST = 1_790_000_000 * 10**9 // MINUTE_NS
NETWORKS = Path(__file__).parent / "network_graphs"
KINDS = ("plain", "sisters", "network", "state", "last", "sensors", "coupled")


@dataclass(frozen=True)
class Sisterly:
    """What differs between the assets of a model."""

    centre: float
    threshold: float
    opening: Opening


def wander(rows: int, seed: int) -> Float64Array:
    """(rows, 6) autocorrelated tags that belong together."""
    rng = np.random.default_rng(seed)
    drivers = np.zeros((rows, 2))
    shocks = rng.normal(size=(rows, 2))
    for row in range(1, rows):
        drivers[row] = 0.9 * drivers[row - 1] + 0.4 * shocks[row]
    mix = np.random.default_rng(0).normal(size=(2, 6))
    return np.asarray(drivers @ mix + 0.3 * rng.normal(size=(rows, 6)))


def preparation() -> Preparation:
    """Six plain channels, one of them checked for standing still, a stop, and one number more in the context, as the network wants."""
    channels = tuple(
        Channel(name, name, Source.VALUE, 0.0, 1.0, "robust", 2 * MINUTE_NS, 12 * MINUTE_NS if index == 1 else None, low=-9.0, high=9.0)
        for index, name in enumerate(TAGS)
    )
    from andon.preparing import Category

    return Preparation(
        ASSETS, MINUTE_NS, channels, categories=(Category("tag5", ("9",), MINUTE_NS),), off=(("", "tag4 > 4"),),
        settle_ns=3 * MINUTE_NS, gap_ns=15 * MINUTE_NS,
    )  # fmt: skip


def linear_core(states: int = 2) -> LinearCore:
    """Weights of a damped past and of the neighbours."""
    rng = np.random.default_rng(3)
    c, depth = len(TAGS), 3
    weights = (rng.normal(size=(depth + 1, c, 2 * c + states)) * 0.08).astype(np.float32)
    weights[0, :, :c] = 0.0
    weights[1, :, :c] += 0.6 * np.eye(c, dtype=np.float32)
    weights[:, np.arange(c), c + np.arange(c)] = 0.0
    root = rng.normal(size=(c, c)) * 0.2 + np.eye(c)
    return LinearCore(
        (0.1 * rng.normal(size=c)).astype(np.float32), weights, np.full(c, 0.4, np.float32), (root @ root.T).astype(np.float32)
    )


@cache
def network() -> NetworkCore:
    """The stored graphs with random weights."""
    meta = json.loads((NETWORKS / "gru.json").read_text(encoding="utf-8"))
    return NetworkCore.from_bytes((NETWORKS / "gru.sequence.onnx").read_bytes(), (NETWORKS / "gru.step.onnx").read_bytes(), meta)


@cache
def monitor(kind: str) -> Monitor:
    """A model of one of the `KINDS`; the threshold is low, so that events are many."""
    shared = preparation()
    linear = linear_core()
    net = network() if kind == "network" else None
    recording = Recording.from_arrays(ASSETS[0], TAGS, (FIRST - 3000 + np.arange(3000, dtype=np.int64)) * MINUTE_NS, wander(3000, 1))
    prepared, _ = prepare(shared, recording)
    told: dict[str, Expectation] = {}
    told[LINEAR], _ = linear.run(prepared, linear.start())
    if net is not None:
        told[NETWORK], _ = net.run(prepared, told[LINEAR], net.start())
    if kind == "last":
        told = with_last_value(linear, prepared, told)
    views = _views(kind, prepared, told)
    detector = Detector(linear, net, views, 4, None, (4,) if kind == "plain" else ())
    detection, _ = detector.run(prepared, detector.start())
    trace = detection.views.trace[detection.judge]
    level = float(np.quantile(trace, 0.97))
    opening = Opening(2, 3, 0.7, float(np.median(trace)), float(np.quantile(trace, 0.75)), 5, float(np.std(trace)))
    calibration = Calibration(
        Budget(1.0, 1440 * MINUTE_NS), MINUTE_NS, level, opening, fit_p_map(trace), (1.0,), 1.0, 0.3, 0.5, "counting", 50, 50,
        3000 * MINUTE_NS, 1.0, 0.9, level, (1.0,), (),
    )  # fmt: skip
    model = Monitor(ASSETS, shared, detector, calibration, version="by-hand")
    if kind in ("sensors", "coupled"):
        one = replace(sensor(), channels=TAGS[:3], interval_ns=MINUTE_NS, region=replace(sensor().region, limit=1e6))
        model = replace(model, quality=(one, replace(one, target="strength", mode="inputs")))
    if kind == "coupled":
        model = replace(model, coupling=QualityEvidence(("purity",), (0.5,), (30,), level))
    if kind == "sisters":
        model = replace(model, members=tuple(_member(model, at, trace) for at in range(len(ASSETS))))
    return model


def _views(kind: str, prepared: object, told: Mapping[str, Expectation]) -> Views:
    rows = np.ones(3000, dtype=bool)
    rows[:50] = False
    only = ("fast", "level", "state") if kind == "state" else None
    statistics = (Statistic.QUADRATIC, Statistic.STRONGEST) if kind == "state" else STATISTICS
    return fit_views(prepared, told, rows, only=only, statistics=statistics)  # type: ignore[arg-type]


def _member(model: Monitor, at: int, trace: Float64Array) -> Monitor:
    """A sister with its own centres, rule and map of p."""
    calibration = model.calibration
    opening = replace(calibration.opening, n=1 + at % 2, m=1 + at, gap_ticks=3 + at)
    own = replace(calibration, threshold=calibration.threshold * (1 + 0.05 * at), opening=opening, p_map=fit_p_map(trace[:: 1 + 2 * at]))
    middles = [0.1 * at * (1 + index % 2) for index in range(len(TAGS))]
    return replace(model, assets=(ASSETS[at],), preparation=moved_to(model.preparation, ASSETS[at], middles), calibration=own)


def recordings(seed: int, rows: int, *, missing: float, faults: bool, begin: Iterable[int], silent: bool) -> tuple[Recording, ...]:
    """Samples of the assets; the last has none.

    Parameters
    ----------
    missing : share of cells without a value
    begin : first row of each asset
    silent : an asset is silent for twenty minutes, and one stops for ten
    """
    rng = np.random.default_rng(seed)
    out = []
    for at, (name, first) in enumerate(zip(ASSETS, begin, strict=True)):
        table = wander(rows, seed + 10 + at)
        if faults:
            low = int(rng.integers(0, rows))
            table[low : low + 25, at % 6] += 3.0
        if silent and at == 0:
            table[rows // 2 : rows // 2 + 10, 4] = 5.0
        table[rng.random(table.shape) < missing] = np.nan
        jitter = rng.integers(0, MINUTE_NS, size=rows)
        time = (FIRST + np.arange(rows, dtype=np.int64)) * MINUTE_NS - jitter
        twice = np.sort(np.concatenate([np.arange(rows), rng.integers(0, rows, size=rows // 10)]))
        time = np.sort(time[twice] + np.concatenate([[0], np.diff(twice) == 0]) * 1000)
        keep = (twice >= first) & (rng.random(len(twice)) > (0.05 if missing else 0.0))
        if silent and at == 1:
            keep &= (twice < rows // 3) | (twice >= rows // 3 + 20)
        if name == "never":
            keep[:] = False
        keep &= np.concatenate([[True], np.diff(time) > 0])
        made = Recording.from_arrays(name, TAGS, time[keep], table[twice][keep].astype(np.float32))
        status = made.status.copy()
        status[(status == Status.GOOD) & (rng.random(status.shape) < missing / 2)] = Status.UNCERTAIN
        out.append(replace(made, status=status))
    return tuple(out)


def rows_of(material: Iterable[Recording]) -> Rows:
    """All samples as the arrivals give them out: by time, then asset."""
    parts = [Rows(np.full(one.rows, at, np.int32), one.time, one.values.astype(np.float32), one.status) for at, one in enumerate(material)]
    rows = join(parts)
    return rows.take(np.lexsort((rows.asset, rows.time)))
