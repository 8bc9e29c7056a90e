"""Assets that share a promise, with one model and with one each, through the command line; and too little time for any promise."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.small_plant import TAGS, TRAIN_START, andon, stamps, values, write

ROWS = 3600
ASSETS = ("north", "south", "west")
FAULT = (3300, 3372)


def export(folder: Path, asset: str, seed: int, rows: int = ROWS) -> Path:
    """One file of one asset; the south line has a fault near its end, and gauges of its own."""
    table = values(rows, seed)
    if asset == "south":
        table[:, 1] += 0.4
        table[FAULT[0] : FAULT[1], 1] += 1.0
    body = [",".join([time, *(f"{value:.3f}" for value in row)]) for time, row in zip(stamps(rows, TRAIN_START), table, strict=True)]
    return write(folder / f"{asset}.csv", [",".join(["time", *TAGS]), *body])


@dataclass(frozen=True)
class Lines:
    """A folder with exports of three lines, labels, and what training said."""

    folder: Path
    answer: dict[str, Any]

    @property
    def models(self) -> tuple[str, str]:
        return ("--models", str(self.folder / "models"))

    def files(self) -> list[Path]:
        return [self.folder / f"{asset}.csv" for asset in ASSETS]


def make(folder: Path, share: str) -> Lines:
    for seed, asset in enumerate(ASSETS):
        export(folder, asset, seed + 1)
    times = stamps(ROWS, TRAIN_START)
    write(folder / "labels.csv", ["asset,start,end,kind,note", f"south,{times[FAULT[0]]},{times[FAULT[1]]},fault,pressure too high"])
    plant = folder / "plant.toml"
    done = andon(
        "init", *(folder / f"{asset}.csv" for asset in ASSETS), "-o", plant, "--budget", "1/day", "--labels", folder / "labels.csv"
    )
    assert done.code == 0, done.err
    text = plant.read_text(encoding="utf-8")
    assert 'With share = "sisters" one model learns from all of them' in text
    text = text.replace('# share = "asset"', f'share = "{share}"').replace("[[budget]]\n", '[[budget]]\nname = "hall"\n')
    plant.write_text(text, encoding="utf-8")
    trained = andon("train", plant, "--no-network", "--json")
    assert trained.code == 0, trained.err
    return Lines(folder, trained.json())


@pytest.fixture(scope="module")
def sisters(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    return make(tmp_path_factory.mktemp("sisters"), "sisters")


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    return make(tmp_path_factory.mktemp("single"), "asset")


def test_sisters_get_one_model_and_one_report(sisters: Lines) -> None:
    (model,) = sisters.answer["models"]
    assert model["assets"] == list(ASSETS)
    assert model["model"] == "sisters"
    (group,) = model["report_card"]["groups"]
    assert group["name"] == "hall"
    assert set(group["parts"]) == set(ASSETS)
    assert group["pooled"] <= max(group["allowed"], 1.0)
    page = Path(model["report"]).read_text(encoding="utf-8")
    for asset in ASSETS:
        assert f"<h3>{asset}</h3>" in page
    assert "hall (north, south and west) shares one promise: one false alarm a day" in page


def test_sisters_are_scored_by_asset(sisters: Lines, tmp_path: Path) -> None:
    done = andon("score", "sisters", *sisters.files(), "-o", tmp_path, "--labels", sisters.folder / "labels.csv", *sisters.models, "--json")
    assert done.code == 0, done.err
    assert set(done.json()["assets"]) == set(ASSETS)
    levels = {}
    for asset in ASSETS:
        verdicts = pl.read_parquet(tmp_path / "verdicts" / f"{asset}.parquet")
        levels[asset] = verdicts["threshold"][0]
    events = json.loads((tmp_path / "events.json").read_text(encoding="utf-8"))
    found = [event for event in (events["events"] if isinstance(events, dict) else events) if event["asset"] == "south"]
    assert found
    # The label is drawn in its own asset's lane alone.
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    lanes = re.split(r"<h3>(?:north|south|west)</h3>", page.partition('<section id="events"')[0])[1:]
    assert ["pressure too high" in lane for lane in lanes] == [False, True, False]
    only = andon("score", "west", sisters.folder / "west.csv", "-o", tmp_path / "one", *sisters.models, "--json")
    assert only.code == 0, only.err
    alone = pl.read_parquet(tmp_path / "one" / "verdicts" / "west.parquet")
    together = pl.read_parquet(tmp_path / "verdicts" / "west.parquet")
    assert np.array_equal(alone["evidence"].to_numpy(), together["evidence"].to_numpy(), equal_nan=True)


def test_sisters_are_evaluated_together(sisters: Lines) -> None:
    done = andon("evaluate", "sisters", *sisters.files(), "--labels", sisters.folder / "labels.csv", *sisters.models, "--json")
    assert done.code == 0, done.err
    head = done.json()["methods"][0]
    assert (head["caught"], head["missed"]) == (1, 0)


@pytest.mark.parametrize("lines", ["sisters", "single"])
def test_a_group_is_promised_something_else(lines: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    made: Lines = request.getfixturevalue(lines)
    dry = andon("budget", "hall", "2/day", "--dry-run", *made.models, "--json")
    assert dry.code == 0, dry.err
    assert set(dry.json()["parts"]) == set(ASSETS)
    parts = set(dry.json()["parts"].values())
    assert all(re.fullmatch(r"2/(?:\d+(?:\.\d+)?h|\d+d)", part) for part in parts)
    text = andon("budget", "hall", "2/day", "--dry-run", *made.models)
    assert "hall (north, south and west) shares one promise: two false alarms a day." in text.out
    rare = andon("budget", "hall", "1/year", "--dry-run", *made.models, "--json")
    assert rare.code == 1
    assert "the tightest promise now is 1/" in rare.error()["do"]
    chinese = andon("--lang", "zh-CN", "budget", "hall", "1/year", "--dry-run", *made.models, "--json").error()["do"]
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert not re.search("[A-Za-z]{3}", chinese)
    kept = andon("budget", "hall", "2/day", *made.models)
    assert kept.code == 0, kept.err
    scored = andon("score", "south", made.folder / "south.csv", "-o", tmp_path, *made.models, "--json")
    assert scored.code == 0, scored.err
    assert "two false alarms a day" in (tmp_path / "report.html").read_text(encoding="utf-8")
    one = andon("budget", "south", "1/day", "--dry-run", *made.models, "--json")
    assert one.json()["parts"] == {"south": "1/day"}


def test_assets_with_models_of_their_own_share_a_promise(single: Lines) -> None:
    models = single.answer["models"]
    assert [model["assets"] for model in models] == [[asset] for asset in ASSETS]
    groups = [model["report_card"]["groups"][0] for model in models]
    assert groups[0] == groups[1] == groups[2]
    assert groups[0]["pooled"] <= max(groups[0]["allowed"], 1.0)
    assert [model["report_card"]["budget"] for model in models] == [groups[0]["parts"][asset] for asset in ASSETS]


@pytest.mark.parametrize(
    ("rows", "budget", "said"),
    [
        (1200, "2/day", ""),
        (1200, "1/week", "The promise of 1/week cannot be kept with confidence: "),
        (400, "1/day", "The promise of 1/day cannot be made yet, nor any other: "),
    ],
)
def test_short_time_refuses_the_promise_and_not_the_model(rows: int, budget: str, said: str, tmp_path: Path) -> None:
    data, plant = export(tmp_path, "north", 7, rows), tmp_path / "plant.toml"
    assert andon("init", data, "-o", plant, "--budget", budget).code == 0
    done = andon("train", plant, "--no-network")
    assert done.code == 0, done.err
    refused = [line for line in done.out.splitlines() if line.startswith("The promise of")]
    assert [line.startswith(said) for line in refused] == ([True] if said else [])
    models = ("--models", tmp_path / "models")
    scored = andon("score", "north", data, "-o", tmp_path / "out", *models)
    assert scored.code == 0, scored.err
    assert [line for line in scored.out.splitlines() if line.startswith("The promise of")] == refused
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert all(line in page for line in refused)
    told = andon("inspect", "north", *models)
    assert told.code == 0
    assert ("report_card.refused.key" in told.out) == bool(said)
    if "nor any other" in said:
        assert "no promise can be made yet" in scored.out
        assert "false alarm in" not in scored.out
    elif said:
        tightest = re.search(r"can be made now is (\S+);", done.out)
        assert tightest is not None
        assert andon("budget", "north", tightest[1], *models).code == 0  # as it was printed
        after = andon("score", "north", data, "-o", tmp_path / "after", *models)
        assert after.code == 0, after.err
