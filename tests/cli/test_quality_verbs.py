"""Quality targets through the doors: a value with its interval, and a class as a probability; trained, scored, reported."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from andon.evidence.events import Span
from andon.plant.arrays import Float64Array
from andon.plant.label import LabResults
from andon.plant.recording import Recording
from andon.plant.verdict import QualityPredictions, View
from andon.scoring.explain import explain, stretch
from andon.scoring.model_file import load
from andon.store.results import read_quality
from andon.training.quality import fit
from andon.training.quality.smooth_response import Constant, RidgeOnLags
from tests.small_plant import ASSET, NEW_ROWS, NEW_START, STEP, TAGS, TRAIN_ROWS, TRAIN_START, andon, lines, stamps, values, write

EVERY, DELAY = 6, 24  # a sample every half hour, known two hours later
LIMIT = 96.8


def purity(rows: int, seed: int) -> Float64Array:
    """(rows,) 97 less a slow answer to the temperature, with the laboratory's error."""
    temperature = values(rows, seed)[:, 2]
    slow = np.convolve(temperature - 80.0, 0.2 * 0.8 ** np.arange(30))[:rows]
    out: Float64Array = 97.0 - 0.6 * slow + 0.1 * np.random.default_rng(seed + 50).normal(size=rows)
    return out


def lab_lines(rows: int, seed: int, start: object) -> list[str]:
    """A laboratory file: purity as a number, and whether a customer would take it."""
    times, found = stamps(rows + DELAY, start), purity(rows, seed)  # type: ignore[arg-type]
    out = ["sample_time,result_time,target,value"]
    for row in range(0, rows, EVERY):
        out.append(f"{times[row]},{times[row + DELAY]},purity,{found[row]:.3f}")
        out.append(f"{times[row]},{times[row + DELAY]},saleable,{int(found[row] >= LIMIT)}")
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small line with its laboratory, trained with the linear core and one linear family of soft sensors."""
    folder = tmp_path_factory.mktemp("lab")
    export = write(folder / "train.csv", lines(TRAIN_ROWS, 1, TRAIN_START, fault=False))
    lab = write(folder / "lab.csv", lab_lines(TRAIN_ROWS, 1, TRAIN_START))
    plant = folder / "plant.toml"
    made = andon("init", export, "--lab", lab, "-o", plant, "--asset", ASSET, "--budget", "2/day", "--json")
    assert made.code == 0, made.err
    text = plant.read_text(encoding="utf-8")
    assert 'name = "saleable"' in text
    plant.write_text(text.replace('name = "saleable"', 'name = "saleable"\nkind = "classification"\nlow = 0.5'), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "_families", lambda case: [Constant(), RidgeOnLags(lags=20)])
        done = andon("train", plant, "--no-network", "--json")
    assert done.code == 0, done.err
    (folder / "train.json").write_text(done.out, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def scored(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, QualityPredictions]:
    """quality.parquet of new data, by target."""
    out = tmp_path_factory.mktemp("out")
    export = write(out / "new.csv", lines(fault=False))
    lab = write(out / "lab.csv", lab_lines(NEW_ROWS, 2, NEW_START))
    done = andon("score", ASSET, export, "--lab", lab, "-o", out / "scored", "--models", folder / "models", "--json")
    assert done.code == 0, done.err
    (table,) = read_quality(out / "scored" / "quality.parquet")
    shutil.copy(out / "scored" / "report.html", folder / "scored.html")
    return {name: _of(table, name) for name in dict.fromkeys(table.target)}


def _of(table: QualityPredictions, name: str) -> QualityPredictions:
    rows = np.array([target == name for target in table.target])
    columns = {key: getattr(table, key)[rows] for key in ("sample_time", "known_at", "value", "low", "high", "level", "why")}
    return QualityPredictions(asset=table.asset, target=(name,) * int(rows.sum()), **columns)


def test_a_value_is_predicted_with_an_interval(scored: dict[str, QualityPredictions]) -> None:
    table, truth = scored["purity"], purity(NEW_ROWS, 2)
    assert STEP.total_seconds() == 300
    ok = np.isfinite(table.value)
    assert ok.mean() > 0.9
    assert np.corrcoef(table.value[ok], truth[ok])[0, 1] > 0.9
    held = (truth >= table.low) & (truth <= table.high)
    assert 0.8 <= held[ok].mean() <= 0.98


def test_a_class_is_answered_with_a_calibrated_probability(scored: dict[str, QualityPredictions]) -> None:
    table, within = scored["saleable"], purity(NEW_ROWS, 2) >= LIMIT
    ok = np.isfinite(table.value)
    p, outcome = table.value[ok], within[ok]
    assert 0.1 < outcome.mean() < 0.95
    assert p.min() >= 0.0
    assert p.max() <= 1.0
    share = outcome.mean()
    assert np.mean((p - outcome) ** 2) < 0.6 * share * (1 - share)
    for low in (0.0, 0.5):
        here = (p >= low) & (p < low + 0.5)
        assert abs(p[here].mean() - outcome[here].mean()) < 0.2
    assert set(np.unique(table.low[ok])) <= {0.0, 1.0}
    covered = (outcome >= table.low[ok]) & (outcome <= table.high[ok])
    assert covered.mean() >= 0.85


def test_the_report_shows_a_class_by_its_own_measures(folder: Path, scored: dict[str, QualityPredictions]) -> None:
    text = (folder / "scored.html").read_text(encoding="utf-8")
    assert "It answers with the probability of being within specification" in text
    assert "Probability said against share found within specification" in text
    cards = json.loads((folder / "train.json").read_text(encoding="utf-8"))["models"][0]["report_card"]["quality"]
    (saleable,) = [card for card in cards if card["target"] == "saleable"]
    assert saleable["within_spec"]["brier"] < saleable["within_spec"]["base_brier"]
    assert "within_spec" not in cards[0]


def test_results_are_evidence_within_the_same_promise(folder: Path) -> None:
    card = json.loads((folder / "train.json").read_text(encoding="utf-8"))["models"][0]["report_card"]["coupling"]
    assert card["product"] > card["product_alone"] + 0.2
    assert card["found"] >= card["found_alone"] - 0.02
    monitor = load(next((folder / "models").glob(f"{ASSET}/*.andon")))
    assert card["used"]
    assert monitor.coupling is not None
    assert set(monitor.coupling.targets) == {"purity", "saleable"}


def test_a_product_that_moves_alone_opens_an_event_and_is_relevant(folder: Path) -> None:
    monitor = load(next((folder / "models").glob(f"{ASSET}/*.andon")))
    table = values(NEW_ROWS, 2)
    begin = int(NEW_START.timestamp()) * 1_000_000_000
    time = begin + np.arange(NEW_ROWS, dtype=np.int64) * 300_000_000_000
    found = purity(NEW_ROWS, 2)
    found[400:] -= 3.0  # no sensor shows it
    row = np.arange(0, NEW_ROWS, EVERY)
    lab = LabResults(ASSET, "purity", time[row], time[row] + DELAY * 300_000_000_000, found[row])
    recording = Recording.from_arrays(ASSET, TAGS, time, table)
    silent, heard = monitor.score(recording), monitor.score(recording, lab=[lab])
    known = int(time[400]) + DELAY * 300_000_000_000
    late = [event for event in heard.events if known <= event.start <= known + 36 * 300_000_000_000]
    assert not [event for event in silent.events if known <= event.start <= known + 36 * 300_000_000_000]
    assert late
    assert late[0].view is View.QUALITY
    assert late[0].quality_relevant is True
    assert late[0].sentence.args["tag"] == "purity"
    assert all(event.quality_relevant is not None for event in heard.events)

    # Explained from the samples kept around it, with the results of that time, it still mattered for the product.
    step = 300_000_000_000
    first = late[0]
    last = first.end if first.end is not None else int(time[-1])
    threshold = float(heard.verdicts.threshold[0])
    span = Span(first.onset // step, first.start // step, first.peak // step, last // step, first.peak_evidence, threshold)
    kept = recording.between(stretch(monitor, [span]), int(time[-1]) + 1)
    (told,) = explain(monitor, kept, [span], until=int(time[-1]), lab=[lab])
    assert told.quality_relevant is True
    (silent_one,) = explain(monitor, kept, [span], until=int(time[-1]))
    assert silent_one.quality_relevant is None


def test_the_model_file_keeps_the_probability(folder: Path) -> None:
    monitor = load(next((folder / "models").glob(f"{ASSET}/*.andon")))
    by_name = {model.target: model for model in monitor.quality}
    assert by_name["purity"].spec is None
    assert by_name["saleable"].spec.low == 0.5
    assert by_name["saleable"].spec.high == np.inf
