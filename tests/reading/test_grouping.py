"""Which file belongs to which asset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from andon.reading import read


def write(folder: Path, name: str, tags: str, start: int = 0, level: float = 0.0, rows: int = 6) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    width = tags.count(",") + 1
    lines = [f"2024-01-01T{(start + row) // 60:02d}:{(start + row) % 60:02d}:00Z" + f",{level + row}" * width for row in range(rows)]
    path.write_text(f"time,{tags}\n" + "\n".join(lines) + "\n", encoding="utf-8")


def test_folders_with_the_same_tags_are_sister_assets(tmp_path: Path) -> None:
    for number in (1, 2):
        write(tmp_path, f"pump{number}/jan.csv", "flow,power", 0, 10 * number)
        write(tmp_path, f"pump{number}/feb.csv", "flow,power", 10, 10 * number)
    found = read(tmp_path).recordings
    assert set(found) == {"pump1", "pump2"}
    assert [rec.rows for rec in found.values()] == [12, 12]
    assert found["pump2"].values[0].tolist() == [20, 20]


def test_folders_with_different_tags_are_components(tmp_path: Path) -> None:
    write(tmp_path, "line/motor/a.csv", "temperature,current,speed")
    write(tmp_path, "line/gear/a.csv", "temperature,noise")
    (rec,) = read(tmp_path / "line").recordings.values()
    assert rec.asset == "line"
    assert set(rec.tags) == {"gear/temperature", "noise", "motor/temperature", "current", "speed"}


def test_files_with_the_same_tags_and_times_but_other_values_are_sisters(tmp_path: Path) -> None:
    write(tmp_path, "press_a.csv", "force,stroke", level=1)
    write(tmp_path, "press_b.csv", "force,stroke", level=5)
    assert set(read(tmp_path).recordings) == {"press_a", "press_b"}


def test_a_second_export_of_the_same_time_is_no_sister(tmp_path: Path) -> None:
    write(tmp_path, "press_1.csv", "force,stroke")
    write(tmp_path, "press_2.csv", "force,stroke", rows=8)
    (rec,) = read(tmp_path).recordings.values()
    assert rec.asset == "press"
    assert rec.rows == 8
    assert "overlap" in {one.kind for one in rec.problems}


def test_the_asset_that_the_user_names_takes_all(tmp_path: Path) -> None:
    for number in (1, 2):
        write(tmp_path, f"pump{number}/jan.csv", "flow", 20 * number, number)
    (rec,) = read(tmp_path, asset="station").recordings.values()
    assert rec.asset == "station"
    assert set(rec.tags) == {"pump1/flow", "pump2/flow"}


def test_day_and_month_are_decided_by_the_files_beside(tmp_path: Path) -> None:
    for name, days in (("a.csv", ("03/04/2024",)), ("b.csv", ("25/04/2024",))):
        rows = "".join(f"{day} {hour:02d}:00,1\n" for day in days for hour in range(24))
        (tmp_path / name).write_text("time,x\n" + rows, encoding="utf-8")
    (rec,) = read(tmp_path, zone="UTC").recordings.values()
    assert np.datetime64(int(rec.time[0]), "ns") == np.datetime64("2024-04-03")
    assert [one.kind for one in rec.problems] == ["order-borrowed"]


def test_day_and_month_are_decided_by_all_files_together(tmp_path: Path) -> None:
    for day in range(1, 8):
        rows = "".join(f"0{day}/04/2024 {hour:02d}:00,1\n" for hour in range(24))
        (tmp_path / f"{day}.csv").write_text("time,x\n" + rows, encoding="utf-8")
    (rec,) = read(tmp_path, zone="UTC").recordings.values()
    assert np.datetime64(int(rec.time[-1]), "ns") == np.datetime64("2024-04-07T23:00")


@pytest.mark.parametrize("name", ["labels.csv", "lab.csv", "tags.csv", "readme.txt", ".hidden.csv", "~$book.xlsx", "notes.docx"])
def test_what_a_folder_holds_beside_data(name: str, tmp_path: Path) -> None:
    write(tmp_path, "data.csv", "x")
    (tmp_path / name).write_text("asset,start,end,kind\n", encoding="utf-8")
    found = read(tmp_path)
    assert not found.failed
    assert set(found.recordings) == {"data"}


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("asset,start,end,kind,note\nx,2024-01-01,2024-01-02,fault,\n", "this is a labels file, no recording"),
        ("sample_time,result_time,target,value\n2024-01-01,2024-01-02,a,1\n", "this is a laboratory file, no recording"),
    ],
)
def test_files_that_are_no_recording_are_named(head: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, "data.csv", "x")
    (tmp_path / "other.csv").write_text(head, encoding="utf-8")
    found = read(str(tmp_path / "*.csv"))
    assert [one.what for one in found.failed] == [message]
    assert found.failed[0].rule
    assert set(found.recordings) == {"data"}


def telemetry(names: dict[str, float], rows: int = 1500, header: str = "machineID", later: int = 0) -> str:
    """A wide table sorted by machine, then by time, longer than what is looked at first."""
    lines = [f"time,{header},flow"]
    for place, (name, level) in enumerate(names.items()):
        for at in range(place * later, place * later + rows):
            lines.append(f"2024-01-{1 + at // 1440:02d}T{at // 60 % 24:02d}:{at % 60:02d}:00Z,{name},{level + at % 7}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("header", ["machineID", "asset", "Maschine"])
@pytest.mark.parametrize("names", [{"7": 0.0, "8": 100.0}, {"pump Ä": 0.0, "pump Ö": 100.0}])
def test_assets_below_each_other_are_found_beyond_the_first_rows(tmp_path: Path, header: str, names: dict[str, float]) -> None:
    (tmp_path / "plant.csv").write_text(telemetry(names, header=header), encoding="utf-8")
    found = read(tmp_path).recordings
    assert list(found) == list(names)
    for name, level in names.items():
        assert found[name].tags == ("flow",)
        assert len(found[name].time) == 1500
        assert found[name].values[0, 0] == level


def test_one_asset_in_its_column_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(telemetry({"pump Ä": 0.0}, header="asset name"), encoding="utf-8")
    (rec,) = read(tmp_path).recordings.values()
    assert (rec.asset, rec.tags) == ("pump Ä", ("flow",))


def test_assets_that_follow_each_other_in_time_are_two(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(telemetry({"A": 0.0, "B": 9.0}, header="asset", later=2000), encoding="utf-8")
    assert list(read(tmp_path).recordings) == ["A", "B"]


def test_a_machine_that_says_on_and_off_stays_a_tag(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(telemetry({"ON": 0.0, "OFF": 9.0}, header="machine", later=1500), encoding="utf-8")
    (rec,) = read(tmp_path).recordings.values()
    assert rec.tags == ("machine", "flow")
