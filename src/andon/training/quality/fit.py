"""Fit, choose and judge a soft sensor: families by forward folds, the choice on the calibration period, one read of the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, FloatArray, IntArray
from andon.plant.errors import At, TrainingError
from andon.plant.label import LabResults
from andon.plant.progress import Progress, silent
from andon.plant.verdict import QualityPredictions
from andon.plant.window import Expectation, Prepared
from andon.scoring.correction import Correction
from andon.scoring.expert_mix import ExpertMix
from andon.scoring.input_history import HistoryPlan
from andon.scoring.quality import QualityModel, Responded
from andon.scoring.within_spec import SpecModel
from andon.training.quality.assemble import LAST_VALUE, MOVING_MEAN, UNCORRECTED, Ground, assemble, replay
from andon.training.quality.choice import choose
from andon.training.quality.dead_time import DeadTime, estimate_dead_time
from andon.training.quality.family import Family, Searched, later_loss, search
from andon.training.quality.labelled import Labelled, build_tables, forward_folds, label_rows, thin
from andon.training.quality.log_target import EitherScale
from andon.training.quality.nonlinear import BoostedTrees, KernelOnMeans, NetworkMedian, blend
from andon.training.quality.report import Candidate, Held, PeriodScore, QualityReport, coverages, score_period
from andon.training.quality.smooth_response import Constant, PartialLeastSquares, RidgeOnFeatures, RidgeOnLags, SmoothResponse
from andon.training.quality.within_spec import SpecReport, SpecScore, fit_within_spec, judge_spec

MOST_CHANNELS = 40  # memory: a table of sixty lags of each; see decision 71
_LAGS = 60
_SEARCH_RESULTS = 6_000  # settings are compared on at most so many results; the final fit takes more
_SPANS = (1, 2, 3, 4, 6, 8, 12, 16, 32, 64)
_NEED_RESULTS = {"last lab value": LAST_VALUE, "moving mean": MOVING_MEAN}
_KERNEL_SPANS = ((0, 5), (2, 4, 6), (1, 3, 5, 7), (3, 5, 7, 8))


@dataclass(frozen=True, slots=True)
class _Case:
    """What is fixed before any candidate is fitted."""

    prepared: Prepared
    lab: LabResults
    labels: Labelled
    channels: tuple[int, ...]
    plan: HistoryPlan
    network: Expectation | None
    features: FloatArray | None
    median: FloatArray | None
    abnormality: FloatArray | None
    mode: str
    level: float
    head: int
    seed: int
    families: tuple[Family, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Variant:
    """One setting of one family, with the correction fixed for it (None: fitted), the parts of a blend, and the mix it runs with."""

    name: str
    searched: Searched
    fixed: Correction | None
    mode: str
    parts: tuple[str, ...] = ()
    mix: ExpertMix | None = None

    def loss(self, ground: Ground) -> float:
        """Mean squared error of the forward folds; raw where nothing corrects."""
        if self.fixed is UNCORRECTED:
            return later_loss(ground.y, self.searched.later, ground.labels, ground.folds, "inputs")
        return self.searched.loss

    @property
    def words(self) -> str:
        """The setting in words."""
        return self.searched.setting + (", uncorrected" if self.fixed is UNCORRECTED else "")

    def model(self, ground: Ground, mode: str) -> QualityModel:
        """What runs."""
        return assemble(ground, self.searched, mode, self.fixed, self.mix)


def fit_quality(
    prepared: Prepared,
    lab: LabResults,
    train: BoolArray,
    calibrate: BoolArray,
    evaluate: BoolArray | None = None,
    *,
    network: Expectation | None = None,
    head: int = 0,
    abnormality: FloatArray | None = None,
    mode: str = "lab",
    level: float = 0.9,
    dead_time_ns: int | None = None,
    seed: int = 0,
    limits: tuple[float, float] | None = None,
    families: Sequence[Family] | None = None,
    progress: Progress = silent,
) -> tuple[QualityModel, QualityReport]:
    """Fit every candidate, choose one on the calibration period, refit it on both periods, then read the evaluation period once.

    Parameters
    ----------
    prepared : T rows of one asset
    lab : results of one target
    train, calibrate, evaluate : (T,) bool, in time order: the last training row stands before the first to calibrate on
    network : the network's expectation for these rows: its features and quality head become candidates
    head : index of the target among the network's quality heads
    abnormality : (T,) evidence trace; widens intervals where results show that it should
    mode : "lab": the value may use results once known; "inputs": it may not (intervals may)
    level : nominal coverage of the interval
    dead_time_ns : known dead time between inputs and target; estimated where None
    seed : of the boosting
    limits : of the specification, infinite where there is none; the model then answers with the probability of being within,
        calibrated on the calibration period
    families : families to try, for experiments; all where None. `Constant`, and with it the trivial candidates, is always tried

    Returns
    -------
    the model, learnt from training and calibration periods; the report

    Raises
    ------
    TrainingError : too few results, periods out of order, or an unknown mode
    """
    if mode not in ("lab", "inputs"):
        raise TrainingError(f"{mode!r} is not a mode of quality prediction", do='choose "lab" or "inputs"')
    if train.any() and calibrate.any() and np.flatnonzero(train)[-1] > np.flatnonzero(calibrate)[0]:
        raise TrainingError("the training period does not end before the calibration period", do="split in time order")
    case, learn, dead = _prepare_case(prepared, lab, train, calibrate, network, head, abnormality, mode, level, dead_time_ns, seed)
    case = replace(case, families=None if families is None else tuple(families))
    both = thin(case.labels.part(train[case.labels.row] | calibrate[case.labels.row]))
    names = {"total": 2 * 7, "done": 0}

    def tell() -> None:
        names["done"] += 1
        progress(f"quality {lab.target}", min(names["done"] / names["total"], 1.0))

    if mode == "lab" and dead_time_ns is None and dead.ticks:
        case, dead = _shorten(case, learn, dead)
    ground = _ground(case, learn)
    span = _stretch(calibrate)
    found: dict[str, _Variant] = {}
    scored: dict[str, PeriodScore] = {}
    said: dict[str, Sequence[Float64Array]] = {}
    responses: dict[str, list[Responded]] = {}

    def consider(variant: _Variant) -> None:
        name, heard = variant.name, list[Responded]()
        score, rows = _score(case, variant.model(ground, variant.mode), span, calibrate, heard)
        # Within a family both the forward folds and the calibration period count: the latter alone is short.
        if name not in found or _merit(ground, variant, score) < _merit(ground, found[name], scored[name]):
            found[name], scored[name], said[name], responses[name] = variant, score, rows, heard

    for variant in _variants(case, ground, tell):
        consider(variant)
    for variant in _blend(ground, found, scored, case.mode):
        consider(variant)
    # What was found is from here on weighed against the last results, as it will run.
    for name, variant in found.items():
        if mode == "lab" and name not in _NEED_RESULTS:
            found[name] = replace(variant, mix=ExpertMix())
            scored[name], said[name] = _score(case, found[name].model(ground, variant.mode), span, calibrate, responses[name])
    responses.clear()
    eligible = [name for name in found if mode == "lab" or name not in _NEED_RESULTS]
    chosen = choose(case.labels.part(calibrate[case.labels.row]).value, {name: said[name] for name in eligible}, level)
    evaluated: dict[str, PeriodScore] = {}
    period = calibrate
    report_rows = said[chosen]
    later = case.labels.part(calibrate[case.labels.row])
    tick = prepared.tick[later.row]
    held = Held(later.row, tick, tick + later.delay, later.value, *report_rows)
    spec, spec_report = _within(case, held, limits)
    # The choice is made; every candidate now learns from both periods, with its setting kept.
    ground = _ground(case, both)
    final = _refit(case, ground, found, tell)
    model = replace(final[chosen].model(ground, mode), candidate=chosen)
    spec_score: SpecScore | None = None
    if evaluate is not None and evaluate.any():
        period = evaluate
        for name, variant in final.items():
            rival = model if name == chosen else variant.model(ground, variant.mode)
            evaluated[name], rows = _score(case, rival, _stretch(evaluate), evaluate)
            report_rows = rows if name == chosen else report_rows
    candidates = [
        Candidate(name, variant.words, name in eligible, variant.searched.loss, scored[name], evaluated.get(name))
        for name, variant in found.items()
    ]
    candidates.sort(key=lambda item: (not item.eligible, item.calibrate.pinball))
    winner = min((name for name in eligible if name in evaluated), key=lambda name: evaluated[name].pinball, default="")
    judged = case.labels.part(period[case.labels.row])
    value, low, high = report_rows
    if spec is not None:
        p = spec.probability(_table_of(case, judged.row, value, low, high))
        spec_score = judge_spec(p, spec.outcome(judged.value), spec.decision)
        model = replace(model, spec=spec)
    report = QualityReport(
        lab.target, lab.unit, mode, level, chosen, found[chosen].words, winner, tuple(candidates),
        coverages(judged.value, low, high, level, prepared.mode[judged.row]), dead, prepared.interval_ns, len(case.labels.row),
        judged.row, judged.value, value, low, high, held, spec_report, spec_score,
    )  # fmt: skip
    progress(f"quality {lab.target}", 1.0)
    return model, report


def _within(case: _Case, held: Held, limits: tuple[float, float] | None) -> tuple[SpecModel | None, SpecReport | None]:
    if limits is None:
        return None, None
    return fit_within_spec(_table_of(case, held.row, held.predicted, held.low, held.high), held.value, *limits)


def _table_of(case: _Case, row: IntArray, value: Float64Array, low: Float64Array, high: Float64Array) -> QualityPredictions:
    time, why = case.prepared.time[row], case.prepared.why[row].astype(np.uint8)
    names = (case.lab.target,) * len(row)
    return QualityPredictions(case.prepared.asset, time, time, names, value, low, high, np.full(len(row), case.level), why)


def _prepare_case(
    prepared: Prepared, lab: LabResults, train: BoolArray, calibrate: BoolArray, network: Expectation | None, head: int,
    abnormality: FloatArray | None, mode: str, level: float, dead_time_ns: int | None, seed: int,
) -> tuple[_Case, Labelled, DeadTime]:  # fmt: skip
    labels = label_rows(prepared, lab)
    learn = thin(labels.part(train[labels.row]), _SEARCH_RESULTS)
    later = int(calibrate[labels.row].sum())
    if len(learn.row) < 40 or later < 20:
        raise TrainingError(
            f"{len(learn.row)} results to learn {lab.target} from and {later} to calibrate on are too few",
            at=At(key=lab.target), do="give at least 40 results in the training and 20 in the calibration period",
        )  # fmt: skip
    if float(np.ptp(learn.value)) <= 0.0:
        raise TrainingError(f"every result of {lab.target} is the same", at=At(key=lab.target), do="check the laboratory file")
    gap = float(np.median(np.diff(learn.row)))
    step = max(1, round(gap / 40.0))
    columns = _channels(prepared, learn, step)
    if not columns:
        raise TrainingError("no input moves in the training period", do="check the tags and the training period")
    dead = estimate_dead_time(prepared, learn, columns, _LAGS * step, step)
    if dead_time_ns is not None:
        known = max(0, round(dead_time_ns / prepared.interval_ns))
        dead = replace(dead, ticks=known, used=known)
    plan = HistoryPlan(columns, dead.ticks, _LAGS, step, tuple(span * step if span > 1 else 1 for span in _SPANS))
    features = network.features if network is not None and network.features.size else None
    median = None
    if network is not None and network.quality.size and head < network.quality.shape[1]:
        median = network.quality[:, head, network.quality.shape[2] // 2]
    return _Case(prepared, lab, labels, columns, plan, network, features, median, abnormality, mode, level, head, seed), learn, dead


def _shorten(case: _Case, learn: Labelled, dead: DeadTime) -> tuple[_Case, DeadTime]:
    """Let the soft sensor look at newer inputs than the estimated dead time where that predicts later results better.

    The estimate asks which inputs alone explain; with results known, the newest inputs tell how the product has changed since. Too long a
    dead time loses them, too short a one costs little, as the response fades.
    """
    family = SmoothResponse(shapes=((40, 0.9),), against_known=True)
    losses: dict[int, float] = {}
    for ticks in sorted({0, dead.ticks // 2, dead.ticks}):
        ground = _ground(replace(case, plan=replace(case.plan, dead=ticks)), learn)
        losses[ticks] = search(family, ground.tables, ground.y, ground.labels, ground.folds, case.mode)[0].loss
    least = min(losses.values())
    used = max(ticks for ticks, loss in losses.items() if loss <= 1.02 * least)
    return replace(case, plan=replace(case.plan, dead=used)), replace(dead, used=used)


def _channels(prepared: Prepared, learn: Labelled, step: int) -> tuple[int, ...]:
    """Channels that move; where there are many, those that go best with the target at some delay."""
    spread = prepared.x[learn.row].std(axis=0)
    moving = np.flatnonzero((spread > 1e-6) & (prepared.valid[learn.row].mean(axis=0) > 0.3))
    if len(moving) <= MOST_CHANNELS:
        return tuple(moving.tolist())
    y = learn.value - learn.value.mean()
    best = np.zeros(len(moving))
    for delay in (0, 2, 5, 10, 20, 40):
        x = prepared.x[np.maximum(learn.row - delay * step, 0)][:, moving].astype(np.float64)
        x = x - x.mean(axis=0)
        best = np.maximum(best, np.abs(x.T @ y) / (np.sqrt((x**2).sum(axis=0)) + 1e-9))
    return tuple(sorted(moving[np.argsort(-best)[:MOST_CHANNELS]].tolist()))


def _ground(case: _Case, labels: Labelled) -> Ground:
    tables = build_tables(case.prepared, case.plan, labels.row, case.features, case.median)
    trace = np.zeros(len(labels.row)) if case.abnormality is None else np.nan_to_num(case.abnormality[labels.row]).astype(np.float64)
    folds = forward_folds(labels.row, purge=min(case.plan.ring, 60))
    if not folds:
        raise TrainingError("the results are too few for forward folds", do="give more laboratory results")
    local = replace(case.plan, channels=tuple(range(len(case.channels))))
    return Ground(
        case.lab.target, case.lab.unit, tuple(case.prepared.channels[c] for c in case.channels), case.prepared.interval_ns, local,
        labels, tables, float(labels.value.mean()), max(float(labels.value.std()), 1e-12), folds, trace, case.level, case.head,
    )  # fmt: skip


def _families(case: _Case) -> list[Family]:
    if case.families is not None:
        return [Constant(), *case.families]
    late = [EitherScale(SmoothResponse(against_known=True))] if case.mode == "lab" else []
    families: list[Family] = [
        Constant(), EitherScale(RidgeOnLags()), PartialLeastSquares(), BoostedTrees(seed=case.seed), EitherScale(SmoothResponse()), *late,
        EitherScale(KernelOnMeans(_KERNEL_SPANS)),
    ]  # fmt: skip
    if case.features is not None:
        families.append(RidgeOnFeatures())
    if case.median is not None:
        families.append(NetworkMedian())
    return families


def _variants(case: _Case, ground: Ground, tell: Callable[[], None]) -> list[_Variant]:
    """Every candidate: the best settings of each family, with and without correction by results."""
    out: list[_Variant] = []
    for family in _families(case):
        plain = isinstance(family, Constant)
        for searched in search(family, ground.tables, ground.y, ground.labels, ground.folds, case.mode, most=2):
            out.append(_Variant(family.name, searched, None, case.mode))
            if case.mode == "lab" and not plain:
                out.append(_Variant(family.name, searched, UNCORRECTED, case.mode))
            if plain:
                out += [_Variant(name, searched, fixed, "lab") for name, fixed in _NEED_RESULTS.items()]
        tell()
    return out


def _blend(ground: Ground, found: dict[str, _Variant], scored: dict[str, PeriodScore], mode: str) -> list[_Variant]:
    """A blend of the candidates within reach of the best one; the others only add noise."""
    able = [name for name in found if name not in _NEED_RESULTS and name != "training mean"]
    able.sort(key=lambda name: scored[name].pinball)
    able = [name for name in able if scored[name].pinball <= 1.6 * scored[able[0]].pinball]
    if len(able) < 2:
        return []
    mixed = blend(ground.y, [found[name].searched for name in able], ground.labels, ground.folds, mode)[0]
    out = [_Variant("blend", mixed, None, mode, tuple(able))]
    return [*out, _Variant("blend", mixed, UNCORRECTED, mode, tuple(able))] if mode == "lab" else out


def _merit(ground: Ground, variant: _Variant, score: PeriodScore) -> float:
    """Pinball loss on the calibration period times root mean squared error of the forward folds: small is good."""
    return score.pinball * float(np.sqrt(variant.loss(ground)))


def _refit(case: _Case, ground: Ground, found: dict[str, _Variant], tell: Callable[[], None]) -> dict[str, _Variant]:
    """Every chosen variant fitted anew on other results, its setting kept."""
    out: dict[str, _Variant] = {}
    families = {family.name: family for family in _families(case)}
    for name, variant in found.items():
        if name == "blend":
            continue
        family = families[variant.searched.name]
        (searched,) = search(family, ground.tables, ground.y, ground.labels, ground.folds, case.mode, variant.searched.place)
        out[name] = replace(variant, searched=searched)
        tell()
    if "blend" in found:
        parts = [out[name].searched for name in found["blend"].parts]
        out["blend"] = replace(found["blend"], searched=blend(ground.y, parts, ground.labels, ground.folds, case.mode)[0])
    return out


def _stretch(period: BoolArray) -> slice:
    rows = np.flatnonzero(period)
    if not len(rows):
        raise TrainingError("the calibration period is empty", do="leave time between training and evaluation")
    return slice(int(rows[0]), int(rows[-1]) + 1)


def _score(
    case: _Case, model: QualityModel, rows: slice, period: BoolArray, heard: list[Responded] | None = None
) -> tuple[PeriodScore, Sequence[Float64Array]]:
    out = replay(model, case.prepared, case.lab, case.network, case.abnormality, rows, heard)
    labels = case.labels.part(period[case.labels.row])
    at = labels.row
    return score_period(labels.value, out.value[at], out.low[at], out.high[at], case.level), (out.value[at], out.low[at], out.high[at])
