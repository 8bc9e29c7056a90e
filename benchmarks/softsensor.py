"""Soft sensors on recordings of real plants: first 60 % learn, last 40 % judge, in time order, dead time respected.

Every choice (family, setting, calibration) is made inside the first 60 %: its first three quarters train, its last quarter
calibrates. The last 40 % is read once. Laboratory values are known 8 samples (debutanizer) or 15 samples (sulfur recovery)
after the sample; the gas turbine follows its publisher's split (2011-2012, 2013, 2014-2015), and its reading is treated as
known 8 samples later. Rivals: ridge on lags, from inputs alone and on the change since the old laboratory value, each with
adaptive conformal intervals at the best of three step sizes. Run: python -m benchmarks.softsensor --data DIR
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from andon.evidence.conformal import interval_score
from andon.plant.arrays import BoolArray, Float64Array, Int64Array
from andon.plant.label import LabResults
from andon.plant.time import MINUTE_NS
from andon.plant.window import Prepared
from andon.training.quality import QualityReport, fit_quality
from benchmarks.recordings import data_folder

LEVEL = 0.9
BLOCK = 500
RIDGE_LAGS = 40


@dataclass(frozen=True, slots=True)
class Task:
    """One target: inputs (T, C), target (T,), delay of the laboratory in samples, periods, first rows of runs."""

    name: str
    inputs: Float64Array
    target: Float64Array
    delay: int
    train: BoolArray
    calibrate: BoolArray
    evaluate: BoolArray
    starts: tuple[int, ...] = (0,)


def in_time_order(name: str, inputs: Float64Array, target: Float64Array, delay: int, purge: int = 20) -> Task:
    """60/40 in time order; the last quarter of the 60 calibrates, after a purge gap."""
    row, learn = np.arange(len(target)), int(0.6 * len(target))
    edge = int(0.75 * learn)
    return Task(name, inputs, target, delay, row < edge, (row >= edge + purge) & (row < learn), row >= learn)


def tasks(folder: Path) -> list[Task]:
    """The three plants, four targets."""
    column = np.loadtxt(folder / "debutanizer" / "Debutanizer_Column_Data.txt", skiprows=1)
    sulfur = np.loadtxt(folder / "sru" / "SRU_data.txt", skiprows=1)
    out = [
        in_time_order("debutanizer", column[:, :7], column[:, 7], 8),
        in_time_order("sru_h2s", sulfur[:, :5], sulfur[:, 5], 15),
        in_time_order("sru_so2", sulfur[:, :5], sulfur[:, 6], 15),
    ]
    inputs, target, years = [], [], []
    for year in range(2011, 2016):
        with (folder / "gas-turbine" / f"gt_{year}.csv").open(encoding="utf-8-sig", newline="") as file:
            table = list(csv.reader(file))
        names = [name.strip() for name in table[0]]
        values = np.array(table[1:], dtype=np.float64)
        inputs.append(values[:, [n for n, name in enumerate(names) if name not in ("CO", "NOX")]])
        target.append(values[:, names.index("NOX")])
        years.append(np.full(len(values), year))
    year_of = np.concatenate(years)
    starts = tuple(np.flatnonzero(np.diff(year_of, prepend=0)).tolist())
    out.append(
        Task("gas_turbine_nox", np.vstack(inputs), np.concatenate(target), 8, year_of <= 2012, year_of == 2013, year_of >= 2014, starts)
    )
    return out


def prepare(task: Task) -> Prepared:
    """Scaled by the training rows alone; rows count as minutes."""
    middle = np.median(task.inputs[task.train], axis=0)
    spread = np.maximum(task.inputs[task.train].std(axis=0), 1e-9)
    rows, channels = task.inputs.shape
    names = tuple(f"u{number + 1}" for number in range(channels))
    reset = np.zeros(rows, dtype=bool)
    reset[list(task.starts)] = True
    x = np.clip((task.inputs - middle) / spread, -50.0, 50.0).astype(np.float32)
    return Prepared(
        task.name, names, names, (), MINUTE_NS, np.arange(1000, 1000 + rows, dtype=np.int64), x, np.ones((rows, channels), dtype=bool),
        np.zeros((rows, 0), dtype=np.float32), np.zeros(rows, dtype=np.int16), np.zeros(rows, dtype=np.uint8), reset,
    )  # fmt: skip


def laboratory(task: Task, prepared: Prepared) -> LabResults:
    """Every row has a result, known `delay` rows later."""
    return LabResults(task.name, task.name, prepared.time, prepared.time + task.delay * MINUTE_NS, task.target.astype(np.float64))


def lag_table(inputs: Float64Array, lags: int, starts: tuple[int, ...]) -> Float64Array:
    """(T, lags x C) lagged inputs; before the start of a run its first row stands."""
    row = np.arange(len(inputs))
    first = np.array(starts)[np.searchsorted(starts, row, side="right") - 1]
    return np.concatenate([inputs[np.maximum(row - lag, first)] for lag in range(lags)], axis=1)


def ridge(table: Float64Array, target: Float64Array, learn: Int64Array, penalty: float) -> Float64Array:
    """(T,) predictions of a standardised ridge fitted on the rows `learn`."""
    mean, spread, level = table[learn].mean(axis=0), np.maximum(table[learn].std(axis=0), 1e-9), target[learn].mean()
    x = (table[learn] - mean) / spread
    weight = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ (target[learn] - level))
    out: Float64Array = level + ((table - mean) / spread) @ weight
    return out


def rival(task: Task, use_lab: bool) -> tuple[float, float, float]:
    """R2, Winkler score and coverage over the evaluation rows of ridge with adaptive conformal intervals.

    The penalty is chosen on the calibration rows; then the ridge learns from both. Adaptive conformal (Gibbs & Candes 2021):
    absolute residuals of the last 1,000 known results, level moved by each known result; the best of three step sizes.
    """
    table, target, old = lag_table(task.inputs, RIDGE_LAGS, task.starts), task.target, np.zeros(len(task.target))
    if use_lab:
        back = np.maximum(np.arange(len(target)) - task.delay, 0)
        old, table = target[back], table - table[back]
    both, learn, judge = (np.flatnonzero(mask) for mask in (task.train | task.calibrate, task.train, task.calibrate))
    learn, both = learn[learn >= task.delay], both[both >= task.delay]
    errors = {a: np.mean((ridge(table, target - old, learn, a) + old - target)[judge] ** 2) for a in (1.0, 10.0, 100.0, 1e3, 1e4)}
    best = min(errors, key=lambda a: errors[a])
    seeds = np.abs(ridge(table, target - old, learn, best) + old - target)[judge]
    predicted = old + ridge(table, target - old, both, best)
    rows = np.flatnonzero(task.evaluate)
    scores = []
    for step in (0.005, 0.02, 0.05):
        recent, alpha, half, covered = seeds[-1000:].tolist(), 1.0 - LEVEL, np.empty(len(rows)), np.empty(len(rows))
        for n, row in enumerate(rows):
            if n >= task.delay:
                known = n - task.delay
                recent = [*recent[-999:], abs(predicted[rows[known]] - target[rows[known]])]
                alpha += step * ((1.0 - LEVEL) - (1.0 - covered[known]))
            half[n] = np.quantile(recent, np.clip(1.0 - alpha, 0.0, 1.0))
            covered[n] = abs(predicted[row] - target[row]) <= half[n]
        value = target[rows]
        scores.append((float(np.mean(interval_score(value, predicted[rows] - half, predicted[rows] + half, LEVEL))), float(covered.mean())))
    winkler, share = min(scores)
    value = target[rows]
    r2 = 1.0 - float(((value - predicted[rows]) ** 2).sum() / ((value - value.mean()) ** 2).sum())
    return r2, winkler, share


def show(task: Task, mode: str, report: QualityReport) -> None:
    """The candidates of one target, best on the calibration period first."""
    print(f"\n{task.name}, {'with the old laboratory value' if mode == 'lab' else 'inputs only'}: {report.chosen} ({report.setting})")
    print(f"  dead time {report.dead_time.ticks} samples; over the evaluation period {report.would_have_won} had the least pinball loss")
    print(f"  {'candidate':<30}{'pinball cal.':>13}{'R2 cal.':>9}{'pinball ev.':>13}{'R2 ev.':>9}{'cover':>8}{'Winkler':>9}")
    for item in report.candidates:
        late = item.evaluate
        assert late is not None
        name = item.name + ("" if item.eligible else " *")
        print(
            f"  {name:<30}{item.calibrate.pinball:13.4f}{item.calibrate.r2:9.3f}{late.pinball:13.4f}{late.r2:9.3f}"
            f"{late.coverage:8.3f}{late.winkler:9.3f}"
        )


def main() -> None:
    """Run, print a table, end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--quick", action="store_true", help="the debutanizer alone")
    parser.add_argument("--only", help="one target")
    args = parser.parse_args()
    begun = time.perf_counter()
    result: dict[str, object] = {}
    covered: dict[str, float] = {}
    blocks: list[float] = []
    ratios: dict[str, float] = {}
    refused: list[float] = []
    wide: list[float] = []
    for task in tasks(data_folder(args.data)):
        if (args.quick and task.name != "debutanizer") or (args.only and task.name != args.only):
            continue
        prepared = prepare(task)
        lab = laboratory(task, prepared)
        rivals = {mode: rival(task, mode == "lab") for mode in ("inputs", "lab")}
        for mode, (r2, winkler, share) in rivals.items():
            print(f"{task.name}: ridge + adaptive conformal, {mode}: R2 {r2:.3f}, Winkler {winkler:.4f}, coverage {share:.3f}")
        for mode in ("inputs", "lab"):
            key = f"{task.name}{'_lab' if mode == 'lab' else ''}"
            model, report = fit_quality(prepared, lab, task.train, task.calibrate, task.evaluate, mode=mode, level=LEVEL)
            show(task, mode, report)
            own = next(item.evaluate for item in report.candidates if item.name == report.chosen)
            assert own is not None
            result[f"{key}_r2"] = round(own.r2, 4)
            covered[key] = round(own.coverage, 4)
            blocks += [item.measured for item in report.coverage if item.group.startswith("block")]
            ratios[key] = own.winkler / min(winkler for _, winkler, _ in rivals.values())
            refused.append(own.refused)
            wide.append(float(np.nanmax(report.high - report.low)) / (model.high - model.low))
            if report.needs_results:
                print("  this sensor needs laboratory values: what was known of the last results is closer than the inputs alone")
            measured = ", ".join(f"{item.measured:.3f}" for item in report.coverage if item.group.startswith("block"))
            print(f"  blocks of {BLOCK}: {measured}")
            print(
                f"  Winkler against the better ridge {ratios[key]:.3f}, refused {own.refused:.4f}, {time.perf_counter() - begun:.0f} s",
                flush=True,
            )
    worst = blocks[int(np.argmax(np.abs(np.array(blocks) - LEVEL)))]
    result |= {
        "coverage": covered, "worst_block": round(worst, 4),
        "interval_score_ratio": round(max(ratios.values()), 4),
        "interval_score_ratios": {name: round(each, 4) for name, each in ratios.items()},
        "refused": round(max(refused), 4), "widest": round(max(wide), 4),
    }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
