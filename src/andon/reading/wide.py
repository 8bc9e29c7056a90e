"""A wide table (one column per tag) becomes pieces of a recording, read in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, FloatArray, StatusArray, TimeArray
from andon.plant.progress import Progress, silent
from andon.plant.recording import Problem
from andon.plant.status import Status
from andon.reading import numerals
from andon.reading.cells import Vocabulary, read_cells, resolve
from andon.reading.instants import Counted, Instants
from andon.reading.layout import Channel, Layout
from andon.reading.problems import problem
from andon.reading.quality_columns import QualityColumns
from andon.reading.questions import Question
from andon.reading.table import Table
from andon.reading.timestamps import NO_TIME

if TYPE_CHECKING:
    import polars as pl

_F32_MAX = float(np.finfo(np.float32).max)
_ROWS = 2048


@dataclass(slots=True)
class Rows:
    """Rows of one table as they were written: order kept, times local or UTC.

    Attributes
    ----------
    time : (T,) int64 ns, local where not `zoned`
    zoned : (T,) bool
    values : (T, C)
    status : (T, C) uint8
    asset : (T,) int32 index into `assets`; empty where there is no asset column
    line : (T,) row of the file, 0-based; empty where it is the place in `time`
    """

    tags: tuple[str, ...]
    units: tuple[str, ...]
    time: TimeArray
    zoned: BoolArray
    values: FloatArray
    status: StatusArray
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asset: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    assets: tuple[str, ...] = ()
    line: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def find_decimal(table: Table, columns: list[int], decimal: str | None) -> str:
    """The decimal mark of a text table, from its sample, else from all of it."""
    if decimal is not None or table.typed:
        return decimal or "."
    try:
        found = numerals.decimal_mark(_marked(table.head, columns), table.at())
    except Question:
        texts: dict[str, None] = {}
        for batch in table.batches(columns):
            texts |= dict.fromkeys(_marked(batch, columns))
        found = numerals.decimal_mark(texts, table.at())
    return found or "."


def _marked(frame: pl.DataFrame, columns: list[int]) -> list[str]:
    """Numbers of a frame, where any of them has a comma or two points; else none, since a single point is decimal."""
    import polars as pl

    odd = frame.select(pl.col([str(number) for number in columns]).str.contains(r"^[^,]*\.[^,]*\.|,").any())
    if not any(odd.row(0)):
        return []
    texts: dict[str, None] = {}
    for number in columns:
        cells = frame[str(number)].drop_nulls()
        cells = cells.filter(cells.str.contains(r"[.,]")).unique(maintain_order=True).head(5_000)
        texts |= dict.fromkeys(text for text in cells.to_list() if numerals.looks_like_number(text))
    return list(texts)


def _starts_plain(table: Table, number: int, decimal: str) -> bool:
    """True where every filled cell of the sample is a plain number, so that the column is read as numbers at once."""
    import polars as pl

    column = table.head[str(number)]
    if table.typed:
        return column.dtype.is_numeric()
    if decimal == "," and table.separator == ",":
        return False
    if decimal == ".":
        _, nulls = table.sample_numbers()
        return nulls[number] - column.null_count() <= 0.5 * (column.len() - column.null_count())
    column = column.drop_nulls()
    if column.str.contains(".", literal=True).any():
        return False
    return column.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).null_count() <= 0.5 * column.len()


class _Filling:
    """Arrays that grow while batches come."""

    def __init__(self, table: Table, channels: tuple[Channel, ...], dtype: type[np.floating]) -> None:
        self.table, self.channels = table, channels
        about = max(table.rows_about(), 1)
        self.values = np.empty((about, len(channels)), dtype=dtype)
        self.status = np.empty((about, len(channels)), dtype=np.uint8)
        self.rows = 0
        self.low = np.full(len(channels), np.inf)
        self.high = np.full(len(channels), -np.inf)
        self.infinite: dict[int, tuple[int, int]] = {}  # channel -> first row, how many

    def room(self, more: int) -> None:
        if self.rows + more > len(self.values):
            extra = max(more, len(self.values) // 2)
            self.values = np.concatenate([self.values, np.empty((extra, self.values.shape[1]), self.values.dtype)])
            self.status = np.concatenate([self.status, np.empty((extra, self.status.shape[1]), np.uint8)])

    def put(self, at: list[int], block: Float64Array) -> None:
        """Write columns `at` of the newest rows; block (n, len(at)) float64."""
        if not at:
            return
        where: slice | list[int] = slice(at[0], at[-1] + 1) if at == list(range(at[0], at[-1] + 1)) else at
        self.low[where] = np.fmin(self.low[where], np.fmin.reduce(block, axis=0, initial=np.inf))
        self.high[where] = np.fmax(self.high[where], np.fmax.reduce(block, axis=0, initial=-np.inf))
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(block), _ROWS):
                part = block[start : start + _ROWS]
                self.values[self.rows + start : self.rows + start + len(part), where] = part

    def close_batch(self, count: int) -> None:
        """Status of the newest rows from their values: not a number is MISSING, infinite or beyond float32 is BAD."""
        for start in range(self.rows, self.rows + count, _ROWS):
            stop = min(start + _ROWS, self.rows + count)
            block = self.values[start:stop]
            state = self.status[start:stop]
            finite = np.isfinite(block)
            if self.values.dtype == np.float64:
                finite &= np.abs(block) <= _F32_MAX
            state[...] = np.where(finite, np.uint8(Status.GOOD), np.uint8(Status.MISSING))
            if not finite.all():
                endless = ~finite & ~np.isnan(block)
                if endless.any():
                    state[endless] = Status.BAD
                    block[endless] = np.nan
                    for channel in np.flatnonzero(endless.any(axis=0)):
                        first, seen = self.infinite.get(int(channel), (start + int(np.argmax(endless[:, channel])), 0))
                        self.infinite[int(channel)] = (first, seen + int(endless[:, channel].sum()))
        self.rows += count

    def needs_float64(self) -> bool:
        """True where float32 loses the steps of a tag (the rule of `Recording`)."""
        sane = (self.low >= -_F32_MAX) & (self.high <= _F32_MAX) & (self.high > self.low)
        largest = np.maximum(np.abs(self.low[sane]), np.abs(self.high[sane]))
        return bool((largest * np.finfo(np.float32).eps > 1e-3 * (self.high[sane] - self.low[sane])).any())


def read_wide(
    table: Table, layout: Layout, instants: Instants | Counted, *, decimal: str, scheme: str | None, progress: Progress = silent
) -> tuple[Rows, list[Problem], str]:
    """All rows of a wide table.

    Returns
    -------
    rows, problems, and how quality is written ("" where it is not)
    """
    rows, problems, kind, precise = _read(table, layout, instants, decimal, scheme, np.float32, progress)
    if precise:
        del rows
        rows, problems, kind, _ = _read(table, layout, instants, decimal, scheme, np.float64, progress)
    return rows, problems, kind


def _read(
    table: Table,
    layout: Layout,
    instants: Instants | Counted,
    decimal: str,
    scheme: str | None,
    dtype: type[np.floating],
    progress: Progress,
) -> tuple[Rows, list[Problem], str, bool]:
    import polars as pl

    channels = layout.channels
    plain = {number for number, channel in enumerate(channels) if _starts_plain(table, channel.column, decimal)}
    marks = sorted({channel.quality for channel in channels if channel.quality >= 0}) if scheme != "ignore" else []
    columns = [*instants.columns, *(channel.column for channel in channels), *marks, *([layout.asset] if layout.asset >= 0 else [])]
    filling = _Filling(table, channels, dtype)
    words, assets = Vocabulary(), Vocabulary()
    stamps: list[TimeArray] = []
    zoned: list[BoolArray] = []
    owners: list[np.ndarray] = []
    texts: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
    second: set[int] = set()  # columns read as numbers in which some cell was empty or no plain number
    reader = QualityColumns(table, marks, scheme)
    total = max(table.rows_about(), 1)
    for batch in table.batches(columns, [channels[number].column for number in plain], decimal):
        count = batch.height
        filling.room(count)
        time, has_zone = instants.read(batch)
        stamps.append(time)
        zoned.append(has_zone)
        if layout.asset >= 0:
            owners.append(codes_of(batch[str(layout.asset)].cast(pl.String), assets))
        ordered = sorted(plain)
        numbers = batch.select([str(channels[number].column) for number in ordered])
        if not table.typed:
            second |= {number for number in ordered if batch[str(channels[number].column)].null_count()}
        filling.put(ordered, numbers.to_numpy() if numbers.width else np.empty((count, 0)))
        late: list[tuple[int, np.ndarray, StatusArray]] = []
        for number, channel in enumerate(channels):
            if number in plain:
                continue
            column = batch[str(channel.column)]
            value, state, code = read_column(column if column.dtype == pl.String else column.cast(pl.String), decimal, words)
            filling.put([number], value[:, None])
            odd = np.flatnonzero(state != Status.GOOD)
            if odd.size:
                late.append((number, filling.rows + odd, state[odd]))
            found = np.flatnonzero(code >= 0)
            if found.size:
                texts.setdefault(number, []).append((filling.rows + found, code[found]))
        filling.close_batch(count)
        for number, where, state in late:
            filling.status[where, number] = state
        reader.add(batch, filling.rows - count)
        progress("read", min(1.0, filling.rows / total))
    if second and not table.typed:
        _second_look(table, channels, sorted(second), decimal, words, filling, texts)
    problems: list[Problem] = []
    time_all = np.concatenate(stamps) if stamps else np.empty(0, dtype=np.int64)
    if isinstance(instants, Counted):
        time_all = instants.of_rows(len(time_all))
    zoned_all = np.concatenate(zoned) if zoned else np.empty(0, dtype=bool)
    values, status = filling.values[: filling.rows], filling.status[: filling.rows]
    precise = dtype == np.float32 and filling.needs_float64()
    if precise:
        return Rows((), (), time_all, zoned_all, values, status), [], "", True
    problems += [
        problem("not-finite", at=table.at(first, channels[number].tag), count=seen) for number, (first, seen) in filling.infinite.items()
    ]
    categories: dict[str, tuple[str, ...]] = {}
    keep = np.ones(len(channels), dtype=bool)
    for number, parts in sorted(texts.items()):
        where = np.concatenate([part[0] for part in parts])
        code = np.concatenate([part[1] for part in parts])
        order = np.argsort(where, kind="stable")
        where, code = where[order], code[order]
        known, met, stay = resolve(table, channels[number].tag, values[:, number], status[:, number], where, code, words, where)
        keep[number] = stay
        if known is not None:
            categories[channels[number].tag] = known
        if met is not None:
            problems.append(met)
    reader.apply(values, status, channels, problems)
    if not keep.all():
        kept = np.flatnonzero(keep)
        values, status = values[:, kept], status[:, kept]
        channels = tuple(channels[number] for number in kept)
    line = np.arange(len(time_all))
    no_time = time_all == NO_TIME
    if no_time.any():
        filled = no_time & (status != Status.MISSING).any(axis=1)
        if filled.any():
            first = int(np.flatnonzero(filled)[0])
            problems.append(problem("unreadable-time", at=table.at(first), count=int(filled.sum())))
        stay_rows = np.flatnonzero(~no_time)
        values, status = values[stay_rows], status[stay_rows]
        time_all, zoned_all, line = time_all[stay_rows], zoned_all[stay_rows], line[stay_rows]
        owner = np.concatenate(owners)[stay_rows] if owners else np.empty(0, dtype=np.int32)
    else:
        owner = np.concatenate(owners) if owners else np.empty(0, dtype=np.int32)
    rows = Rows(
        tuple(channel.tag for channel in channels), tuple(channel.unit for channel in channels), time_all, zoned_all, values, status,
        categories, owner, tuple(assets.texts), line,
    )  # fmt: skip
    return rows, problems, reader.kind, False


def codes_of(column: pl.Series, names: Vocabulary) -> np.ndarray:
    distinct = column.fill_null("").unique(maintain_order=True).to_list()
    table = {text: names.code(text.strip()) for text in distinct}
    import polars as pl

    return column.fill_null("").replace_strict(list(table), list(table.values()), return_dtype=pl.Int32).to_numpy()


def read_column(column: pl.Series, decimal: str, words: Vocabulary) -> tuple[Float64Array, StatusArray, np.ndarray]:
    """Values, status and text codes of a String column; a null is MISSING."""
    import polars as pl

    count = column.len()
    if decimal == ".":
        value = column.cast(pl.Float64, strict=False)
    else:
        point = column.str.contains(".", literal=True)
        value = (
            pl.select(pl.when(point).then(None).otherwise(column.str.replace(",", ".", literal=True)))
            .to_series()
            .cast(pl.Float64, strict=False)
        )
    out = value.to_numpy(writable=True)
    state = np.zeros(count, dtype=np.uint8)
    code = np.full(count, -1, dtype=np.int64)
    odd = np.flatnonzero((column.is_not_null() & value.is_null()).to_numpy())
    if odd.size:
        out[odd], state[odd], code[odd] = read_cells(column.gather(odd), decimal, words)
    return out, state, code


def _second_look(
    table: Table, channels: tuple[Channel, ...], suspects: list[int], decimal: str, words: Vocabulary, filling: _Filling,
    texts: dict[int, list[tuple[np.ndarray, np.ndarray]]],
) -> None:  # fmt: skip
    """Read again, as text, the columns in which some cell was empty or no plain number; only those cells are looked at."""
    start = 0
    for batch in table.batches([channels[number].column for number in suspects]):
        for number in suspects:
            column = batch[str(channels[number].column)]
            here = filling.status[start : start + batch.height, number] == Status.MISSING
            odd = np.flatnonzero(here & column.is_not_null().to_numpy())
            if not odd.size:
                continue
            value, state, code = read_cells(column.gather(odd), decimal, words)
            where = start + odd
            got = np.isfinite(value) & (np.abs(value) <= _F32_MAX)
            filling.values[where[got], number] = value[got]
            filling.status[where[got], number] = Status.GOOD
            if got.any():
                filling.low[number] = min(filling.low[number], float(value[got].min()))
                filling.high[number] = max(filling.high[number], float(value[got].max()))
            bad = state != Status.GOOD
            filling.status[where[bad], number] = state[bad]
            found = code >= 0
            if found.any():
                texts.setdefault(number, []).append((where[found], code[found]))
        start += batch.height


def by_asset(rows: Rows) -> Iterator[tuple[str, Rows]]:
    """The rows of each asset apart; the name is empty where the table names none."""
    if not rows.assets:
        yield "", rows
        return
    for code, name in enumerate(rows.assets):
        here = np.flatnonzero(rows.asset == code)
        if here.size and name:
            yield (
                name,
                Rows(
                    rows.tags,
                    rows.units,
                    rows.time[here],
                    rows.zoned[here],
                    rows.values[here],
                    rows.status[here],
                    rows.texts,
                    line=rows.line[here],
                ),
            )
