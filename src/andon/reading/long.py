"""A long table (a row per sample) becomes one series per tag; larger than memory, it is sorted through files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from andon.plant.arrays import Float64Array, StatusArray
from andon.plant.progress import Progress, silent
from andon.plant.recording import Problem
from andon.plant.status import Status
from andon.reading.cells import Vocabulary, resolve
from andon.reading.instants import Instants
from andon.reading.layout import Channel, Layout
from andon.reading.problems import problem
from andon.reading.quality_columns import QualityColumns, lay_over
from andon.reading.table import Table
from andon.reading.timestamps import NO_TIME
from andon.reading.wide import Rows, codes_of, read_column

if TYPE_CHECKING:
    import polars as pl

_ROW = np.dtype([("series", "<i4"), ("status", "u1"), ("zoned", "?"), ("code", "<i4"), ("time", "<i8"), ("value", "<f8"), ("line", "<i8")])
_IN_MEMORY_ROWS = 30_000_000  # about 1 GB
_BUCKETS = 64
_F32_MAX = float(np.finfo(np.float32).max)


class SampleStore:
    """Samples of many series, in memory while they are few, else in one file per group of series."""

    def __init__(self, most: int = _IN_MEMORY_ROWS) -> None:
        self.most, self.rows = most, 0
        self.parts: list[np.ndarray] = []
        self.folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> SampleStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.parts = []
        if self.folder is not None:
            self.folder.cleanup()

    def add(self, part: np.ndarray) -> None:
        """Take a batch of samples, in the order of the file."""
        self.rows += len(part)
        self.parts.append(part)
        if self.folder is not None or self.rows > self.most:
            self._spill()

    def _spill(self) -> None:
        if self.folder is None:
            self.folder = tempfile.TemporaryDirectory(prefix="andon-")
        for part in self.parts:
            bucket = part["series"] % _BUCKETS
            order = np.argsort(bucket, kind="stable")
            edges = np.searchsorted(bucket[order], np.arange(_BUCKETS + 1))
            for number in range(_BUCKETS):
                if edges[number + 1] > edges[number]:
                    with (Path(self.folder.name) / str(number)).open("ab") as file:
                        part[order[edges[number] : edges[number + 1]]].tofile(file)
        self.parts = []

    def series(self) -> Iterator[tuple[int, np.ndarray]]:
        """Each series with its samples in the order of the file."""
        if self.folder is None:
            yield from _split(np.concatenate(self.parts) if self.parts else np.empty(0, dtype=_ROW))
            return
        for path in sorted(Path(self.folder.name).iterdir()):
            yield from _split(np.fromfile(path, dtype=_ROW))


def _split(samples: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    order = np.argsort(samples["series"], kind="stable")
    keys = samples["series"][order]
    edges = np.flatnonzero(np.diff(keys, prepend=-1))
    for start, stop in zip(edges, [*edges[1:], len(keys)], strict=True):
        yield int(keys[start]), samples[order[start:stop]]


@dataclass(slots=True)
class LongTable:
    """What was read of a long table: samples by series, a series being a tag of an asset."""

    table: Table
    store: SampleStore
    series: list[tuple[str, str]] = field(default_factory=list)  # (asset, tag)
    words: Vocabulary = field(default_factory=Vocabulary)
    problems: list[Problem] = field(default_factory=list)
    quality: str = ""


def read_long(
    table: Table, layout: Layout, instants: Instants, *, decimal: str, scheme: str | None, store: SampleStore, progress: Progress = silent
) -> LongTable:
    """All samples of a long table, into `store`."""
    import polars as pl

    out = LongTable(table, store)
    tags, assets = Vocabulary(), Vocabulary()
    known: dict[tuple[int, int], int] = {}
    marks = [layout.quality] if layout.quality >= 0 and scheme != "ignore" else []
    columns = [*instants.columns, layout.tag, *layout.values, *marks, *([layout.asset] if layout.asset >= 0 else [])]
    total, done = max(table.rows_about(), 1), 0
    lost, lost_first, nameless, endless, endless_at = 0, 0, 0, 0, (0, "")
    reader = QualityColumns(table, marks, _scheme(table, layout, scheme))
    for batch in table.batches(columns):
        time, zoned = instants.read(batch)
        tag = codes_of(batch[str(layout.tag)].cast(pl.String), tags)
        asset = codes_of(batch[str(layout.asset)].cast(pl.String), assets) if layout.asset >= 0 else np.zeros(batch.height, dtype=np.int32)
        value, state, code = _values(batch, layout, decimal, out.words)
        state[np.isnan(value) & (code < 0) & (state == Status.GOOD)] = Status.MISSING
        over = np.isinf(value) | (np.abs(value) > _F32_MAX)
        if over.any():
            first = int(np.argmax(over))
            endless_at = endless_at if endless else (done + first, tags.texts[tag[first]])
            endless += int(over.sum())
            value[over], state[over] = np.nan, Status.BAD
        if marks:
            reader.add(batch, done)
            lay_over(value, state, reader.state(layout.quality))
            reader.forget()
        both = tag.astype(np.int64) + (asset.astype(np.int64) << 32)
        distinct, back = np.unique(both, return_inverse=True)
        numbers = np.array([_series(int(key), known, tags, assets, out.series, layout.asset >= 0) for key in distinct], dtype=np.int32)
        part = np.empty(batch.height, dtype=_ROW)
        part["series"], part["status"], part["zoned"], part["code"] = numbers[back], state, zoned, code
        part["time"], part["value"], part["line"] = time, value, np.arange(done, done + batch.height)
        named = part["series"] >= 0
        gone = named & (time == NO_TIME)
        if gone.any():
            lost_first = lost_first if lost else done + int(np.argmax(gone))
            lost += int(gone.sum())
        nameless += int((~named & (time != NO_TIME)).sum())
        keep = named & ~gone
        store.add(part if keep.all() else part[keep])
        done += batch.height
        progress("read", min(1.0, done / total))
    out.quality = reader.kind
    if lost:
        out.problems.append(problem("unreadable-time", at=table.at(lost_first), count=lost))
    if nameless:
        out.problems.append(problem("no-tag", at=table.at(), count=nameless))
    if endless:
        out.problems.append(problem("not-finite", at=table.at(*endless_at), count=endless))
    for start, text in reader.unknown.values():
        out.problems.append(problem("unknown-quality", at=table.at(start), column=table.names[layout.quality], text=text))
    return out


def _scheme(table: Table, layout: Layout, scheme: str | None) -> str | None:
    """The scheme of quality numbers, from the whole column: a batch alone could hold zeros only."""
    if layout.quality < 0 or scheme not in (None, "words"):
        return scheme
    found = QualityColumns(table, [layout.quality], None)
    seen: set[float] = set()
    for batch in table.batches([layout.quality]):
        found.add(batch, 0)
        seen |= set(np.unique(found.numbers[layout.quality][-1]).tolist())
        found.forget()
    return found.scheme_of(layout.quality, np.array(sorted(number for number in seen if number == number)))


def _series(
    key: int, known: dict[tuple[int, int], int], tags: Vocabulary, assets: Vocabulary, series: list[tuple[str, str]], has_asset: bool
) -> int:
    tag, asset = key & 0xFFFFFFFF, key >> 32
    name = tags.texts[tag]
    owner = assets.texts[asset] if has_asset else ""
    if not name or (has_asset and not owner):
        return -1
    if (asset, tag) not in known:
        known[asset, tag] = len(series)
        series.append((owner, name))
    return known[asset, tag]


def _values(batch: pl.DataFrame, layout: Layout, decimal: str, words: Vocabulary) -> tuple[Float64Array, StatusArray, np.ndarray]:
    """Values, status and text codes: of the first value column that holds something."""
    import polars as pl

    value: Float64Array | None = None
    for column in layout.values:
        cells = batch[str(column)]
        if cells.dtype.is_numeric():
            new = cells.cast(pl.Float64).fill_null(np.nan).to_numpy(writable=True)
            state_new, code_new = np.zeros(len(new), dtype=np.uint8), np.full(len(new), -1, dtype=np.int64)
        else:
            new, state_new, code_new = read_column(cells.cast(pl.String), decimal, words)
        if value is None:
            value, state, code = new, state_new, code_new
        else:
            free = np.isnan(value) & (code < 0) & ((state == Status.GOOD) | (state == Status.MISSING))
            value[free], state[free], code[free] = new[free], state_new[free], code_new[free]
    assert value is not None
    return value, state, code


def series_of(long: LongTable) -> Iterator[tuple[str, Rows, list[Problem]]]:
    """Each series as rows of one tag, with what its texts turned out to be; the asset's name first."""
    for number, samples in long.store.series():
        asset, tag = long.series[number]
        values, status = samples["value"].copy(), samples["status"].copy()
        where = np.flatnonzero((samples["code"] >= 0) & (samples["status"] != Status.BAD))
        texts, met, keep = resolve(
            long.table, tag, values, status, where, samples["code"][where].astype(np.int64), long.words, samples["line"][where]
        )
        if not keep:
            continue
        rows = Rows(
            (tag,), ("",), samples["time"].copy(), samples["zoned"].copy(), values[:, None], status[:, None],
            {tag: texts} if texts else {}, line=samples["line"].copy(),
        )  # fmt: skip
        yield asset, rows, [met] if met else []


def read_pairs(
    table: Table, layout: Layout, instants: list[Instants], *, decimal: str, scheme: str | None
) -> tuple[list[Rows], list[Problem], str]:
    """Tags that each have a time column of their own, side by side. Small files: each pair is read by itself."""
    from andon.reading.wide import read_wide

    out: list[Rows] = []
    problems: list[Problem] = []
    kind = ""
    for channel, own in zip(layout.channels, instants, strict=True):
        single = Layout("wide", channel.time, channels=(Channel(channel.column, channel.tag, channel.unit, channel.quality),))
        rows, met, found = read_wide(table, single, own, decimal=decimal, scheme=scheme)
        kind = kind or found
        out.append(rows)
        problems += met
    return out, problems, kind
