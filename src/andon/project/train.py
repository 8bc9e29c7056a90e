"""`andon train`: read, fit, evaluate once, write the model and its report."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from andon import __version__
from andon.auditing import audit as audit_recording
from andon.evidence.sentence import shift_sentence
from andon.plant.errors import At, PlantFileError
from andon.plant.file.schema import PlantFile
from andon.plant.progress import Progress, silent
from andon.plant.recording import Problem, Recording
from andon.plant.sentences import speak
from andon.plant.time import format_instant, parse_duration
from andon.plant.verdict import Sentence
from andon.project.compare import Comparison, compare
from andon.project.fitness import check_material, check_span
from andon.project.quality_panel import quality_rows
from andon.project.report_data import build_report, write_results
from andon.project.sources import Sources, problem_dict, read_plant, read_sources
from andon.scoring.fingerprint import data_fingerprint
from andon.scoring.model_file import pack
from andon.scoring.monitor import Monitor, Scored
from andon.store import ModelStore, file_name


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What `andon train` made for one asset."""

    asset: str
    model: str
    version: str
    path: str
    report: str
    champion: str
    told: tuple[Sentence, ...]
    card: Mapping[str, Any]
    failed: tuple[Problem, ...] = ()

    def sentences(self, language: str) -> list[str]:
        """What the training found, for people."""
        return [speak(item, language) for item in self.told]

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "asset": self.asset, "model": self.model, "version": self.version, "path": self.path, "report": self.report,
            "champion": self.champion, "report_card": dict(self.card), "failed": [problem_dict(item) for item in self.failed],
        }  # fmt: skip


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
    """Train a model for every asset of a plant file.

    Raises
    ------
    PlantFileError : the plant file is wrong, or names an asset that the exports do not have
    """
    plant = read_plant(plant_path)
    files = plant.files
    limit = parse_duration(time_limit) if time_limit else plant.model.time_limit_ns
    secret = Path(key).read_bytes() if key else None
    how: dict[str, Any] = {"zone": files.zone or plant.site.zone, "sheet": files.sheet or None}
    if plant.sampling.interval_ns is not None:
        how["interval"] = f"{plant.sampling.interval_ns}ns"
    delays = [target.delay_ns for target in plant.targets if target.delay_ns is not None]
    if delays:  # one file may hold several targets; the longest delay lets none be used too early
        how["lab_delay"] = f"{max(delays)}ns"
    if len(plant.assets) == 1:
        how["asset"] = plant.assets[0].id
    if not files.paths:
        raise PlantFileError("no exports are named", at=At(file=plant_path, key="files.paths"), do='write paths = ["exports/*.csv"]')
    sources = read_sources(files.paths, how, labels=files.labels or None, lab=files.lab, progress=progress)
    wanted = [asset.id for asset in plant.assets] or list(sources.recordings)
    absent = [asset for asset in wanted if asset not in sources.recordings]
    if absent:
        raise PlantFileError(
            f"the exports have no asset {absent[0]!r}", at=At(file=plant_path, key="asset.id"),
            do=f"they have {', '.join(list(sources.recordings)[:5])}",
        )  # fmt: skip
    store = ModelStore(files.models)
    done = []
    for asset in wanted:
        checkpoint = Path(files.models) / file_name(plant.model.name or asset) / ".training.checkpoint"
        if not resume:
            checkpoint.unlink(missing_ok=True)
        done.append(
            _train_one(
                sources.recordings[asset],
                plant,
                sources,
                store,
                limit // len(wanted),
                seed,
                network,
                secret,
                checkpoint,
                tensorboard,
                language or plant.site.language,
                progress,
            )
        )
    return done


def _train_one(
    recording: Recording,
    plant: PlantFile,
    sources: Sources,
    store: ModelStore,
    limit_ns: int,
    seed: int | None,
    network: bool,
    key: bytes | None,
    checkpoint: Path,
    tensorboard: str | None,
    language: str,
    progress: Progress,
) -> TrainedModel:
    from andon.training.fit_monitor import FitOptions, fit_monitor

    lab = sources.lab_of(recording.asset)
    check_material(recording)
    interval = plant.sampling.interval_ns or audit_recording(recording, zone=sources.zone).interval_ns
    check_span(recording, interval)
    options = FitOptions(time_limit_ns=limit_ns, seed=seed, network=network, checkpoint=checkpoint, tensorboard=tensorboard)
    fitted = fit_monitor(recording, plant, interval_ns=interval, labels=sources.labels, lab=lab, options=options, progress=progress)
    monitor = fitted.monitor
    evaluation = fitted.split.evaluate
    scored, comparison = None, None
    if evaluation.end > evaluation.start:
        part = recording.between(evaluation.start, evaluation.end)
        if part.rows:
            scored = monitor.score(part, labels=sources.labels, lab=lab, progress=progress)
            comparison = compare(monitor, scored, sources.labels, chosen=fitted.chosen)
    card = report_card(fitted, scored, comparison, plant)
    manifest = {
        "model": plant.model.name or recording.asset, "andon": __version__, "training_data": data_fingerprint([recording]),
        "python": platform.python_version(), "zone": sources.zone,
    }  # fmt: skip
    packed = pack(monitor, card=card, manifest=manifest, key=key)
    name = plant.model.name or recording.asset
    kept = store.save(name, packed.version, packed.data, monitor.assets)
    champion = _promote_first(store, name, packed.version, monitor)
    monitor = replace(monitor, version=packed.version, manifest=card)
    folder = store.path(kept).with_suffix("")
    progress("report", 0.0)
    audit = audit_recording(recording, interval_ns=interval, zone=sources.zone, budget=fitted.promised, lab=lab, labels=sources.labels)
    data = build_report(
        monitor, [scored] if scored is not None else [], card=card, labels=sources.labels, lab=lab, audit=audit, comparison=comparison,
        plant=plant, fitted=fitted,
    )  # fmt: skip
    report = write_results(folder, data, [scored] if scored is not None else [], sources.labels, language)
    progress("report", 1.0)
    told = (*([fitted.refused] if fitted.refused else []), *shift_sentence(monitor.calibration, fitted.costs), *data.verdict)
    return TrainedModel(recording.asset, name, packed.version, str(store.path(kept)), str(report), champion, told, card, sources.failed)


def _promote_first(store: ModelStore, name: str, version: str, monitor: Monitor) -> str:
    """The first model of an asset becomes its champion; later ones wait for `andon promote`."""
    state = store.state()
    free = [asset for asset in monitor.assets if asset not in state.champions]
    if free:
        state = store.promote(name, version, assets=free, why="first model")
    return state.champions[monitor.asset].version


def report_card(fitted: Any, scored: Scored | None, comparison: Comparison | None, plant: PlantFile) -> dict[str, Any]:
    """What the model file says of itself: split, choice, promise, and the one reading of the evaluation period."""
    calibration = fitted.monitor.calibration
    split = fitted.split
    zone = plant.site.zone
    periods = {
        name: [format_instant(period.start, zone), format_instant(period.end, zone)]
        for name, period in (("train", split.train), ("calibrate", split.calibrate), ("evaluate", split.evaluate))
    }
    return {
        "schema_version": 1,
        "periods": periods,
        "promised": str(fitted.promised),
        "budget": str(calibration.budget),
        "refused": asdict(fitted.refused) if fitted.refused else None,
        "chosen": fitted.chosen,
        "candidates": [
            {"name": item.candidate.name, "found": _finite(item.found), "refused": item.calibration is None} for item in fitted.tried
        ],
        "standard_faults": [asdict(row) for row in fitted.costs],
        "network_explains": fitted.explained,
        "training": fitted.training,
        "quality": [quality_card(report) for report in fitted.targets.reports],
        "left_out": [list(pair) for pair in fitted.targets.left_out],
        "evaluation": comparison.to_dict() if comparison else None,
        "evaluated_hours": scored.judged_h if scored else 0.0,
        "intended_use": "advisory early warning; not a safety function",
    }


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
