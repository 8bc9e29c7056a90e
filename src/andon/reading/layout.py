"""What each column of a table is: time, tag, value, quality, asset."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from andon.plant.errors import ReadingError
from andon.reading.headers import ASSET, OWNER, QUALITY, TAG, TIME, VALUE, word
from andon.reading.numerals import looks_like_number
from andon.reading.quality import hard_word, looks_like_quality, soft_word
from andon.reading.table import Table
from andon.reading.time_numbers import number_kind
from andon.reading.timestamps import looks_like_clock, looks_like_time

if TYPE_CHECKING:
    import polars as pl

_COMES_AGAIN = 0.05  # share of the first times that must come again; clocks set back repeat a few
ROLES = ("time", "clock", "tag", "value", "quality", "asset", "ignore")
_SUFFIX = re.compile(r"^(?P<base>.+?)[\s._\-/:(]*(?:opc ?quality|quality|qual|status|质量|状态)\)?$", re.IGNORECASE)
_VALUE_SUFFIX = re.compile(r"^(?P<base>.+?)[\s._\-/:(]+(?:value|val|wert|值)\)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Channel:
    """One tag of a wide or paired table: its column, its quality column and its own time column (-1: none)."""

    column: int
    tag: str
    unit: str
    quality: int = -1
    time: int = -1


@dataclass(frozen=True, slots=True)
class Layout:
    """What each column is. Column numbers; -1 where there is none.

    Attributes
    ----------
    kind : "wide", "long" or "pairs"
    time, clock : the time column, and a second one with the time of day
    channels : tags of a wide or paired table
    tag, values, quality, asset : of a long table (`asset` of a wide one as well); the first of `values` that holds one counts
    left_out : columns that are none of it
    anonymous : the only value column has no name of its own, so the file's name is the tag
    """

    kind: str
    time: int
    clock: int = -1
    channels: tuple[Channel, ...] = ()
    tag: int = -1
    values: tuple[int, ...] = ()
    quality: int = -1
    asset: int = -1
    left_out: tuple[int, ...] = ()
    anonymous: bool = False
    kinds: tuple[str, ...] = field(default=())


def column_kind(column: pl.Series, name: str) -> str:
    """ "time", "clock", "epoch", "number", "text" or "empty", from a sample."""
    import polars as pl

    kind = column.dtype
    if kind.is_temporal():
        return "clock" if kind == pl.Time else ("number" if isinstance(kind, pl.Duration) else "time")
    if column.null_count() == column.len():
        return "empty"
    if kind.is_numeric():
        return "epoch" if word(name) in TIME and number_kind(column.drop_nulls().to_numpy(), True) else "number"
    if kind == pl.Boolean:
        return "text"
    cast = column.cast(pl.Float64, strict=False)
    if cast.null_count() == column.null_count() and word(name) not in TIME:
        return "epoch" if _rises(cast.drop_nulls().to_numpy()) and number_kind(cast.drop_nulls().to_numpy(), False) else "number"
    cells = [text for text in column.drop_nulls().unique(maintain_order=True).to_list()[:200] if text.strip()]
    if not cells:
        return "empty"
    real = [text for text in cells if soft_word(text) is None]
    if not real:
        return "empty" if all(hard_word(text) is not None for text in cells) else "text"
    times = sum(looks_like_time(re.sub(r" [A-Z]{2,5}$", "", text.strip())) for text in real)
    if times >= (0.5 if word(name) in TIME else 0.9) * len(real):
        numbers = column.cast(pl.Float64, strict=False).drop_nulls()
        compact = numbers.len() >= 0.9 * len(real)
        if not compact or word(name) in TIME:
            return "time"
    if sum(looks_like_clock(text) for text in real) >= 0.9 * len(real):
        return "clock"
    if sum(looks_like_number(text) for text in real) >= 0.5 * len(real):
        values = column.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).drop_nulls().to_numpy()
        if values.size >= 0.9 * len(real) and number_kind(values, word(name) in TIME) and (word(name) in TIME or _rises(values)):
            return "epoch"
        return "number"
    return "text"


def _rises(numbers: np.ndarray) -> bool:
    return numbers.size > 2 and bool((numbers[1:] >= numbers[:-1]).all()) and bool(numbers[-1] > numbers[0])


def find_layout(table: Table, columns: Mapping[str, str | None], wanted: str | None, *, counted: bool = False) -> Layout:
    """What each column of a table is.

    Parameters
    ----------
    columns : role -> column name, as the user says it ("time", "clock", "tag", "value", "quality", "asset", "ignore")
    wanted : "wide", "long" or "pairs" where the user says it
    counted : rows of a table without times are counted from a start; its layout has time -1

    Raises
    ------
    ReadingError : no time column, a named column that does not exist, nothing beside the time
    """
    names = table.names
    at = {name: number for number, name in enumerate(names)}
    said: dict[str, int] = {}
    for role, name in columns.items():
        if role not in ROLES:
            raise ReadingError(f"{role!r} is no role of a column", do=f"roles are {', '.join(ROLES)}")
        if name is None or role == "ignore":
            continue
        if name not in at:
            raise ReadingError(
                f"no column {name!r} for the {role}", at=table.at(), do=f"the columns are {', '.join(repr(one) for one in names[:12])}"
            )
        said[role] = at[name]
    ignored = {at[name] for name in (columns.get("ignore") or "").split("|") if name in at}
    words = tuple(word(name) for name in names)
    kinds = _kinds(table, words)
    open_ones = [number for number in range(len(names)) if number not in ignored]
    times = [number for number in open_ones if kinds[number] in ("time", "epoch")]
    time = said.get("time", _best_time(times, words, kinds))
    if time < 0:
        # Numbers under the name of a time: `find_instants` says what they lack, or takes the user's word for them.
        time = next((number for number in open_ones if words[number] in TIME and kinds[number] == "number"), -1)
    if time < 0 and counted:
        return _wide(table, -1, -1, open_ones, kinds, words, {})
    if time < 0:
        clock_only = [number for number in open_ones if kinds[number] == "clock"]
        if clock_only:
            raise ReadingError(
                f"column {names[clock_only[0]]!r} holds a time of day, and no column holds a date",
                at=table.at(), do="export date and time together",
            )  # fmt: skip
        raise ReadingError(
            "no column holds times", at=table.at(),
            do='export the time with the values; or say when the first row was taken and how far rows are apart: '
            '--start "2026-01-01 06:00" --interval 1min',
        )  # fmt: skip
    clock = said.get("clock", next((number for number in open_ones if kinds[number] == "clock"), -1) if _dates_only(table, time) else -1)
    rest = [number for number in open_ones if number not in (time, clock)]
    if wanted == "long" or (wanted is None and "tag" in said):
        long = _long(table, time, clock, rest, kinds, words, said)
        if long is None:
            raise ReadingError(
                "no tag and value column for a long table", at=table.at(), do='name them with columns={"tag": …, "value": …}'
            )
        return long
    if wanted is None and (long := _long(table, time, clock, rest, kinds, words, said)) is not None:
        return long
    if wanted in (None, "pairs") and (pairs := _pairs(table, open_ones, kinds, words)) is not None:
        return pairs
    return _wide(table, time, clock, rest, kinds, words, said)


def _kinds(table: Table, words: tuple[str, ...]) -> tuple[str, ...]:
    """`column_kind` of every column; columns of plain numbers that are no epoch are known at one look."""
    numbers, nulls = table.sample_numbers()
    own = table.head.null_count().row(0)
    low = numbers.min().row(0)
    return tuple(
        "number"
        if words[at] not in TIME and nulls[at] == own[at] < table.head.height and (low[at] is None or not low[at] >= 3e8)
        else column_kind(table.head[str(at)], name)
        for at, name in enumerate(table.names)
    )


def _best_time(times: list[int], words: tuple[str, ...], kinds: tuple[str, ...]) -> int:
    if not times:
        return -1
    ranks = [(0 if words[number] in TIME else 1, 0 if kinds[number] == "time" else 1, number) for number in times]
    named = [number for number in times if words[number] in TIME]
    if len(named) > 1:
        precise = [number for number in named if words[number] not in ("date", "datum", "日期")]
        return precise[0] if precise else named[0]
    return min(ranks)[2]


def _dates_only(table: Table, time: int) -> bool:
    import polars as pl

    column = table.head[str(time)]
    if column.dtype != pl.String:
        return column.dtype == pl.Date
    return not any(":" in text for text in column.drop_nulls().to_list())


def _long(
    table: Table, time: int, clock: int, rest: list[int], kinds: tuple[str, ...], words: tuple[str, ...], said: Mapping[str, int]
) -> Layout | None:
    tag = said.get("tag", next((number for number in rest if words[number] in TAG and kinds[number] in ("text", "number")), -1))
    values = (said["value"],) if "value" in said else tuple(number for number in rest if words[number] in VALUE and number != tag)
    if tag >= 0 and kinds[tag] == "number" and not ("tag" in said or words[tag] in ("tagid", "pointid", "sensorid", "itemid")):
        tag = -1
    if tag < 0 and len(rest) == 2 and "tag" not in said:
        texts = [number for number in rest if kinds[number] == "text" and words[number] not in ASSET]
        numbers = [number for number in rest if kinds[number] == "number"]
        if len(texts) == 1 and len(numbers) == 1:
            stamps = table.head.select(str(time), str(texts[0]))
            repeats = stamps.unique().height == stamps.height and stamps[str(time)].n_unique() < stamps.height
            if repeats and not looks_like_quality(stamps[str(texts[0])].drop_nulls().to_list()):
                tag, values = texts[0], (numbers[0],)
    if tag < 0 or not values:
        return None
    order = {"vvalue": 1, "floatvalue": 0, "intvalue": 1, "stringvalue": 2}
    values = tuple(sorted(values, key=lambda number: order.get(words[number], 0)))
    if len(values) > 1 and not all(words[number] in order for number in values[1:]):
        values = values[:1]
    left = [number for number in rest if number != tag and number not in values]
    rank = ["opcquality", "qualitydetail", "dataintegrity", "statuscode", "quality"]
    qualities = sorted(
        (number for number in left if words[number] in QUALITY),
        key=lambda number: rank.index(words[number]) if words[number] in rank else 9,
    )
    quality = said.get("quality", qualities[0] if qualities else -1)
    assets = [number for number in left if words[number] in ASSET and number != quality]
    asset = said.get("asset", assets[0] if assets else -1)
    out = tuple(number for number in left if number not in (quality, asset))
    return Layout("long", time, clock, (), tag, values, quality, asset, out, kinds=kinds)


def _pairs(table: Table, columns: list[int], kinds: tuple[str, ...], words: tuple[str, ...]) -> Layout | None:
    """A time column before each value column, as PI DataLink puts compressed data side by side."""
    filled = [number for number in columns if kinds[number] != "empty" or table.names[number] != f"column {number + 1}"]
    starts = [place for place, number in enumerate(filled) if kinds[number] in ("time", "epoch")]
    if len(starts) < 2 or starts[0] != 0:
        return None
    groups = [filled[start:end] for start, end in zip(starts, [*starts[1:], len(filled)], strict=True)]
    if len({len(group) for group in groups}) != 1 or len(groups[0]) not in (2, 3):
        return None
    channels: list[Channel] = []
    for group in groups:
        name = _plain(table.names[group[1]])
        if word(name) in VALUE or name.startswith("column "):
            name = _plain(table.names[group[0]])
        if word(name) in TIME or name.startswith("column "):
            name = f"tag {len(channels) + 1}"
        quality = group[2] if len(group) == 3 else -1
        channels.append(Channel(group[1], name, table.units[group[1]], quality, group[0]))
    return Layout("pairs", groups[0][0], channels=tuple(channels), kinds=kinds)


def _plain(name: str) -> str:
    return re.sub(r" \(\d+\)$", "", name)


def _wide(
    table: Table, time: int, clock: int, rest: list[int], kinds: tuple[str, ...], words: tuple[str, ...], said: Mapping[str, int]
) -> Layout:
    asset = said.get("asset", -1)
    if asset < 0 and time >= 0:
        stamps = [time, clock] if clock >= 0 else [time]
        assets = (number for number in rest if words[number] in ASSET and kinds[number] in ("text", "number"))
        asset = next((one for one in assets if _names_assets(table, stamps, one, kinds[one] == "text" and words[one] in OWNER)), -1)
    left_out = [number for number in rest if kinds[number] in ("time", "clock")]
    left_out += [number for number in rest if kinds[number] == "empty" and table.names[number] == f"column {number + 1}"]
    plain = [number for number in rest if number not in left_out and number != asset]
    owner, own = _quality_columns(table, plain, kinds, said)
    channels = []
    for number in plain:
        if number in own:
            continue
        name = table.names[number]
        quality = owner.get(number, -1)
        if quality >= 0 and (value := _VALUE_SUFFIX.match(name)):
            name = value["base"]
        channels.append(Channel(number, name, table.units[number], quality))
    if not channels:
        raise ReadingError("no column beside the time", at=table.at(), do="export the values with the time")
    anonymous = len(channels) == 1 and (words[channels[0].column] in VALUE or (table.header_line == 0 and not table.typed))
    return Layout("wide", time, clock, tuple(channels), asset=asset, left_out=tuple(left_out), anonymous=anonymous, kinds=kinds)


def _names_assets(table: Table, stamps: list[int], column: int, owner: bool) -> bool:
    """True where a column of a wide table says whose row it is.

    So it does where a time comes again under another name, be it further down: exports sorted by machine, then by time, show
    one name only in their first rows. A text under a header that means nothing else (`owner`) does so in any case, while
    "machine" may as well say ON and OFF, and a number may be a set-point.
    """
    import polars as pl

    if owner:
        return True
    keys, name = [str(number) for number in stamps], str(column)
    first = table.head.select(*keys, name).drop_nulls().unique(maintain_order=True)
    times = first.select(keys).unique()
    if times.height < first.height:
        return True
    again = times.clear()
    for batch in table.batches([*stamps, column]):
        met = batch.select(*keys, name).join(first.rename({name: "first"}), on=keys, how="inner")
        again = pl.concat([again, met.filter(pl.col(name) != pl.col("first")).select(keys)]).unique()
        if again.height >= max(2, _COMES_AGAIN * times.height):
            return True
    return False


def _quality_columns(table: Table, plain: list[int], kinds: tuple[str, ...], said: Mapping[str, int]) -> tuple[dict[int, int], set[int]]:
    """Value column -> its quality column, and all quality columns."""
    import polars as pl

    by_name = {table.names[number].lower().strip(): number for number in plain}
    by_base = {found["base"].lower(): number for number in plain if (found := _VALUE_SUFFIX.match(table.names[number]))}
    owner: dict[int, int] = {}
    own: set[int] = set()
    shared = said.get("quality", -1)
    for number in plain:
        name = table.names[number]
        found = _SUFFIX.match(_plain(name))
        if found is None and word(_plain(name)) not in QUALITY:
            continue
        column = table.head[str(number)]
        texts = column.cast(pl.String).drop_nulls().unique().to_list()
        numbers = column.cast(pl.Float64, strict=False).drop_nulls()
        if not numbers.len() and texts and all(re.fullmatch(r"\s*0[xX][0-9a-fA-F]{1,8}\s*", text) for text in texts):
            numbers = pl.Series([float(int(text, 16)) for text in texts])
        integral = numbers.len() > 0 and bool((numbers % 1 == 0).all()) and numbers.n_unique() <= 40
        if not (looks_like_quality(texts) or integral or kinds[number] == "empty"):
            continue
        base = found["base"].lower().strip() if found else ""
        if base and (base in by_name or base in by_base) and by_name.get(base) != number:
            owner[by_base.get(base, by_name.get(base, -1))] = number
            own.add(number)
        elif word(_plain(name)) in QUALITY and shared < 0:
            before = number - 1
            if " (" in name or name in table.repeated:
                # "Quality" again and again: each belongs to the column before it.
                if before in plain:
                    owner[before] = number
                    own.add(number)
            elif looks_like_quality(texts) or (integral and bool((numbers >= 192).any())) or len(plain) == 2:
                shared = number
    if shared >= 0:
        own.add(shared)
        for number in plain:
            if number not in own and number not in owner:
                owner[number] = shared
    return owner, own
