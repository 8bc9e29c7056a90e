"""The time column of one table: its format, found once from the whole column, then applied to each batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from andon.plant.arrays import BoolArray, TimeArray
from andon.plant.errors import ReadingError
from andon.plant.export import TIME_FORMATS
from andon.reading.questions import Question
from andon.reading.table import Table
from andon.reading.time_numbers import number_kind, parse_numbers
from andon.reading.timestamps import (
    NO_TIME,
    TimeFormat,
    date_order,
    date_texts,
    parse_texts,
    pattern_of,
    three_numbers,
    zone_word,
)

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Instants:
    """Reads one time column.

    Attributes
    ----------
    column, clock : column numbers; -1 where there is no second column
    format : found from the whole column
    how : how the order of day and month was found: "", "given", "range" or "steps"
    drop : abbreviation of a zone to drop from the end of each text
    """

    column: int
    clock: int
    format: TimeFormat
    how: str = ""
    drop: str = ""

    @property
    def columns(self) -> tuple[int, ...]:
        """Column numbers that it needs."""
        return (self.column,) if self.clock < 0 else (self.column, self.clock)

    def read(self, batch: pl.DataFrame) -> tuple[TimeArray, BoolArray]:
        """Nanoseconds of a batch (`NO_TIME` where unreadable), and whether each is UTC already."""
        import polars as pl

        column = batch[str(self.column)]
        kind = self.format.kind
        if kind == "typed":
            zone = getattr(column.dtype, "time_zone", None)
            if column.dtype == pl.Date:
                column = column.cast(pl.Datetime("ns"))
            if zone is None and self.clock >= 0:
                column = column.cast(pl.Datetime("ns")) + batch[str(self.clock)].cast(pl.Duration("ns"))
            stamps = column.dt.cast_time_unit("ns").cast(pl.Int64)
            return stamps.fill_null(NO_TIME).to_numpy().astype(np.int64), np.full(column.len(), zone is not None)
        if kind != "text":
            if column.dtype == pl.String:
                whole = column.cast(pl.Int64, strict=False)
                if whole.null_count() == column.null_count():
                    column = whole
                else:
                    column = column.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
            gaps = column.is_null().to_numpy()
            numbers = column.fill_null(0).to_numpy()
            stamps_out = parse_numbers(numbers, kind)
            stamps_out[gaps] = NO_TIME
            return stamps_out, np.full(column.len(), kind != "excel")
        return parse_texts(self._texts(batch), self.format.order)

    def _texts(self, batch: pl.DataFrame) -> pl.Series:
        import polars as pl

        column = batch[str(self.column)].cast(pl.String)
        if self.clock >= 0:
            date = column.str.strip_chars().str.replace(r"[ T]0{1,2}:00(:00)?$", "")
            column = date + " " + batch[str(self.clock)].cast(pl.String).str.strip_chars()
        if self.drop:
            column = column.str.replace(r" [A-Z]{2,5}\s*$", "")
        return column


@dataclass(frozen=True, slots=True)
class Counted:
    """Times of a table that has none: its rows are counted from a start.

    Attributes
    ----------
    start : ns UTC, of the first row
    interval_ns : between rows
    """

    start: int
    interval_ns: int

    @property
    def columns(self) -> tuple[int, ...]:
        """None is needed."""
        return ()

    def read(self, batch: pl.DataFrame) -> tuple[TimeArray, BoolArray]:
        """A time of the right length for every row of a batch; `of_rows` says the real ones."""
        return np.zeros(batch.height, dtype=np.int64), np.ones(batch.height, dtype=bool)

    def of_rows(self, rows: int) -> TimeArray:
        """(rows,) ns UTC."""
        return self.start + np.arange(rows, dtype=np.int64) * self.interval_ns


def find_instants(
    table: Table, column: int, clock: int, *, dayfirst: bool | None = None, zone: str | None = None, time_format: str | None = None
) -> Instants:
    """Find the format of a time column.

    Dates of three short numbers are decided from the whole column, which is read once for that.

    Parameters
    ----------
    time_format : "epoch-s", "epoch-ms", "epoch-us", "epoch-ns" or "excel" where the user says it

    Raises
    ------
    Question : day and month can be exchanged; the zone is an abbreviation
    ReadingError : the column is no time
    """
    import polars as pl

    name = table.names[column]
    at = table.at(0, name)
    sample = table.head[str(column)]
    if sample.dtype.is_temporal():
        zoned = getattr(sample.dtype, "time_zone", None) is not None
        return Instants(column, clock, TimeFormat("typed", zoned=zoned, text=str(sample.dtype), sample=str(sample[0])))
    if time_format is not None:
        if time_format not in TIME_FORMATS:
            raise ReadingError(f"{time_format!r} is no time format", at=at, do=f"use one of {', '.join(TIME_FORMATS)}")
        return Instants(column, -1, TimeFormat(time_format, zoned=time_format != "excel", text=time_format))
    texts = [text for text in sample.cast(pl.String).drop_nulls().to_list() if text.strip()]
    numbers = sample if sample.dtype.is_numeric() else sample.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    if numbers.drop_nulls().len() >= 0.9 * max(len(texts), 1) and not (texts and pattern_of(texts[0])):
        kind = number_kind(numbers.drop_nulls().to_numpy(), True)
        if not kind:
            raise ReadingError(
                f"the numbers of column {name!r} are no instants, for example {texts[0] if texts else ''}",
                at=at, do=f"pass time_format= (--time-format) one of {', '.join(TIME_FORMATS)}, or export the time as text",
            )  # fmt: skip
        return Instants(column, -1, TimeFormat(kind, zoned=kind != "excel", text=kind, sample=texts[0]))
    drop = next((word for text in texts if (word := zone_word(text))), "")
    if drop and zone is None:
        raise Question(
            f"which zone is {drop!r}? Abbreviations of zones are not unique",
            option="zone", at=at, do="pass the IANA name of the zone, for example zone='Europe/Berlin' (--zone)",
        )  # fmt: skip
    bare = Instants(column, clock, TimeFormat("text"), drop=drop)
    joined = [text for text in bare._texts(table.head).drop_nulls().to_list() if text.strip()]
    example = next((text for text in joined if pattern_of(text)), None)
    if example is None:
        first = joined[0] if joined else ""
        raise ReadingError(f"column {name!r} is no time, for example {first!r}", at=at, do='name the time column with columns={"time": …}')
    order, how = "", ""
    if any(three_numbers(text) for text in joined[:50]):
        dates: dict[str, None] = {}
        rows = 0
        for batch in table.batches([column]):
            rows += batch.height
            dates |= dict.fromkeys(date_texts(batch[str(column)].cast(pl.String)))
        order, how = date_order(dates, rows, dayfirst, at)
    found = pattern_of(example, order)
    assert found is not None
    return Instants(column, clock, TimeFormat("text", order, found[2], found[1], example), how, drop)
