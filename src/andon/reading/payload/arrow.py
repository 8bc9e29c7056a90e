"""Arrow IPC payloads (stream or file), read by polars: wide (time, asset, tags …) or one value a row."""

from __future__ import annotations

import io
from collections.abc import Mapping as Mapped
from typing import TYPE_CHECKING

import numpy as np

from andon.plant.arrays import Float32Array, StatusArray, TimeArray
from andon.plant.time import NS, zone
from andon.reading.mapping import Mapping
from andon.reading.payload.fault import Fault, Parsed, Unreadable
from andon.reading.payload.instant import read_instants
from andon.reading.payload.naming import Names
from andon.reading.payload.pivot import from_readings, from_rows
from andon.reading.payload.quality import read_qualities, worse
from andon.reading.payload.value import finish, read_values

if TYPE_CHECKING:
    import polars as pl

_UNIT = {"ns": 1, "us": 1_000, "ms": 1_000_000}


class ArrowReader:
    """Reads Arrow IPC by a mapping."""

    def __init__(self, mapping: Mapping, source: str) -> None:
        self._mapping, self._source = mapping, source
        self._names = Names(mapping)
        self._zone = zone(mapping.zone)

    def parse(self, payload: bytes | memoryview, captured: Mapped[str, str], received: int) -> Parsed:
        """Read one payload.

        Raises
        ------
        Unreadable : it is no Arrow IPC, or lacks a column
        """
        mapping = self._mapping
        frame = _frame(bytes(payload))
        if frame.height * frame.width > mapping.most_values:
            raise Unreadable("too-many-values", f"{frame.height} rows × {frame.width} columns, at most {mapping.most_values} values")
        if not frame.height:
            return Parsed(None)
        faults: list[Fault] = []
        if mapping.times == "arrival":
            times, kept = np.full(frame.height, received, dtype=np.int64), np.ones(frame.height, dtype=bool)
        elif mapping.time_field not in frame.columns:
            raise Unreadable("no-time", f"no column {mapping.time_field!r}")
        else:
            times, kept = self._times(frame[mapping.time_field])
            if not kept.all():
                faults.append(Fault("no-time", f"row {int(np.argmin(kept)) + 1} of {mapping.time_field!r} is no time", int((~kept).sum())))
        names = {name: mapping.asset_field if name == "asset" else name for name in mapping.asset_template.names if name not in captured}
        columns = {name: [None if cell is None else str(cell) for cell in frame[column].to_list()]
                   for name, column in names.items() if column in frame.columns}  # fmt: skip
        resolved: list[str | None]
        if not columns:
            resolved = [self._names.asset(captured)] * frame.height
        else:
            rows = zip(*columns.values(), strict=True)
            resolved = [self._names.asset({**captured, **{n: c for n, c in zip(columns, row, strict=True) if c}}) for row in rows]
        named = np.array([asset is not None for asset in resolved])
        if not named.all():
            faults.append(Fault("no-asset", f"no {', '.join(names.values()) or 'asset'}", int((~named).sum())))
        places = np.flatnonzero(kept & named)
        if not len(places):
            return Parsed(None, tuple(faults))
        if len(places) != frame.height:
            frame = frame[places.tolist()]
        assets = [resolved[place] or "" for place in places]
        times = times[places]
        quality = frame[mapping.quality_field].to_list() if mapping.quality_field in frame.columns else None
        marks: StatusArray | None = None
        if quality is not None:
            marks, unknown = read_qualities(quality, mapping.quality)
            if unknown:
                faults.append(Fault("wrong-value", f"{unknown[0]!r} is no quality", len(unknown)))
        if mapping.shape == "records":
            return self._records(frame, assets, times, marks, captured, received, faults)
        apart = {mapping.time_field, mapping.quality_field, mapping.sequence_field, *names.values()}
        heads = [name for name in frame.columns if name not in apart]
        tags = self._names.tags(heads, captured)
        used = [(head, tag) for head, tag in zip(heads, tags, strict=True) if tag]
        if not used or len({tag for _, tag in used}) != len(used):
            raise Unreadable("no-tag" if not used else "wrong-shape", "no column is a tag" if not used else "a tag stands twice")
        values, status = _table(frame, used, faults)
        if marks is not None:
            status = worse(status, np.repeat(marks[:, None], len(used), axis=1))
        ids = tuple(tag for _, tag in used)
        return Parsed(from_rows(self._source, received, assets, ids, times, values, status), tuple(faults))

    def _records(
        self, frame: pl.DataFrame, assets: list[str], times: TimeArray, marks: StatusArray | None, captured: Mapped[str, str],
        received: int, faults: list[Fault],
    ) -> Parsed:  # fmt: skip
        mapping = self._mapping
        if mapping.value_field not in frame.columns:
            raise Unreadable("not-arrow", f"no column {mapping.value_field!r}")
        if mapping.tag_field in frame.columns:
            raw = ["" if cell is None else str(cell) for cell in frame[mapping.tag_field].to_list()]
        else:
            raw = [captured.get("tag", "")] * frame.height
        tags = list(self._names.tags(raw, captured)) if len(set(raw)) == 1 else [self._names.tag(name, captured) for name in raw]
        values, status, wrong = _numbers(frame[mapping.value_field])
        if wrong:
            faults.append(Fault("wrong-value", f"{tags[wrong[0]]}: row {wrong[0] + 1} is no number", len(wrong)))
        if marks is not None:
            status = worse(status, marks)
        places = [index for index, tag in enumerate(tags) if tag and raw[index] not in mapping.ignore]
        nameless = sum(not tag for tag in tags)
        if nameless:
            faults.append(Fault("no-tag", "a row without a tag", nameless))
        if not places:
            return Parsed(None, tuple(faults))
        batch = from_readings(
            self._source, received, [assets[place] for place in places], [tags[place] for place in places],
            times[places], values[places], status[places], most_values=mapping.most_values,
        )  # fmt: skip
        return Parsed(batch, tuple(faults))

    def _times(self, column: pl.Series) -> tuple[TimeArray, np.ndarray]:
        import polars as pl

        if isinstance(column.dtype, pl.Datetime):
            if column.dtype.time_zone is None and self._mapping.zone.upper() not in ("UTC", "Z"):
                raw = [None if moment is None else moment.isoformat() for moment in column.to_list()]
                return read_instants(raw, "ns", self._zone)
            whole = column.dt.timestamp(time_unit="ns") if column.dtype.time_unit == "ns" else column.to_physical()
            size = _UNIT[column.dtype.time_unit]
            kept = (column.is_not_null()).to_numpy()
            ticks = whole.fill_null(0).to_numpy().astype(np.int64)
            fits = np.abs(ticks.astype(np.float64)) * size < 2**63 - NS
            return np.where(fits, ticks, 0) * size, kept & fits
        return read_instants(column.to_list(), self._mapping.time_unit, self._zone)


def _frame(data: bytes) -> pl.DataFrame:
    """The table of an IPC stream or file."""
    import polars as pl

    if not data:
        raise Unreadable("empty", "no bytes")
    try:
        return pl.read_ipc(io.BytesIO(data)) if data.startswith(b"ARROW1") else pl.read_ipc_stream(io.BytesIO(data))
    except BaseException as error:  # polars reports a panic of its core as a BaseException
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise
        lines = str(error).splitlines()
        raise Unreadable("not-arrow", lines[0][:200] if lines else type(error).__name__) from error


def _table(frame: pl.DataFrame, used: list[tuple[str, str]], faults: list[Fault]) -> tuple[Float32Array, StatusArray]:
    """(N, C) values and status of the columns that are tags."""
    import polars as pl

    part = frame.select([head for head, _ in used])
    if all(kind.is_numeric() or kind == pl.Boolean for kind in part.dtypes):
        return finish(np.ascontiguousarray(part.cast(pl.Float64).to_numpy()))
    values = np.empty(part.shape, dtype=np.float32)
    status = np.empty(part.shape, dtype=np.uint8)
    for index, (head, tag) in enumerate(used):
        values[:, index], status[:, index], wrong = _numbers(part[head])
        if wrong:
            faults.append(Fault("wrong-value", f"{tag}: row {wrong[0] + 1} is no number", len(wrong)))
    return values, status


def _numbers(column: pl.Series) -> tuple[Float32Array, StatusArray, list[int]]:
    import polars as pl

    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return (*finish(column.cast(pl.Float64).fill_null(float("nan")).to_numpy()), [])
    return read_values(column.to_list())
