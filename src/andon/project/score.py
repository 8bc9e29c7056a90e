"""`andon score`, `andon evaluate`, `andon report`: a model on new or old data; no training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from andon.plant.atomic_write import write_text
from andon.plant.errors import At, PreparationError
from andon.plant.file.schema import OutOfService
from andon.plant.messages import choose_language
from andon.plant.progress import Progress, silent
from andon.plant.recording import Problem, Recording
from andon.plant.sentences import speak
from andon.plant.verdict import Sentence
from andon.project.budget_panel import standing_refusal
from andon.project.compare import Comparison, compare
from andon.project.fitness import check_judged, suited
from andon.project.promises import open_model
from andon.project.report_data import build_report, read_report, write_results
from andon.project.sources import Sources, problem_dict, read_sources, told_at_training
from andon.reporting import render
from andon.scoring.monitor import Monitor
from andon.store import ModelStore


@dataclass(frozen=True, slots=True)
class ScoredFiles:
    """What `andon score` did."""

    model: str
    out: str
    report: str
    events: int
    judged_h: float
    told: tuple[Sentence, ...]
    assets: tuple[str, ...]
    failed: tuple[Problem, ...] = ()

    def sentences(self, language: str) -> list[str]:
        """What was found, for people."""
        return [speak(item, language) for item in self.told]

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "model": self.model, "out": self.out, "report": self.report, "events": self.events, "judged_hours": round(self.judged_h, 3),
            "assets": list(self.assets), "told": self.sentences("en"), "failed": [problem_dict(item) for item in self.failed],
        }  # fmt: skip


def score(
    model: str,
    paths: Sequence[str],
    how: Mapping[str, Any] | None = None,
    *,
    out: str,
    lab: Sequence[str] = (),
    labels: str | None = None,
    models: str = "models",
    language: str | None = None,
    progress: Progress = silent,
) -> ScoredFiles:
    """Verdicts, events, quality predictions and a report of new data."""
    store = ModelStore(models)
    monitor = open_model(store, model)
    sources = _read(store, monitor, paths, how, labels, lab, progress)
    scored, notes = [], [*sources.strange_names()]
    others = [asset for asset in sources.recordings if asset not in monitor.assets]
    if others:
        notes.append(Sentence("project.note.assets", {"assets": ", ".join(others[:5]), "model": ", ".join(monitor.assets)}))
    for found in matching(sources, monitor):
        recording, differences = suited(found, monitor)
        notes += differences
        known = sources.lab_of(recording.asset)
        outs = [OutOfService(tag=item.tag, asset=item.asset, until=item.until, why=item.why) for item in store.state().tags_out]
        scored.append(
            monitor.score(
                recording, labels=sources.labels, lab=known, out_of_service=outs, keep_expectations=bool(sources.labels), progress=progress
            )
        )
    check_judged(scored, notes)
    results = [item for one in scored for item in sources.lab_of(one.asset)]
    chosen = str((monitor.manifest or {}).get("chosen") or "andon")
    comparison = compare(monitor, scored, sources.labels, chosen=chosen) if sources.labels else None
    scored = [replace(one, expectations=None) for one in scored]
    data = build_report(monitor, scored, labels=sources.labels, lab=results, comparison=comparison)
    refusal = standing_refusal(monitor)
    progress("report", 0.0)
    _sweep(Path(out))
    report = write_results(out, data, scored, sources.labels, choose_language(language))
    return ScoredFiles(
        monitor.version, out, str(report), sum(len(one.events) for one in scored), sum(one.judged_h for one in scored),
        (*notes, *([refusal] if refusal else []), *data.verdict), tuple(one.asset for one in scored), sources.failed,
    )  # fmt: skip


def _sweep(folder: Path) -> None:
    """Remove what a killed run left of unfinished files."""
    for part in (*folder.glob(".*.part"), *folder.glob("verdicts/.*.part")):
        part.unlink(missing_ok=True)


def _read(
    store: ModelStore,
    monitor: Monitor,
    paths: Sequence[str],
    how: Mapping[str, Any] | None,
    labels: str | None,
    lab: Sequence[str],
    progress: Progress,
) -> Sources:
    """Read with the model's own zone, interval and answers to open questions, and as its asset, where the call names none.

    Files that name no asset are the model's, whatever they are called (month by month, say), unless one is called like an
    asset that the store knows: then every file is of the asset it is called by, so that no sister is judged by this model.
    """
    given = {**told_at_training(monitor.manifest or {}), **{name: value for name, value in (how or {}).items() if value is not None}}
    given.setdefault("zone", monitor.preparation.zone)
    given.setdefault("interval", f"{monitor.preparation.interval_ns}ns")
    if "asset" in given or len(monitor.assets) != 1:
        return read_sources(paths, given, labels=labels, lab=lab, progress=progress)
    sources = read_sources(paths, {**given, "asset": monitor.asset}, labels=labels, lab=lab, progress=progress)
    known = {asset for versions in store.state().models.values() for version in versions for asset in version.assets}
    called = {Path(file).name.partition(".")[0] for recording in sources.recordings.values() for file in recording.files}
    if not called & (known | {monitor.asset}) or called <= {monitor.asset}:
        return sources
    return read_sources(paths, given, labels=labels, lab=lab, progress=progress)


def matching(sources: Sources, monitor: Monitor) -> list[Recording]:
    """The recordings that the model may judge.

    Raises
    ------
    PreparationError : none
    """
    found = [recording for asset, recording in sources.recordings.items() if asset in monitor.assets]
    if not found:
        raise PreparationError(
            f"the exports are of {', '.join(list(sources.recordings)[:5])}, the model is for {', '.join(monitor.assets)}",
            at=At(file=next(iter(sources.recordings.values())).files[0] if sources.recordings else None),
            do=f"name the asset with --asset {monitor.asset} where the files do not say, or take another model",
        )
    return found


def evaluate(
    model: str,
    paths: Sequence[str],
    how: Mapping[str, Any] | None = None,
    *,
    labels: str,
    lab: Sequence[str] = (),
    models: str = "models",
    progress: Progress = silent,
) -> Comparison:
    """The model beside its rivals on labelled history.

    Raises
    ------
    PreparationError : the exports hold no asset of the model, or not one tick could be judged
    """
    store = ModelStore(models)
    monitor = open_model(store, model)
    sources = _read(store, monitor, paths, how, labels, lab, progress)
    scored, notes = [], [*sources.strange_names()]
    for found in matching(sources, monitor):
        recording, differences = suited(found, monitor)
        notes += differences
        lab_of = sources.lab_of(recording.asset)
        scored.append(monitor.score(recording, labels=sources.labels, lab=lab_of, keep_expectations=True, progress=progress))
    check_judged(scored, notes)
    chosen = str((monitor.manifest or {}).get("chosen") or "andon")
    return replace(compare(monitor, scored, sources.labels, chosen=chosen), told=tuple(notes))


def report(folder: str, *, out: str | None = None, language: str | None = None) -> Path:
    """Make the report of a folder of results again, in a language."""
    data, labels = read_report(folder)
    path = Path(out) if out else Path(folder) / "report.html"
    write_text(path, render(data, choose_language(language), labels))
    return path
