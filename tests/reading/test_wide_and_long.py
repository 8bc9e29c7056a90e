"""Wide and long tables against a naive twin that reads cell by cell; the same data in any form is the same recording."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.reading import long as long_module
from andon.reading import read, read_one

START = datetime(2026, 1, 1, tzinfo=UTC)
CELLS = st.one_of(
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: f"{value:.4g}"),
    st.sampled_from(["", "No Data", "Bad", "I/O Timeout", " 7.5 ", "1e3", "nan", "-inf", "#N/A"]),
)
WORDS = {"": Status.MISSING, "No Data": Status.MISSING, "nan": Status.MISSING, "#N/A": Status.MISSING, "Bad": Status.BAD,
         "I/O Timeout": Status.BAD, "-inf": Status.BAD}  # fmt: skip


def stamp(row: int) -> str:
    return (START + timedelta(minutes=row)).strftime("%Y-%m-%d %H:%M:%S")


def naive(rows: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
    """Values and status, one cell after the other."""
    values, status = np.full((len(rows), len(rows[0])), np.nan, np.float32), np.zeros((len(rows), len(rows[0])), np.uint8)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if cell in WORDS:
                status[row, column] = WORDS[cell]
            else:
                values[row, column] = float(cell)
    return values, status


def same(rec: Recording, values: np.ndarray, status: np.ndarray) -> None:
    np.testing.assert_array_equal(rec.values.astype(np.float32), values)
    np.testing.assert_array_equal(rec.status, status)


def wide_text(rows: list[list[str]], separator: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow(["time", *(f"t{number}" for number in range(len(rows[0])))])
    for row, cells in enumerate(rows):
        writer.writerow([stamp(row), *cells])
    return out.getvalue()


tables = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=3, max_size=12))
quiet = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quiet
@given(tables, st.sampled_from([",", ";", "\t", "|"]))
def test_a_wide_table_is_read_as_cell_by_cell(tmp_path: Path, rows: list[list[str]], separator: str) -> None:
    for column in range(len(rows[0])):  # a column of words alone may be a category; that has its own test
        rows[0][column] = "1.5"
    path = tmp_path / "wide.csv"
    path.write_text(wide_text(rows, separator), encoding="utf-8")
    same(read_one(path), *naive(rows))


@quiet
@given(tables, st.randoms(use_true_random=False), st.booleans())
def test_the_same_samples_in_a_long_table_are_the_same_recording(
    tmp_path: Path, rows: list[list[str]], random: object, spill: bool
) -> None:
    for column in range(len(rows[0])):
        rows[0][column] = "1.5"
    lines = [f"t{column},{stamp(row)},{cell}" for row, cells in enumerate(rows) for column, cell in enumerate(cells)]
    first = lines[: len(rows[0])]
    rest = lines[len(rows[0]) :]
    random.shuffle(rest)  # type: ignore[attr-defined]
    path = tmp_path / "long.csv"
    path.write_text("tag,time,value\n" + "\n".join(first + rest) + "\n", encoding="utf-8")
    before = long_module.SampleStore.__init__.__defaults__
    long_module.SampleStore.__init__.__defaults__ = (0,) if spill else before
    try:
        rec = read_one(path)
    finally:
        long_module.SampleStore.__init__.__defaults__ = before
    assert rec.tags == tuple(f"t{column}" for column in range(len(rows[0])))
    same(rec, *naive(rows))


@pytest.fixture
def frame() -> pl.DataFrame:
    rng = np.random.default_rng(7)
    time = pl.Series("time", [START + timedelta(minutes=row) for row in range(500)])
    return pl.DataFrame({"time": time, "a": np.round(rng.normal(size=500), 3), "b": np.arange(500) % 7, "c": ["on", "off"] * 250})


def test_every_container_gives_the_same_recording(frame: pl.DataFrame, tmp_path: Path) -> None:
    text = frame.with_columns(pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv().encode()
    frame.write_parquet(tmp_path / "x.parquet")
    frame.write_ipc(tmp_path / "x.arrow")
    (tmp_path / "x.csv").write_bytes(text)
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(text))
    (tmp_path / "x.csv.zst").write_bytes(zstandard.compress(text))
    (tmp_path / "x16.txt").write_bytes(text.decode().encode("utf-16"))
    first = read_one(tmp_path / "x.csv")
    assert first.texts == {"c": ("off", "on")}
    assert first.tags == ("a", "b", "c")
    for name in ("x.parquet", "x.arrow", "x.csv.gz", "x.csv.zst", "x16.txt"):
        other = read_one(tmp_path / name)
        assert other.tags == first.tags
        assert other.texts == first.texts
        np.testing.assert_array_equal(other.time, first.time)
        same(other, first.values.astype(np.float32), first.status)
        assert not other.problems


def test_one_file_per_tag_is_the_wide_table(frame: pl.DataFrame, tmp_path: Path) -> None:
    folder = tmp_path / "tags"
    folder.mkdir()
    for tag in ("a", "b"):
        frame.select("time", pl.col(tag).alias("value")).write_csv(folder / f"{tag}.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    rec = read_one(folder)
    assert rec.asset == "tags"
    assert rec.tags == ("a", "b")
    np.testing.assert_array_equal(rec.values, frame.select("a", "b").to_numpy().astype(np.float32))


def test_files_of_one_asset_follow_each_other_in_any_order(frame: pl.DataFrame, tmp_path: Path) -> None:
    frame.write_parquet(tmp_path / "whole.parquet")
    frame[300:].write_parquet(tmp_path / "line_1.parquet")
    frame[:320].write_parquet(tmp_path / "line_2.parquet")
    found = read(str(tmp_path / "line_*.parquet"))
    (rec,) = found.recordings.values()
    assert rec.asset == "line"
    whole = read_one(tmp_path / "whole.parquet")
    np.testing.assert_array_equal(rec.time, whole.time)
    same(rec, whole.values, whole.status)
    assert [(one.kind, one.count) for one in rec.problems] == [("overlap", 60)]


def test_large_counters_keep_their_steps(tmp_path: Path) -> None:
    text = "time,counter,a\n" + "".join(f"{stamp(row)},{1_234_567_890 + row},1.5\n" for row in range(5))
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    rec = read_one(tmp_path / "x.csv")
    assert rec.values.dtype == np.float64
    assert np.diff(rec.values[:, 0]).tolist() == [1, 1, 1, 1]


def test_words_that_come_late_are_found_with_their_line(tmp_path: Path) -> None:
    rows = [["1.5", "2"] for _ in range(3000)]
    rows[2500][0] = "Bad Input"
    rows[2600][1] = "kaputt"
    (tmp_path / "x.csv").write_text(wide_text(rows), encoding="utf-8")
    rec = read_one(tmp_path / "x.csv")
    assert np.argwhere(rec.status == Status.BAD).tolist() == [[2500, 0], [2600, 1]]
    (met,) = (one for one in rec.problems if one.kind == "text-in-number")
    assert (met.at.line, met.at.tag) == (2602, "t1")


@pytest.mark.parametrize(
    ("cells", "values", "kind"),
    [
        (["50.5 %", "51 %", "Bad", "52.25%"], [50.5, 51, None, 52.25], "unit-in-cell"),
        (["4.0 bar", "3.9bar", "5", "1e1 bar"], [4.0, 3.9, 5, 10], "unit-in-cell"),
        (["12 m3/h", "13 m3/h", "", "14 m3/h"], [12, 13, None, 14], "unit-in-cell"),
        (["1 bar", "100 kPa", "2 bar", "200 kPa"], [0, 1, 2, 3], ""),  # two units: what they mean together nobody knows
        (["100A", "200A", "100A", "200A"], [0, 1, 0, 1], ""),
        (["1 of 3", "2 of 3", "1 of 3", "2 of 3"], [0, 1, 0, 1], ""),
    ],
)
def test_numbers_with_their_unit_are_numbers(tmp_path: Path, cells: list[str], values: list[float | None], kind: str) -> None:
    path = tmp_path / "units.csv"
    path.write_text("time,level,other\n" + "".join(f"{stamp(row)},{cell},{row}.5\n" for row, cell in enumerate(cells)), "utf-8")
    got = read([str(path)])
    rec = next(iter(got.recordings.values()))
    at = rec.tags.index("level")
    wanted = np.array([np.nan if value is None else value for value in values])
    good = rec.status[:, at] == Status.GOOD
    np.testing.assert_array_equal(good, ~np.isnan(wanted))
    np.testing.assert_allclose(rec.values[good, at], wanted[good], rtol=1e-6)
    assert [item.kind for item in got.problems if item.at.tag == "level" and item.kind != "missing"] == ([kind] if kind else [])


def test_sparse_tags_go_on_the_grid(tmp_path: Path) -> None:
    lines = ["tag,time,value"]
    for tag in range(8):
        lines += [f"T{tag},{(START + timedelta(seconds=60 * row + 7 * tag + 1)).strftime('%Y-%m-%dT%H:%M:%SZ')},{row}" for row in range(20)]
    (tmp_path / "x.csv").write_text("\n".join(lines), encoding="utf-8")
    rec = read_one(tmp_path / "x.csv")
    assert [one.kind for one in rec.problems] == ["gridded"]
    assert set(np.diff(rec.time).tolist()) == {60_000_000_000}
    assert rec.rows == 20
    assert (rec.values == np.arange(20)[:, None]).all()
    two = read_one(tmp_path / "x.csv", interval_ns=120_000_000_000)
    assert rec.time[1] == two.time[0]
    assert two.values[0, 0] == 0.5  # the mean of minutes 0 and 1


def test_a_fold_in_a_long_table_is_told_per_tag(tmp_path: Path) -> None:
    clock = [f"2024-10-27 {hour:02d}:{minute:02d}:00" for hour in (1, 2, 2, 3) for minute in (0, 30)]
    for order in ("by tag", "by time"):
        pairs = [(tag, time) for tag in "AB" for time in clock] if order == "by tag" else [(tag, time) for time in clock for tag in "AB"]
        (tmp_path / "x.csv").write_text("tag,time,value\n" + "".join(f"{tag},{time},1\n" for tag, time in pairs), encoding="utf-8")
        rec = read_one(tmp_path / "x.csv", zone="Europe/Berlin")
        assert np.diff(rec.time).tolist() == [1_800_000_000_000] * 7
        assert (rec.status == Status.GOOD).all()


def test_the_input_frame_order_of_columns_is_kept_and_progress_ends_at_one(frame: pl.DataFrame, tmp_path: Path) -> None:
    frame.select("b", "time", "a").write_parquet(tmp_path / "x.parquet")
    seen: list[float] = []
    rec = read_one(tmp_path / "x.parquet", progress=lambda stage, share: seen.append(share))
    assert rec.tags == ("b", "a")
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


def test_types_of_parquet(tmp_path: Path) -> None:
    time = [START + timedelta(minutes=row) for row in range(4)]
    pl.DataFrame(
        {
            "ts": pl.Series(time).dt.replace_time_zone(None),
            "flag": [True, False, None, True],
            "list": [[1], [2], [3], [4]],
            "price": pl.Series(["1.5", "2.5", "3.5", None]).cast(pl.Decimal(10, 2)),
            "count": [1, 2, 3, None],
            "grade": pl.Series(["b", "a", "b", None], dtype=pl.Categorical),
        }
    ).write_parquet(tmp_path / "x.parquet")
    rec = read_one(tmp_path / "x.parquet", zone="UTC")
    assert rec.tags == ("flag", "price", "count", "grade")
    assert rec.texts == {"flag": ("false", "true"), "grade": ("a", "b")}
    assert rec.column("price").tolist()[:3] == [1.5, 2.5, 3.5]
    assert rec.status[3].tolist() == [Status.GOOD, Status.MISSING, Status.MISSING, Status.MISSING]
    assert [(one.kind, one.at.tag) for one in rec.problems] == [("nested-column", "list")]


def test_zone_of_a_typed_column_is_taken_off(tmp_path: Path) -> None:
    time = pl.Series("ts", [START + timedelta(minutes=row) for row in range(3)])
    for unit in ("ms", "us", "ns"):
        frame = pl.DataFrame({"ts": time.dt.convert_time_zone("Asia/Tokyo").dt.cast_time_unit(unit), "x": [1, 2, 3]})
        frame.write_parquet(tmp_path / "x.parquet")
        rec = read_one(tmp_path / "x.parquet")
        assert rec.time[0] == int(START.timestamp()) * 1_000_000_000
        assert not rec.problems


def test_a_category_keeps_its_texts_over_files(tmp_path: Path) -> None:
    for number, words in enumerate((["run", "stop"], ["idle", "run"])):
        rows = "".join(f"{stamp(2 * number + row)},{word},1.5\n" for row, word in enumerate(words))
        (tmp_path / f"line_{number}.csv").write_text("time,state,x\n" + rows, encoding="utf-8")
    rec = read_one(tmp_path, zone="UTC")
    assert rec.texts == {"state": ("idle", "run", "stop")}
    assert [rec.texts["state"][int(value)] for value in rec.values[:, 0]] == ["run", "stop", "idle", "run"]
