"""`andon demo`: the whole job on the recording in the package, as a plant would do it with its own exports."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from andon.datasets.demo import ASSET, unpack
from andon.plant.messages import say
from andon.plant.progress import Progress, silent
from andon.plant.time import parse_duration
from andon.project.audit import audit, init
from andon.project.score import score
from andon.project.train import train


@dataclass(frozen=True, slots=True)
class Stage:
    """A plant that was trained and scored, ready to be lived through once more.

    Attributes
    ----------
    plant : plant.toml
    exports, how : the recording, and how to read it
    results : folder of `andon score`, whose first event is waited for
    """

    plant: str
    exports: tuple[str, ...]
    how: Mapping[str, Any]
    results: str


@dataclass
class Demo:
    """The steps of the demonstration, done one by one as they are iterated.

    Attributes
    ----------
    report : the report to open, once all steps are done
    stage : what `open_demonstration` goes on with, once all steps are done
    figures : for --json
    """

    out: Path
    time_limit: str
    language: str
    progress: Progress = silent
    report: str = ""
    stage: Stage | None = None
    figures: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        files = unpack(self.out / "exports")
        exports = [str(files.normal), str(files.faults)]
        how = {"asset": ASSET, "zone": "UTC"}
        page = str(self.out / "audit.html")
        found = audit(
            exports,
            how,
            budget="1/week",
            labels=str(files.labels),
            lab=[str(files.lab)],
            page=page,
            language=self.language,
            progress=self.progress,
        )
        item = found.audits[ASSET]
        yield say("project.demo.audit", self.language, findings=len(item.findings), tags=len(item.statistics), rows=f"{item.rows:,}")
        plant = str(self.out / "plant.toml")
        init(
            exports, how, out=plant, lab=[str(files.lab)], labels=str(files.labels), tags=str(files.tags), budget="1/week",
            site=say("project.demo.site", self.language), force=True,
            language=self.language, progress=self.progress,
        )  # fmt: skip
        yield say("project.demo.init", self.language, path=plant)
        began = time.monotonic()
        trained = train(plant, time_limit=self.time_limit, language=self.language, progress=self.progress)[0]
        self.figures = {"version": trained.version, "train_seconds": round(time.monotonic() - began, 1)}
        yield say("project.demo.trained", self.language, version=trained.version, seconds=round(time.monotonic() - began))
        yield from trained.sentences(self.language)
        scored = score(
            trained.path, [str(files.faults)], how, out=str(self.out / "out"), lab=[str(files.lab)], labels=str(files.labels),
            models=str(self.out / "models"), language=self.language, progress=self.progress,
        )  # fmt: skip
        self.figures |= scored.to_dict()
        self.report = scored.report
        self.stage = Stage(plant, (str(files.faults),), how, str(self.out / "out"))
        yield say("project.demo.scored", self.language, events=scored.events, hours=f"{scored.judged_h:,.0f}")


def demo(out: str, *, time_limit: str = "60s", language: str = "en", progress: Progress = silent) -> Demo:
    """Audit, plant file, training, scoring, report; iterate over the result to do the steps."""
    parse_duration(time_limit)  # a mistake is told before the first step
    return Demo(Path(out), time_limit, language, progress)
