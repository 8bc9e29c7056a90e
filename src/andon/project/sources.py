"""What a verb reads: exports, labels, laboratory results, the tag list; with the options of the command line."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from andon.plant.errors import At, ReadingError, UsageError
from andon.plant.export import DATE_ORDERS, DECIMALS
from andon.plant.file.parse import parse_plant_file, resolve
from andon.plant.file.schema import LEFT_OPEN, Files, PlantFile
from andon.plant.label import Label, LabResults
from andon.plant.progress import Progress, silent
from andon.plant.recording import Problem, Recording
from andon.plant.tag import Role, Tag
from andon.plant.time import format_instant, parse_duration, parse_instant
from andon.plant.verdict import Sentence

READING = "reading"
NAMED = 5
TAG_COLUMNS = ("id", "name", "unit", "role", "low", "high", "group")


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that was read.

    Attributes
    ----------
    recordings : asset -> recording
    failed : files that could not be read
    """

    recordings: dict[str, Recording]
    problems: tuple[Problem, ...]
    failed: tuple[Problem, ...]
    labels: tuple[Label, ...]
    lab: tuple[LabResults, ...]
    zone: str

    def lab_of(self, asset: str) -> tuple[LabResults, ...]:
        """Results of one asset; those that name no asset belong to all."""
        return tuple(replace(item, asset=asset) for item in self.lab if item.asset in (asset, ""))

    def strange_names(self) -> tuple[Sentence, ...]:
        """Told where labels or laboratory results may belong elsewhere.

        Not one label is of an asset that was read: another spelling would hide every fault that people know. Results name no asset
        although several were read: each would be predicted as if it were sampled at all of them.
        """
        told = []
        assets = ", ".join(list(self.recordings)[:NAMED])
        named = sorted({label.asset for label in self.labels})
        if named and {*self.recordings}.isdisjoint(named):
            told.append(Sentence("project.note.labels", {"labels": ", ".join(named[:NAMED]), "assets": assets}))
        if len(self.recordings) > 1 and (targets := sorted({item.target for item in self.lab if not item.asset})):
            told.append(Sentence("project.note.lab", {"targets": ", ".join(targets[:NAMED]), "assets": assets}))
        return tuple(told)

    def one(self) -> Recording:
        """The only recording.

        Raises
        ------
        UsageError : there are several
        """
        if len(self.recordings) != 1:
            raise UsageError(f"the exports hold {len(self.recordings)} assets: {', '.join(self.recordings)}", do="name one with --asset")
        return next(iter(self.recordings.values()))


def read_sources(
    paths: Sequence[str],
    how: Mapping[str, Any] | None = None,
    *,
    labels: str | None = None,
    lab: Sequence[str] = (),
    progress: Progress = silent,
) -> Sources:
    """Read exports and what belongs to them.

    Parameters
    ----------
    paths : files, folders or patterns
    how : options of `andon.read`: asset, zone, interval (text), start (text), sheet, layout, dayfirst, decimal ("comma" or "point"),
        quality, time_format; lab_delay (text): from sample to result
    labels : labels.csv
    lab : laboratory files

    Raises
    ------
    ReadingError : nothing could be read
    """
    from andon import reading

    options = {name: value for name, value in (how or {}).items() if value is not None}
    interval = options.pop("interval", None)
    delay = options.pop("lab_delay", None)
    delay_ns = parse_duration(str(delay)) if delay is not None else None
    start = options.pop("start", None)
    if start is not None:
        options["start_ns"] = parse_instant(str(start), str(options.get("zone") or "UTC"))
    if "decimal" in options:
        options["decimal"] = DECIMALS.get(options["decimal"], options["decimal"])
    if interval is not None:
        options["interval_ns"] = parse_duration(str(interval))
    found = reading.read([str(path) for path in paths], progress=progress, **options)
    if not found.recordings:
        reason = found.failed[0] if found.failed else None
        raise ReadingError(
            reason.what if reason else "no file was found",
            at=reason.at if reason else At(file=str(paths[0]) if paths else None),
            do="give files, folders or patterns of exports: csv, xlsx, parquet or arrow",
        )
    zone = str(options.get("zone") or found.zone)
    known = reading.read_labels(labels, zone) if labels else ()
    results = tuple(item for path in lab for item in reading.read_lab(path, zone, delay_ns=delay_ns))
    results = tuple(item if item.asset in found.recordings else replace(item, asset="") for item in results)
    return Sources(dict(found.recordings), found.problems, found.failed, tuple(known), results, zone)


def how_told(plant: PlantFile) -> dict[str, Any]:
    """The options of `read_sources` that a plant file gives."""
    files = plant.files
    how: dict[str, Any] = {"zone": files.zone or plant.site.zone, **files.answers()}
    if files.start is not None:
        how["start"] = format_instant(files.start)
    if plant.sampling.interval_ns is not None:
        how["interval"] = f"{plant.sampling.interval_ns}ns"
    delays = [target.delay_ns for target in plant.targets if target.delay_ns is not None]
    if delays:  # one file may hold several targets; the longest delay lets none be used too early
        how["lab_delay"] = f"{max(delays)}ns"
    if len(plant.assets) == 1:
        how["asset"] = plant.assets[0].id
    return how


def told_at_training(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What the plant file answered when a model was trained; nothing for models from before it was kept."""
    told = manifest.get(READING)
    return {name: told[name] for name in (*LEFT_OPEN, "dayfirst") if name in told} if isinstance(told, Mapping) else {}


def with_told(files: Files, how: Mapping[str, Any]) -> Files:
    """[files] with what the command line told, so that training reads what the audit has read."""
    dates = next((name for name, first in DATE_ORDERS.items() if first == how.get("dayfirst")), "")
    told: dict[str, Any] = {name: str(how.get(name) or "") for name in LEFT_OPEN}
    return replace(files, dates=dates, **told)


def problem_dict(item: Problem) -> dict[str, Any]:
    """A problem of reading, for --json."""
    at = {name: getattr(item.at, name) for name in ("file", "line", "tag", "time") if getattr(item.at, name) is not None}
    return {"kind": item.kind, "what": item.what, "rule": item.rule, "count": item.count, "at": at}


def read_plant(path: str) -> PlantFile:
    """A plant file with its paths made whole.

    Raises
    ------
    PlantFileError : wrong; file, line and key are named
    """
    return resolve(parse_plant_file(path), Path(path).resolve().parent)


def read_tag_list(path: str) -> dict[str, Tag]:
    """A tag list: a table with the column id and any of name, unit, role, low, high, group.

    Raises
    ------
    ReadingError : no column id, or a role that there is not
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadingError(f"cannot read the tag list: {error}", at=At(file=path), do="give a CSV file in UTF-8") from error
    rows = csv.DictReader(text.splitlines())
    if not rows.fieldnames or "id" not in rows.fieldnames:
        raise ReadingError("a tag list needs the column id", at=At(file=path, line=1), do=f"use the columns {', '.join(TAG_COLUMNS)}")
    tags = {}
    for number, row in enumerate(rows, start=2):
        try:
            tags[row["id"]] = Tag(
                row["id"], name=row.get("name") or "", unit=row.get("unit") or "", role=Role(row.get("role") or "measured"),
                low=float(row["low"]) if row.get("low") else None, high=float(row["high"]) if row.get("high") else None,
                group=row.get("group") or "",
            )  # fmt: skip
        except ValueError as error:
            raise ReadingError(
                str(error), at=At(file=path, line=number), do=f"roles are {', '.join(Role)}; low and high are numbers"
            ) from error
    return tags
