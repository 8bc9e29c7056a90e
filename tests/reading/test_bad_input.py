"""One bad file per mistake, with its exact message; and odd files that must be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from andon.plant.errors import AskUserError, ReadingError
from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.time import parse_instant
from andon.reading import Question, read, read_one

ROWS = "".join(f"2024-01-01 00:0{minute}:00,{minute}.5,{minute}\n" for minute in range(5))
HEAD = "time,a,b\n"


def write(folder: Path, text: str | bytes, name: str = "export.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def kinds(rec: Recording) -> dict[str, tuple[int | None, int]]:
    return {one.kind: (one.at.line, one.count) for one in rec.problems}


MISTAKES = {
    "empty": ("", "the file is empty"),
    "blank lines": ("\n\n  \n", "the file is empty"),
    "header only": (HEAD, "only a header, no row of data"),
    "prose": ("This is a letter\nto somebody else\n", "no table: no line has two cells"),
    "text everywhere": ("hello,world\nfoo,bar\nbaz,qux\n", "no column holds times"),
    "no time": ("a,b\n1,2\n3,4\n", "no column holds times"),
    "only a time of day": ("time,a\n10:00:00,1\n10:01:00,2\n", "column 'time' holds a time of day, and no column holds a date"),
    "only a time column": ("time;\n2024-01-01 00:00;\n2024-01-01 00:01;\n", "no column beside the time"),
    "relative seconds": ("time,a\n0,1\n1,2\n2,3\n", "the numbers of column 'time' are no instants, for example 0"),
    "open quotation": (HEAD + ROWS + '2024-01-01 00:09:00,"1,2\n', "a quotation mark opens a cell and never closes"),
    "two orders of dates": (
        HEAD + "13/04/2024 01:00,1,2\n04/13/2024 02:00,1,2\n",
        "dates are written in more than one order, for example '13/04/2024' and '04/13/2024'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_has_its_message_and_names_the_file(mistake: str, tmp_path: Path) -> None:
    text, message = MISTAKES[mistake]
    path = write(tmp_path, text)
    with pytest.raises(ReadingError) as met:
        read(path)
    assert met.value.what == message
    assert met.value.at.file == str(path)
    assert met.value.do


QUESTIONS = {
    "day or month": (
        HEAD + "".join(f"03/04/2024 0{hour}:00,1,2\n" for hour in range(5)),
        "dayfirst",
        "is '03/04/2024' 2024-04-03 or 2024-03-04? Every date of the column can be read both ways",
    ),
    "decimal or thousands": (
        "time;a\n2024-01-01 00:00;1,234\n2024-01-01 00:01;2,345\n",
        "decimal",
        "is '1,234' 1234 or 1.234? Every comma of the file has three digits behind it, so it may mark thousands or decimals",
    ),
    "zone abbreviation": (
        "time,a\n2024-07-01 00:00:00 CST,1\n2024-07-01 00:01:00 CST,2\n",
        "zone",
        "which zone is 'CST'? Abbreviations of zones are not unique",
    ),
    "clock set back": (
        "time,a\n" + "".join(f"2024-10-27 {hour:02d}:{minute:02d}:00,1\n" for hour in (1, 2, 2, 3) for minute in range(0, 60, 10)),
        "zone",
        "in which zone are these times? The clock was set back at 2024-10-27T02:00:00, as daylight saving does, "
        "so the hour before comes twice",
    ),
    "quality of zeros": (
        "time,tag,value,quality\n" + "".join(f"2024-01-01 00:0{minute}:00,T1,{minute},0\n" for minute in range(4)),
        "quality",
        "is the quality 0 of column 'quality' good (OPC UA, AVEVA) or bad (classic OPC)? The file has no other quality",
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_the_file_leaves_open_is_asked(question: str, tmp_path: Path) -> None:
    text, option, message = QUESTIONS[question]
    with pytest.raises(Question) as met:
        read(write(tmp_path, text))
    assert met.value.what == message
    assert met.value.option == option
    assert option in met.value.do


def test_answers_are_taken(tmp_path: Path) -> None:
    path = write(tmp_path, QUESTIONS["day or month"][0])
    assert read_one(path, dayfirst=True).time[0] == parse_instant("2024-04-03")
    assert read_one(path, dayfirst=False).time[0] == parse_instant("2024-03-04")
    path = write(tmp_path, QUESTIONS["decimal or thousands"][0])
    assert read_one(path, decimal=",").values[0, 0] == np.float32(1.234)
    assert read_one(path, decimal=".").values[0, 0] == 1234.0
    path = write(tmp_path, QUESTIONS["quality of zeros"][0])
    assert (read_one(path, quality="opc-ua").status == Status.GOOD).all()
    assert (read_one(path, quality="opc-classic").status == Status.BAD).all()
    assert (read_one(path, quality="ignore").status == Status.GOOD).all()
    path = write(tmp_path, QUESTIONS["clock set back"][0])
    assert (np.diff(read_one(path, zone="Europe/Berlin").time) == 600_000_000_000).all()
    path = write(tmp_path, "time,a\n0,1\n1,2\n2,3\n")
    assert read_one(path, time_format="epoch-s").time.tolist() == [0, 1_000_000_000, 2_000_000_000]


def test_a_wrong_answer_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "13/04/2024 01:00,1,2\n14/04/2024 02:00,1,2\n")
    with pytest.raises(ReadingError, match="'13/04/2024' is no date with the month first"):
        read(path, dayfirst=False)
    with pytest.raises(AskUserError, match="'Mars/Olympus' is not an IANA time zone"):
        read(path, zone="Mars/Olympus")
    for option, value in (("layout", "round"), ("decimal", ";"), ("quality", "fine")):
        with pytest.raises(ReadingError, match=f"'{value}' is no {option}"):
            read(path, **{option: value})  # type: ignore[arg-type]
    with pytest.raises(ReadingError, match="no column 'zeit' for the time"):
        read(path, columns={"time": "zeit"})


def test_one_row_and_one_tag(tmp_path: Path) -> None:
    rec = read_one(write(tmp_path, "time,a\n2024-01-01 00:00:00,1.5\n"))
    assert rec.tags == ("a",)
    assert rec.time.tolist() == [parse_instant("2024-01-01")]
    assert rec.values.tolist() == [[1.5]]
    assert rec.asset == "export"


def test_all_missing_and_all_constant(tmp_path: Path) -> None:
    text = "time,empty,same\n" + "".join(f"2024-01-01 00:0{minute}:00,,7\n" for minute in range(5))
    rec = read_one(write(tmp_path, text))
    assert (rec.status[:, 0] == Status.MISSING).all()
    assert np.isnan(rec.values[:, 0]).all()
    assert (rec.values[:, 1] == 7).all()


def test_infinite_and_monstrous_values_are_bad(tmp_path: Path) -> None:
    rec = read_one(write(tmp_path, HEAD + "2024-01-01 00:00:00,1e308,-inf\n2024-01-01 00:01:00,1,2\n2024-01-01 00:02:00,inf,1e999\n"))
    assert rec.status.tolist() == [[Status.BAD] * 2, [Status.GOOD] * 2, [Status.BAD] * 2]
    assert np.isnan(rec.values[[0, 2]]).all()
    assert rec.values.dtype == np.float32
    assert [(one.at.tag, one.at.line, one.count) for one in rec.problems if one.kind == "not-finite"] == [("a", 2, 2), ("b", 2, 2)]


def test_1970_and_2100(tmp_path: Path) -> None:
    rec = read_one(write(tmp_path, HEAD + "1970-01-01T00:00:00Z,1,2\n2100-12-31T23:59:59.5Z,3,4\n"))
    assert rec.time.tolist() == [0, parse_instant("2100-12-31T23:59:59.500000+00:00")]


def test_reversed_time_is_turned_round(tmp_path: Path) -> None:
    text = HEAD + "".join(reversed(ROWS.splitlines(keepends=True)))
    rec = read_one(write(tmp_path, text))
    assert rec.values[:, 1].tolist() == [0, 1, 2, 3, 4]
    assert "time-reversed" in kinds(rec)


def test_disorder_and_duplicates_are_reported_with_their_line(tmp_path: Path) -> None:
    text = HEAD + "2024-01-01 00:00:00,1,2\n2024-01-01 00:02:00,5,6\n2024-01-01 00:01:00,3,4\n2024-01-01 00:01:00,,7\n"
    rec = read_one(write(tmp_path, text))
    assert rec.values.tolist() == [[1, 2], [3, 7], [5, 6]]
    found = kinds(rec)
    assert found["time-backwards"] == (4, 1)
    assert found["duplicate-time"] == (5, 1)
    what = {one.kind: one.what for one in rec.problems}
    assert what["time-backwards"] == "time goes backwards 1 times, first to 2024-01-01T00:01:00Z after 2024-01-01T00:02:00Z"


def test_duplicate_columns_keep_both(tmp_path: Path) -> None:
    rec = read_one(write(tmp_path, "time,a,a,a (2)\n2024-01-01 00:00:00,1,2,3\n2024-01-01 00:01:00,1,2,3\n"))
    assert rec.tags == ("a", "a (3)", "a (2)")
    assert rec.values[0].tolist() == [1, 2, 3]
    assert [one.at.tag for one in rec.problems if one.kind == "duplicate-column"] == ["a"]


def test_names_are_opaque(tmp_path: Path) -> None:
    names = ['a "quoted"', "b/c\\d", "泵🔧", "x,y", " '"]
    head = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    rec = read_one(write(tmp_path, f"time,{head}\n2024-01-01 00:00:00,1,2,3,4,5\n2024-01-01 00:01:00,1,2,3,4,5\n", "泵 🔧.csv"))
    assert rec.tags == tuple(name.strip() for name in names)
    assert rec.asset == "泵 🔧"


def test_an_inch_mark_groups_nothing(tmp_path: Path) -> None:
    rec = read_one(write(tmp_path, 'time,6" pipe,b\n2024-01-01 00:00:00,1,2\n2024-01-01 00:01:00,3,4\n'))
    assert rec.tags == ('6" pipe', "b")
    assert rec.values.tolist() == [[1, 2], [3, 4]]


def test_ten_thousand_tags(tmp_path: Path) -> None:
    head = ",".join(f"t{number}" for number in range(10_000))
    rec = read_one(write(tmp_path, f"time,{head}\n" + "".join(f"2024-01-01 00:0{minute}:00{',1.5' * 10_000}\n" for minute in range(3))))
    assert rec.values.shape == (3, 10_000)
    assert (rec.values == 1.5).all()


def test_text_among_numbers_is_bad_and_reported(tmp_path: Path) -> None:
    text = "time,a\n" + "".join(f"2024-01-01 {k // 60:02d}:{k % 60:02d}:00,{'oops' if k == 200 else k}\n" for k in range(300))
    rec = read_one(write(tmp_path, text))
    assert rec.status[200, 0] == Status.BAD
    assert (rec.status[:, 0] == Status.BAD).sum() == 1
    (met,) = (one for one in rec.problems if one.kind == "text-in-number")
    assert (met.at.line, met.at.tag, met.count) == (202, "a", 1)
    assert met.what == "1 cells hold text among numbers, first 'oops'"
    assert met.rule == "they are BAD"


def test_an_unreadable_file_stops_nothing_else_and_is_named(tmp_path: Path) -> None:
    write(tmp_path, HEAD + ROWS, "good.csv")
    write(tmp_path, "", "empty.csv")
    write(tmp_path, b"PAR1 nonsense", "broken.parquet")
    write(tmp_path, b"nonsense", "broken.xlsx")
    write(tmp_path, b"\x1f\x8b\x08\x00abc", "broken.csv.gz")
    found = read(tmp_path)
    (rec,) = found.recordings.values()
    assert rec.rows == 5
    assert [Path(one.at.file or "").name for one in found.failed] == ["broken.csv.gz", "broken.parquet", "broken.xlsx", "empty.csv"]
    assert {one.kind for one in found.failed} == {"unreadable"}
    with pytest.raises(ReadingError, match="none of the 2 files can be read; the first: "):
        read([tmp_path / "broken.parquet", tmp_path / "empty.csv"])
    with pytest.raises(ReadingError):
        read_one(tmp_path)


def test_paths_that_name_nothing(tmp_path: Path) -> None:
    for paths, message in (
        ([], "no file was named"),
        (tmp_path / "gone.csv", "no such file"),
        (tmp_path, "the folder holds no table"),
        (str(tmp_path / "*.csv"), "no file fits"),
    ):
        with pytest.raises(ReadingError, match=message):
            read(paths)


def test_rows_without_a_time_are_left_out_with_their_line(tmp_path: Path) -> None:
    rec = read_one(write(tmp_path, HEAD + ROWS + "yesterday,1,2\n\n"))
    assert rec.rows == 5
    assert kinds(rec)["unreadable-time"] == (7, 1)


def test_short_and_long_rows(tmp_path: Path) -> None:
    rec = read_one(write(tmp_path, HEAD + "2024-01-01 00:00:00,1\n2024-01-01 00:01:00,1,2,3\n\n2024-01-01 00:02:00,1,2\n"))
    assert rec.status.tolist() == [[0, Status.MISSING], [0, 0], [0, 0]]


def test_several_assets_are_no_single_recording(tmp_path: Path) -> None:
    path = write(tmp_path, "time,machine,a\n" + "".join(f"2024-01-01 00:0{k}:00,{m},{k}\n" for k in range(3) for m in "AB"))
    assert set(read(path).recordings) == {"A", "B"}
    assert read_one(path, asset="B").asset == "B"
    with pytest.raises(ReadingError, match="the files hold 2 assets: A, B"):
        read_one(path)
    with pytest.raises(AskUserError, match="the files hold no asset 'C'"):
        read(path, asset="C")
