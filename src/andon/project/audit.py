"""`andon audit` and `andon init`: what is in the data, and a plant file filled in from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from andon.auditing import Audit, audit_page
from andon.auditing import audit as audit_recording
from andon.plant.atomic_write import write_text
from andon.plant.budget import parse_budget
from andon.plant.errors import At, UsageError
from andon.plant.file.schema import Asset, BudgetGroup, Files, Machine, Modes, PlantFile, Sampling, Site, Target
from andon.plant.file.write import write_plant_file
from andon.plant.messages import say
from andon.plant.progress import Progress, silent
from andon.plant.recording import Problem
from andon.plant.sentences import speak
from andon.plant.tag import Role, Tag
from andon.plant.time import format_duration, format_instant, parse_duration, parse_instant
from andon.project.fitness import check_material, check_rows
from andon.project.sources import Sources, problem_dict, read_sources, read_tag_list, with_told
from andon.store import file_name


@dataclass(frozen=True, slots=True)
class Audits:
    """The audit of every asset, and what could not be read."""

    audits: dict[str, Audit]
    sources: Sources
    language: str

    @property
    def failed(self) -> tuple[Problem, ...]:
        """Files that could not be read."""
        return self.sources.failed

    def told(self) -> list[str]:
        """What was to be told of the labels, for people."""
        return [speak(item, self.language) for item in self.sources.strange_names()]

    def problems(self, asset: str) -> tuple[Problem, ...]:
        """What the reader met in the files of one asset."""
        return self.sources.recordings[asset].problems

    def head(self, asset: str, language: str) -> str:
        """One line on what is there."""
        audit = self.audits[asset]
        return say(
            "cli.audit.head", language, assets=1, tags=len(audit.statistics), rows=f"{audit.rows:,}",
            start=format_instant(audit.start, audit.zone), end=format_instant(audit.end, audit.zone),
            interval=format_duration(audit.interval_ns),
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "assets": {asset: audit.to_dict(self.language) for asset, audit in self.audits.items()},
            "problems": [problem_dict(item) for item in self.sources.problems],
            "told": self.told(),
            "failed": [problem_dict(item) for item in self.sources.failed],
        }


@dataclass(frozen=True, slots=True)
class PlantWritten:
    """What `andon init` wrote, and what it could not read."""

    plant: str
    assets: tuple[str, ...]
    tags: int
    failed: tuple[Problem, ...]
    told: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "plant": self.plant,
            "assets": list(self.assets),
            "tags": self.tags,
            "problems": [problem_dict(item) for item in self.problems],
            "told": list(self.told),
            "failed": [problem_dict(item) for item in self.failed],
        }


def audit(
    paths: Sequence[str],
    how: Mapping[str, Any] | None = None,
    *,
    budget: str | None = None,
    labels: str | None = None,
    lab: Sequence[str] = (),
    page: str | None = None,
    language: str = "en",
    progress: Progress = silent,
) -> Audits:
    """Read and audit exports; write a page where one is asked for."""
    wanted = parse_budget(budget) if budget else None
    sources = read_sources(paths, how, labels=labels, lab=lab, progress=progress)
    for recording in sources.recordings.values():
        check_rows(recording)
    interval = parse_duration(str(how["interval"])) if how and how.get("interval") else None
    audits = {
        asset: audit_recording(
            recording,
            interval_ns=interval,
            zone=sources.zone,
            budget=wanted,
            lab=sources.lab_of(asset),
            labels=sources.labels,
            progress=progress,
        )
        for asset, recording in sources.recordings.items()
    }
    if page is not None:
        for asset, item in audits.items():
            target = Path(page) if len(audits) == 1 else Path(page).with_stem(f"{Path(page).stem}-{file_name(asset)}")
            write_text(target, audit_page(item, language))
    return Audits(audits, sources, language)


def init(
    paths: Sequence[str],
    how: Mapping[str, Any] | None = None,
    *,
    out: str,
    lab: Sequence[str] = (),
    labels: str | None = None,
    tags: str | None = None,
    budget: str = "1/week",
    site: str = "",
    force: bool = False,
    language: str = "en",
    progress: Progress = silent,
) -> PlantWritten:
    """Write a commented plant file, filled in from the audit.

    Raises
    ------
    UsageError : the file exists and `force` is not given
    ReadingError : nothing could be learnt from the exports
    """
    target = Path(out)
    parse_budget(budget)
    if target.exists() and not force:
        raise UsageError("the plant file exists already", at=At(file=out), do="give another name with -o, or --force to overwrite it")
    found = audit(paths, how, budget=budget, labels=labels, lab=lab, language=language, progress=progress)
    for recording in found.sources.recordings.values():
        check_material(recording)
    plant, comments = plant_from_audit(found, paths, lab, labels, read_tag_list(tags) if tags else {}, budget, target.resolve().parent)
    plant = replace(plant, site=replace(plant.site, name=site))
    delay = (how or {}).get("lab_delay")
    if delay is not None:
        plant = replace(plant, targets=tuple(replace(item, delay_ns=parse_duration(str(delay))) for item in plant.targets))
    plant = replace(plant, files=with_told(plant.files, how or {}))
    start = (how or {}).get("start")
    if start is not None:
        plant = replace(plant, files=replace(plant.files, start=parse_instant(str(start), found.sources.zone)))
    write_plant_file(target, plant, comments, language=language)
    return PlantWritten(str(target), tuple(found.audits), len(plant.tags), found.failed, tuple(found.told()), found.sources.problems)


def plant_from_audit(
    found: Audits,
    paths: Sequence[str],
    lab: Sequence[str],
    labels: str | None,
    listed: Mapping[str, Tag],
    budget: str,
    folder: Path,
) -> tuple[PlantFile, dict[str, str]]:
    """A plant file and the reason for each line that differs from the default."""
    comments: dict[str, str] = {}
    tags: dict[str, Tag] = {}
    because: dict[str, tuple[str, ...]] = {}
    leaks = {finding.tag for item in found.audits.values() for finding in item.findings if finding.kind == "target-leak"}
    for item in found.audits.values():
        for statistics in item.statistics:
            suggestion = item.suggestions[statistics.tag]
            tag = tags.get(statistics.tag, suggestion.tag)
            mine = listed.get(statistics.tag)
            if mine is not None:
                tag = replace(
                    tag, name=mine.name, unit=mine.unit or tag.unit, group=mine.group, low=mine.low if mine.low is not None else tag.low,
                    high=mine.high if mine.high is not None else tag.high, role=mine.role if mine.role is not Role.MEASURED else tag.role,
                )  # fmt: skip
            if statistics.tag in leaks:
                tag = replace(tag, role=Role.IGNORED)
            tags[statistics.tag] = tag
            because[statistics.tag] = suggestion.because
    for number, reasons in enumerate(because.values(), start=1):
        if reasons:
            comments[f"tag[{number}]"] = "; ".join(reasons)
    first = next(iter(found.audits.values()))
    targets = tuple(Target(name=name, unit=unit) for name, unit in dict.fromkeys((item.target, item.unit) for item in found.sources.lab))
    if first.mode_tag:
        comments["modes"] = say("project.init.modes", found.language, tag=first.mode_tag)
    comments["sampling.interval"] = say("project.init.from-data", found.language)
    alike = {tuple(sorted(row.tag for row in item.statistics)) for item in found.audits.values()}
    if len(found.audits) > 1 and len(alike) == 1:
        comments["model.share"] = say("project.init.sisters", found.language, count=len(found.audits))
    plant = PlantFile(
        site=Site(zone=found.sources.zone, language=found.language),
        files=Files(
            paths=tuple(_relative(path, folder) for path in paths), labels=_relative(labels, folder) if labels else "",
            lab=tuple(_relative(path, folder) for path in lab),
        ),
        sampling=Sampling(interval_ns=first.interval_ns),
        assets=tuple(Asset(id=asset) for asset in found.audits),
        tags=tuple(tags.values()),
        machine=Machine(off=first.off),
        modes=Modes(source="tag", tag=first.mode_tag) if first.mode_tag else Modes(),
        targets=targets,
        budgets=(BudgetGroup(rate=parse_budget(budget)),),
    )  # fmt: skip
    return plant, comments


def _relative(path: str, folder: Path) -> str:
    whole = Path(path).resolve()
    try:
        return whole.relative_to(folder).as_posix()
    except ValueError:
        return whole.as_posix()
