"""labels.csv, read and written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.plant.errors import ReadingError
from andon.plant.label import Label, LabelKind
from andon.plant.time import parse_instant
from andon.reading import read_labels, write_labels

HEAD = "asset,start,end,kind,note,by,at\n"
words = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\u2028\u2029\x85"), min_size=1, max_size=20).map(
    str.strip
)
micros = st.integers(0, 4_000_000_000_000_000).map(lambda micro: micro * 1000)


@st.composite
def label(draw: st.DrawFn) -> Label:
    start = draw(micros)
    return Label(
        draw(words.filter(bool)), start, start + 1000 * draw(st.integers(1, 10**9)), draw(st.sampled_from(LabelKind)),
        draw(words), draw(words),
        draw(st.none() | micros),
    )  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(label(), max_size=5))
def test_what_is_written_is_read(tmp_path: Path, labels: list[Label]) -> None:
    path = tmp_path / "labels.csv"
    write_labels(path, labels)
    assert read_labels(path) == tuple(sorted(labels, key=lambda one: (one.start, one.end, one.asset)))


def test_local_times_columns_in_any_order_and_absent_ones(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("kind;asset;end;start\nFault;pump;2024-07-01 03:00;2024-07-01 02:00\n", encoding="utf-8")
    (one,) = read_labels(path, "Europe/Berlin")
    assert one == Label("pump", parse_instant("2024-07-01T00:00Z"), parse_instant("2024-07-01T01:00Z"), LabelKind.FAULT)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("asset,start,end\nx,1,2\n", "the labels file has no column kind", 1),
        (HEAD + "x,2024-01-02,2024-01-01,fault,,,\n", "the label ends at '2024-01-01', not after its start '2024-01-02'", 2),
        (HEAD + "x,2024-01-01,2024-01-02,fault,,,\nx,tomorrow,2024-01-02,fault,,,\n", "start: 'tomorrow' is not a date or time", 3),
        (HEAD + "x,2024-01-01,2024-01-02,broken,,,\n", "'broken' is no kind of label", 2),
        (HEAD + ",2024-01-01,2024-01-02,fault,,,\n", "the label names no asset", 2),
        ("", "the file is empty", None),
    ],
)
def test_a_mistake_names_its_line(text: str, message: str, line: int | None, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReadingError) as met:
        read_labels(path)
    assert met.value.what == message
    assert met.value.at.line == line
    assert met.value.do
