"""Tables without times: rows are counted from a start."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from andon.plant.errors import ReadingError
from andon.plant.time import MINUTE_NS, parse_instant
from andon.reading import read

START = parse_instant("2026-01-01 06:00", "Europe/Berlin")


def table(folder: Path, name: str = "line.csv", rows: int = 30) -> Path:
    path = folder / name
    path.write_text("flow,pressure,state\n" + "".join(f"{row}.5,{3 * row},{'on' if row % 3 else 'off'}\n" for row in range(rows)))
    return path


def test_rows_are_an_interval_apart(tmp_path: Path) -> None:
    found = read(table(tmp_path), start_ns=START, interval_ns=5 * MINUTE_NS)
    recording = found.recordings["line"]
    assert recording.tags == ("flow", "pressure", "state")
    assert recording.time.tolist() == [START + row * 5 * MINUTE_NS for row in range(30)]
    np.testing.assert_allclose(recording.values[:, 0], np.arange(30) + 0.5)
    assert recording.texts["state"]
    (form,) = found.formats.values()
    assert (form.time_format, form.time_column) == ("counted", "")


def test_large_steps_of_large_numbers_keep_their_times(tmp_path: Path) -> None:
    """Such a column is read a second time, in float64."""
    path = tmp_path / "counter.csv"
    path.write_text("count,flow\n" + "".join(f"{10**12 + 7 * row % 20},{row}\n" for row in range(20)))
    recording = read(path, start_ns=START, interval_ns=MINUTE_NS).recordings["counter"]
    assert recording.time.tolist() == [START + row * MINUTE_NS for row in range(20)]
    assert recording.values[19, 0] == 10**12 + 13


def test_a_table_with_times_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "timed.csv"
    path.write_text("time,flow\n" + "".join(f"2026-03-01T00:{row:02d}:00Z,{row}\n" for row in range(10)))
    recording = read(path, start_ns=START, interval_ns=MINUTE_NS).recordings["timed"]
    assert recording.time[0] == parse_instant("2026-03-01T00:00:00Z", "UTC")


def test_without_a_start_the_error_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(ReadingError) as caught:
        read(table(tmp_path))
    assert caught.value.what == "no column holds times"
    assert caught.value.do.endswith('--start "2026-01-01 06:00" --interval 1min')


def test_a_start_needs_an_interval_and_one_file(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="a start needs the interval between rows"):
        read(table(tmp_path), start_ns=START)
    table(tmp_path, "more.csv")
    with pytest.raises(ReadingError, match="2 files have no times, and one start cannot be that of all"):
        read([tmp_path / "line.csv", tmp_path / "more.csv"], start_ns=START, interval_ns=MINUTE_NS)


def test_a_header_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("flow,pressure\n")
    with pytest.raises(ReadingError):
        read(path, start_ns=START, interval_ns=MINUTE_NS)
