"""The Parquet files of samples and bins, and what their names say.

    <start>~<end>~<sequence>~<first asset>~<last asset>~<tags>~<kind>.parquet

Start and end (ns UTC) bound the span that the file belongs to. Of two rows for the same place the one in the file with the
greater sequence counts. Kind r: as it came; p: packed together, of a span that goes on; s: settled, and rolled up to the next level.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from andon.plant.errors import At, StoreError
from andon.plant.rows import Rows
from andon.store.durable_write import durable_write
from andon.store.segments.bins import Bins

if TYPE_CHECKING:
    import polars as pl

_NAME = re.compile(r"(-?\d+)~(-?\d+)~(\d+)~(\d+)~(\d+)~(\d+)~([rps])\.parquet")
ROW_GROUP = 4_096


@dataclass(frozen=True, slots=True, order=True)
class SegmentFile:
    """One file, by its name."""

    start: int
    end: int
    sequence: int
    first_asset: int
    last_asset: int
    tags: int
    kind: str

    @property
    def name(self) -> str:
        """In its folder."""
        return f"{self.start}~{self.end}~{self.sequence}~{self.first_asset}~{self.last_asset}~{self.tags}~{self.kind}.parquet"

    @classmethod
    def parse(cls, name: str) -> SegmentFile | None:
        """The file of a name; None of anything else."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        start, end, sequence, first, last, tags = (int(text) for text in match.groups()[:6])
        return cls(start, end, sequence, first, last, tags, match[7])


class Gone(Exception):
    """A file was replaced meanwhile: list them again."""


def write_rows(path: Path, rows: Rows) -> None:
    """Write samples, whole or not at all.

    Raises
    ------
    StoreError : the disk refuses
    """
    _write(path, {"asset": rows.asset, "time": rows.time} | _wide("v", rows.values) | _wide("s", rows.status))


def write_bins(path: Path, bins: Bins) -> None:
    """Write bins, whole or not at all.

    Raises
    ------
    StoreError : the disk refuses
    """
    parts = (("l", bins.low), ("h", bins.high), ("m", bins.mean), ("c", bins.count), ("s", bins.status))
    columns: dict[str, Any] = {"asset": bins.asset, "time": bins.time}
    for key, array in parts:
        columns |= _wide(key, array)
    _write(path, columns)


def read_rows(path: Path, file: SegmentFile, columns: Sequence[int], dtype: Any, where: Where) -> Rows:
    """Samples of some tags; MISSING where the file has none of a tag."""
    known = [column for column in columns if column < file.tags]
    frame = _read(path, [f"{key}{column}" for key in "vs" for column in known], where)
    rows = frame.height
    values = np.full((rows, len(columns)), np.nan, dtype=dtype)
    status = np.full((rows, len(columns)), 3, dtype=np.uint8)
    for place, column in enumerate(columns):
        if column < file.tags:
            values[:, place] = frame[f"v{column}"].to_numpy()
            status[:, place] = frame[f"s{column}"].to_numpy()
    return Rows(frame["asset"].to_numpy(), frame["time"].to_numpy(), values, status)


def read_bins(path: Path, file: SegmentFile, columns: Sequence[int], dtype: Any, where: Where) -> Bins:
    """Bins of some tags; empty where the file has none of a tag."""
    known = [column for column in columns if column < file.tags]
    frame = _read(path, [f"{key}{column}" for key in "lhmcs" for column in known], where)
    shape = (frame.height, len(columns))
    out = {key: np.full(shape, np.nan, dtype=dtype) for key in "lhm"}
    out |= {"c": np.zeros(shape, dtype=np.uint32), "s": np.full(shape, 3, dtype=np.uint8)}
    for place, column in enumerate(columns):
        if column < file.tags:
            for key, array in out.items():
                array[:, place] = frame[f"{key}{column}"].to_numpy()
    return Bins(frame["asset"].to_numpy(), frame["time"].to_numpy(), out["l"], out["h"], out["m"], out["c"], out["s"])


@dataclass(frozen=True, slots=True)
class Where:
    """Assets first..last and start <= time < end."""

    first_asset: int
    last_asset: int
    start: int
    end: int


def _read(path: Path, columns: list[str], where: Where) -> pl.DataFrame:
    import polars as pl

    try:
        scan = pl.scan_parquet(path, glob=False).filter(
            pl.col("asset") >= where.first_asset,
            pl.col("asset") <= where.last_asset,
            pl.col("time") >= where.start,
            pl.col("time") < where.end,
        )
        return scan.select("asset", "time", *columns).collect()
    except FileNotFoundError as error:
        raise Gone from error
    except OSError as error:
        raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(path)), do="check the disk and try again") from error
    except pl.exceptions.PolarsError as error:
        if not path.exists():
            raise Gone from error
        raise StoreError(f"not a segment: {error}", at=At(file=str(path)), do="restore it from a backup, or move it away") from error


def _wide(key: str, array: Any) -> dict[str, Any]:
    columns = np.ascontiguousarray(array.T)
    return {f"{key}{column}": columns[column] for column in range(array.shape[1])}


def _write(path: Path, columns: dict[str, Any]) -> None:
    import polars as pl

    frame = pl.DataFrame({"asset": columns.pop("asset"), "time": columns.pop("time"), **columns})
    with durable_write(path) as file:
        try:
            frame.write_parquet(file, compression="zstd", compression_level=1, row_group_size=ROW_GROUP, statistics=True)
        except pl.exceptions.PolarsError as error:  # a full disk comes as a fault of the format, with the system's number in its text
            number = re.search(r"os error (\d+)", str(error))
            raise OSError(int(number[1]), os.strerror(int(number[1]))) if number else error from error
