"""Whatever is written, in whatever order, however often, and whenever the process dies: the samples and their roll-up are right."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from andon.plant.batch import Batch
from andon.plant.errors import AskUserError, StoreError
from andon.plant.status import Status
from andon.store.segments import Keep, Segments
from andon.store.segments import files as files_module
from andon.store.segments.family import Family, interval_of
from andon.store.segments.tier import Tier
from tests.store.segments.naive import Cells

SECOND = 1_000_000_000
FAR = 2**62


def a_batch(rows: list[tuple[str, int, dict[str, tuple[float, int]]]]) -> Batch:
    """Rows of (asset, second, tag -> value and status)."""
    assets = tuple(dict.fromkeys(row[0] for row in rows))
    tags = tuple(dict.fromkeys(tag for row in rows for tag in row[2]))
    values = np.full((len(rows), len(tags)), np.nan, dtype=np.float32)
    status = np.full((len(rows), len(tags)), Status.MISSING, dtype=np.uint8)
    for at, (_, _, cells) in enumerate(rows):
        for tag, (value, code) in cells.items():
            values[at, tags.index(tag)], status[at, tags.index(tag)] = value, code
    asset = np.array([assets.index(row[0]) for row in rows], dtype=np.int32)
    return Batch("x", 0, assets, tags, asset, np.array([row[1] for row in rows], dtype=np.int64) * SECOND, values, status)


def steady(asset: str, first: int, count: int, tags: tuple[str, ...] = ("a", "b")) -> Batch:
    """One row a second, whose values say where they belong."""
    time = np.arange(first, first + count, dtype=np.int64)
    values = np.stack([time % 997 + place for place in range(len(tags))], axis=1).astype(np.float32)
    return Batch("x", 0, (asset,), tags, np.zeros(count, np.int32), time * SECOND, values, np.zeros(values.shape, np.uint8))


CELLS = st.dictionaries(
    st.sampled_from("abc"), st.tuples(st.floats(-100, 100, width=32), st.sampled_from([0, 0, 1, 2, 4])), min_size=1, max_size=3
)
ROWS = st.lists(st.tuples(st.sampled_from(["p", "q", "r"]), st.integers(0, 12_000), CELLS), min_size=1, max_size=8)
ACTS = st.lists(
    st.one_of(ROWS, st.sampled_from(["flush", "settle", "again", "reopen", "crash"]), st.integers(0, 14_000)), min_size=1, max_size=12
)


@given(acts=ACTS, points=st.integers(1, 50), start=st.integers(0, 6_000), length=st.integers(1, 8_000))
@settings(deadline=None, max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_any_order_of_acts(acts: list[Any], points: int, start: int, length: int) -> None:
    """Writes, also late and twice, among flushes, settlings, restarts, and crashes in the middle of settling."""
    folder, cells = Path(tempfile.mkdtemp()), Cells()
    try:
        segments = opened(folder)
        last: list[Batch] = []
        for act in acts:
            if isinstance(act, list):
                batch = a_batch(act)
                last.append(batch)
                cells.write(batch)
                segments.write(batch)
            elif isinstance(act, int):
                segments.settle(act * SECOND)
            elif act == "flush":
                segments.flush()
            elif act == "settle":
                segments.flush()
                segments.settle(FAR)
            elif act == "again" and last:
                cells.write(last[-1])
                segments.write(last[-1])
            elif act == "reopen":
                segments.flush()
                segments = opened(folder)
            elif act == "crash":
                segments.flush()
                crash(segments, len(last) % 4)
                segments = opened(folder)
        for asset in ("p", "q", "r"):
            window = (start * SECOND, (start + length) * SECOND)
            assert cells.agrees(segments.recording(asset, ("c", "a", "none"), *window), *window)
        segments.flush()
        segments.settle(FAR)
        for asset in ("p", "q", "r"):
            trace = segments.read(asset, ("a", "c"), 0, 12_001 * SECOND, points)
            assert len(trace.time) <= points
            for place, tag in enumerate(("a", "c")):
                valid = cells.valid(asset, tag, 0, FAR)
                assert int(trace.count[:, place].sum()) == len(valid)
                if valid:
                    assert float(np.nanmin(trace.low[:, place])) == min(valid)
                    assert float(np.nanmax(trace.high[:, place])) == max(valid)
                    mean = np.nansum(trace.mean[:, place].astype(np.float64) * trace.count[:, place]) / len(valid)
                    np.testing.assert_allclose(mean, np.mean(valid), rtol=1e-4, atol=1e-3)
    finally:
        shutil.rmtree(folder)


def opened(folder: Path) -> Segments:
    segments = Segments(folder, keep=Keep(FAR, FAR), grace=0)
    segments.register("sisters", ["p", "q"], ["a", "b"], interval=SECOND)  # "r" stands alone, and "c" comes as it comes
    segments._families["sisters"].family.rows_a_span = 100  # short spans: many of them are begun and ended
    return segments


def crash(segments: Segments, after: int) -> None:
    """Settle, and die before the `after`-th removal or writing of a file."""
    count = 0

    def dies() -> None:
        nonlocal count
        count += 1
        if count > after:
            raise KeyboardInterrupt

    def remove(self: Any, files: Any) -> None:
        for file in list(files):
            dies()
            whole_remove(self, [file])

    def write(path: Path, columns: dict[str, Any]) -> None:
        dies()
        whole_write(path, columns)

    with pytest.MonkeyPatch.context() as patch:
        whole_remove, whole_write = Tier._remove, files_module._write
        patch.setattr(Tier, "_remove", remove)
        patch.setattr(files_module, "_write", write)
        with suppress(KeyboardInterrupt):
            segments.settle(FAR)


def test_a_year_and_a_second_are_drawn_from_few_files(tmp_path: Path) -> None:
    segments = Segments(tmp_path)
    segments.register("f", ["p"], ["a", "b"], interval=SECOND)
    for first in range(0, 200_000, 20_000):
        segments.write(steady("p", first, 20_000))
        segments.flush()
        segments.settle((first + 20_000) * SECOND)
    whole = segments.read("p", ("b", "a"), 0, 200_000 * SECOND, 500)
    assert 450 <= len(whole.time) <= 500
    assert whole.step >= 400 * SECOND
    assert whole.count.sum(axis=0).tolist() == [200_000, 200_000]
    assert (whole.low.min(axis=0).tolist(), whole.high.max(axis=0).tolist()) == ([1, 0], [997, 996])
    near = segments.read("p", ("a",), 100_000 * SECOND, 100_060 * SECOND, 500)
    assert near.step == 0
    assert near.mean[:, 0].tolist() == [time % 997 for time in range(100_000, 100_060)]
    between = segments.read("p", ("a",), 100_000 * SECOND, 110_000 * SECOND, 500)
    assert int(between.count.sum()) == 10_000
    # Samples that wait, and those of spans that go on, are in the picture too.
    segments.write(steady("p", 200_000, 5))
    assert int(segments.read("p", ("a",), 0, 300_000 * SECOND, 10).count.sum()) == 200_005
    assert segments.extent("p") == (0, 200_004 * SECOND + 1)
    assert segments.waiting == 10
    assert sum(len(files) for _, _, files in os.walk(tmp_path)) < 60


def test_the_past_begins_with_the_first_sample_not_with_its_span(tmp_path: Path) -> None:
    """Bins are counted from the epoch, and files of bins are named after spans that begin long before."""
    segments = Segments(tmp_path, keep=Keep(samples=2_000 * SECOND, levels=FAR), grace=0)
    segments.register("f", ["p"], ["a", "b"], interval=SECOND)
    segments._families["f"].family.rows_a_span = 100
    segments.write(steady("p", 4_321, 4_000))
    segments.flush()
    segments.settle(5_000 * SECOND)
    assert len(list((tmp_path / "f" / "2").iterdir())) == 1
    assert segments.extent("p") == (4_321 * SECOND, 8_320 * SECOND + 1)
    segments.settle(8_400 * SECOND)
    first, last = segments.extent("p") or (0, 0)
    assert segments.recording("p", ["a"], 0, FAR).time[0] == 6_400 * SECOND, "the samples before went"
    assert 4_300 * SECOND <= first <= 4_321 * SECOND, "their bins did not"
    assert last == 8_320 * SECOND + 1


def test_late_samples_come_into_the_picture_with_the_next_settling(tmp_path: Path) -> None:
    segments = opened(tmp_path)
    segments.write(steady("p", 0, 5_000))
    segments.flush()
    segments.settle(FAR)
    segments.write(a_batch([("p", 700, {"a": (9_999.0, 0)})]))
    assert segments.recording("p", ["a"], 700 * SECOND, 701 * SECOND).values[0, 0] == 9_999
    segments.flush()
    segments.settle(FAR)
    trace = segments.read("p", ("a", "b"), 0, 5_000 * SECOND, 40)
    assert trace.high[:, 0].max() == 9_999
    assert trace.count.sum(axis=0).tolist() == [5_000, 5_000]


def test_nothing_is_lost_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = opened(tmp_path)
    segments.write(steady("p", 0, 500))

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for _ in range(2):
            with pytest.raises(StoreError, match="No space left on device"):
                segments.flush()
            segments.write(steady("p", 500, 1))
            assert segments.recording("p", ["a"], 0, FAR).rows >= 501
    assert segments.flush() == 501
    assert opened(tmp_path).recording("p", ["a"], 0, FAR).rows == 501
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left on device"):
            segments.settle(FAR)
        assert segments.recording("p", ["a"], 0, FAR).rows == 501
    segments.settle(FAR)
    assert int(segments.read("p", ("a",), 0, 501 * SECOND, 10).count.sum()) == 501
    assert not list(tmp_path.rglob("*.part"))


def test_old_samples_go_and_their_roll_up_stays(tmp_path: Path) -> None:
    segments = Segments(tmp_path, keep=Keep(samples=1_000 * SECOND, levels=10_000 * SECOND), grace=0)
    segments.register("f", ["p"], ["a", "b"], interval=SECOND)
    segments._families["f"].family.rows_a_span = 100
    segments.write(steady("p", 0, 5_000))
    segments.flush()
    segments.settle(5_000 * SECOND)
    assert segments.recording("p", ["a"], 0, FAR).time[0] == 4_000 * SECOND
    trace = segments.read("p", ("a",), 0, 5_000 * SECOND, 100)
    assert int(trace.count.sum()) == 5_000
    assert int(segments.read("p", ("a",), 1_000 * SECOND, 1_010 * SECOND, 100).count.sum()) == 10  # the finest that is left
    # What comes for a time whose samples are gone does not disturb what was made of them.
    segments.write(a_batch([("p", 1_005, {"a": (9_999.0, 0)})]))
    segments.flush()
    segments.settle(5_000 * SECOND)
    assert int(segments.read("p", ("a",), 0, 5_000 * SECOND, 100).count.sum()) == 5_000
    segments.settle(20_000 * SECOND)
    assert segments.recording("p", ["a"], 0, FAR).rows == 0
    assert segments.extent("p") is not None
    segments.settle(FAR)
    assert segments.extent("p") is None


def test_after_a_long_pause_samples_are_rolled_up_before_they_go(tmp_path: Path) -> None:
    segments = Segments(tmp_path, keep=Keep(samples=1_000 * SECOND, levels=FAR), grace=0)
    segments.register("f", ["p"], ["a", "b"], interval=SECOND)
    segments._families["f"].family.rows_a_span = 100
    segments.write(steady("p", 0, 500))
    segments.flush()
    segments.settle(50_000 * SECOND)
    assert segments.recording("p", ["a"], 0, FAR).rows == 0
    assert int(segments.read("p", ("a",), 0, 500 * SECOND, 20).count.sum()) == 500


def test_families_assets_and_tags(tmp_path: Path) -> None:
    segments = Segments(tmp_path)
    assert segments.assets() == {}
    assert segments.recording("nobody", ["a"], 0, FAR).rows == 0
    assert segments.read("nobody", ["a"], 0, FAR).columns() == [[], []]
    segments.register("model/1", ["p", "q"], ["a", "b"], interval=SECOND, about={"tags": ["x"]})
    segments.write(a_batch([("r", 1, {"温度 °C": (1.0, 0)}), ("p", 1, {"温度 °C": (2.0, 0)}), ("q", 2, {"温度 °C": (3.0, 2)})]))
    segments.write(a_batch([("p", 1, {"b": (4.0, 1)})]))
    for found in (segments, Segments(tmp_path)):
        if found is not segments:
            segments.flush()
            found = Segments(tmp_path)
        assert found.assets() == {"p": ("a", "b", "温度 °C"), "q": ("a", "b", "温度 °C"), "r": ("温度 °C",)}
        assert found.families("p") == [("model/1", {"tags": ["x"]})]
        one = found.recording("p", ["温度 °C", "b", "none"], 0, FAR)
        assert (one.values[0, :2].tolist(), one.status[0].tolist()) == ([2.0, 4.0], [0, 1, 3])
        assert found.recording("q", ["温度 °C"], 0, FAR).status[0, 0] == 2
    # An asset that gets another family goes on there, and is read from both.
    segments.register("model/2", ["p"], ["a"], interval=SECOND)
    segments.write(a_batch([("p", 3, {"a": (5.0, 0)})]))
    both = segments.recording("p", ["a", "b"], 0, FAR)
    assert both.time.tolist() == [SECOND, 3 * SECOND]
    assert np.array_equal(both.values, np.array([[np.nan, 4.0], [5.0, np.nan]], dtype=np.float32), equal_nan=True)
    assert segments.recording("p", ["a", "b"], 0, FAR, family="model/2").time.tolist() == [3 * SECOND]
    trace = segments.read("p", ["a", "b"], 0, 10 * SECOND)
    assert trace.columns(SECOND) == [[1.0, 3.0], [None, 5.0], [4.0, None]]
    with pytest.raises(AskUserError, match="longer than nothing"):
        segments.register("x", [], [], interval=0)
    with pytest.raises(AskUserError, match="some time and some points"):
        segments.read("p", ["a"], 5, 5)


def test_float64_stays_where_it_is_asked_for(tmp_path: Path) -> None:
    segments = Segments(tmp_path)
    segments.register("v", ["p"], ["p"], interval=SECOND, wide=True)
    value = np.array([[1e-300], [np.pi]])
    segments.put("v", ("p",), ("p",), np.zeros(2, np.int32), np.array([1, 2]), value, np.zeros((2, 1), np.uint8))
    segments.flush()
    found = Segments(tmp_path).recording("p", ["p"], 0, 10)
    assert found.values.dtype == np.float64
    assert found.values.tobytes() == value.tobytes()


def test_reading_goes_on_while_another_thread_settles(tmp_path: Path) -> None:
    segments = opened(tmp_path)
    errors: list[BaseException] = []
    stop = threading.Event()

    def settle() -> None:
        try:
            for first in range(0, 3_000, 100):
                segments.write(steady("p", first, 100))
                segments.flush()
                segments.settle((first + 50) * SECOND)
        except BaseException as error:
            errors.append(error)
        finally:
            stop.set()

    thread = threading.Thread(target=settle)
    thread.start()
    most = 0
    while not stop.is_set():
        rows = segments.recording("p", ["a"], 0, FAR).rows
        assert rows >= most
        most = rows
    thread.join()
    assert not errors
    assert segments.recording("p", ["a"], 0, FAR).rows == 3_000


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    segments = opened(tmp_path)
    segments.write(steady("p", 0, 50))
    segments.flush()
    path = next(tmp_path.rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StoreError, match="not a segment") as caught:
        segments.recording("p", ["a"], 0, FAR)
    assert caught.value.at.file == str(path)
    (tmp_path / "sisters" / "family.json").write_text('{"schema_version": 2}')
    with pytest.raises(StoreError, match="schema version 2, this Andon knows 1"):
        Segments(tmp_path)
    (tmp_path / "sisters" / "family.json").write_text("{")
    with pytest.raises(StoreError, match="not a family of segments"):
        Segments(tmp_path)


@pytest.mark.parametrize(
    ("gaps", "interval"),
    [
        ([1.0], 1.0),
        ([0.99, 1.01, 1.0, 60.0], 1.0),
        ([60.0], 50.0),
        ([0.01], 0.01),
        ([0.0001], 0.001),
        ([10.0, 10.0, 3600.0], 10.0),
        ([], 1.0),
    ],
)
def test_the_interval_of_samples(gaps: list[float], interval: float) -> None:
    times = np.cumsum(np.array([0.0, *gaps * 5]) * SECOND).astype(np.int64)
    assert interval_of(times) == interval * SECOND


def test_spans_hold_whole_bins() -> None:
    family = Family("f", 3)
    for level in range(5):
        start, end = family.span(level, 123_456_789)
        assert start <= 123_456_789 < end
        assert (end - start) % family.bin_length(level + 1) == 0
        assert start % family.bin_length(level + 1) == 0
        outer = family.span(level + 1, start)
        assert outer[0] <= start
        assert end <= outer[1]
