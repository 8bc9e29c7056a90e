"""What a verb reads: whose labels and laboratory results they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.plant.sentences import speak
from andon.project.sources import read_sources
from tests.small_plant import write

TOLD = "Laboratory results of purity name none of Mill 1, Mill 2, so they count for each of them."


@pytest.mark.parametrize(("asset", "told"), [("", TOLD), ("Mill 7", TOLD), ("Mill 1", "")])
def test_results_that_name_none_of_several_assets_are_told_of(tmp_path: Path, asset: str, told: str) -> None:
    rows = [f"2026-01-01T0{hour}:00:00Z,{mill},{hour}.5" for mill in ("Mill 1", "Mill 2") for hour in range(9)]
    export = write(tmp_path / "mills.csv", ["time,asset,feed", *rows])
    results = [f"{asset},2026-01-01T0{hour}:00:00Z,2026-01-01T0{hour}:30:00Z,purity,9{hour}" for hour in range(6)]
    lab = write(tmp_path / "lab.csv", ["asset,sample_time,result_time,target,value", *results])
    sources = read_sources([str(export)], lab=[str(lab)])
    assert [speak(item, "en").partition(" Where")[0] for item in sources.strange_names()] == ([told] if told else [])
    assert [len(sources.lab_of(mill)) for mill in ("Mill 1", "Mill 2")] == [1, 1 if told else 0]
