"""Result files: golden files, round trips, schemas, bad files."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from andon.plant.errors import StoreError
from andon.plant.verdict import Verdict, Why
from andon.store.results import (
    EVENT_COLUMNS,
    event_from_dict,
    event_to_dict,
    read_events,
    read_quality,
    read_verdicts,
    write_events,
    write_quality,
    write_verdicts,
)
from tests.store.result_samples import ASSET, GOLDEN, events, quality, verdicts

VERDICT_FILE = "verdicts/pump 1%2F北.parquet"


def same(one: Any, other: Any) -> None:
    """Equal field by field, arrays with their type."""
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype, field.name
            np.testing.assert_array_equal(a, b, err_msg=field.name)
        else:
            assert a == b, field.name


def test_golden_files_of_schema_version_1_are_read() -> None:
    same(read_verdicts(GOLDEN / VERDICT_FILE), verdicts())
    assert read_events(GOLDEN / "events.json") == events()
    for got, expected in zip(read_quality(GOLDEN / "quality.parquet"), quality(), strict=True):
        same(got, expected)


def test_golden_files_are_written(tmp_path: Path) -> None:
    assert write_verdicts(tmp_path, verdicts()) == tmp_path / VERDICT_FILE
    write_events(tmp_path, events(), render=lambda sentence: f"<{sentence.key}>")
    assert write_quality(tmp_path, quality()) == tmp_path / "quality.parquet"
    for name in ("events.json", "events.csv"):
        assert (tmp_path / name).read_bytes() == (GOLDEN / name).read_bytes()
    for name in (VERDICT_FILE, "quality.parquet"):  # the bytes depend on the version of polars; types and values do not
        got, expected = pl.read_parquet(tmp_path / name), pl.read_parquet(GOLDEN / name)
        assert got.schema == expected.schema
        assert got.equals(expected)
        assert pl.read_parquet_metadata(tmp_path / name)["andon"] == pl.read_parquet_metadata(GOLDEN / name)["andon"]


def test_columns_of_verdicts(tmp_path: Path) -> None:
    frame = pl.read_parquet(write_verdicts(tmp_path, verdicts()))
    expected: dict[str, Any] = {
        "time": pl.Int64, "verdict": pl.String, "why": pl.String, "p": pl.Float64, "evidence": pl.Float64, "threshold": pl.Float64,
        "mode": pl.Int16, "revision": pl.Int32, "model": pl.String,
    }  # fmt: skip
    for rank in range(1, 6):
        expected |= {f"tag_{rank}": pl.String, f"share_{rank}": pl.Float32}
    assert dict(frame.schema) == expected | {"schema_version": pl.UInt16}
    assert frame["verdict"].to_list() == ["normal", "anomalous", "cannot_judge", "normal"]
    assert frame["why"].to_list() == ["judged", "judged", "machine_off", "judged"]
    assert frame["p"].to_list() == [0.5, 1e-7, None, 0.25]
    assert frame["tag_1"].to_list() == [None, 'quote " ; , tag', None, None]
    assert frame["share_3"].to_list() == [None, -0.25, None, None]
    assert frame["share_4"].null_count() == 4


def test_columns_of_quality(tmp_path: Path) -> None:
    frame = pl.read_parquet(write_quality(tmp_path, quality()))
    assert dict(frame.schema) == {
        "asset": pl.String, "sample_time": pl.Int64, "known_at": pl.Int64, "target": pl.String, "value": pl.Float64, "low": pl.Float64,
        "high": pl.Float64, "level": pl.Float64, "why": pl.String, "schema_version": pl.UInt16,
    }  # fmt: skip
    assert frame["why"].to_list() == ["judged", "outside_trained_region", "judged"]


def test_the_table_of_events(tmp_path: Path) -> None:
    _, file = write_events(tmp_path, events())
    with open(file, encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert tuple(rows[0]) == EVENT_COLUMNS
    first, second = rows
    assert (first["id"], first["onset"], first["start"]) == (events()[0].id, "2026-09-21T14:13:20Z", "2026-09-21T14:13:20.000000001Z")
    assert (first["tag_1"], first["share_1"], first["tag_3"], first["tag_4"]) == ('quote " ; , tag', "0.75", "T/1", "")
    assert json.loads(first["shares"]) == events()[0].shares
    assert (first["quality_relevant"], first["text"]) == ("true", "")
    assert (second["end"], second["quality_relevant"]) == ("", "")


def test_every_reason_and_verdict_has_its_word(tmp_path: Path) -> None:
    count = len(Why)
    plain = verdicts()
    all_of_them = dataclasses.replace(
        plain, time=np.arange(count, dtype=np.int64), verdict=np.arange(count, dtype=np.uint8) % len(Verdict),
        why=np.arange(count, dtype=np.uint8), p=np.full(count, 0.5), evidence=np.zeros(count), threshold=np.ones(count),
        mode=np.zeros(count, np.int16), revision=np.zeros(count, np.int32), top_tags=np.full((count, 5), -1, np.int32),
        top_shares=np.zeros((count, 5), np.float32),
    )  # fmt: skip
    same(read_verdicts(write_verdicts(tmp_path, all_of_them)), all_of_them)


def test_nothing_at_all(tmp_path: Path) -> None:
    plain = verdicts()
    arrays = {f.name: getattr(plain, f.name) for f in dataclasses.fields(plain) if isinstance(getattr(plain, f.name), np.ndarray)}
    empty = dataclasses.replace(plain, tags=(), **{name: array[:0] for name, array in arrays.items()})
    same(read_verdicts(write_verdicts(tmp_path, empty)), empty)
    write_events(tmp_path, ())
    assert read_events(tmp_path / "events.json") == ()
    assert read_quality(write_quality(tmp_path, [])) == ()


def test_an_event_is_plain_json() -> None:
    for event in events():
        assert event_from_dict(json.loads(json.dumps(event_to_dict(event)))) == event


def test_a_long_recording_is_written_and_read_in_seconds(tmp_path: Path) -> None:
    rows = 200_000
    rng = np.random.default_rng(1)
    plain = verdicts()
    long = dataclasses.replace(
        plain, time=np.arange(rows, dtype=np.int64) * 60, verdict=np.zeros(rows, np.uint8), why=np.zeros(rows, np.uint8),
        p=rng.random(rows), evidence=rng.random(rows), threshold=np.ones(rows), mode=np.zeros(rows, np.int16),
        revision=np.zeros(rows, np.int32), top_tags=rng.integers(-1, 3, (rows, 5)).astype(np.int32),
        top_shares=np.ones((rows, 5), np.float32),
    )  # fmt: skip
    got = read_verdicts(write_verdicts(tmp_path, long))
    np.testing.assert_array_equal(got.top_tags, long.top_tags)
    np.testing.assert_array_equal(got.p, long.p)


def test_foreign_and_damaged_files(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "foreign.parquet")
    (tmp_path / "torn.parquet").write_bytes((GOLDEN / VERDICT_FILE).read_bytes()[:300])
    for name, what in (
        ("foreign.parquet", "not a result of Andon"),
        ("torn.parquet", "not a result of Andon"),
        ("none.parquet", "cannot read"),
    ):
        for read in (read_verdicts, read_quality):
            with pytest.raises(StoreError, match=what) as caught:
                read(tmp_path / name)
            assert caught.value.at.file == str(tmp_path / name)
            assert caught.value.do
    with pytest.raises(StoreError, match="a file of quality, not of verdicts"):
        read_verdicts(GOLDEN / "quality.parquet")
    with pytest.raises(StoreError, match="a file of verdicts, not of quality"):
        read_quality(GOLDEN / VERDICT_FILE)
    about = pl.read_parquet_metadata(GOLDEN / VERDICT_FILE)["andon"]
    words = pl.read_parquet(GOLDEN / VERDICT_FILE).with_columns(pl.lit("fine").alias("verdict"))
    for frame in (words, words.drop("verdict")):
        frame.write_parquet(tmp_path / "words.parquet", metadata={"andon": about})
        with pytest.raises(StoreError, match="not a file of verdicts"):
            read_verdicts(tmp_path / "words.parquet")
    for text in ("", "[]", '{"schema_version": 1, "events": [{}]}', '{"schema_version": 1}'):
        (tmp_path / "events.json").write_text(text, encoding="utf-8")
        with pytest.raises(StoreError, match="not a file of events"):
            read_events(tmp_path / "events.json")
    with pytest.raises(StoreError, match="cannot read"):
        read_events(tmp_path / "none.json")


def test_a_file_of_a_newer_andon(tmp_path: Path) -> None:
    (tmp_path / "events.json").write_text('{"schema_version": 2, "events": []}', encoding="utf-8")
    with pytest.raises(StoreError, match="schema version 2, this Andon knows 1 to 1"):
        read_events(tmp_path / "events.json")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "new.parquet", metadata={"andon": '{"kind": "verdicts", "schema_version": 7}'})
    with pytest.raises(StoreError, match="schema version 7"):
        read_verdicts(tmp_path / "new.parquet")


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_verdicts(tmp_path, verdicts())
    write_events(tmp_path, events())
    write_quality(tmp_path, quality())
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    changed = dataclasses.replace(verdicts(), threshold=np.zeros(4))
    for write in (lambda: write_verdicts(tmp_path, changed), lambda: write_events(tmp_path, ()), lambda: write_quality(tmp_path, [])):
        with pytest.raises(StoreError, match="No space left on device"):
            write()
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_input_is_left_unchanged(tmp_path: Path) -> None:
    mine = verdicts()
    write_verdicts(tmp_path, mine)
    same(mine, verdicts())
    assert mine.asset == ASSET


def test_every_column_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "outputs.md").read_text(encoding="utf-8")
    columns = {*pl.read_parquet(GOLDEN / VERDICT_FILE).columns, *pl.read_parquet(GOLDEN / "quality.parquet").columns, *EVENT_COLUMNS}
    columns |= set(event_to_dict(events()[0]))
    ranked = {name for name in columns if name[-2:-1] == "_"}
    assert {name for name in columns - ranked if f"`{name}`" not in text} == set()
    assert "`tag_1` … `tag_5`" in text
    for word in (*(member.name.lower() for member in Why), *(member.name.lower() for member in Verdict)):
        assert f"`{word}`" in text
