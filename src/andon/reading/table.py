"""One open table: names, units, a sample, and batches of its columns. Columns are numbered, names may be anything."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.plant.errors import At, ReadingError
from andon.reading import dialect as writing
from andon.reading.encoding import Text, open_text
from andon.reading.influx import is_annotated, long_table

if TYPE_CHECKING:
    import polars as pl

_CELLS = 8_000_000
_SAMPLE_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Table:
    """One open table. Its columns are called "0", "1", ... in frames.

    Attributes
    ----------
    file : as the user named it
    kind : "csv", "xlsx", "parquet" or "arrow"
    names, units : one per column; names are unique, a repeated one has " (2)" behind it
    repeated : names that stand more than once in the header
    head : the first rows; String columns for csv and xlsx, typed for parquet and arrow
    first_line : line of the first row of data; 0 where the file has no lines
    source : what `batches` reads: UTF-8 text, or a frame
    """

    file: str
    kind: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    repeated: tuple[str, ...]
    head: pl.DataFrame
    first_line: int
    source: bytes | Path | pl.LazyFrame
    separator: str = ""
    quoted: bool = True
    header_line: int = 0
    unit_line: int = 0
    encoding: str = ""
    compression: str = ""
    size: int = 0
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def typed(self) -> bool:
        """True where columns have types of their own (parquet, arrow)."""
        return self.kind in ("parquet", "arrow")

    def at(self, row: int | None = None, tag: str | None = None) -> At:
        """The place of a row of data (0-based)."""
        return At(file=self.file, line=self.first_line + row if row is not None and self.first_line else None, tag=tag)

    def sample_numbers(self) -> tuple[pl.DataFrame, tuple[int, ...]]:
        """The sample as Float64 (null where a cell is no plain number), and how many nulls each column of it has.

        All columns at once, since one call per column is slow for thousands of them.
        """
        import polars as pl

        if "numbers" not in self.extra:
            odd = [name for name, kind in self.head.schema.items() if not (kind.is_numeric() or kind == pl.String)]
            frame = self.head.select(
                (pl.when(False).then(0.0) if name in odd else pl.col(name).cast(pl.Float64, strict=False)).alias(name)
                for name in self.head.columns
            )
            self.extra["numbers"] = (frame, tuple(frame.null_count().row(0)))
        numbers: tuple[pl.DataFrame, tuple[int, ...]] = self.extra["numbers"]
        return numbers

    def rows_about(self) -> int:
        """An upper guess of the number of rows; exact for parquet and arrow."""
        import polars as pl

        if isinstance(self.source, pl.LazyFrame):
            return int(self.source.select(pl.len()).collect().item())
        sample = self.extra.get("sample_bytes_per_row", 1.0)
        return int(self.size / max(sample, 1.0) * 1.1) + 1000

    def batches(self, columns: Iterable[int], numeric: Iterable[int] = (), decimal: str = ".") -> Iterator[pl.DataFrame]:
        """Batches of those columns, in the order of the file.

        Parameters
        ----------
        columns : column numbers
        numeric : those of them to read as Float64 at once; a cell that is no plain number becomes null
        decimal : decimal mark of the numeric ones
        """
        import polars as pl

        wanted, numbers = list(dict.fromkeys(columns)), set(numeric)
        chunk = max(256, min(262_144, _CELLS // max(len(wanted), 1)))
        if isinstance(self.source, pl.LazyFrame):
            casts = [pl.col(str(at)).cast(pl.Float64, strict=False) if at in numbers else pl.col(str(at)) for at in wanted]
            frame = self.source.select(casts)
        else:
            frame = pl.scan_csv(
                self.source,
                has_header=False,
                separator=self.separator,
                quote_char='"' if self.quoted else None,
                skip_lines=self.first_line - 1,
                schema={str(at): pl.Float64 if at in numbers else pl.String for at in range(len(self.names))},
                truncate_ragged_lines=True,
                missing_columns="insert",
                ignore_errors=True,
                decimal_comma=decimal == "," and self.separator != ",",
                glob=False,
            ).select([str(at) for at in wanted])
        try:
            yield from frame.collect_batches(chunk_size=chunk, maintain_order=True)
        except pl.exceptions.NoDataError:
            return
        except (pl.exceptions.PolarsError, OSError) as error:
            first = str(error).strip().splitlines()[0]
            what = "a quotation mark opens a cell and never closes" if 'could not parse `"' in first else f"the table is damaged: {first}"
            raise ReadingError(what, at=At(file=self.file), do="export it again") from error


def unique_names(names: Iterable[str], skip_empty: bool = True) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names with " (2)", " (3)" behind repeats, "column 3" for empty ones; and the repeated names."""
    taken: dict[str, int] = {}
    out: list[str] = []
    repeated: list[str] = []
    given = list(names)
    present = set(given)
    for number, name in enumerate(given, start=1):
        plain = name or f"column {number}"
        if plain in taken:
            if plain not in repeated:
                repeated.append(plain)
            copy = taken[plain] + 1
            while f"{plain} ({copy})" in present or f"{plain} ({copy})" in taken:
                copy += 1
            taken[plain] = copy
            plain = f"{plain} ({copy})"
        taken.setdefault(plain, 1)
        out.append(plain)
    return tuple(out), tuple(repeated)


@contextmanager
def open_table(path: Path, sheet: str | int | None = None) -> Iterator[Table]:
    """The table of one file, for the length of the block.

    Raises
    ------
    ReadingError : empty, damaged, no table, only a header, no such sheet
    """
    name = path.name.lower()
    if name.endswith((".parquet", ".pq")):
        yield _typed(path, "parquet")
    elif name.endswith((".arrow", ".feather", ".ipc")):
        yield _typed(path, "arrow")
    elif name.endswith((".xlsx", ".xlsm", ".xls")):
        yield _sheet(path, sheet)
    else:
        with open_text(path) as text:
            yield _text(path, text)


def _typed(path: Path, kind: str) -> Table:
    import polars as pl

    at = At(file=str(path))
    try:
        if path.stat().st_size == 0:
            raise ReadingError("the file is empty", at=at, do="export it again, or leave it out")
        if kind == "parquet":
            lazy = pl.scan_parquet(path, glob=False)
        else:
            with path.open("rb") as file:
                magic = file.read(6)
            lazy = pl.scan_ipc(path) if magic == b"ARROW1" else pl.read_ipc_stream(path).lazy()
        schema = lazy.collect_schema()
        given = [name for name, kind in schema.items() if not (kind.is_nested() or kind in (pl.Binary, pl.Object))]
        nested = [name for name in schema.names() if name not in given]
        names, repeated = unique_names(given)
        lazy = lazy.select(_plain_type(name, schema[name]).alias(str(number)) for number, name in enumerate(given))
        head = lazy.head(_SAMPLE_ROWS).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ReadingError(f"the {kind} file is damaged: {first}", at=at, do="export it again") from error
    if head.height == 0:
        raise ReadingError("only a header, no row of data", at=at, do="export a period that holds data, or leave the file out")
    units = tuple(writing.unit_in_name(name) for name in names)
    return Table(str(path), kind, names, units, repeated, head, 0, lazy, size=path.stat().st_size, extra={"nested": nested})


def _plain_type(name: str, kind: pl.DataType) -> pl.Expr:
    """A column as time, number or text."""
    import polars as pl

    if kind.is_decimal():
        return pl.col(name).cast(pl.Float64)
    if kind.is_numeric() or kind.is_temporal() or kind == pl.String:
        return pl.col(name)
    return pl.col(name).cast(pl.String)


def _sheet(path: Path, sheet: str | int | None) -> Table:
    import fastexcel
    import polars as pl

    at = At(file=str(path))
    try:
        book = fastexcel.read_excel(path)
    except Exception as error:
        raise ReadingError("not a readable workbook", at=at, do="save it as .xlsx again, or export CSV") from error
    if sheet is not None and isinstance(sheet, str) and sheet not in book.sheet_names:
        raise ReadingError(f"no sheet {sheet!r}", at=at, do=f"it has: {', '.join(book.sheet_names)}")
    try:
        frame = book.load_sheet(0 if sheet is None else sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ReadingError(f"the sheet cannot be read: {first}", at=at, do="save the workbook again, or export CSV") from error
    if frame.height == 0:
        raise ReadingError("the sheet is empty", at=at, do="name another one with sheet=…")
    frame = frame.select(pl.all().cast(pl.String)).rename({old: str(number) for number, old in enumerate(frame.columns)})
    look = [[cell or "" for cell in row] for row in frame.head(80).rows()]
    found = writing.from_rows(look, at)
    body = frame.slice(found.first_line - 1)
    names, repeated = unique_names(found.names[: frame.width] + ("",) * (frame.width - len(found.names)))
    units = found.units[: frame.width] + ("",) * (frame.width - len(found.units))
    return Table(
        str(path), "xlsx", names, units, repeated, body.head(_SAMPLE_ROWS), found.first_line, body.lazy(),
        header_line=found.header_line, unit_line=found.unit_line, size=path.stat().st_size,
    )  # fmt: skip


def _text(path: Path, text: Text) -> Table:
    import polars as pl

    at = At(file=str(path))
    if is_annotated(text.start(4096)):
        frame = long_table(text.whole(), at)
        return Table(
            str(path), "csv", ("time", "tag", "value"), ("", "", ""), (), frame.head(_SAMPLE_ROWS), 0, frame.lazy(),
            separator=",", encoding=text.encoding, compression=text.compression, size=text.size, extra={"look": "influx"},
        )  # fmt: skip
    size = 1 << 18
    start = text.start(size)
    while start.count("\n") < 12 and size < min(text.size, 1 << 26):
        size *= 8
        start = text.start(size)
    lines = start.splitlines()
    if not any(line.strip() for line in lines):
        raise ReadingError("the file is empty", at=at, do="export it again, or leave it out")
    found = writing.find_dialect(lines, at)
    source = text.source
    separator = found.separator
    if separator == " ":
        source = "\n".join("\t".join(line.split()) for line in text.whole().splitlines()).encode("utf-8")
        separator = "\t"
    names, repeated = unique_names(found.names)
    table = Table(
        str(path), "csv", names, found.units, repeated, pl.DataFrame(), found.first_line, source,
        separator=separator, quoted=found.quoted, header_line=found.header_line, unit_line=found.unit_line,
        encoding=text.encoding, compression=text.compression, size=text.size,
    )  # fmt: skip
    sample = "\n".join(lines[found.first_line - 1 : found.first_line - 1 + _SAMPLE_ROWS])
    if separator == "\t" and found.separator == " ":
        sample = "\n".join("\t".join(line.split()) for line in sample.splitlines())
    head = _head(table, sample)
    if head.height == 0:
        raise ReadingError("only a header, no row of data", at=at, do="export a period that holds data, or leave the file out")
    table.extra["sample_bytes_per_row"] = min(len(line) for line in sample.splitlines() if line.strip()) + 1
    return Table(**{name: getattr(table, name) for name in Table.__slots__} | {"head": head})


def _head(table: Table, sample: str) -> pl.DataFrame:
    import polars as pl

    part = Table(
        table.file, table.kind, table.names, table.units, (), pl.DataFrame(), 1, io.BytesIO(sample.encode()).getvalue(),
        separator=table.separator, quoted=table.quoted,
    )  # fmt: skip
    frames = list(part.batches(range(len(table.names))))
    return pl.concat(frames) if frames else pl.DataFrame()
