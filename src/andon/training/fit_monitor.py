"""From a recording and a plant file to a monitor: prepare, fit, train, calibrate, choose. The evaluation period is not read here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from andon.evidence.budget import FaultCost, cost, group_cost
from andon.evidence.calibrate import CalibrationRefused, rebudget
from andon.evidence.calibration import Calibration
from andon.evidence.events import Opening
from andon.evidence.group import HeldBack, judged_by_any, pooled_events
from andon.plant.budget import Budget
from andon.plant.file.schema import PlantFile
from andon.plant.label import Label, LabResults
from andon.plant.progress import Progress, silent
from andon.plant.recording import Recording
from andon.plant.tag import Role
from andon.plant.time import HOUR_NS, NS
from andon.plant.verdict import Sentence
from andon.plant.window import Expectation
from andon.preparing import Preparation, Split, fit_preparation, fit_sisters, prepare, split_periods
from andon.scoring.detector import LINEAR, NETWORK, Detector
from andon.scoring.linear_core import LinearCore
from andon.scoring.monitor import Monitor
from andon.scoring.network_core import NetworkCore
from andon.scoring.rivals import Rival
from andon.training.candidates import Group, Normal, Ran, Tried, choose, normal_sigma, price, price_without_promise, run_candidates
from andon.training.couple_quality import Coupled, couple_quality
from andon.training.fit_targets import FittedTargets, fit_targets, reads_network
from andon.training.linear import fit_linear_core
from andon.training.sisters import Laid, Sister, expect, lab_on_grid, later_error, lay

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
    group_sizes : budget group -> number of its assets in all models that are trained together
    """

    time_limit_ns: int | None = None
    seed: int | None = None
    network: bool = True
    checkpoint: str | os.PathLike[str] | None = None
    tensorboard: str | os.PathLike[str] | None = None
    group_sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Promised:
    """What became of the promise of one budget group.

    Attributes
    ----------
    group : its name, the budget that was asked for, and the model's assets
    parts : asset -> its budget now
    pooled, allowed : events of the group on its held-back time, and how many the promise allows there
    """

    group: Group
    parts: dict[str, Budget]
    pooled: int
    allowed: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """A monitor and everything that its report tells of how it came about.

    Attributes
    ----------
    monitor : of one asset, or of sisters
    splits : asset -> its periods
    promised : the budget that was asked for; the monitor's own differs where that was refused, or where a group shares it
    refused : why it was refused, or None
    promises : what became of each budget group
    tried : every candidate for detection, priced on the calibration period
    coupled : what results tell the detector and what that is worth; None where there are too few
    explained : view -> share of the linear core's residual variance that the network removes on later normal time
    training : how the network was trained; for sisters also whether their centres are shared or own
    targets_of : asset -> its soft sensors
    ended : how the network's training ended, for people; None without one
    """

    monitor: Monitor
    splits: dict[str, Split]
    promised: Budget
    refused: Sentence | None
    promises: tuple[Promised, ...]
    tried: tuple[Tried, ...]
    chosen: str
    costs: tuple[FaultCost, ...]
    explained: dict[str, float]
    training: dict[str, object]
    targets_of: dict[str, FittedTargets]
    ended: Sentence | None = None
    coupled: Coupled | None = None

    @property
    def split(self) -> Split:
        """Of the first asset."""
        return next(iter(self.splits.values()))

    @property
    def targets(self) -> FittedTargets:
        """Of the first asset."""
        return next(iter(self.targets_of.values()))


def fit_monitor(
    recording: Recording | Sequence[Recording],
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
    recording : one asset, training to evaluation; or several sister assets that share the model
    plant : its plant file
    interval_ns : sampling interval of the grid
    labels, lab : what is known of the time and of the product

    Raises
    ------
    PreparationError : no usable split
    EvidenceError : not one tick of the held-back time can be judged
    TrainingError : too little to train on
    """
    options = options or FitOptions()
    recordings = (recording,) if isinstance(recording, Recording) else tuple(recording)
    seed = plant.model.seed if options.seed is None else options.seed
    limit = plant.model.time_limit_ns if options.time_limit_ns is None else options.time_limit_ns
    progress("preparing", 0.0)
    sisters, shared, about = _prepared(recordings, plant, interval_ns, labels, lab)
    laid = lay(sisters)
    progress("preparing", 1.0)

    progress("linear core", 0.0)
    linear = fit_linear_core(laid.prepared, laid.train)
    first, _ = linear.run(laid.prepared, linear.start())
    expectations: dict[str, Expectation] = {LINEAR: first}
    progress("linear core", 1.0)
    network: NetworkCore | None = None
    graphs: tuple[bytes, bytes] | None = None
    explained: dict[str, float] = {}
    ended: Sentence | None = None
    if options.network and plant.model.network:
        network, graphs, explained, more, ended = _network(sisters, laid, first, plant, limit, seed, options, progress)
        about |= more
        expectations[NETWORK], _ = network.run(laid.prepared, first, network.start())

    warm_up = _warm_up(linear, network)
    sigma = normal_sigma(laid.prepared, expectations.get(NETWORK, first), laid.train)
    exogenous = tuple(at for at, tag in enumerate(shared.channel_tags) if plant.tag(tag).role is Role.SETPOINT)
    alone = len(sisters) == 1
    assets = [
        Normal(one.asset, one.prepared, expectations if alone else expect(linear, network, one.prepared), one.held_back) for one in sisters
    ]
    ran = run_candidates(
        laid.prepared, expectations, laid.train, assets, linear, network, sigma=sigma, warm_up=warm_up, seed=seed, exogenous=exogenous,
        progress=progress,
    )  # fmt: skip
    groups = budget_groups(plant, [one.asset for one in sisters], options.group_sizes)
    tried, refused = _tried(ran, groups, seed)
    progress("choosing", 1.0)
    best = choose(tried)
    detector = replace(best.detector, network=network, graphs=graphs)
    targets_of = {
        one.asset: _targets(one, detector, best.calibrations[one.asset].threshold, plant, sisters, seed, progress) for one in sisters
    }
    if not any(reads_network(model) for fitted in targets_of.values() for model in fitted.models):
        detector = _lean(detector)
    others = [item for item in tried if item is not best]
    members = tuple(
        Monitor(
            assets=(one.asset,), preparation=one.preparation, detector=detector, calibration=best.calibrations[one.asset],
            quality=targets_of[one.asset].models, tags=plant.with_tags(recordings[0].tags),
            rivals=tuple(_rival(item, one.asset) for item in others),
        )
        for one in sisters
    )  # fmt: skip
    monitor = members[0] if alone else sister_monitor(shared, members)
    # Sisters share thresholds that are verified on their pooled events; results of one asset would move those of all.
    coupled = couple_quality(monitor.calibration, targets_of[monitor.asset].reports) if alone else None
    costs = best.costs
    if coupled is not None and coupled.used:
        monitor, costs = replace(monitor, calibration=coupled.calibration, coupling=coupled.evidence), cost(coupled.calibration)
    return Fitted(
        monitor, {one.asset: one.split for one in sisters}, plant.budget_group(recordings[0].asset).budget, refused,
        promised_of(groups, best.calibrations), tried, best.candidate.name, costs, explained, about, targets_of, ended, coupled,
    )  # fmt: skip


def sister_monitor(shared: Preparation, members: Sequence[Monitor]) -> Monitor:
    """One monitor for several: what they share stands in it, what is their own in its members."""
    first = members[0]
    return replace(first, assets=tuple(one.asset for one in members), preparation=shared, quality=(), members=tuple(members))


def repromise(fitted: Fitted, calibrations: Mapping[str, Calibration]) -> Fitted:
    """The same under other calibrations of its assets, its rivals held to the same promise.

    Parameters
    ----------
    calibrations : asset -> another calibration of the champion on the same evidence; others stay
    """
    if not calibrations:
        return fitted
    others = [item for item in fitted.tried if item.candidate.name != fitted.chosen]

    def changed(member: Monitor) -> Monitor:
        new = calibrations.get(member.asset)
        if new is None:
            return member
        return replace(member, calibration=new, rivals=tuple(_rival(item, member.asset, new.budget) for item in others))

    monitor = fitted.monitor
    members = tuple(changed(member) for member in monitor.members)
    monitor = sister_monitor(monitor.preparation, members) if members else changed(monitor)
    after = [one.calibration for one in (monitor.members or (monitor,))]
    return replace(fitted, monitor=monitor, costs=group_cost(after))


def budget_groups(plant: PlantFile, assets: Sequence[str], sizes: Mapping[str, int]) -> tuple[Group, ...]:
    """The budget groups of a model's assets, each with the budget that is left for them.

    Parameters
    ----------
    sizes : group -> number of its assets in all models that are trained; a group that goes beyond this model leaves it a part
        by number, until all are trained and the judgeable time is known
    """
    here: dict[str, list[str]] = {}
    for asset in assets:
        here.setdefault(plant.budget_group(asset).name, []).append(asset)
    groups = []
    for name, members in here.items():
        whole = plant.budget_group(members[0]).budget
        share = max(sizes.get(name, len(members)) / len(members), 1.0)
        groups.append(Group(name, replace(whole, per_ns=round(whole.per_ns * share)), tuple(members)))
    return tuple(groups)


def promised_of(groups: Sequence[Group], calibrations: Mapping[str, Calibration]) -> tuple[Promised, ...]:
    """What the calibrations make of the promise of each group."""
    out = []
    for group in groups:
        mine = {asset: calibrations[asset] for asset in group.assets}
        members = {asset: HeldBack.of(calibration) for asset, calibration in mine.items()}
        allowed = group.budget.rate_per_hour * judged_by_any(members) / HOUR_NS
        out.append(Promised(group, {asset: one.budget for asset, one in mine.items()}, pooled_events(members, mine), allowed))
    return tuple(out)


def _prepared(
    recordings: Sequence[Recording], plant: PlantFile, interval_ns: int, labels: Sequence[Label], lab: Sequence[LabResults]
) -> tuple[list[Sister], Preparation, dict[str, object]]:
    """Every asset on the grid, under a preparation of its own where that helps sisters; the shared one, and what was chosen."""
    splits = [split_periods(recording, plant, interval_ns=interval_ns, labels=labels) for recording in recordings]
    targets = tuple(target.tag for target in plant.targets if target.tag)
    normal = [split.train_rows(recording.time) for split, recording in zip(splits, recordings, strict=True)]

    def put(preparations: Mapping[str, Preparation]) -> list[Sister]:
        return [
            _sister(recording, preparations[recording.asset], split, labels, lab, alone=len(recordings) == 1)
            for recording, split in zip(recordings, splits, strict=True)
        ]

    if len(recordings) == 1:
        asset = recordings[0].asset
        only = fit_preparation(recordings[0], plant, normal[0], interval_ns=interval_ns, targets=targets, labels=labels)
        return put({asset: only}), only, {}
    fitted = fit_sisters(recordings, plant, normal, interval_ns=interval_ns, targets=targets, labels=labels)
    same = {asset: replace(fitted.shared, assets=(asset,)) for asset in fitted.own}
    shared, own = put(same), put(fitted.own)
    errors = {"shared": later_error(lay(shared)), "own": later_error(lay(own))}
    chosen = "own" if errors["own"] < errors["shared"] else "shared"
    return own if chosen == "own" else shared, fitted.shared, {"centers": chosen, "centers_error": errors}


def _sister(
    recording: Recording, preparation: Preparation, split: Split, labels: Sequence[Label], lab: Sequence[LabResults], *, alone: bool
) -> Sister:
    whole, _ = prepare(preparation, recording, labels=labels, until=int(recording.time[-1]))
    prepared = whole.part(0, int(np.searchsorted(whole.time, split.calibrate.end)))  # the evaluation period is for quality's last look
    train = split.train_rows(prepared.time) & (prepared.why == 0)
    results = tuple(lab) if alone else tuple(replace(item, asset=recording.asset) for item in lab if item.asset in (recording.asset, ""))
    return Sister(recording.asset, preparation, split, whole, prepared, train, split.calibrate_rows(prepared.time), results)


def _targets(
    sister: Sister, detector: Detector, threshold: float, plant: PlantFile, sisters: Sequence[Sister], seed: int, progress: Progress
) -> FittedTargets:
    """Soft sensors of one asset; the evaluation period is read once, after the choice."""
    if not sister.lab:
        return FittedTargets((), (), (), ())
    whole, split = sister.whole, sister.split
    detection, _ = detector.run(whole, detector.start())
    rows = np.zeros(whole.rows, dtype=bool)
    rows[: len(sister.train)] = sister.train
    heads = tuple(dict.fromkeys(item.target for one in sisters for item in one.lab))
    return fit_targets(
        whole, sister.lab, plant, rows, split.calibrate_rows(whole.time) & (whole.why == 0), split.evaluate_rows(whole.time),
        network=detection.expectations.get(NETWORK), abnormality=detection.views.trace / threshold, seed=seed, heads=heads,
        progress=progress,
    )  # fmt: skip


def _tried(ran: Sequence[Ran], groups: Sequence[Group], seed: int) -> tuple[tuple[Tried, ...], Sentence | None]:
    """All candidates at the promise; at the tightest that can be made where it is refused; without one where none can be made."""
    tried = price(ran, groups, seed)
    refusals = [item.refused for item in tried if item.refused is not None]
    if len(refusals) < len(tried):
        return tried, None
    mildest = min(refusals, key=lambda error: (error.tightest is None, error.missing_days))
    told: dict[str, object] = {"promise": str(groups[0].budget), "missing": mildest.missing}
    if mildest.tightest is not None:
        less = [
            replace(group, budget=replace(mildest.tightest, merge_gap_ns=group.budget.merge_gap_ns))
            if group.budget.rate_per_hour < mildest.tightest.rate_per_hour else group
            for group in groups
        ]  # fmt: skip
        again = price(ran, less, seed)
        if any(item.calibrations for item in again):
            return again, Sentence("training.budget.refused", told | {"tightest": str(mildest.tightest)})
    return price_without_promise(ran, groups, seed), Sentence("training.budget.none", told)


def _network(
    sisters: Sequence[Sister],
    laid: Laid,
    linear: Expectation,
    plant: PlantFile,
    limit_ns: int,
    seed: int,
    options: FitOptions,
    progress: Progress,
) -> tuple[NetworkCore, tuple[bytes, bytes], dict[str, float], dict[str, object], Sentence]:
    """Train on the first part of training time, stop early on the last."""
    from andon.training.export import export_graphs
    from andon.training.fit_network import NetworkOptions, fit_network
    from andon.training.loop import finish_sentence

    how = NetworkOptions(
        seed=seed,
        time_limit_ns=max(limit_ns * 6 // 10, 5 * NS),
        cell=plant.model.memory,
        checkpoint=options.checkpoint,
        tensorboard=options.tensorboard,
    )
    quality = lab_on_grid(sisters, laid)
    trained = fit_network(laid.prepared, linear, laid.early, laid.later, quality=quality, options=how, progress=progress)
    graphs = export_graphs(trained)
    explained = {view: float(np.mean(share)) for view, share in trained.explained.items()}
    about: dict[str, object] = {"weights": trained.sizes.weights, "settle_ticks": trained.settle_ticks}
    core = NetworkCore.from_bytes(graphs.sequence, graphs.step, graphs.meta, threads=os.cpu_count() or 1)
    return core, (graphs.sequence, graphs.step), explained, about, finish_sentence(trained.finish)


def _warm_up(linear: LinearCore, network: NetworkCore | None) -> int:
    """Ticks after a reset until the cores have seen what they need."""
    settle = network.warm_up if network is not None else 0
    return min(max(linear.depth, settle, 1), MOST_WARM_UP)


def _lean(detector: Detector) -> Detector:
    """Without the network where no view of it is used and no quality model needs it."""
    uses = any(name.startswith(f"{NETWORK}.") for name in detector.views.names)
    return detector if uses else replace(detector, network=None, graphs=None)


def _rival(item: Tried, asset: str, budget: Budget | None = None) -> Rival:
    """A candidate that was not chosen, as it travels in the model; under another promise where one is given."""
    held = item.calibrations.get(asset)
    if held is not None and budget is not None:
        try:
            held = rebudget(held, budget)
        except CalibrationRefused:
            held = None
    threshold, opening = (held.threshold, held.opening) if held is not None else (1e30, Opening())
    found = item.found if held is not None and np.isfinite(item.found) else 0.0
    return Rival(item.candidate.name, item.candidate.cores, item.detector.views, threshold, opening, found)
