"""JSON payloads: objects of tags, records of one value, arrays of rows and columns; decoded by types made from the mapping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Mapped
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np

from andon.plant.arrays import Float32Array, StatusArray
from andon.plant.batch import Batch
from andon.plant.errors import AskUserError
from andon.plant.time import zone
from andon.reading.mapping import Mapping
from andon.reading.payload.distinct import each
from andon.reading.payload.fault import Fault, Parsed, Unreadable
from andon.reading.payload.instant import read_instants
from andon.reading.payload.naming import Names
from andon.reading.payload.pivot import from_readings, from_rows
from andon.reading.payload.quality import read_qualities, worse
from andon.reading.payload.value import read_values

_Time = int | float | str | None
_Name = str | int | None
_Value = float | str | bool | None
_Quality = int | float | str | bool | None


def struct(fields: dict[str, tuple[str, Any]]) -> tuple[Any, dict[str, Callable[[Any], Any]]]:
    """A type that holds fields at dotted paths, and how to get each of them.

    Parameters
    ----------
    fields : name -> (path like "data.value", type); a field that is absent is None

    Raises
    ------
    AskUserError : one path leads through another, as "data" and "data.value" do
    """
    tree: dict[str, Any] = {}
    for path, kind in fields.values():
        place = tree
        *above, last = path.split(".")
        for part in above:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise AskUserError(f"the fields {path!r} and {part!r} cannot both be read", do="name fields that do not hold each other")
        if last in place and place[last] != kind:
            raise AskUserError(f"the field {path!r} is named twice", do="give every field its own name")
        place[last] = kind
    getters: dict[str, Callable[[Any], Any]] = {}

    def build(place: dict[str, Any]) -> Any:
        members: list[Any] = []
        rename: dict[str, str] = {}
        for number, (key, kind) in enumerate(place.items()):
            attribute = f"f{number}"
            rename[attribute] = key
            if isinstance(kind, dict):
                inner = build(kind)
                members.append((attribute, inner, msgspec.field(default_factory=inner)))
            else:
                members.append((attribute, kind, None))
        return msgspec.defstruct("Fields", members, rename=rename, kw_only=True)

    for name, (path, _) in fields.items():
        place, attributes = tree, []
        for part in path.split("."):
            attributes.append(f"f{list(place).index(part)}")
            place = place[part]
        getters[name] = attrgetter(".".join(attributes))
    return build(tree), getters


class JsonReader:
    """Reads JSON payloads by a mapping. Making one checks the mapping's field names."""

    def __init__(self, mapping: Mapping, source: str) -> None:
        self._mapping, self._source = mapping, source
        self._names = Names(mapping)
        self._zone = zone(mapping.zone)
        shape = mapping.shape
        if shape == "object":
            row: Any = dict[str, Any]
            self._get: dict[str, Callable[[Any], Any]] = {}
        else:
            many = shape == "arrays"
            fields: dict[str, tuple[str, Any]] = {
                "time": (mapping.time_field, list[_Time] | _Time if many else _Time),
                "asset": (mapping.asset_field, list[_Name] | _Name if many else _Name),
                "tag": (mapping.tag_field, list[str] | str | None if many else str | int | None),
                "value": (mapping.value_field, Any if many else _Value),
                "quality": (mapping.quality_field, Any if many else _Quality),
            }
            if not mapping.rows_field and mapping.sequence_field not in {path for path, _ in fields.values()}:
                fields["sequence"] = (mapping.sequence_field, Any)
            row, self._get = struct(fields)
        if mapping.rows_field:
            top: dict[str, tuple[str, Any]] = {
                "rows": (mapping.rows_field, list[row] | row | None),
                "time": (mapping.time_field, Any),
                "asset": (mapping.asset_field, Any),
                "sequence": (mapping.sequence_field, Any),
            }
            kind, self._top = struct(top)
        else:
            kind, self._top = list[row] | row, {}
        self._decoder = msgspec.json.Decoder(kind)

    def parse(self, payload: bytes | memoryview, captured: Mapped[str, str], received: int) -> Parsed:
        """Read one payload.

        Raises
        ------
        Unreadable : nothing of it can be read
        """
        try:
            data = self._decoder.decode(payload)
        except msgspec.ValidationError as error:
            raise Unreadable("wrong-shape", str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreadable("not-json" if payload else "empty", str(error)) from error
        except RecursionError as error:
            raise Unreadable("not-json", "nested too deep") from error
        common: dict[str, Any] = {}
        if self._top:
            common = {name: self._top[name](data) for name in ("time", "asset", "sequence")}
            data = self._top["rows"](data)
            if data is None:
                raise Unreadable("wrong-shape", f"there is no field {self._mapping.rows_field!r}")
        rows = data if isinstance(data, list) else [data]
        if not self._top and len(rows) and not isinstance(data, list):
            common["sequence"] = self._sequence(rows[0])
        sequence = common.get("sequence")
        number = sequence if isinstance(sequence, int) and not isinstance(sequence, bool) and 0 <= sequence < 2**63 else None
        if not rows:
            return Parsed(None, (), number)
        reading = {"object": self._objects, "records": self._records, "arrays": self._arrays}[self._mapping.shape]
        batch, faults = reading(rows, common, captured, received)
        return Parsed(batch, tuple(faults), number)

    def _sequence(self, row: Any) -> Any:
        if self._mapping.shape == "object":
            return _at(row, self._mapping.sequence_field)
        return self._get["sequence"](row) if "sequence" in self._get else None

    def _times(self, raws: list[Any], common: Any, received: int) -> tuple[np.ndarray, np.ndarray, list[Fault]]:
        if self._mapping.times == "arrival":
            return np.full(len(raws), received, dtype=np.int64), np.ones(len(raws), dtype=bool), []
        if common is not None:
            raws = [common if raw is None else raw for raw in raws]
        times, readable = read_instants(raws, self._mapping.time_unit, self._zone)
        if readable.all():
            return times, readable, []
        first = raws[int(np.argmin(readable))]
        what = f"no field {self._mapping.time_field!r}" if first is None else f"{str(first)[:60]!r} is no time"
        return times, readable, [Fault("no-time", what, int((~readable).sum()))]

    def _objects(
        self, rows: list[Any], common: dict[str, Any], captured: Mapped[str, str], received: int
    ) -> tuple[Batch | None, list[Fault]]:
        mapping, faults = self._mapping, []
        times, kept, met = self._times([_at(row, mapping.time_field) for row in rows], common.get("time"), received)
        faults += met
        apart = set() if mapping.values_field else {
            path.partition(".")[0] for path in (mapping.time_field, mapping.asset_field, mapping.sequence_field, mapping.quality_field)
        }  # fmt: skip
        from_row = [name for name in mapping.asset_template.names if name not in captured]
        if not mapping.values_field:
            apart |= {name for name in from_row if name != "asset"}
        assets: list[str] = []
        bodies: list[tuple[tuple[str, ...], list[Any]]] = []
        marks: list[Any] = []
        for index, row in enumerate(rows):
            known = dict(captured)
            for name in from_row:
                found = _at(row, mapping.asset_field if name == "asset" else name)
                if found is None and name == "asset":
                    found = common.get("asset")
                if isinstance(found, str | int) and not isinstance(found, bool):
                    known[name] = str(found)
            asset = self._names.asset(known)
            body = _at(row, mapping.values_field) if mapping.values_field else row
            if asset is None or not isinstance(body, dict):
                if kept[index]:
                    reason = "no-asset" if asset is None else "wrong-shape"
                    missing = ", ".join(name for name in mapping.asset_template.names if name not in known)
                    faults.append(Fault(reason, f"no {missing}" if asset is None else f"no object {mapping.values_field!r}"))
                kept[index] = False
            assets.append(asset or "")
            if kept[index]:
                keys = tuple(body) if not apart else tuple(key for key in body if key not in apart)
                bodies.append((keys, list(body.values()) if len(keys) == len(body) else [body[key] for key in keys]))
                marks.append(_at(row, mapping.quality_field))
        places = np.flatnonzero(kept)
        if not len(places):
            return None, _pooled(faults)
        tags, cells = self._columns(bodies, captured, mapping.most_values)
        if not tags:
            return None, [*_pooled(faults), Fault("no-tag", "no field that is a tag")]
        values, status, wrong = _read_table(cells, tags)
        faults += wrong
        if any(mark is not None for mark in marks):
            status, met = self._row_quality(marks, tags, status, captured)
            faults += met
        batch = from_rows(self._source, received, [assets[place] for place in places], tags, times[places], values, status)
        return batch, _pooled(faults)

    def _columns(
        self, bodies: list[tuple[tuple[str, ...], list[Any]]], captured: Mapped[str, str], most: int
    ) -> tuple[tuple[str, ...], list[list[Any]]]:
        """Rows of cells with the same tags; what a row does not say is `_ABSENT`, read as None."""
        first = bodies[0][0]
        names = self._names.tags(first, captured)
        if all(keys == first for keys, _ in bodies) and all(names) and len(set(names)) == len(names):
            if len(names) * len(bodies) > most:
                raise Unreadable("too-many-values", f"{len(bodies)} rows × {len(names)} tags, at most {most} values")
            return names, [cells for _, cells in bodies]
        index: dict[str, int] = {}
        placed: list[list[tuple[int, Any]]] = []
        for keys, cells in bodies:
            resolved = self._names.tags(keys, captured)
            placed.append([(index.setdefault(tag, len(index)), cell) for tag, cell in zip(resolved, cells, strict=True) if tag])
        if len(index) * len(bodies) > most:
            raise Unreadable("too-many-values", f"{len(bodies)} rows × {len(index)} tags, at most {most} values")
        table: list[list[Any]] = [[None] * len(index) for _ in bodies]
        for line, entries in zip(table, placed, strict=True):
            for place, cell in entries:
                line[place] = cell
        return tuple(index), table

    def _row_quality(
        self, marks: list[Any], tags: tuple[str, ...], status: StatusArray, captured: Mapped[str, str]
    ) -> tuple[StatusArray, list[Fault]]:
        """Quality of rows: one for the row, or an object of tags."""
        flat: list[Any] = []
        for mark in marks:
            if isinstance(mark, dict):
                named = {self._names.tag(key, captured): value for key, value in mark.items()}
                flat += [named.get(tag) for tag in tags]
            else:
                flat += [mark] * len(tags)
        found, unknown = read_qualities(flat, self._mapping.quality)
        faults = [Fault("wrong-value", f"{unknown[0]!r} is no quality", len(unknown))] if unknown else []
        return worse(status, found.reshape(status.shape)), faults

    def _records(
        self, rows: list[Any], common: dict[str, Any], captured: Mapped[str, str], received: int
    ) -> tuple[Batch | None, list[Fault]]:
        get, mapping = self._get, self._mapping
        times, kept, faults = self._times(list(map(get["time"], rows)), common.get("time"), received)
        over = common.get("asset")
        said = list(map(get["asset"], rows))
        if over is not None:
            said = [over if name is None else name for name in said]
        named = list(map(get["tag"], rows))
        assets = each(said, lambda name: self._names.asset(captured if name is None else {"asset": str(name), **captured}) or "")
        tags = each(named, lambda name: self._record_tag(name, captured))
        if "" in assets or "" in tags:
            for index, (asset, tag) in enumerate(zip(assets, tags, strict=True)):
                if kept[index] and not (asset and tag):
                    kept[index] = False
                    if not asset:
                        faults.append(Fault("no-asset", f"no field {mapping.asset_field!r}"))
                    elif str(named[index]) not in mapping.ignore:
                        faults.append(Fault("no-tag", f"no field {mapping.tag_field!r}"))
        values, status, wrong = read_values(list(map(get["value"], rows)))
        if wrong:
            text = str(get["value"](rows[wrong[0]]))[:60]
            faults.append(Fault("wrong-value", f"{tags[wrong[0]]}: {text!r} is no number", len(wrong)))
        quality, unknown = read_qualities(list(map(get["quality"], rows)), mapping.quality)
        if unknown:
            faults.append(Fault("wrong-value", f"{unknown[0]!r} is no quality", len(unknown)))
        status = worse(status, quality)
        if not kept.all():
            places = np.flatnonzero(kept)
            if not len(places):
                return None, _pooled(faults)
            assets, tags = [assets[place] for place in places], [tags[place] for place in places]
            times, values, status = times[places], values[places], status[places]
        batch = from_readings(self._source, received, assets, tags, times, values, status, most_values=mapping.most_values)
        return batch, _pooled(faults)

    def _record_tag(self, name: Any, captured: Mapped[str, str]) -> str:
        text = captured.get("tag", "") if name is None else str(name)
        return "" if not text or text in self._mapping.ignore else self._names.tag(text, captured)

    def _arrays(
        self, rows: list[Any], common: dict[str, Any], captured: Mapped[str, str], received: int
    ) -> tuple[Batch | None, list[Fault]]:
        if len(rows) != 1:
            raise Unreadable("wrong-shape", f"{len(rows)} tables in one message; send one")
        get, mapping, row = self._get, self._mapping, rows[0]
        table = get["value"](row)
        if not isinstance(table, list):
            raise Unreadable("wrong-shape", f"Expected `array`, got {type(table).__name__} - at `$.{mapping.value_field}`")
        if not table or not isinstance(table[0], list):
            table = [table]
        names = get["tag"](row)
        names = [names] if isinstance(names, str) else names
        if names is None and "tag" in captured:
            names = [captured["tag"]]
        if not names:
            raise Unreadable("no-tag", f"no field {mapping.tag_field!r}")
        width = len(names)
        for number, line in enumerate(table):
            if not isinstance(line, list) or len(line) != width:
                size = len(line) if isinstance(line, list) else type(line).__name__
                raise Unreadable("wrong-shape", f"{width} tags, but {size} values - at `$.{mapping.value_field}[{number}]`")
        if len(table) * width > mapping.most_values:
            raise Unreadable("too-many-values", f"{len(table)} rows × {width} tags, at most {mapping.most_values} values")
        raws = _spread(get["time"](row), common.get("time"), len(table), mapping.time_field)
        times, kept, faults = self._times(raws, None, received)
        said = _spread(get["asset"](row), common.get("asset"), len(table), mapping.asset_field)
        assets = [self._names.asset(captured if name is None else {"asset": str(name), **captured}) for name in said]
        for index, asset in enumerate(assets):
            if asset is None:
                if kept[index]:
                    faults.append(Fault("no-asset", f"no field {mapping.asset_field!r}"))
                kept[index] = False
        tags = self._names.tags(names, captured)
        columns = [index for index, tag in enumerate(tags) if tag]
        used = tuple(tags[index] for index in columns)
        if len(set(used)) != len(used):
            raise Unreadable("wrong-shape", f"a tag stands twice - at `$.{mapping.tag_field}`")
        if not used:
            return None, _pooled([*faults, Fault("no-tag", "no tag is left")])
        values, status, wrong = _read_table(table, tags)
        faults += wrong
        quality = get["quality"](row)
        if quality is not None:
            flat = _spread_quality(quality, len(table), width)
            found, unknown = read_qualities(flat, mapping.quality)
            if unknown:
                faults.append(Fault("wrong-value", f"{unknown[0]!r} is no quality", len(unknown)))
            status = worse(status, found.reshape(status.shape))
        places = np.flatnonzero(kept)
        if not len(places):
            return None, _pooled(faults)
        if len(places) != len(table) or len(columns) != width:
            values, status = values[places][:, columns], status[places][:, columns]
        batch = from_rows(self._source, received, [assets[place] or "" for place in places], used, times[places], values, status)
        return batch, _pooled(faults)


def _at(row: Any, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    if "." not in path or (isinstance(row, dict) and path in row):
        return row.get(path) if isinstance(row, dict) else None
    for part in path.split("."):
        if not isinstance(row, dict):
            return None
        row = row.get(part)
    return row


def _spread(said: Any, common: Any, rows: int, field: str) -> list[Any]:
    """One for each row, or one for all."""
    if isinstance(said, list):
        if len(said) != rows:
            raise Unreadable("wrong-shape", f"{rows} rows, but {len(said)} entries - at `$.{field}`")
        return said
    return [common if said is None else said] * rows


def _spread_quality(quality: Any, rows: int, width: int) -> list[Any]:
    if not isinstance(quality, list):
        return [quality] * (rows * width)
    if len(quality) == rows and all(isinstance(line, list) and len(line) == width for line in quality):
        return [cell for line in quality for cell in line]
    if rows == 1 and len(quality) == width:
        return quality
    raise Unreadable("wrong-shape", f"the quality is not of {rows} rows × {width} tags")


def _read_table(cells: list[list[Any]], tags: Sequence[str]) -> tuple[Float32Array, StatusArray, list[Fault]]:
    """(N, C) values and status of rows of cells."""
    width = len(tags)
    flat = [cell for line in cells for cell in line]
    values, status, wrong = read_values(flat)
    faults = []
    if wrong:
        text = str(flat[wrong[0]])[:60]
        faults.append(Fault("wrong-value", f"{tags[wrong[0] % width]}: {text!r} is no number", len(wrong)))
    return values.reshape(len(cells), width), status.reshape(len(cells), width), faults


def _pooled(faults: list[Fault]) -> list[Fault]:
    """One fault for each reason: the first detail, all counts."""
    found: dict[str, Fault] = {}
    for fault in faults:
        first = found.get(fault.reason)
        found[fault.reason] = fault if first is None else Fault(fault.reason, first.detail, first.count + fault.count)
    return list(found.values())
