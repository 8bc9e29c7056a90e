"""What `andon init` writes: the name of the plant, and a start where the export has no times."""

from __future__ import annotations

from pathlib import Path

from andon.plant.file.parse import parse_plant_file
from tests.small_plant import andon, lines, write


def test_the_site_is_written_and_read_back(tmp_path: Path) -> None:
    export = write(tmp_path / "line.csv", lines(700, fault=False))
    done = andon("init", export, "-o", tmp_path / "plant.toml", "--site", "北厂 №1", "--budget", "1/day")
    assert done.code == 0, done.err
    assert parse_plant_file(tmp_path / "plant.toml").site.name == "北厂 №1"
    trained = andon("train", tmp_path / "plant.toml", "--no-network", "--json")
    assert trained.code == 0, trained.err
    model = trained.json()["models"][0]
    assert "<title>北厂 №1</title>" in Path(model["report"]).read_text(encoding="utf-8")
    scored = andon("score", model["path"], export, "-o", tmp_path / "out")
    assert scored.code == 0, scored.err
    assert "<h1>北厂 №1</h1>" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_what_reading_met_is_told_as_audit_tells_it(tmp_path: Path) -> None:
    rows = lines(700, fault=False)
    export = write(tmp_path / "line.csv", [*rows, rows[-1]])
    done = andon("init", export, "-o", tmp_path / "plant.toml")
    assert done.code == 0, done.err
    assert "Reading met duplicate-time; andon audit says what was done about it, and where." in done.out
    told = andon("init", export, "-o", tmp_path / "plant.toml", "--force", "--json").json()["problems"]
    assert told == andon("audit", export, "--json").json()["problems"]


def test_an_export_without_times_is_counted_from_a_start(tmp_path: Path) -> None:
    bare = write(tmp_path / "line.csv", [line.partition(",")[2] for line in lines(700, fault=False)])
    asked = andon("audit", bare)
    assert asked.code == 1
    assert '--start "2026-01-01 06:00" --interval 1min' in asked.err
    done = andon(
        "init", bare, "-o", tmp_path / "plant.toml", "--start", "2026-01-01 06:00", "--interval", "5min", "--zone", "Europe/Berlin"
    )
    assert done.code == 0, done.err
    trained = andon("train", tmp_path / "plant.toml", "--no-network", "--json")
    assert trained.code == 0, trained.err
    assert trained.json()["models"][0]["report_card"]["periods"]["train"][0].startswith("2026-01-01T06:00:00")
    model = trained.json()["models"][0]["path"]
    scored = andon("score", model, bare, "--start", "2026-03-01T00:00:00Z", "-o", tmp_path / "out")
    assert scored.code == 0, scored.err


def test_what_the_export_leaves_open_is_asked_once_and_told_to_training_scoring_and_replay(tmp_path: Path) -> None:
    """Numbers like 5,037 may be thousands, days like 03/04 may be months: the answers travel in plant file and model."""
    head, *rows = lines(700, fault=False)
    name, *tags = head.split(",")
    german = [";".join([name, *tags])]
    for number, row in enumerate(rows):
        values = [f"{abs(float(value)) % 900 + 1:.3f}".replace(".", ",") for value in row.split(",")[1:]]
        when = f"03/0{number // 288 + 1}/2025 {number % 288 // 12:02d}:{number % 12 * 5:02d}:00"
        german.append(";".join([when, *values]))
    export = write(tmp_path / "line.csv", german)
    asked = andon("init", export, "-o", tmp_path / "plant.toml", "--monthfirst")
    assert asked.code == 1
    assert "--decimal comma" in asked.err
    told = ("--decimal", "comma", "--monthfirst", "--layout", "wide")
    done = andon("init", export, "-o", tmp_path / "plant.toml", *told, "--budget", "1/day")
    assert done.code == 0, done.err
    plant = parse_plant_file(tmp_path / "plant.toml")
    assert (plant.files.decimal, plant.files.dates, plant.files.layout) == ("comma", "month-first", "wide")
    trained = andon("train", tmp_path / "plant.toml", "--no-network", "--json")
    assert trained.code == 0, trained.err
    model = trained.json()["models"][0]
    assert model["report_card"]["periods"]["train"][0].startswith("2025-03-01")
    scored = andon("score", model["path"], export, "-o", tmp_path / "out")
    assert scored.code == 0, scored.err
    replayed = andon("replay", tmp_path / "plant.toml", export, "--speed", "0", "--json")
    assert replayed.code == 0, replayed.err
    assert replayed.json()["rows"] == 700
