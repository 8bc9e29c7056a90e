"""CSV payloads: a header and rows, wide (time, asset, tags …) or one value a row (time, asset, tag, value, quality)."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping as Mapped

import numpy as np

from andon.plant.time import zone
from andon.reading.mapping import Mapping
from andon.reading.payload.fault import Fault, Parsed, Unreadable
from andon.reading.payload.instant import read_instants
from andon.reading.payload.naming import Names
from andon.reading.payload.pivot import from_readings, from_rows
from andon.reading.payload.quality import read_qualities, worse
from andon.reading.payload.value import read_values

_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d*([eE][+-]?\d+)?")


class CsvReader:
    """Reads CSV payloads by a mapping. The separator is the one of `,` `;` tab that the header has most of."""

    def __init__(self, mapping: Mapping, source: str) -> None:
        self._mapping, self._source = mapping, source
        self._names = Names(mapping)
        self._zone = zone(mapping.zone)

    def parse(self, payload: bytes | memoryview, captured: Mapped[str, str], received: int) -> Parsed:
        """Read one payload.

        Raises
        ------
        Unreadable : it is not UTF-8, has no header, or no row can be read
        """
        mapping = self._mapping
        try:
            text = bytes(payload).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Unreadable("not-utf8", f"byte {error.start} is not UTF-8") from error
        if not text.strip():
            raise Unreadable("empty", "no header")
        first = text.lstrip().split("\n", 1)[0]
        separator = max(",;\t", key=first.count)
        try:
            lines = [line for line in csv.reader(text.splitlines(), delimiter=separator, strict=True) if any(cell.strip() for cell in line)]
        except csv.Error as error:
            raise Unreadable("not-csv", str(error)) from error
        if not lines:
            raise Unreadable("empty", "no header")
        head = [cell.strip() for cell in lines[0]]
        if len(set(head)) != len(head):
            raise Unreadable("not-csv", "a column stands twice")
        at = {name: index for index, name in enumerate(head)}
        rows = [line for line in lines[1:] if len(line) == len(head)]
        faults = [] if len(rows) == len(lines) - 1 else [
            Fault("not-csv", f"{len(head)} columns, but a row of another length", len(lines) - 1 - len(rows))
        ]  # fmt: skip
        if separator == ";":
            rows = [[cell.replace(",", ".") if _COMMA_NUMBER.fullmatch(cell.strip()) else cell for cell in line] for line in rows]
        if mapping.times == "source" and mapping.time_field not in at:
            raise Unreadable("no-time", f"no column {mapping.time_field!r}")
        if not rows:
            return Parsed(None, tuple(faults))
        if mapping.times == "arrival":
            times, kept = np.full(len(rows), received, dtype=np.int64), np.ones(len(rows), dtype=bool)
        else:
            raws = [line[at[mapping.time_field]] for line in rows]
            times, kept = read_instants(raws, mapping.time_unit, self._zone)
            if not kept.all():
                faults.append(Fault("no-time", f"{raws[int(np.argmin(kept))][:60]!r} is no time", int((~kept).sum())))
        names = {name: mapping.asset_field if name == "asset" else name for name in mapping.asset_template.names if name not in captured}
        assets: list[str] = []
        for index, line in enumerate(rows):
            known = {**captured, **{name: line[at[column]].strip() for name, column in names.items() if column in at}}
            asset = self._names.asset(known)
            assets.append(asset or "")
            if asset is None and kept[index]:
                kept[index] = False
                faults.append(Fault("no-asset", f"no {', '.join(name for name in names if name not in known) or 'asset'}"))
        places = np.flatnonzero(kept)
        if not len(places):
            return Parsed(None, tuple(faults))
        rows, assets, times = [rows[place] for place in places], [assets[place] for place in places], times[places]
        if mapping.shape == "records":
            return self._records(rows, assets, times, at, captured, received, faults)
        apart = {mapping.time_field, mapping.quality_field, mapping.sequence_field, *names.values()}
        columns = [name for name in head if name not in apart]
        tags = self._names.tags(columns, captured)
        used = [(at[name], tag) for name, tag in zip(columns, tags, strict=True) if tag]
        if not used or len({tag for _, tag in used}) != len(used):
            raise Unreadable("no-tag" if not used else "wrong-shape", "no column is a tag" if not used else "a tag stands twice")
        if len(rows) * len(used) > mapping.most_values:
            raise Unreadable("too-many-values", f"{len(rows)} rows × {len(used)} tags, at most {mapping.most_values} values")
        flat = [line[place] for line in rows for place, _ in used]
        values, status, wrong = read_values(flat)
        if wrong:
            faults.append(Fault("wrong-value", f"{used[wrong[0] % len(used)][1]}: {flat[wrong[0]][:60]!r} is no number", len(wrong)))
        shape = (len(rows), len(used))
        table = status.reshape(shape)
        if mapping.quality_field in at:
            quality, unknown = read_qualities([line[at[mapping.quality_field]] for line in rows], mapping.quality)
            table = worse(table, np.repeat(quality[:, None], len(used), axis=1))
            if unknown:
                faults.append(Fault("wrong-value", f"{unknown[0]!r} is no quality", len(unknown)))
        ids = tuple(tag for _, tag in used)
        return Parsed(from_rows(self._source, received, assets, ids, times, values.reshape(shape), table), tuple(faults))

    def _records(
        self, rows: list[list[str]], assets: list[str], times: np.ndarray, at: dict[str, int], captured: Mapped[str, str],
        received: int, faults: list[Fault],
    ) -> Parsed:  # fmt: skip
        mapping = self._mapping
        if mapping.value_field not in at:
            raise Unreadable("not-csv", f"no column {mapping.value_field!r}")
        named = at.get(mapping.tag_field)
        tags = [self._names.tag(captured.get("tag", "") if named is None else line[named].strip(), captured) for line in rows]
        raws = [line[at[mapping.value_field]] for line in rows]
        values, status, wrong = read_values(raws)
        if wrong:
            faults.append(Fault("wrong-value", f"{tags[wrong[0]]}: {raws[wrong[0]][:60]!r} is no number", len(wrong)))
        if mapping.quality_field in at:
            quality, unknown = read_qualities([line[at[mapping.quality_field]] for line in rows], mapping.quality)
            status = worse(status, quality)
            if unknown:
                faults.append(Fault("wrong-value", f"{unknown[0]!r} is no quality", len(unknown)))
        places = [index for index, tag in enumerate(tags) if tag and tag not in mapping.ignore]
        nameless = sum(not tag for tag in tags)
        if nameless:
            faults.append(Fault("no-tag", f"no column {mapping.tag_field!r}" if named is None else "an empty tag", nameless))
        if not places:
            return Parsed(None, tuple(faults))
        batch = from_readings(
            self._source, received, [assets[place] for place in places], [tags[place] for place in places],
            times[places], values[places], status[places], most_values=mapping.most_values,
        )  # fmt: skip
        return Parsed(batch, tuple(faults))
