"""From a recording and a plant file to a monitor: prepare, fit, train, calibrate, choose. The evaluation period is not read here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from andon.evidence.budget import FaultCost
from andon.evidence.events import Opening
from andon.plant.arrays import BoolArray
from andon.plant.budget import Budget
from andon.plant.file.schema import PlantFile
from andon.plant.label import Label, LabResults
from andon.plant.progress import Progress, silent
from andon.plant.recording import Recording
from andon.plant.tag import Role
from andon.plant.time import NS
from andon.plant.verdict import Sentence
from andon.plant.window import Expectation, Prepared
from andon.preparing import Split, fit_preparation, prepare, split_periods
from andon.scoring.detector import LINEAR, NETWORK, Detector
from andon.scoring.linear_core import LinearCore
from andon.scoring.monitor import Monitor
from andon.scoring.network_core import NetworkCore
from andon.scoring.rivals import Rival
from andon.training.candidates import Tried, choose, normal_sigma, try_candidates
from andon.training.fit_targets import FittedTargets, fit_targets, reads_network
from andon.training.linear import fit_linear_core

VALIDATE_SHARE = 0.15
MOST_WARM_UP = 240


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What a call may change of the plant file.

    Attributes
    ----------
    time_limit_ns : longest time for the whole training; None: the plant file's
    seed : None: the plant file's
    network : False: the linear core alone
    checkpoint : file from which an interrupted training goes on
    tensorboard : folder for logs
    """

    time_limit_ns: int | None = None
    seed: int | None = None
    network: bool = True
    checkpoint: str | os.PathLike[str] | None = None
    tensorboard: str | os.PathLike[str] | None = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """A monitor and everything that its report tells of how it came about.

    Attributes
    ----------
    promised : the budget that was asked for; the monitor's own differs where that was refused
    refused : why it was refused, or None
    tried : every candidate for detection, priced on the calibration period
    explained : view -> share of the linear core's residual variance that the network removes on later normal time
    """

    monitor: Monitor
    split: Split
    promised: Budget
    refused: Sentence | None
    tried: tuple[Tried, ...]
    chosen: str
    costs: tuple[FaultCost, ...]
    explained: dict[str, float]
    training: dict[str, object]
    targets: FittedTargets


def fit_monitor(
    recording: Recording,
    plant: PlantFile,
    *,
    interval_ns: int,
    labels: Sequence[Label] = (),
    lab: Sequence[LabResults] = (),
    options: FitOptions | None = None,
    progress: Progress = silent,
) -> Fitted:
    """Prepare, fit the linear core, train the network on what it leaves, calibrate and choose.

    Parameters
    ----------
    recording : one asset, training to evaluation
    plant : its plant file
    interval_ns : sampling interval of the grid
    labels, lab : what is known of the time and of the product

    Raises
    ------
    PreparationError : no usable split
    CalibrationRefused : no promise at all can be made
    TrainingError : too little to train on
    """
    options = options or FitOptions()
    seed = plant.model.seed if options.seed is None else options.seed
    limit = plant.model.time_limit_ns if options.time_limit_ns is None else options.time_limit_ns
    split = split_periods(recording, plant, interval_ns=interval_ns, labels=labels)
    targets = tuple(target.tag for target in plant.targets if target.tag)
    progress("preparing", 0.0)
    preparation = fit_preparation(
        recording, plant, split.train_rows(recording.time), interval_ns=interval_ns, targets=targets, labels=labels
    )
    whole, _ = prepare(preparation, recording, labels=labels, until=int(recording.time[-1]))
    prepared = whole.part(0, int(np.searchsorted(whole.time, split.calibrate.end)))  # the evaluation period is for quality's last look
    progress("preparing", 1.0)
    train = split.train_rows(prepared.time) & (prepared.why == 0)
    held_back = split.calibrate_rows(prepared.time)

    progress("linear core", 0.0)
    linear = fit_linear_core(prepared, train)
    first, _ = linear.run(prepared, linear.start())
    expectations: dict[str, Expectation] = {LINEAR: first}
    progress("linear core", 1.0)
    network: NetworkCore | None = None
    graphs: tuple[bytes, bytes] | None = None
    explained: dict[str, float] = {}
    about: dict[str, object] = {}
    if options.network and plant.model.network:
        network, graphs, explained, about = _network(prepared, first, train, lab, plant, limit, seed, options, progress)
        expectations[NETWORK], _ = network.run(prepared, first, network.start())

    warm_up = _warm_up(linear, network)
    sigma = normal_sigma(prepared, expectations.get(NETWORK, first), train)
    promised = plant.budget_group(recording.asset).budget
    exogenous = tuple(at for at, tag in enumerate(preparation.channel_tags) if plant.tag(tag).role is Role.SETPOINT)
    tried, refused = _tried(prepared, expectations, linear, network, train, held_back, promised, sigma, warm_up, seed, exogenous, progress)
    best = choose(tried)
    assert best.calibration is not None
    detector = replace(best.detector, network=network, graphs=graphs)
    targets_fitted = _targets(whole, split, detector, best.calibration.threshold, lab, plant, train, seed, progress)
    if not any(reads_network(model) for model in targets_fitted.models):
        detector = _lean(detector)
    monitor = Monitor(
        assets=preparation.assets, preparation=preparation, detector=detector, calibration=best.calibration, quality=targets_fitted.models,
        tags=plant.with_tags(recording.tags), rivals=tuple(_rival(item) for item in tried if item is not best),
    )  # fmt: skip
    return Fitted(monitor, split, promised, refused, tried, best.candidate.name, best.costs, explained, about, targets_fitted)


def _targets(
    whole: Prepared,
    split: Split,
    detector: Detector,
    threshold: float,
    lab: Sequence[LabResults],
    plant: PlantFile,
    train: BoolArray,
    seed: int,
    progress: Progress,
) -> FittedTargets:
    """Soft sensors; the evaluation period is read once, after the choice."""
    if not lab:
        return FittedTargets((), (), (), ())
    detection, _ = detector.run(whole, detector.start())
    rows = np.zeros(whole.rows, dtype=bool)
    rows[: len(train)] = train
    return fit_targets(
        whole, lab, plant, rows, split.calibrate_rows(whole.time) & (whole.why == 0), split.evaluate_rows(whole.time),
        network=detection.expectations.get(NETWORK), abnormality=detection.views.trace / threshold, seed=seed, progress=progress,
    )  # fmt: skip


def _tried(
    prepared: Prepared,
    expectations: dict[str, Expectation],
    linear: LinearCore,
    network: NetworkCore | None,
    train: BoolArray,
    held_back: BoolArray,
    budget: Budget,
    sigma: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    warm_up: int,
    seed: int,
    exogenous: tuple[int, ...],
    progress: Progress,
) -> tuple[tuple[Tried, ...], Sentence | None]:
    """All candidates at the promise, or at the tightest promise that can be made where it is refused."""

    def at(promise: Budget) -> tuple[Tried, ...]:
        return try_candidates(
            prepared, expectations, linear, network, train, held_back, promise, sigma=sigma, warm_up=warm_up, seed=seed,
            exogenous=exogenous, progress=progress,
        )  # fmt: skip

    tried = at(budget)
    refusals = [item.refused for item in tried if item.refused is not None]
    if len(refusals) < len(tried):
        return tried, None
    mildest = min(refusals, key=lambda error: error.missing_days)
    if mildest.tightest is None:
        raise mildest
    told: dict[str, object] = {"promise": str(budget), "missing_days": f"{mildest.missing_days:.1f}", "tightest": str(mildest.tightest)}
    return at(replace(mildest.tightest, merge_gap_ns=budget.merge_gap_ns)), Sentence("training.budget.refused", told)


def _network(
    prepared: Prepared,
    linear: Expectation,
    train: BoolArray,
    lab: Sequence[LabResults],
    plant: PlantFile,
    limit_ns: int,
    seed: int,
    options: FitOptions,
    progress: Progress,
) -> tuple[NetworkCore, tuple[bytes, bytes], dict[str, float], dict[str, object]]:
    """Train on the first part of training time, stop early on the last."""
    from andon.training.export import export_graphs
    from andon.training.fit_network import NetworkOptions, QualityTargets, fit_network

    at = np.flatnonzero(train)
    border = at[min(int(len(at) * (1 - VALIDATE_SHARE)), len(at) - 1)]
    early, later = train.copy(), train.copy()
    early[border:] = False
    later[:border] = False
    quality = None
    if lab:
        names = tuple(dict.fromkeys(item.target for item in lab))
        tick = np.concatenate([-(-item.sample_time // prepared.interval_ns) for item in lab])
        known = np.concatenate([-(-item.result_time // prepared.interval_ns) for item in lab])
        which = np.concatenate([np.full(len(item.value), names.index(item.target)) for item in lab])
        quality = QualityTargets(names, tick, which, np.concatenate([item.value for item in lab]), known)
    how = NetworkOptions(
        seed=seed,
        time_limit_ns=max(limit_ns * 6 // 10, 5 * NS),
        cell=plant.model.memory,
        checkpoint=options.checkpoint,
        tensorboard=options.tensorboard,
    )
    trained = fit_network(prepared, linear, early, later, quality=quality, options=how, progress=progress)
    graphs = export_graphs(trained)
    explained = {view: float(np.mean(share)) for view, share in trained.explained.items()}
    about: dict[str, object] = {"weights": trained.sizes.weights, "settle_ticks": trained.settle_ticks}
    core = NetworkCore.from_bytes(graphs.sequence, graphs.step, graphs.meta, threads=os.cpu_count() or 1)
    return core, (graphs.sequence, graphs.step), explained, about


def _warm_up(linear: LinearCore, network: NetworkCore | None) -> int:
    """Ticks after a reset until the cores have seen what they need."""
    settle = network.warm_up if network is not None else 0
    return min(max(linear.depth, settle, 1), MOST_WARM_UP)


def _lean(detector: Detector) -> Detector:
    """Without the network where no view of it is used and no quality model needs it."""
    uses = any(name.startswith(f"{NETWORK}.") for name in detector.views.names)
    return detector if uses else replace(detector, network=None, graphs=None)


def _rival(item: Tried) -> Rival:
    """A candidate that was not chosen, as it travels in the model."""
    held = item.calibration
    threshold, opening = (held.threshold, held.opening) if held is not None else (1e30, Opening())
    return Rival(
        item.candidate.name, item.candidate.cores, item.detector.views, threshold, opening, item.found if held is not None else 0.0
    )
