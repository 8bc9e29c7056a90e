"""Payloads: what each format says, the naive twin of the pivot, and one bad payload for each mistake with its exact reason."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.batch import Batch
from andon.plant.errors import AskUserError
from andon.plant.status import Status
from andon.plant.time import NS
from andon.reading.mapping import Mapping
from andon.reading.payload import REASONS, Fault, PayloadReader
from andon.reading.payload.packed import HEADER, pack

NOW = 1_772_345_000 * NS
T0 = 1_772_344_800 * NS  # 2026-03-01T06:00:00Z
GOOD, UNCERTAIN, BAD, MISSING = Status.GOOD, Status.UNCERTAIN, Status.BAD, Status.MISSING


def read(said: Any, captured: dict[str, str] | None = None, /, **how: Any) -> Any:
    """Read one payload; anything but bytes is written as JSON first."""
    data = said if isinstance(said, bytes) else said.encode() if isinstance(said, str) else json.dumps(said).encode()
    return PayloadReader(Mapping(**how), "line").parse(data, captured or {}, NOW)


def cells(batch: Batch | None) -> dict[tuple[str, int, str], tuple[float, Status]]:
    """(asset, time, tag) -> (value, status) of everything that is not MISSING; NaN as infinity, so that equality holds."""
    assert batch is not None
    found = {}
    for row in range(batch.rows):
        for column, tag in enumerate(batch.tags):
            status = Status(int(batch.status[row, column]))
            value = float(batch.values[row, column])
            if status is not MISSING:
                key = (batch.assets[batch.asset[row]], int(batch.time[row]), tag)
                found[key] = (math.inf if math.isnan(value) else value, status)
            else:
                assert math.isnan(value)
    return found


SAME = {
    ("p1", T0, "a"): (1.5, GOOD),
    ("p1", T0, "b"): (2.0, GOOD),
    ("p2", T0 + NS, "a"): (-3.0, GOOD),
}


@pytest.mark.parametrize(
    ("payload", "how"),
    [
        ([{"time": "2026-03-01T06:00:00Z", "asset": "p1", "a": 1.5, "b": 2}, {"time": T0 // NS + 1, "asset": "p2", "a": -3}], {}),
        (
            [
                {"ts": (T0 // 1_000_000), "id": "p1", "v": {"a": 1.5, "b": "2"}},
                {"ts": (T0 // 1_000_000) + 1000, "id": "p2", "v": {"a": "-3.0"}},
            ],
            {"time_field": "ts", "asset_field": "id", "values_field": "v"},
        ),
        (
            {
                "n": 7,
                "data": [
                    {"time": "2026-03-01T07:00:00+01:00", "asset": "p1", "tag": "a", "value": 1.5},
                    {"time": "2026-03-01T06:00:00.000Z", "asset": "p1", "tag": "b", "value": 2},
                    {"time": "2026-03-01 06:00:01", "asset": "p2", "tag": "a", "value": "-3"},
                ],
            },
            {"shape": "records", "rows_field": "data", "sequence_field": "n"},
        ),
        (
            [
                {"at": {"t": T0 / NS}, "where": "p1", "what": {"name": "a"}, "value": 1.5},
                {"at": {"t": T0 / NS}, "where": "p1", "what": {"name": "b"}, "value": 2},
                {"at": {"t": T0 / NS + 1}, "where": "p2", "what": {"name": "a"}, "value": -3},
            ],
            {"shape": "records", "time_field": "at.t", "asset_field": "where", "tag_field": "what.name"},
        ),
        (
            {"time": [T0 // 1000, T0 // 1000 + 1_000_000], "asset": ["p1", "p2"], "tag": ["a", "b"], "value": [[1.5, 2], [-3, None]]},
            {"shape": "arrays"},
        ),
        ("time;asset;a;b\n2026-03-01T06:00:00Z;p1;1,5;2\n2026-03-01T06:00:01Z;p2;-3,0;\n", {"payload": "csv"}),
        (
            f"time,asset,tag,value,quality\r\n{T0},p1,a,1.5,good\r\n{T0},p1,b,2,192\r\n{T0 + NS},p2,a,-3,\r\n",
            {"payload": "csv", "shape": "records"},
        ),
        (f"m,asset=p1 a=1.5,b=2i {T0}\n# nothing\n\nm,asset=p2 a=-3 {T0 + NS}\n", {"payload": "influx"}),
    ],
)
def test_the_same_values_in_every_format(payload: Any, how: dict[str, Any]) -> None:
    parsed = read(payload, **how)
    assert parsed.faults == ()
    assert cells(parsed.batch) == SAME
    assert parsed.sequence == (7 if "rows_field" in how else None)


def arrow(frame: pl.DataFrame, *, stream: bool = True) -> bytes:
    """The IPC bytes of a table."""
    file = io.BytesIO()
    if stream:
        frame.write_ipc_stream(file)
    else:
        frame.write_ipc(file)
    return file.getvalue()


@pytest.mark.parametrize("stream", [True, False])
def test_arrow_wide_and_records(stream: bool) -> None:
    wide = pl.DataFrame({"time": [T0, T0 + NS], "asset": ["p1", "p2"], "a": [1.5, -3.0], "b": pl.Series([2, None], dtype=pl.Int16)})
    for frame in (wide, wide.with_columns(pl.col("time").cast(pl.Datetime("ns", "UTC"))), wide.with_columns(pl.col("a").cast(pl.String))):
        parsed = read(arrow(frame, stream=stream), payload="arrow")
        assert parsed.faults == ()
        assert cells(parsed.batch) == SAME
    records = pl.DataFrame({"time": [T0, T0, T0 + NS], "asset": ["p1", "p1", "p2"], "tag": ["a", "b", "a"], "value": [1.5, 2, -3]})
    assert cells(read(arrow(records, stream=stream), payload="arrow", shape="records").batch) == SAME


def test_arrow_local_times_need_the_zone() -> None:
    frame = pl.DataFrame({"time": ["2026-07-01T06:00:00"], "a": [1.0]}).with_columns(pl.col("time").str.to_datetime(time_unit="us"))
    batch = read(arrow(frame), payload="arrow", asset="p", zone="Europe/Berlin").batch
    assert batch.time[0] == (1_782_878_400 + 0) * NS  # 04:00 UTC


def test_packed_is_a_view_and_says_what_it_was_given() -> None:
    values = np.array([[[1.5, 2.0], [np.nan, -1.0]], [[0.0, 1.0], [-3.0, np.inf]]], dtype=np.float32)
    data = pack(["p1", "p2"], ["a", "b"], np.array([T0, T0 + NS]), values, sequence=9)
    parsed = read(data, payload="packed")
    assert parsed.sequence == 9
    assert parsed.faults == ()
    assert parsed.batch.position == "9"
    assert cells(parsed.batch) == {
        ("p1", T0, "a"): (1.5, GOOD), ("p1", T0, "b"): (2.0, GOOD), ("p2", T0, "b"): (-1.0, GOOD), ("p1", T0 + NS, "a"): (0.0, GOOD),
        ("p1", T0 + NS, "b"): (1.0, GOOD), ("p2", T0 + NS, "a"): (-3.0, GOOD), ("p2", T0 + NS, "b"): (math.inf, BAD),
    }  # fmt: skip
    plain = pack(["p1"], ["a"], np.array([T0]), np.ones((1, 1, 1), dtype=np.float32))
    assert np.shares_memory(read(plain, payload="packed").batch.values, np.frombuffer(plain, dtype=np.uint8))


def test_packed_status_and_history() -> None:
    values = np.array([[[1.0, 2.0, np.nan, 5.0]]], dtype=np.float32)
    status = np.array([[[GOOD, UNCERTAIN, GOOD, MISSING]]], dtype=np.uint8)
    batch = read(pack(["p"], list("abcd"), np.array([T0]), values, status, history=True), payload="packed").batch
    assert batch.history
    assert list(batch.status[0]) == [GOOD, UNCERTAIN, MISSING, MISSING]
    assert math.isnan(batch.values[0, 3])


names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(names, min_size=1, max_size=4, unique=True), st.lists(names, min_size=1, max_size=4, unique=True), st.integers(1, 4),
    st.integers(0, 2**32), st.booleans(),
)  # fmt: skip
def test_packed_there_and_back(assets: list[str], tags: list[str], length: int, seed: int, marked: bool) -> None:
    rng = np.random.default_rng(seed)
    time = np.sort(rng.integers(-(2**60), 2**60, length))
    values = rng.normal(size=(length, len(assets), len(tags))).astype(np.float32)
    status = rng.choice(np.array([GOOD, UNCERTAIN, BAD], dtype=np.uint8), size=values.shape) if marked else None
    parsed = read(pack(assets, tags, time, values, status, sequence=seed), payload="packed")
    batch = parsed.batch
    assert batch.assets == tuple(assets)
    assert batch.tags == tuple(tags)
    assert batch.values.tobytes() == values.tobytes()
    assert batch.time.tolist() == np.repeat(time, len(assets)).tolist()
    assert batch.status.tobytes() == (np.zeros(values.shape, np.uint8) if status is None else status).tobytes()


def test_a_topic_gives_asset_and_tag() -> None:
    topic = {"asset": "pump 3", "tag": "flow"}
    assert cells(read("12.5", topic, payload="number").batch) == {("pump 3", NOW, "flow"): (12.5, GOOD)}
    assert cells(read("Bad Input", topic, payload="number").batch) == {("pump 3", NOW, "flow"): (math.inf, BAD)}
    record = read({"time": T0 // NS, "value": 3}, topic, shape="records")
    assert cells(record.batch) == {("pump 3", T0, "flow"): (3.0, GOOD)}
    arrays = read({"time": [T0 // NS, T0 // NS + 1], "value": [[3], [4]]}, topic, shape="arrays")
    assert len(cells(arrays.batch)) == 2
    templated = read({"time": T0 // NS, "x": 1}, {"line": "L1", "sub": "s"}, asset="{line}/{machine}", tag="{sub}.{tag}")
    assert templated.faults == (Fault("no-asset", "no machine"),)
    templated = read({"time": T0 // NS, "x": 1, "machine": 7}, {"line": "L1", "sub": "s"}, asset="{line}/{machine}", tag="{sub}.{tag}")
    assert cells(templated.batch) == {("L1/7", T0, "s.x"): (1.0, GOOD)}


def test_names_are_only_names() -> None:
    """Braces and percent signs in what a source calls things are letters like others."""
    evil = "{asset}{0.__class__}%s${x}<b>"
    batch = read({"time": T0 // NS, "asset": evil, evil: 1.0}, tag="x.{tag}").batch
    assert batch.assets == (evil,)
    assert batch.tags == (f"x.{evil}",)


def test_rename_and_ignore() -> None:
    how: dict[str, Any] = {"rename": {"T1": "FIC-101.PV"}, "ignore": frozenset({"device", "fw"})}
    parsed = read({"time": T0 // NS, "asset": "p", "device": "gw", "fw": "1.2.3", "T1": 4, "T2": 5}, **how)
    assert parsed.faults == ()
    assert set(parsed.batch.tags) == {"FIC-101.PV", "T2"}
    parsed = read([{"time": T0 // NS, "asset": "p", "tag": tag, "value": 1} for tag in ("T1", "device")], shape="records", **how)
    assert parsed.faults == ()
    assert parsed.batch.tags == ("FIC-101.PV",)


def test_the_last_of_two_readings_at_one_time_stands() -> None:
    rows = [{"time": T0 // NS, "asset": "p", "tag": "a", "value": value} for value in (1, 2, 3)]
    assert cells(read(rows, shape="records").batch) == {("p", T0, "a"): (3.0, GOOD)}


def test_quality() -> None:
    def one(quality: Any, scheme: str = "auto") -> Any:
        return read({"time": T0 // NS, "asset": "p", "tag": "a", "value": 1, "quality": quality}, shape="records", quality=scheme)

    for quality, scheme, status in [
        ("good", "auto", GOOD), ("Uncertain", "auto", UNCERTAIN), ("bad", "auto", BAD), (192, "auto", GOOD), (64, "auto", UNCERTAIN),
        (0, "auto", UNCERTAIN), (0, "opc-ua", GOOD), (0, "opc-classic", BAD), (0x80000000, "auto", BAD), (0x40000000, "auto", UNCERTAIN),
        (None, "auto", GOOD), ("", "auto", GOOD), (True, "auto", GOOD), (False, "auto", BAD), ("192", "auto", GOOD), (192.0, "auto", GOOD),
        ("bad", "ignore", GOOD), (24, "opc-classic", BAD),
    ]:  # fmt: skip
        parsed = one(quality, scheme)
        assert parsed.faults == ()
        assert parsed.batch.status[0, 0] == status, (quality, scheme)
    for quality in ("blue", 7, -1, 1e300, 2**40):
        parsed = one(quality)
        assert parsed.batch.status[0, 0] == UNCERTAIN
        assert parsed.faults[0].reason == "wrong-value"
    row = {"time": T0 // NS, "asset": "p", "a": 1, "b": 2, "c": 3, "quality": {"a": "bad", "b": 192}}
    assert read(row).batch.status.tolist() == [[BAD, GOOD, GOOD]]
    assert read({**row, "quality": "uncertain"}).batch.status.tolist() == [[UNCERTAIN] * 3]


@pytest.mark.parametrize(
    ("raw", "value", "status"),
    [
        (1, 1.0, GOOD), (True, 1.0, GOOD), ("true", 1.0, GOOD), (" 2.5e1 ", 25.0, GOOD), (None, math.nan, MISSING), ("", math.nan, MISSING),
        ("n/a", math.nan, MISSING), ("bad", math.nan, BAD), ("I/O Timeout", math.nan, BAD), (1e300, math.nan, BAD),
        (10**400, math.nan, BAD),
        ("inf", math.nan, BAD), ("1e999", math.nan, BAD),
    ],
)  # fmt: skip
def test_values(raw: Any, value: float, status: Status) -> None:
    for extra in ({}, {"other": "5"}):
        parsed = read({"time": T0 // NS, "asset": "p", "a": raw, **extra})
        column = parsed.batch.tags.index("a")
        np.testing.assert_equal(float(parsed.batch.values[0, column]), value)
        assert parsed.batch.status[0, column] == status


@pytest.mark.parametrize(
    ("raw", "ns"),
    [
        (T0 // NS, T0), (T0 // 1_000_000, T0), (T0 // 1_000, T0), (T0, T0), (T0 / NS + 0.25, T0 + NS // 4), (str(T0 // NS), T0),
        ("2026-03-01T06:00:00.123456789Z", T0 + 123_456_789), ("2026-03-01T06:00:00,5+00:00", T0 + NS // 2),
        ("2026-03-01 07:00", T0 + 3600 * NS),
        ("1772344800.000000001", T0 + 1), (f"{T0 // NS}.5", T0 + NS // 2), (-1, -NS),
    ],
)  # fmt: skip
def test_times(raw: Any, ns: int) -> None:
    assert read({"time": raw, "asset": "p", "a": 1}).batch.time.tolist() == [ns]


def test_a_time_without_offset_is_in_the_links_zone() -> None:
    batch = read({"time": "2026-03-01T07:00:00", "asset": "p", "a": 1}, zone="Europe/Berlin").batch
    assert batch.time[0] == T0
    twice = read({"time": "2026-10-25T02:30:00", "asset": "p", "a": 1}, zone="Europe/Berlin").batch
    assert twice.time[0] == 1_792_888_200 * NS  # the first of the two: 00:30 UTC


# One bad payload for each mistake: what it is, how it is read, and the fault.
WRONG: dict[str, tuple[Any, dict[str, Any], Fault]] = {
    "nothing": ("", {}, Fault("empty", "Input data was truncated")),
    "no json": ("{a", {}, Fault("not-json", "JSON is malformed: object keys must be strings (byte 1)")),
    "not utf8": (
        b'{"time": 5, "asset": "\xff"}', {}, Fault("not-json", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ),
    "a number": ("5", {}, Fault("wrong-shape", "Expected `object | array`, got `int`")),
    "list of numbers": ("[5]", {}, Fault("wrong-shape", "Expected `object`, got `int` - at `$[0]`")),
    "time absent": ({"asset": "p", "a": 1}, {}, Fault("no-time", "no field 'time'")),
    "time is a word": ({"time": "noon", "asset": "p", "a": 1}, {}, Fault("no-time", "'noon' is no time")),
    "time is a date of eight digits": ({"time": "20260301", "asset": "p", "a": 1}, {}, Fault("no-time", "'20260301' is no time")),
    "time is far": ({"time": "9999-01-01", "asset": "p", "a": 1}, {}, Fault("no-time", "'9999-01-01' is no time")),
    "time is a list": ({"time": [1], "asset": "p", "a": 1}, {}, Fault("no-time", "'[1]' is no time")),
    "asset absent": ({"time": 5, "a": 1}, {}, Fault("no-asset", "no asset")),
    "no tag": ({"time": 5, "asset": "p"}, {}, Fault("no-tag", "no field that is a tag")),
    "values absent": ({"time": 5, "asset": "p", "a": 1}, {"values_field": "v"}, Fault("wrong-shape", "no object 'v'")),
    "rows absent": ({"x": 1}, {"rows_field": "rows"}, Fault("wrong-shape", "there is no field 'rows'")),
    "a value is a word": (
        {"time": 5, "asset": "p", "a": 1, "b": "green"}, {}, Fault("wrong-value", "b: 'green' is no number"),
    ),
    "a value is an object": (
        {"time": 5, "asset": "p", "a": {"x": 1}}, {}, Fault("wrong-value", "a: \"{'x': 1}\" is no number"),
    ),
    "a record is a list": (
        [{"time": 5, "asset": "p", "tag": "a", "value": [1]}], {"shape": "records"},
        Fault("wrong-shape", "Expected `bool | float | str | null`, got `array` - at `$[0].value`"),
    ),
    "a record lacks its tag": ([{"time": 5, "asset": "p", "value": 1}], {"shape": "records"}, Fault("no-tag", "no field 'tag'")),
    "a record lacks its asset": ([{"time": 5, "tag": "a", "value": 1}], {"shape": "records"}, Fault("no-asset", "no field 'asset'")),
    "a row is short": (
        {"time": 5, "asset": "p", "tag": ["a", "b"], "value": [[1, 2], [3]]}, {"shape": "arrays"},
        Fault("wrong-shape", "2 tags, but 1 values - at `$.value[1]`"),
    ),
    "too few times": (
        {"time": [5], "asset": "p", "tag": ["a"], "value": [[1], [3]]}, {"shape": "arrays"},
        Fault("wrong-shape", "2 rows, but 1 entries - at `$.time`"),
    ),
    "a tag twice": (
        {"time": 5, "asset": "p", "tag": ["a", "a"], "value": [1, 3]}, {"shape": "arrays"},
        Fault("wrong-shape", "a tag stands twice - at `$.tag`"),
    ),
    "too many values": ([{"time": 5, "asset": "p", "a": 1, "b": 1}] * 6, {"most_values": 10},
                        Fault("too-many-values", "6 rows × 2 tags, at most 10 values")),
    "too large": ({"time": 5, "asset": "p", "a": 1}, {"largest_bytes": 10}, Fault("too-large", "33 bytes, at most 10")),
    "csv of commas": (",", {"payload": "csv"}, Fault("empty", "no header")),
    "csv without time": ("a,b\n1,2", {"payload": "csv"}, Fault("no-time", "no column 'time'")),
    "csv row of another length": (
        f"time,asset,a\n{T0},p,1\n{T0},p\n", {"payload": "csv"}, Fault("not-csv", "3 columns, but a row of another length"),
    ),
    "csv column twice": ("time,asset,a,a\n5,p,1,2", {"payload": "csv"}, Fault("not-csv", "a column stands twice")),
    "csv is binary": (b"\xff\xfe", {"payload": "csv"}, Fault("not-utf8", "byte 0 is not UTF-8")),
    "number is a word": ("green", {"payload": "number", "asset": "p", "tag": "t"}, Fault("not-number", "'green' is no number")),
    "number without a tag": ("5", {"payload": "number", "asset": "p"}, Fault("no-tag", "the topic names no tag")),
    "packed is json": (b"{" + b" " * 40, {"payload": "packed"},
                       Fault("not-packed", "it begins with b'{       ', not with b'ANP1' and known flags")),
    "packed is short": (b"ANP1", {"payload": "packed"}, Fault("not-packed", "4 bytes are less than the header of 32")),
    "packed is cut": (pack(["p"], ["a"], np.array([5]), np.ones((1, 1, 1), np.float32))[:-1], {"payload": "packed"},
                      Fault("not-packed", "the header says 52 bytes, the payload has 51")),
    "packed says too much": (HEADER.pack(b"ANP1", 0, 0, 2**31, 2**31, 2**31, 0), {"payload": "packed"},
                             Fault("not-packed", f"the header says {32 + 8 * 2**31 + 4 * 2**93} bytes, the payload has 32")),
    "line without fields": ("m,asset=p", {"payload": "influx"}, Fault("not-line-protocol", "line 1: letter 10: fields are missing")),
    "line with a word": ("m,asset=p a=blue 5", {"payload": "influx"},
                         Fault("not-line-protocol", "line 1: letter 11: 'blue' is no value")),
    "line without time": ("m,asset=p a=1", {"payload": "influx"},
                          Fault("no-time", 'line 1: no time at the end of the line; say times = "arrival" to take the time of arrival')),
    "line without its asset": ("m a=1 5", {"payload": "influx"}, Fault("no-asset", "line 1: no tag asset")),
    "arrow is text": ("hello", {"payload": "arrow"}, Fault("not-arrow", "")),
    "arrow without time": (arrow(pl.DataFrame({"a": [1]})), {"payload": "arrow"}, Fault("no-time", "no column 'time'")),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_has_its_reason(mistake: str) -> None:
    payload, how, fault = WRONG[mistake]
    parsed = read(payload, **how)
    assert len(parsed.faults) == 1
    if fault.detail:
        assert parsed.faults[0] == fault
    assert parsed.faults[0].reason == fault.reason
    assert fault.reason in REASONS


def test_good_rows_beside_bad_ones_are_read() -> None:
    rows: list[dict[str, Any]] = [
        {"time": 5, "asset": "p", "a": 1},
        {"time": "?", "asset": "p", "a": 2},
        {"time": 6, "a": 3},
        {"time": 7, "asset": "p", "a": 4},
    ]
    parsed = read(rows)
    assert cells(parsed.batch) == {("p", 5 * NS, "a"): (1.0, GOOD), ("p", 7 * NS, "a"): (4.0, GOOD)}
    assert {(fault.reason, fault.count) for fault in parsed.faults} == {("no-time", 1), ("no-asset", 1)}
    records = [{**row, "tag": "a", "value": row["a"]} for row in rows]
    assert cells(read(records, shape="records").batch) == cells(parsed.batch)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"shape": "records", "time_field": "data", "value_field": "data.value"}, "the fields 'data.value' and 'data' cannot both be read"),
        ({"shape": "records", "time_field": "value"}, "the field 'value' is named twice"),
        ({"asset": "{line"}, "'{line' has a brace that names nothing"),
        ({"zone": "Mars/Base"}, "'Mars/Base' is not an IANA time zone"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_found_before_anything_is_read(how: dict[str, Any], message: str) -> None:
    with pytest.raises(AskUserError) as caught:
        PayloadReader(Mapping(**how), "line")
    assert caught.value.what == message


@pytest.mark.parametrize("payload", ["json", "csv", "packed", "influx"])
def test_the_same_bytes_are_the_same_batch_whatever_came_before(payload: str) -> None:
    data = {
        "json": b'{"time": 5, "asset": "p", "b": 1, "a": null}',
        "csv": b"time,asset,b,a\n5,p,1,\n",
        "packed": pack(["p"], ["b", "a"], np.array([5]), np.array([[[1, np.nan]]], np.float32)),
        "influx": b"m,asset=p b=1 5",
    }[payload]
    other = {"json": b'{"time": 6, "asset": "q", "a": 1, "c": "x"}', "csv": b"time,asset,a\n6,q,1\n", "influx": b"m,asset=q a=1 6"}
    used = PayloadReader(Mapping(payload=payload), "line")
    first = used.parse(data, {}, NOW).batch
    used.parse(other.get(payload, b"ANP1"), {}, NOW)
    for again in (used.parse(data, {}, NOW).batch, read(data, payload=payload).batch):
        assert first is not None
        assert again is not None
        assert (again.assets, again.tags, again.asset.tolist(), again.time.tolist()) == (
            first.assets, first.tags, first.asset.tolist(), first.time.tolist(),
        )  # fmt: skip
        assert again.values.tobytes() == first.values.tobytes()
        assert again.status.tobytes() == first.status.tobytes()


readings = st.lists(
    st.tuples(st.sampled_from(["p1", "p2", "p3"]), st.integers(0, 5), st.sampled_from(["a", "b", "c"]), st.integers(-1000, 1000)),
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(readings)
def test_the_pivot_is_its_naive_twin(rows: list[tuple[str, int, str, int]]) -> None:
    parsed = read([{"time": time, "asset": asset, "tag": tag, "value": value} for asset, time, tag, value in rows], shape="records")
    naive: dict[tuple[str, int, str], tuple[float, Status]] = {}
    for asset, time, tag, value in rows:
        naive[asset, time * NS, tag] = (float(value), GOOD)
    assert (cells(parsed.batch) if rows else {}) == naive
    if rows:
        order = list(dict.fromkeys((asset, time * NS) for asset, time, _, _ in rows))
        assert [(parsed.batch.assets[a], int(t)) for a, t in zip(parsed.batch.asset, parsed.batch.time, strict=True)] == order
