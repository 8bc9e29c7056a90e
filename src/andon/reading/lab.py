"""Laboratory results: when a sample was drawn, when its result was known, of what, how much."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from andon.plant.arrays import Float64Array, TimeArray
from andon.plant.errors import ReadingError
from andon.plant.label import LabResults
from andon.plant.status import Status
from andon.plant.time import format_duration
from andon.reading.cells import Vocabulary
from andon.reading.finding import stem
from andon.reading.headers import ASSET, KNOWN, SAMPLED, TAG, TIME, VALUE, word
from andon.reading.instants import find_instants
from andon.reading.layout import column_kind
from andon.reading.table import Table, open_table
from andon.reading.timestamps import NO_TIME
from andon.reading.wide import find_decimal, read_column
from andon.reading.zones import to_utc

if TYPE_CHECKING:
    import polars as pl

TARGETS = TAG | {
    "target",
    "analysis",
    "analyte",
    "test",
    "property",
    "component",
    "zielgröße",
    "merkmal",
    "分析项目",
    "项目",
    "指标",
    "目标",
}
RESULTS = VALUE | {"result", "ergebnis", "resultvalue", "结果", "结果值"}
ROLES = ("sample_time", "result_time", "target", "value", "asset", "unit")


def read_lab(
    path: str | os.PathLike[str],
    zone: str | None = None,
    asset: str | None = None,
    *,
    delay_ns: int | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | int | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
) -> tuple[LabResults, ...]:
    """Results of a laboratory file, one `LabResults` per asset and target.

    The file is long (sample time, result time, target, value) or wide (sample time, result time, one column per target).
    A row without a number (a word, an empty cell) is no result. Two results of one sample time both stay, in the order
    of their result time.

    Parameters
    ----------
    zone : IANA zone of times that name no offset; UTC where not given
    asset : where the file has no asset column; default the name of the file
    delay_ns : how long after the sample a result is known, where the file has no result time
    columns : role ("sample_time", "result_time", "target", "value", "asset", "unit") -> name of the column

    Raises
    ------
    ReadingError : no result time and no delay, a result before its sample, no value column
    Question : day and month can be exchanged, or the decimal mark is open
    """
    with open_table(Path(path), sheet) as table:
        roles = _roles(table, columns or {})
        if "result_time" not in roles and delay_ns is None:
            raise ReadingError(
                "no column says when a result was known", at=table.at(),
                do='say how long it takes, or a model uses it too early: --lab-delay 4h, delay = "4h" in [[target]]; delay_ns=… in Python',
            )  # fmt: skip
        times = [roles["sample_time"], *([roles["result_time"]] if "result_time" in roles else [])]
        values = [roles["value"]] if "value" in roles else _wide_values(table, set(roles.values()))
        readers = [find_instants(table, column, -1, dayfirst=dayfirst, zone=zone) for column in times]
        mark = find_decimal(table, values, decimal) if table.kind == "csv" else decimal or "."
        import polars as pl

        frames = list(table.batches(list(dict.fromkeys([*times, *values, *roles.values()]))))
        frame = pl.concat(frames)
        stamps = []
        for reader in readers:
            stamp, zoned = reader.read(frame)
            there = (stamp != NO_TIME) & ~zoned
            stamp[there] = to_utc(stamp[there], zone or "UTC").time
            stamps.append(stamp)
        sampled = stamps[0]
        known = stamps[1] if len(stamps) > 1 else np.where(sampled == NO_TIME, NO_TIME, sampled + np.int64(delay_ns or 0))
        if len(stamps) > 1 and delay_ns is not None:
            known = np.where((known == NO_TIME) & (sampled != NO_TIME), sampled + np.int64(delay_ns), known)
        early = np.flatnonzero((known != NO_TIME) & (sampled != NO_TIME) & (known < sampled))
        if early.size:
            raise ReadingError(
                f"a result was known {format_duration(int(sampled[early[0]] - known[early[0]]))} before its sample was drawn",
                at=table.at(int(early[0])), do="check which column is which: columns={\"sample_time\": …, \"result_time\": …}",
            )  # fmt: skip
        return _results(table, frame, roles, values, sampled, known, mark, asset or stem(path))


def _roles(table: Table, said: Mapping[str, str]) -> dict[str, int]:
    place = {name: number for number, name in enumerate(table.names)}
    roles: dict[str, int] = {}
    for role, name in said.items():
        if role not in ROLES:
            raise ReadingError(f"{role!r} is no role of a column", do=f"roles are {', '.join(ROLES)}")
        if name not in place:
            raise ReadingError(f"no column {name!r}", at=table.at(), do=f"the columns are {', '.join(table.names[:12])}")
        roles[role] = place[name]
    words = [word(name) for name in table.names]
    for role, known in (("sample_time", SAMPLED), ("result_time", KNOWN), ("target", TARGETS), ("value", RESULTS), ("asset", ASSET)):
        if role not in roles and (found := next((n for n, one in enumerate(words) if one in known and n not in roles.values()), -1)) >= 0:
            roles[role] = found
    if "unit" not in roles and (found := next((n for n, one in enumerate(words) if one in ("unit", "units", "einheit", "单位")), -1)) >= 0:
        roles["unit"] = found
    if "sample_time" not in roles:
        times = [
            n
            for n, name in enumerate(table.names)
            if n not in roles.values() and column_kind(table.head[str(n)], name) in ("time", "epoch")
        ]
        named = [number for number in times if words[number] in TIME]
        if not times:
            raise ReadingError("no column says when a sample was drawn", at=table.at(), do='name it with columns={"sample_time": …}')
        roles["sample_time"] = (named or times)[0]
    if ("target" in roles) != ("value" in roles) and "target" in roles:
        raise ReadingError("a target column, but no value column", at=table.at(), do='name it with columns={"value": …}')
    return roles


def _wide_values(table: Table, taken: set[int]) -> list[int]:
    found = [
        number
        for number, name in enumerate(table.names)
        if number not in taken and column_kind(table.head[str(number)], name) in ("number", "empty") and not name.startswith("column ")
    ]
    if not found:
        raise ReadingError("no column holds results", at=table.at(), do='name it with columns={"value": …}')
    return found


def _results(
    table: Table,
    frame: pl.DataFrame,
    roles: Mapping[str, int],
    values: list[int],
    sampled: TimeArray,
    known: TimeArray,
    mark: str,
    asset: str,
) -> tuple[LabResults, ...]:
    import polars as pl

    def texts(role: str) -> np.ndarray:
        return np.array([text or "" for text in frame[str(roles[role])].cast(pl.String).str.strip_chars().to_list()], dtype=object)

    owners = np.full(frame.height, asset, dtype=object)
    if "asset" in roles:
        named = texts("asset")
        owners = np.where(named == "", asset, named)  # a row that says nothing is of the asset of the whole file
    units = texts("unit") if "unit" in roles else np.full(frame.height, "", dtype=object)
    out: list[LabResults] = []
    for column in values:
        value, state, _ = read_column(frame[str(column)].cast(pl.String), mark, Vocabulary())
        if "target" in roles and "value" in roles:
            targets = texts("target")
        else:
            name = stem(table.file) if word(table.names[column]) in RESULTS else table.names[column]
            targets = np.full(frame.height, name, dtype=object)
        good = np.isfinite(value) & (state == Status.GOOD) & (sampled != NO_TIME) & (known != NO_TIME)
        for owner, target in sorted(set(zip(owners[good].tolist(), targets[good].tolist(), strict=True))):
            if owner and target:
                here = np.flatnonzero(good & (owners == owner) & (targets == target))
                unit = next((one for one in units[here] if one), "") or ("" if "target" in roles else table.units[column])
                out.append(_ordered(owner, target, sampled[here], known[here], value[here], unit))
    if not out:
        raise ReadingError("the file holds no result", at=table.at(), do="check the value column")
    return tuple(out)


def _ordered(asset: str, target: str, sampled: TimeArray, known: TimeArray, value: Float64Array, unit: str) -> LabResults:
    order = np.lexsort((known, sampled))
    return LabResults(asset, target, sampled[order], known[order], value[order], unit)
