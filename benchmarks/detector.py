"""The detector with its default settings, and the classical candidates, as the detection benchmarks call them."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from andon.evidence.lines import Statistic
from andon.evidence.views import ViewTrace, fit_views
from andon.plant.arrays import Float64Array, FloatArray
from andon.plant.time import NS
from andon.plant.window import Expectation, Prepared
from andon.scoring.detector import LAST
from andon.scoring.network_core import NetworkCore
from andon.training.linear import fit_linear_core
from benchmarks.recordings import prepared

Detector = Callable[[Prepared, int], Float64Array]


def expect(ticks: Prepared, fit: int) -> dict[str, Expectation]:
    """The linear core fitted on the first `fit` rows and run over all."""
    rows = np.arange(ticks.rows) < fit
    core = fit_linear_core(ticks, rows)
    return {"linear": core.run(ticks, core.start())[0]}


def expect_with_network(ticks: Prepared, fit: int, seconds: float) -> dict[str, Expectation]:
    """The linear core, and the network that `andon train` puts beside it: trained on the first three quarters of the `fit` rows, stopped
    early on the last quarter, within `seconds`.
    """
    from andon.training.export import export_graphs
    from andon.training.fit_network import NetworkOptions, fit_network

    cores, at = expect(ticks, fit), np.arange(ticks.rows)
    options = NetworkOptions(time_limit_ns=round(seconds * NS))
    trained = fit_network(ticks, cores["linear"], at < 0.75 * fit, (at >= 0.75 * fit) & (at < fit), options=options)
    graphs = export_graphs(trained)
    network = NetworkCore.from_bytes(graphs.sequence, graphs.step, graphs.meta, threads=os.cpu_count() or 1)
    return {**cores, "network": network.run(ticks, cores["linear"], network.start())[0]}


def andon(ticks: Prepared, fit: int, *, shares_above: float = np.inf, cores: dict[str, Expectation] | None = None) -> ViewTrace:
    """All views, default settings, fitted on the first `fit` rows, run over all; `cores` as from `expect`, where they are known."""
    cores = cores or expect(ticks, fit)
    views = fit_views(ticks, cores, np.arange(ticks.rows) < fit)
    return views.run(ticks, cores, views.start(), shares_above=shares_above)[0]


def _classical(only: tuple[str, ...], spans: dict[str, tuple[float, ...]], *, principal: bool = False) -> Detector:
    def run(ticks: Prepared, fit: int) -> Float64Array:
        cores = expect(ticks, fit)
        rows = np.arange(ticks.rows) < fit
        views = fit_views(ticks, cores, rows, only=only, spans=spans, statistics=(Statistic.QUADRATIC,), principal=principal)
        return views.run(ticks, cores, views.start())[0].trace

    return run


def last_value(ticks: Prepared, fit: int) -> Float64Array:
    """The strongest change from tick to tick, each tag by its own quantile."""
    rows = np.arange(ticks.rows) < fit
    core = fit_linear_core(ticks, rows)
    told = {LAST: core.last_value(ticks, core.run(ticks, core.start())[0], core.start())}
    views = fit_views(ticks, told, rows, only=("fast",), spans={"fast": (1.0,)}, statistics=(Statistic.STRONGEST,), diagonal=True)
    return views.run(ticks, told, views.start())[0].trace


def agitation(ticks: Prepared, fit: int) -> Float64Array:
    """Mean over tags of the smoothed (span 10) absolute residual of the linear core, in units of its training mean."""
    residual = np.abs(np.nan_to_num(ticks.x - expect(ticks, fit)["linear"].forecast))
    relative = residual / np.maximum(residual[:fit].mean(axis=0), 0.01)
    from andon.evidence.smooth import smooth

    smoothed, _ = smooth(relative.astype(np.float32), (10.0,), np.ones((1, relative.shape[1]), dtype=np.float32))
    out: Float64Array = smoothed[0].mean(axis=1, dtype=np.float64)
    return out


CANDIDATES: dict[str, Detector] = {
    "Mahalanobis": _classical(("level",), {"level": (1.0,)}),
    "last value": last_value,
    "PCA T2/SPE": _classical(("level",), {"level": (1.0,)}, principal=True),
    "EWMA-T2 (15)": _classical(("level",), {"level": (15.0,)}),
    "VAR residual T2": _classical(("fast",), {"fast": (1.0,)}),
    "CVA states, EWMA 0.2": _classical(("state", "fast"), {"state": (9.0,), "fast": (9.0,)}),
    "agitation (10)": agitation,
}


def ready(values: FloatArray, train: int) -> Prepared:
    """Values scaled by their training rows."""
    return prepared(values, train)
