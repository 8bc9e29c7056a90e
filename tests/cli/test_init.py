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
