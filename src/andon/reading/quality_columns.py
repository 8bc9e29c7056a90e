"""Quality columns of one table, gathered with its batches and laid over the status of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from andon.plant.arrays import Float64Array, FloatArray, StatusArray
from andon.plant.recording import Problem
from andon.plant.status import Status
from andon.reading import quality
from andon.reading.layout import Channel
from andon.reading.problems import problem
from andon.reading.table import Table

if TYPE_CHECKING:
    import polars as pl


class QualityColumns:
    """Quality columns of a table: gathered with the batches, applied at the end, when the scheme of numbers is known."""

    def __init__(self, table: Table, columns: list[int], scheme: str | None) -> None:
        self.table, self.columns, self.scheme = table, columns, scheme
        self.kind = ""
        self.words: dict[int, list[StatusArray]] = {column: [] for column in columns}
        self.numbers: dict[int, list[Float64Array]] = {column: [] for column in columns}
        self.unknown: dict[int, tuple[int, str]] = {}

    def add(self, batch: pl.DataFrame, start: int) -> None:
        """Take the quality cells of a batch whose first row is `start`."""
        import polars as pl

        for column in self.columns:
            cells = batch[str(column)]
            if cells.dtype == pl.Boolean or not (cells.dtype.is_numeric() or cells.dtype == pl.String):
                cells = cells.cast(pl.String)
            number = cells.cast(pl.Float64, strict=False)
            hexed = None
            if cells.dtype == pl.String:
                hexed = cells.str.extract(r"^\s*0[xX]([0-9a-fA-F]{1,8})\s*$").str.to_integer(base=16, strict=False).cast(pl.Float64)
                number = number.fill_null(hexed)
                codes, unknown = quality.from_words(pl.select(pl.when(number.is_null()).then(cells)).to_series())
                if unknown and column not in self.unknown:
                    self.unknown[column] = (start, unknown[0])
            else:
                codes = np.zeros(batch.height, dtype=np.uint8)
            self.words[column].append(codes)
            self.numbers[column].append(number.fill_null(np.nan).to_numpy())

    def state(self, column: int) -> StatusArray:
        """(T,) status that a quality column gives."""
        numbers = np.concatenate(self.numbers[column]) if self.numbers[column] else np.empty(0)
        state = np.concatenate(self.words[column]) if self.words[column] else np.empty(0, dtype=np.uint8)
        has = np.isfinite(numbers)
        if not has.any():
            self.kind = self.kind or ("words" if len(state) else "")
            return state
        scheme = self.scheme_of(column, np.unique(numbers[has]))
        self.kind = scheme or ""
        state[has] = quality.from_numbers(numbers[has], self.kind)
        return state

    def scheme_of(self, column: int, numbers: Float64Array) -> str | None:
        """The scheme of a column's numbers; None where it holds words only."""
        if self.scheme not in (None, "words"):
            return self.scheme
        if not len(numbers):
            return self.scheme
        names = {name.lower() for name in self.table.names}
        aveva = (
            any(name.startswith("ww") for name in names)
            or bool({"opcquality", "qualitydetail"} & names)
            or {"tagname", "datetime"} <= names
        )
        return quality.number_scheme(self.table.names[column], numbers, aveva, self.table.at())

    def forget(self) -> None:
        """Drop what was gathered, when it has been used batch by batch."""
        self.words = {column: [] for column in self.columns}
        self.numbers = {column: [] for column in self.columns}

    def apply(self, values: FloatArray, status: StatusArray, channels: tuple[Channel, ...], problems: list[Problem]) -> None:
        """Lay the quality over the status of the values."""
        for column in self.columns:
            state = self.state(column)
            for number, channel in enumerate(channels):
                if channel.quality == column:
                    lay_over(values[:, number], status[:, number], state)
            if column in self.unknown:
                start, text = self.unknown[column]
                problems.append(problem("unknown-quality", at=self.table.at(start), column=self.table.names[column], text=text))


def lay_over(values: FloatArray, status: StatusArray, state: StatusArray) -> None:
    """Lay the status of a quality column over that of the values: a value without its goodness is worth no more than its quality."""
    has = status == Status.GOOD
    status[has] = state[has]
    gone = (status == Status.MISSING) & (state == Status.BAD)
    status[gone] = Status.BAD
    values[status == Status.MISSING] = np.nan
