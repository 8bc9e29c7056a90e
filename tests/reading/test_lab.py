"""Laboratory files."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.plant.errors import ReadingError
from andon.plant.time import HOUR_NS, parse_instant
from andon.reading import read_lab


def write(folder: Path, text: str) -> Path:
    path = folder / "lab.csv"
    path.write_text(text, encoding="utf-8")
    return path


LONG = (
    "sample time,result time,target,value,unit\n"
    "2024-01-01 06:00,2024-01-01 08:30,C4,0.25,%\n"
    "2024-01-01 14:00,2024-01-01 16:00,C4,not measured,%\n"
    "2024-01-01 05:00,2024-01-01 07:00,C4,0.5,%\n"
    "2024-01-01 06:00,2024-01-01 09:00,density,812.5,kg/m3\n"
)


def test_a_long_file(tmp_path: Path) -> None:
    c4, density = read_lab(write(tmp_path, LONG), "Europe/Berlin", "column")
    assert (c4.asset, c4.target, c4.unit) == ("column", "C4", "%")
    assert c4.value.tolist() == [0.5, 0.25]
    assert c4.sample_time.tolist() == [parse_instant("2024-01-01T04:00Z"), parse_instant("2024-01-01T05:00Z")]
    assert c4.result_time.tolist() == [parse_instant("2024-01-01T06:00Z"), parse_instant("2024-01-01T07:30Z")]
    assert (density.target, density.value.tolist(), density.unit) == ("density", [812.5], "kg/m3")


def test_a_wide_file_needs_a_delay(tmp_path: Path) -> None:
    path = write(tmp_path, "time;C4 [%];density\n2024-01-01 06:00;0,25;812,5\n2024-01-01 14:00;;811\n")
    with pytest.raises(ReadingError, match="no column says when a result was known") as met:
        read_lab(path)
    assert "delay" in met.value.do
    c4, density = read_lab(path, delay_ns=2 * HOUR_NS)
    assert c4.value.tolist() == [0.25]
    assert c4.unit == "%"
    assert density.value.tolist() == [812.5, 811.0]
    assert (density.result_time - density.sample_time).tolist() == [2 * HOUR_NS] * 2
    assert density.asset == "lab"


def test_a_result_before_its_sample_is_refused_with_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path, "sample time,result time,target,value\n2024-01-01 06:00,2024-01-01 08:00,a,1\n2024-01-02 06:00,2024-01-02 05:00,a,1\n"
    )
    with pytest.raises(ReadingError) as met:
        read_lab(path)
    assert met.value.what == "a result was known 1h before its sample was drawn"
    assert met.value.at.line == 3


def test_roles_can_be_named_and_assets_are_told_apart(tmp_path: Path) -> None:
    path = write(
        tmp_path, "machine,drawn on,out,what,x\nM1,2024-01-01 06:00,2024-01-01 07:00,a,1\nM2,2024-01-01 06:00,2024-01-01 07:00,a,2\n"
    )
    found = read_lab(path, columns={"sample_time": "drawn on", "result_time": "out", "target": "what", "value": "x"})
    assert [(one.asset, one.value.tolist()) for one in found] == [("M1", [1.0]), ("M2", [2.0])]
    with pytest.raises(ReadingError, match="'colour' is no role"):
        read_lab(path, columns={"colour": "x"})
    with pytest.raises(ReadingError, match="no column 'y'"):
        read_lab(path, columns={"value": "y"})


def test_a_file_without_any_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="the file holds no result"):
        read_lab(
            write(
                tmp_path,
                "sample time,result time,target,value\n2024-01-01 06:00,2024-01-01 08:00,a,\n2024-01-01 07:00,2024-01-01 08:00,a,n/a\n",
            )
        )
