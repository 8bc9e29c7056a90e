"""The name of the plant goes from `andon init` into the title of reports."""

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
