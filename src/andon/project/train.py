"""`andon train`: read, fit, evaluate once, write the model and its report."""

from __future__ import annotations

import math
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon import __version__
from andon.auditing import Audit
from andon.auditing import audit as audit_recording
from andon.plant.errors import At, PlantFileError
from andon.plant.file.schema import PlantFile
from andon.plant.progress import Progress, silent
from andon.plant.recording import Problem
from andon.plant.sentences import speak
from andon.plant.time import HOUR_NS, format_instant, parse_duration
from andon.plant.verdict import Sentence
from andon.project.budget_panel import promise_sentences
from andon.project.compare import Comparison, compare
from andon.project.fitness import check_material, check_span
from andon.project.groups import GROUPS, MadeGroup, make_group
from andon.project.quality_panel import quality_rows
from andon.project.report_data import build_report, write_results
from andon.project.sources import READING, Sources, how_told, problem_dict, read_plant, read_sources
from andon.scoring.fingerprint import data_fingerprint
from andon.scoring.model_file import pack
from andon.scoring.monitor import Monitor, Scored
from andon.store import ModelStore, file_name

if TYPE_CHECKING:
    from andon.training.fit_monitor import Fitted

SISTERS = "sisters"


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What `andon train` made: one model, for one asset or for sisters."""

    assets: tuple[str, ...]
    model: str
    version: str
    path: str
    report: str
    champion: str
    told: tuple[Sentence, ...]
    card: Mapping[str, Any]
    failed: tuple[Problem, ...] = ()

    @property
    def asset(self) -> str:
        """Its assets by name."""
        return ", ".join(self.assets)

    def sentences(self, language: str) -> list[str]:
        """What the training found, for people."""
        return [speak(item, language) for item in self.told]

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "asset": self.asset, "assets": list(self.assets), "model": self.model, "version": self.version, "path": self.path,
            "report": self.report, "champion": self.champion, "report_card": dict(self.card),
            "failed": [problem_dict(item) for item in self.failed],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wish:
    """What every model of one call has in common."""

    plant: PlantFile
    sources: Sources
    store: ModelStore
    limit_ns: int
    seed: int | None
    network: bool
    resume: bool
    key: bytes | None
    tensorboard: str | None
    language: str
    group_sizes: Mapping[str, int]
    progress: Progress


@dataclass(frozen=True, slots=True)
class _Fit:
    """A fitted model that waits for the other assets of its budget groups."""

    assets: tuple[str, ...]
    fitted: Fitted
    audits: dict[str, Audit]
    told: tuple[Sentence, ...] = ()

    @property
    def groups(self) -> set[str]:
        """Names of its budget groups."""
        return {promised.group.name for promised in self.fitted.promises}


def train(
    plant_path: str,
    *,
    time_limit: str | None = None,
    seed: int | None = None,
    network: bool = True,
    key: str | None = None,
    resume: bool = True,
    tensorboard: str | None = None,
    language: str | None = None,
    progress: Progress = silent,
) -> list[TrainedModel]:
    """Train a model for every asset of a plant file, or one for all sisters.

    Raises
    ------
    PlantFileError : the plant file is wrong, or names an asset that the exports do not have
    """
    plant = read_plant(plant_path)
    files = plant.files
    limit = parse_duration(time_limit) if time_limit else plant.model.time_limit_ns
    secret = Path(key).read_bytes() if key else None
    if not files.paths:
        raise PlantFileError("no exports are named", at=At(file=plant_path, key="files.paths"), do='write paths = ["exports/*.csv"]')
    sources = read_sources(files.paths, how_told(plant), labels=files.labels or None, lab=files.lab, progress=progress)
    wanted = [asset.id for asset in plant.assets] or list(sources.recordings)
    absent = [asset for asset in wanted if asset not in sources.recordings]
    if absent:
        raise PlantFileError(
            f"the exports have no asset {absent[0]!r}", at=At(file=plant_path, key="asset.id"),
            do=f"they have {', '.join(list(sources.recordings)[:5])}",
        )  # fmt: skip
    together = [tuple(wanted)] if plant.model.share == "sisters" else [(asset,) for asset in wanted]
    sizes = Counter(plant.budget_group(asset).name for asset in wanted)
    wish = _Wish(
        plant, sources, ModelStore(files.models), limit // len(together), seed, network, resume, secret, tensorboard,
        language or plant.site.language, sizes, progress,
    )  # fmt: skip
    done: list[TrainedModel] = []
    waiting: list[_Fit] = []
    for number, assets in enumerate(together, start=1):
        waiting.append(_fit(assets, wish))
        missing = {plant.budget_group(asset).name for rest in together[number:] for asset in rest}
        if not any(fit.groups & missing for fit in waiting):  # a model is kept as soon as its promise can be made
            done += [_finish(fit, made, wish) for fit, made in _grouped(waiting, wish)]
            waiting = []
    return done


def model_name(plant: PlantFile, assets: Sequence[str]) -> str:
    """What the model is called."""
    return plant.model.name or (assets[0] if len(assets) == 1 else plant.site.name or SISTERS)


def _fit(assets: tuple[str, ...], wish: _Wish) -> _Fit:
    from andon.training.fit_monitor import FitOptions, fit_monitor

    plant, sources = wish.plant, wish.sources
    recordings = [sources.recordings[asset] for asset in assets]
    lab = [result for asset in assets for result in sources.lab_of(asset)]
    audits = {}
    for recording in recordings:
        check_material(recording)
        audits[recording.asset] = audit_recording(
            recording, interval_ns=plant.sampling.interval_ns, zone=sources.zone, budget=plant.budget_group(recording.asset).budget,
            lab=sources.lab_of(recording.asset), labels=sources.labels,
        )  # fmt: skip
    interval = plant.sampling.interval_ns or max(audit.interval_ns for audit in audits.values())
    for recording in recordings:
        check_span(recording, interval)
    checkpoint = Path(plant.files.models) / file_name(model_name(plant, assets)) / ".training.checkpoint"
    if not wish.resume:
        checkpoint.unlink(missing_ok=True)
    options = FitOptions(
        time_limit_ns=wish.limit_ns, seed=wish.seed, network=wish.network, checkpoint=checkpoint, tensorboard=wish.tensorboard,
        group_sizes=wish.group_sizes,
    )  # fmt: skip
    fitted = fit_monitor(recordings, plant, interval_ns=interval, labels=sources.labels, lab=lab, options=options, progress=wish.progress)
    return _Fit(assets, fitted, audits, (fitted.refused,) if fitted.refused else ())


def _grouped(waiting: Sequence[_Fit], wish: _Wish) -> list[tuple[_Fit, tuple[MadeGroup, ...]]]:
    """Fits under the promises of their groups: split by judgeable time, verified on the pooled events of all their assets."""
    from andon.training.fit_monitor import repromise

    fits = list(waiting)
    made: dict[str, MadeGroup] = {}
    for name in sorted({name for fit in fits for name in fit.groups}):
        inside = [at for at, fit in enumerate(fits) if name in fit.groups]
        promises = [promised for at in inside for promised in fits[at].fitted.promises if promised.group.name == name]
        parts = {asset: str(part) for promised in promises for asset, part in promised.parts.items()}
        first = promises[0]
        if len(inside) == 1:
            made[name] = MadeGroup(name, str(first.group.budget), parts, first.pooled, first.allowed)
            continue
        calibrations = {
            asset: fits[at].fitted.monitor.of(asset).calibration for at in inside for asset in fits[at].assets if asset in parts
        }
        whole = wish.plant.budget_group(next(iter(parts))).budget
        group, refused = make_group(calibrations, whole, one_scale=False)
        if group is None:
            allowed = whole.rate_per_hour * max(one.judged_ns for one in calibrations.values()) / HOUR_NS
            made[name] = MadeGroup(name, str(whole), parts, sum(one.counted for one in calibrations.values()), allowed)
        else:
            made[name] = MadeGroup.of(name, group)
        for at in inside:
            mine = {asset: one for asset, one in (group.assets if group else {}).items() if asset in fits[at].assets}
            told = (refused,) if refused else fits[at].told
            fits[at] = replace(fits[at], fitted=repromise(fits[at].fitted, mine), told=told)
    return [(fit, tuple(made[name] for name in sorted(fit.groups))) for fit in fits]


def _finish(fit: _Fit, groups: tuple[MadeGroup, ...], wish: _Wish) -> TrainedModel:
    """Read the evaluation period once, then write the model and its report."""
    plant, sources, fitted = wish.plant, wish.sources, fit.fitted
    monitor = fitted.monitor
    scored: list[Scored] = []
    for asset in fit.assets:
        evaluation = fitted.splits[asset].evaluate
        part = sources.recordings[asset].between(evaluation.start, evaluation.end)
        if evaluation.end > evaluation.start and part.rows:
            scored.append(monitor.score(
                part, labels=sources.labels, lab=sources.lab_of(asset), keep_expectations=True, progress=wish.progress
            ))  # fmt: skip
    comparison = compare(monitor, scored, sources.labels, chosen=fitted.chosen) if scored else None
    scored = [replace(one, expectations=None) for one in scored]
    card = report_card(fitted, scored, comparison, plant, groups, fit.told)
    name = model_name(plant, fit.assets)
    manifest = {
        "model": name, "andon": __version__, "training_data": data_fingerprint([sources.recordings[asset] for asset in fit.assets]),
        "python": platform.python_version(), "zone": sources.zone, READING: plant.files.answers(),
    }  # fmt: skip
    packed = pack(monitor, card=card, manifest=manifest, key=wish.key)
    kept = wish.store.save(name, packed.version, packed.data, monitor.assets)
    champion = _promote_first(wish.store, name, packed.version, monitor)
    monitor = replace(monitor, version=packed.version, manifest=card | {"training_data": manifest["training_data"]})
    folder = wish.store.path(kept).with_suffix("")
    wish.progress("report", 0.0)
    lab = [result for asset in fit.assets for result in sources.lab_of(asset)]
    data = build_report(
        monitor, scored, card=card, labels=sources.labels, lab=lab, audits=fit.audits, comparison=comparison, plant=plant, fitted=fitted,
    )  # fmt: skip
    report = write_results(folder, data, scored, sources.labels, wish.language)
    wish.progress("report", 1.0)
    ended = (fitted.ended,) if fitted.ended else ()
    return TrainedModel(
        fit.assets, name, packed.version, str(wish.store.path(kept)), str(report), champion,
        (*sources.strange_names(), *ended, *fit.told, *promise_sentences(monitor, fitted.costs), *data.verdict), card, sources.failed,
    )  # fmt: skip


def _promote_first(store: ModelStore, name: str, version: str, monitor: Monitor) -> str:
    """The first model of an asset becomes its champion; later ones wait for `andon promote`."""
    state = store.state()
    free = [asset for asset in monitor.assets if asset not in state.champions]
    if free:
        state = store.promote(name, version, assets=free, why="first model")
    return state.champions[monitor.asset].version


def report_card(
    fitted: Fitted,
    scored: Sequence[Scored],
    comparison: Comparison | None,
    plant: PlantFile,
    groups: Sequence[MadeGroup] = (),
    refused: Sequence[Sentence] = (),
) -> dict[str, Any]:
    """What the model file says of itself: split, choice, promise, and the one reading of the evaluation period."""
    calibration = fitted.monitor.calibration
    zone = plant.site.zone
    periods_of = {
        asset: {
            name: [format_instant(period.start, zone), format_instant(period.end, zone)]
            for name, period in (("train", split.train), ("calibrate", split.calibrate), ("evaluate", split.evaluate))
        }
        for asset, split in fitted.splits.items()
    }
    periods = next(iter(periods_of.values()))
    targets = list(fitted.targets_of.values())
    return {
        "schema_version": 1,
        "site": plant.site.name,
        "periods": periods,
        "periods_of": periods_of if any(other != periods for other in periods_of.values()) else {},
        "promised": str(fitted.promised),
        "budget": str(calibration.budget),
        "refused": asdict(refused[0]) if refused else None,
        GROUPS: [group.to_dict() for group in groups],
        "chosen": fitted.chosen,
        "candidates": [
            {"name": item.candidate.name, "found": _finite(item.found), "refused": item.calibration is None} for item in fitted.tried
        ],
        "standard_faults": [asdict(row) for row in fitted.costs],
        "network_explains": fitted.explained,
        "training": fitted.training,
        "quality": [{"asset": asset, **quality_card(report)} for asset, found in fitted.targets_of.items() for report in found.reports],
        "coupling": coupling_card(fitted.coupled),
        "left_out": [list(pair) for found in targets for pair in found.left_out],
        "evaluation": comparison.to_dict() if comparison else None,
        "evaluated_hours": sum(one.judged_h for one in scored),
        "intended_use": "advisory early warning; not a safety function",
    }


def coupling_card(coupled: Any) -> dict[str, Any] | None:
    """What laboratory results are worth to the detector: shares of standard faults and of product shifts found, without and with."""
    if coupled is None:
        return None
    names = ("used", "found_alone", "found", "product_alone", "product")
    return {name: getattr(coupled, name) for name in names}


def quality_card(report: Any) -> dict[str, Any]:
    """One soft sensor in the report card."""
    score = report.spec_score
    names = ("results", "within", "log_loss", "brier", "base_brier", "balanced_accuracy")
    spec = {} if score is None else {"within_spec": {name: _finite(getattr(score, name)) for name in names}}
    return spec | {
        "target": report.target, "chosen": report.chosen, "setting": report.setting, "would_have_won": report.would_have_won,
        "level": report.level, "dead_time_ns": report.dead_time.ticks * report.interval_ns, "results": report.results,
        "candidates": quality_rows(report),
    }  # fmt: skip


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
