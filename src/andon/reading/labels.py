"""labels.csv: what a period was, written by people or by the console."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

from andon.plant.atomic_write import write_text
from andon.plant.errors import AndonError, At, ReadingError
from andon.plant.label import Label, LabelKind
from andon.plant.time import format_instant, parse_instant
from andon.reading.dialect import find_separator
from andon.reading.encoding import open_text

COLUMNS = ("asset", "start", "end", "kind", "note", "by", "at")
_NEEDED = COLUMNS[:4]


def read_labels(path: str | os.PathLike[str], zone: str = "UTC") -> tuple[Label, ...]:
    """The labels of a file, in order of their start.

    Columns asset, start, end, kind (fault, planned, false, unknown); note, by and at may be missing. Times are ISO 8601,
    in `zone` where they name no offset. Columns may stand in any order; `,`, `;` and tab separate.

    Raises
    ------
    ReadingError : a column is missing, a time or kind is not readable, a label ends before it starts; `at` names the line
    """
    with open_text(Path(path)) as text:
        lines = text.whole().splitlines()
    at = At(file=str(path))
    head = lines[0]
    separator = max(",;\t", key=head.count) if any(mark in head for mark in ",;\t") else find_separator(lines[:20], at)
    rows = csv.reader(io.StringIO("\n".join(lines)), delimiter=separator)
    header = [cell.strip().lower() for cell in next(rows)]
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise ReadingError(
            f"the labels file has no column {', '.join(missing)}", at=At(file=str(path), line=1),
            do=f"the first line should read: {','.join(COLUMNS)}",
        )  # fmt: skip
    out: list[Label] = []
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        line = At(file=str(path), line=rows.line_num)
        cell = {name: text.strip() for name, text in zip(header, row, strict=False)}
        out.append(_label(cell, zone, line))
    return tuple(sorted(out, key=lambda label: (label.start, label.end, label.asset)))


def _label(cell: dict[str, str], zone: str, line: At) -> Label:
    start, end = (_instant(cell.get(name, ""), name, zone, line) for name in ("start", "end"))
    if end <= start:
        raise ReadingError(
            f"the label ends at {cell['end']!r}, not after its start {cell['start']!r}", at=line, do="exchange start and end"
        )
    try:
        kind = LabelKind(cell.get("kind", "").lower())
    except ValueError:
        raise ReadingError(
            f"{cell.get('kind', '')!r} is no kind of label", at=line, do=f"use one of {', '.join(one.value for one in LabelKind)}"
        ) from None
    if not cell.get("asset"):
        raise ReadingError("the label names no asset", at=line, do="write the name of the asset, as the recording calls it")
    known = cell.get("at", "")
    return Label(
        cell["asset"], start, end, kind, cell.get("note", ""), cell.get("by", ""), _instant(known, "at", zone, line) if known else None
    )


def _instant(text: str, name: str, zone: str, line: At) -> int:
    try:
        return parse_instant(text, zone)
    except AndonError as error:
        raise ReadingError(f"{name}: {error.what}", at=line, do=error.do) from error


def write_labels(path: str | os.PathLike[str], labels: Iterable[Label]) -> None:
    """Write labels.csv, in UTC to the microsecond, whole or not at all.

    Raises
    ------
    StoreError : the folder is absent or read-only, or the disk is full
    """
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for one in labels:
        rows.writerow(
            (
                one.asset,
                format_instant(one.start),
                format_instant(one.end),
                one.kind.value,
                one.note,
                one.by,
                "" if one.at is None else format_instant(one.at),
            )
        )
    write_text(path, out.getvalue())
