"""Files, folders and globs in; one recording per asset out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from andon.plant.errors import AndonError, At, ReadingError
from andon.plant.export import LAYOUTS, QUALITIES
from andon.plant.progress import Progress, silent
from andon.plant.recording import Problem, Recording
from andon.plant.time import zone as zone_of
from andon.reading.finding import PathLike, find
from andon.reading.grouping import group
from andon.reading.headers import QUALITY, what_else, word
from andon.reading.instants import Counted, find_instants
from andon.reading.layout import Layout, find_layout
from andon.reading.long import SampleStore, read_long, read_pairs, series_of
from andon.reading.merging import merge
from andon.reading.ordering import Piece, place_in_time
from andon.reading.problems import pooled, problem
from andon.reading.questions import Question
from andon.reading.readings import FileFormat, Readings
from andon.reading.table import Table, open_table
from andon.reading.timestamps import date_order
from andon.reading.wide import Rows, by_asset, find_decimal, read_wide

COUNTED = "counted"


@dataclass(frozen=True, slots=True)
class _Options:
    zone: str | None
    sheet: str | int | None
    dayfirst: bool | None
    layout: str | None
    columns: Mapping[str, str | None]
    time_format: str | None
    decimal: str | None
    quality: str | None
    counted: Counted | None


def read(
    paths: PathLike | Iterable[PathLike],
    *,
    asset: str | None = None,
    zone: str | None = None,
    interval_ns: int | None = None,
    start_ns: int | None = None,
    sheet: str | int | None = None,
    dayfirst: bool | None = None,
    layout: str | None = None,
    columns: Mapping[str, str | None] | None = None,
    progress: Progress = silent,
    time_format: str | None = None,
    decimal: str | None = None,
    quality: str | None = None,
) -> Readings:
    """Read what a historian exported.

    Parameters
    ----------
    paths : files, folders (every table below) or globs
    asset : the asset that all files belong to; by default it is found from an asset column, folders and file names
    zone : IANA zone of times that name no offset; by default UTC, which is said as a problem
    interval_ns : grid for long data whose tags have times of their own; default the median interval of the tags
    start_ns : ns UTC of the first row of a table without times; its rows are `interval_ns` apart
    sheet : name or number (0-based) of the sheet of a workbook; default the first
    dayfirst : whether 03/04/2026 is 3 April, where the files do not tell
    layout : "wide", "long" or "pairs" where it is not found
    columns : role ("time", "clock", "tag", "value", "quality", "asset", "ignore") -> name of the column;
        several to ignore are joined by "|"
    time_format : "epoch-s", "epoch-ms", "epoch-us", "epoch-ns" or "excel" where numbers do not tell
    decimal : "," or "." where the numbers do not tell
    quality : "opc-classic", "opc-ua", "aveva", "words" or "ignore" where the quality column does not tell

    Returns
    -------
    Readings; files that cannot be read are named in `failed` and stop nothing else

    Raises
    ------
    Question : the files allow two readings; `option` names the parameter that decides
    ReadingError : no file, or none that can be read
    AskUserError : an option has a value that is not allowed
    """
    _check(zone, layout, decimal, quality, interval_ns)
    counted = _counted(start_ns, interval_ns)
    files = find(paths)
    options = _Options(zone, sheet, dayfirst, layout, columns or {}, time_format, decimal, quality, counted)
    done: dict[str, tuple[list[Piece], list[Problem], FileFormat]] = {}
    failed: list[Problem] = []
    asked: list[tuple[Path, Question]] = []
    for number, path in enumerate(files):
        try:
            done[str(path)] = _read_file(path, options, _part(progress, number, len(files)))
        except Question as question:
            if question.option != "dayfirst":
                raise
            asked.append((path, question))
        except AndonError as error:
            failed.append(Problem("unreadable", error.what, error.do, error.at if error.at else At(file=str(path))))
            first_error = error
            if len(files) == 1:
                raise
        progress("read", (number + 1) / len(files))
    for path, pending in asked:
        answered, how = _answer(pending, [found[2] for found in done.values()], [other for _, other in asked])
        pieces, problems, form = _read_file(path, replace(options, dayfirst=answered), silent)
        problems.append(problem("order-borrowed", at=At(file=str(path)), order="day" if answered else "month", how=how))
        done[str(path)] = (pieces, problems, form)
    if not done:
        raise ReadingError(
            f"none of the {len(files)} files can be read; the first: {first_error.what}", at=first_error.at, do=first_error.do
        )
    everything = [piece for path in files if str(path) in done for piece in done[str(path)][0]]
    problems = [met for path in files if str(path) in done for met in done[str(path)][1]]
    formats = {file: found[2] for file, found in done.items()}
    without = [file for file, form in formats.items() if form.time_format == COUNTED]
    if len(without) > 1:
        raise ReadingError(
            f"{len(without)} files have no times, and one start cannot be that of all", at=At(file=without[1]),
            do="put their rows into one file, in order, or export the time with the values",
        )  # fmt: skip
    del done
    recordings: dict[str, Recording] = {}
    for name, pieces in group(everything, asset).items():
        recording, met = merge(name, pieces, interval_ns)
        own = pooled([one for one in problems if one.at.file in recording.files] + met)
        recordings[name] = replace(recording, problems=own)
        problems += met
    return Readings(recordings, pooled(problems), tuple(failed), zone or "UTC", formats)


def read_one(
    paths: PathLike | Iterable[PathLike],
    *,
    asset: str | None = None,
    zone: str | None = None,
    interval_ns: int | None = None,
    sheet: str | int | None = None,
    dayfirst: bool | None = None,
    layout: str | None = None,
    columns: Mapping[str, str | None] | None = None,
    progress: Progress = silent,
    time_format: str | None = None,
    decimal: str | None = None,
    quality: str | None = None,
) -> Recording:
    """The only recording of some files; parameters as `read`.

    Raises
    ------
    ReadingError : the files hold several assets, or one of them cannot be read
    """
    found = read(
        paths, asset=asset, zone=zone, interval_ns=interval_ns, sheet=sheet, dayfirst=dayfirst, layout=layout, columns=columns,
        progress=progress, time_format=time_format, decimal=decimal, quality=quality,
    )  # fmt: skip
    if found.failed:
        raise ReadingError(found.failed[0].what, at=found.failed[0].at, do=found.failed[0].rule)
    if len(found.recordings) != 1:
        names = ", ".join(sorted(found.recordings)[:12])
        raise ReadingError(f"the files hold {len(found.recordings)} assets: {names}", do="pass asset=… or use read()")
    return next(iter(found.recordings.values()))


def _check(zone: str | None, layout: str | None, decimal: str | None, quality: str | None, interval_ns: int | None) -> None:
    if zone is not None:
        zone_of(zone)
    for name, value, allowed in (("layout", layout, LAYOUTS), ("decimal", decimal, (",", ".")), ("quality", quality, QUALITIES)):
        if value is not None and value not in allowed:
            raise ReadingError(f"{value!r} is no {name}", do=f"use one of {', '.join(repr(one) for one in allowed)}")
    if interval_ns is not None and interval_ns <= 0:
        raise ReadingError("an interval must be longer than zero", do='use something like "1min"')


def _counted(start_ns: int | None, interval_ns: int | None) -> Counted | None:
    if start_ns is None:
        return None
    if interval_ns is None:
        raise ReadingError("a start needs the interval between rows", do="add it, for example --interval 1min")
    return Counted(start_ns, interval_ns)


def _part(progress: Progress, number: int, count: int) -> Progress:
    def report(stage: str, share: float, /) -> None:
        progress(stage, (number + share) / count)

    return report


def _answer(question: Question, formats: list[FileFormat], others: list[Question]) -> tuple[bool, str]:
    """Whether the day comes first in a file that does not tell: from the files beside it, alone or together."""
    told = {form.time_format[:2] for form in formats if re.match(r"(dd|mm)[-/.](dd|mm)", form.time_format)}
    if len(told) == 1:
        return told == {"dd"}, "the other files"
    dates = [text for other in others for text in other.evidence]
    if not told and len(others) > 1:
        try:
            order, _ = date_order(dict.fromkeys(dates), sum(other.rows for other in others), None, question.at)
        except ReadingError:
            raise question from None
        return order == "DMY", "all files together"
    raise question


def _read_file(path: Path, options: _Options, progress: Progress) -> tuple[list[Piece], list[Problem], FileFormat]:
    try:
        with open_table(path, options.sheet) as table:
            return _read_table(table, options, progress)
    except AndonError:
        raise
    except (OSError, ValueError, ArithmeticError, LookupError, MemoryError) as error:
        raise ReadingError(
            f"cannot be read: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}".rstrip(": "),
            at=At(file=str(path)), do="please report this file's form; leave it out for now",
        ) from error  # fmt: skip
    except Exception as error:
        if not type(error).__module__.startswith("polars"):
            raise
        raise ReadingError(f"cannot be read: {str(error).splitlines()[0]}", at=At(file=str(path)), do="export it again") from error


def _read_table(table: Table, options: _Options, progress: Progress) -> tuple[list[Piece], list[Problem], FileFormat]:
    if other := "" if options.columns else what_else(table.names):
        option = "--labels" if other == "labels" else "--lab"
        raise ReadingError(
            f"this is a {other} file, no recording", at=table.at(), do=f"pass it with {option}; read_labels and read_lab read it"
        )
    layout = find_layout(table, options.columns, options.layout, counted=options.counted is not None)
    if layout.time < 0 and options.counted is not None:
        return _read_counted(table, layout, options.counted, options, progress)
    doubled = [name for name in table.repeated if layout.kind == "wide" and word(name) not in QUALITY]
    problems = [problem("duplicate-column", at=table.at(tag=name)) for name in doubled]
    problems += [problem("nested-column", at=table.at(tag=name)) for name in table.extra.get("nested", ())]
    problems += [
        problem("extra-time-column", at=table.at(tag=table.names[number]))
        for number in layout.left_out
        if layout.kind == "wide" and layout.kinds[number] in ("time", "clock")
    ]
    if not table.header_line and table.kind in ("csv", "xlsx") and "look" not in table.extra:
        problems.append(problem("no-header", at=table.at(0)))
    numbers = [channel.column for channel in layout.channels if not table.typed] or list(layout.values)
    decimal = find_decimal(table, numbers, options.decimal) if table.kind == "csv" else options.decimal or "."
    time_columns = [channel.time for channel in layout.channels] if layout.kind == "pairs" else [layout.time]
    instants = [
        find_instants(table, column, layout.clock, dayfirst=options.dayfirst, zone=options.zone, time_format=options.time_format)
        for column in time_columns
    ]
    if instants[0].how == "steps":
        order = "day" if instants[0].format.order == "DMY" else "month"
        problems.append(problem("order-by-steps", at=table.at(tag=table.names[layout.time]), order=order))
    pieces: list[Piece] = []

    def place(rows: Rows, owner: str = "", anonymous: bool = False) -> None:
        piece, met = place_in_time(rows, options.zone, table, owner, anonymous)
        pieces.append(piece)
        said = any(one.kind == "zone-assumed" for one in problems)
        problems.extend(one for one in met if not (said and one.kind == "zone-assumed"))

    if layout.kind == "long":
        with SampleStore() as store:
            long = read_long(table, layout, instants[0], decimal=decimal, scheme=options.quality, store=store, progress=progress)
            problems += long.problems
            quality = long.quality
            for owner, rows, met in series_of(long):
                problems += met
                place(rows, owner)
        pieces = _share_times(pieces, [tag for _, tag in long.series])
    elif layout.kind == "pairs":
        every, met, quality = read_pairs(table, layout, instants, decimal=decimal, scheme=options.quality)
        problems += met
        for rows in every:
            place(rows)
    else:
        rows, met, quality = read_wide(table, layout, instants[0], decimal=decimal, scheme=options.quality, progress=progress)
        problems += met
        for owner, part in by_asset(rows):
            place(part, owner, layout.anonymous)
    if not any(len(piece.time) for piece in pieces):
        raise ReadingError("no row has a readable time", at=table.at(0), do='check the time column, or name it with columns={"time": …}')
    pieces = [piece for piece in pieces if len(piece.time)]
    return pieces, problems, _form(table, layout, instants[0].format.text, decimal, quality)


def _read_counted(
    table: Table, layout: Layout, counted: Counted, options: _Options, progress: Progress
) -> tuple[list[Piece], list[Problem], FileFormat]:
    """A wide table whose rows have no times."""
    numbers = [channel.column for channel in layout.channels if not table.typed]
    decimal = find_decimal(table, numbers, options.decimal) if table.kind == "csv" else options.decimal or "."
    rows, problems, quality = read_wide(table, layout, counted, decimal=decimal, scheme=options.quality, progress=progress)
    if not len(rows.time):
        raise ReadingError("the table has no row", at=table.at(0), do="export a period with values")
    piece, met = place_in_time(rows, options.zone, table, "", layout.anonymous)
    return [piece], [*problems, *met], _form(table, layout, COUNTED, decimal, quality)


def _share_times(pieces: list[Piece], order: list[str]) -> list[Piece]:
    """Series in the order of the file, as float32 where that loses no step; series of the same times share one array."""
    place = {tag: number for number, tag in enumerate(dict.fromkeys(order))}
    out: list[Piece] = []
    before = None
    for piece in sorted(pieces, key=lambda one: place[one.tags[0]]):
        if before is not None and len(before) == len(piece.time) and np.array_equal(before, piece.time):
            piece = replace(piece, time=before)
        before = piece.time
        finite = piece.values[np.isfinite(piece.values)]
        if finite.size:
            low, high = float(finite.min()), float(finite.max())
            if high == low or max(abs(low), abs(high)) * np.finfo(np.float32).eps <= 1e-3 * (high - low):
                piece = replace(piece, values=piece.values.astype(np.float32))
        else:
            piece = replace(piece, values=piece.values.astype(np.float32))
        out.append(piece)
    return out


def _form(table: Table, layout: Layout, time_format: str, decimal: str, quality: str) -> FileFormat:
    timed = layout.time >= 0
    roles = {table.names[layout.time]: "time"} if timed else {}
    for number, role in ((layout.clock, "clock"), (layout.tag, "tag"), (layout.quality, "quality"), (layout.asset, "asset")):
        if number >= 0:
            roles[table.names[number]] = role
    roles |= {table.names[number]: "value" for number in layout.values}
    roles |= {table.names[channel.quality]: "quality" for channel in layout.channels if channel.quality >= 0}
    return FileFormat(
        table.file, table.kind, table.compression, table.encoding, table.separator, decimal, table.header_line, table.unit_line,
        layout.kind, table.names[layout.time] if timed else "", time_format, quality, roles,
    )  # fmt: skip
