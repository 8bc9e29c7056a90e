"""Whatever the bytes are: no exception, a reason for what was not read, and a batch whose shapes and statuses are right."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.status import Status
from andon.reading.mapping import Mapping
from andon.reading.payload import REASONS, PayloadReader
from andon.reading.payload.packed import pack

FORMATS: list[dict[str, Any]] = [
    {"payload": "json"},
    {"payload": "json", "values_field": "v", "rows_field": "rows"},
    {"payload": "json", "shape": "records"},
    {"payload": "json", "shape": "records", "rows_field": "a.b", "time_field": "t.x"},
    {"payload": "json", "shape": "arrays"},
    {"payload": "csv"},
    {"payload": "csv", "shape": "records"},
    {"payload": "packed"},
    {"payload": "number", "asset": "p", "tag": "t"},
    {"payload": "influx"},
    {"payload": "arrow"},
    {"payload": "arrow", "shape": "records"},
]
READERS = [PayloadReader(Mapping(most_values=10_000, **how), "line") for how in FORMATS]


def hold(reader: PayloadReader, payload: bytes) -> None:
    """The promise of a reader, for any bytes."""
    parsed = reader.parse(payload, {}, 1)
    for fault in parsed.faults:
        assert fault.reason in REASONS
        assert fault.reason != "unreadable", (reader.mapping, payload, fault)
        assert fault.count >= 1
    batch = parsed.batch
    if batch is None:
        return
    assert batch.rows
    assert batch.tags
    assert len(set(batch.tags)) == len(batch.tags)
    assert all(batch.assets)
    assert batch.asset.min() >= 0
    assert batch.asset.max() < len(batch.assets)
    assert batch.values.dtype == np.float32
    assert batch.status.max() <= max(Status)
    assert not np.isinf(batch.values).any()
    assert np.isnan(batch.values[batch.status == Status.MISSING]).all()
    assert not np.isnan(batch.values[batch.status == Status.GOOD]).any()


leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from([10**400, -(2**63), "1e999", "NaN", ""])
)
keys = st.sampled_from(["time", "asset", "tag", "value", "quality", "sequence", "rows", "v", "a", "b", "t", "x"]) | st.text(max_size=4)
anything = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6), max_leaves=25)


@settings(max_examples=150, deadline=None)
@given(anything, st.integers(0, 4))
def test_any_json(value: Any, which: int) -> None:
    hold(READERS[which], json.dumps(value).encode())


@settings(max_examples=120, deadline=None)
@given(st.binary(max_size=300), st.integers(0, len(READERS) - 1))
def test_any_bytes(payload: bytes, which: int) -> None:
    hold(READERS[which], payload)


text_like = st.text(st.sampled_from('time,asset=ab "\\\n\r;1.5e-\t#{}:i[]Ω'), max_size=120)


@settings(max_examples=150, deadline=None)
@given(text_like, st.sampled_from(["", "time,asset,a\n", "time,asset,tag,value\n", "m,asset=p "]), st.integers(0, len(READERS) - 1))
def test_text_that_looks_right(text: str, before: str, which: int) -> None:
    hold(READERS[which], (before + text).encode())


def good(which: int) -> bytes:
    """A good payload, to be damaged."""
    how = FORMATS[which]
    table = {"time": [5, 6], "asset": ["p", "q"], "a": [1.5, None], "b": [2.5, 3.5]}
    match how["payload"]:
        case "packed":
            values, status = np.ones((3, 2, 2), dtype=np.float32), np.zeros((3, 2, 2), dtype=np.uint8)
            return pack(["p", "q"], ["a", "b"], np.array([1, 2, 3]), values, status, sequence=5)
        case "arrow":
            file = io.BytesIO()
            records = {"time": [5, 6], "asset": ["p", "q"], "tag": ["a", "b"], "value": [1.5, None]}
            pl.DataFrame(records if how.get("shape") == "records" else table).write_ipc_stream(file)
            return file.getvalue()
        case "influx":
            return b'm,asset=p a=1.5,b="x" 1700000000000000000\nm,asset=q a=t 1700000000000000000\n'
        case "csv":
            return b"time,asset,tag,value\n5,p,a,1\n6,q,b,2\n"
        case _:
            return json.dumps([{"time": 5, "asset": "p", "tag": "a", "value": 1, "quality": "good"}] * 2).encode()


@pytest.mark.parametrize("which", range(len(READERS)))
def test_a_good_payload_cut_at_every_byte(which: int) -> None:
    payload = good(which)
    for end in range(0, len(payload), max(1, len(payload) // 150)):
        hold(READERS[which], payload[:end])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(READERS) - 1), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_good_payload_with_damaged_bytes(which: int, damage: list[tuple[int, int]]) -> None:
    payload = bytearray(good(which))
    for place, byte in damage:
        payload[place % len(payload)] = byte
    hold(READERS[which], bytes(payload))


def test_deep_nesting() -> None:
    for reader in READERS[:5]:
        hold(reader, b"[" * 100_000)
        hold(reader, b'{"a":' * 100_000)
