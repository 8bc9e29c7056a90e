"""Make the recording that travels in the wheel, by running the public Tennessee Eastman simulator.

    pip install -r requirements-plant.lock
    python tools/make_demo_recording.py --out src/andon/datasets/recordings/tennessee-eastman

Normal operation at one minute with measurement noise, with the set-point moves of an ordinary campaign (production
rate and product mix), then one run per disturbance IDV(1)..IDV(28), whose first hours are normal. Every run starts from
the base case of the model; its first day, until that start is forgotten, is left out. The product analyser
(XMEAS 37-41) is no tag: G in the product is the quality target and arrives 15 minutes after its sample. Values are
rounded to a 1-2-5 step of about a quarter of each tag's measurement noise.

The model: Downs and Vogel 1993; revised by Bathelt, Ricker and Jelali 2015; control by Ricker 1996; `tep-studio` (BSD-3).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import tep_studio as tep
from tep_studio.control import ClosedLoopSimulation

START = np.datetime64("2026-01-05T00:00:00")
STEPS_PER_MINUTE = 33
ANALYSER_MINUTES = 15
GAP_MINUTES = 360
SETTLE_H = 24.0
GROUPS = ("feed", "reactor", "separator", "stripper", "purge", "compressor", "condenser", "recycle")


def tag_table() -> list[dict[str, str]]:
    """Id, name, unit, group and role of every tag, in column order."""
    rows = []
    for number, item in enumerate(list(tep.TEP_SCHEMA.measurements)[:36], start=1):
        stream6 = item.name.startswith("reactor_feed")
        group = next((g for g in GROUPS if item.name.startswith(g)), "reactor")
        rows.append({"id": f"TE.XMEAS{number:02d}", "name": item.description.split(" (stream")[0].strip(),
                     "unit": item.unit, "group": "feed" if stream6 else group, "role": "measured"})  # fmt: skip
    for number, item in enumerate(list(tep.TEP_SCHEMA.manipulated_variables)[:11], start=1):
        name = item.description.replace("Valve position ", "").split(" (stream")[0].strip()
        group = "feed" if "feed" in name else next((g for g in GROUPS if g in name), "reactor")
        rows.append({"id": f"TE.XMV{number:02d}", "name": f"Valve, {name}", "unit": "%", "group": group, "role": "measured"})
    rows.append({"id": "TE.SP_RATE", "name": "Set-point, production rate", "unit": "m3/h", "group": "stripper", "role": "setpoint"})
    rows.append({"id": "TE.SP_G", "name": "Set-point, G in product", "unit": "mol %", "group": "stripper", "role": "setpoint"})
    return rows


def simulate(hours: float, seed: int, disturbance: int | None, onset_h: float) -> tuple[np.ndarray, np.ndarray, bool]:
    """One closed-loop run: (N, 49) tags and (N, 5) product analyser, one row a minute, after `SETTLE_H` that are left out."""
    hours, onset_h = hours + SETTLE_H, onset_h + SETTLE_H
    rng = np.random.default_rng(seed)
    simulation = ClosedLoopSimulation(control_interval=1 / 60 / STEPS_PER_MINUTE, horizon=hours)
    knots: list[tuple[float, float, float]] = []
    at = 0.0
    while at < hours:
        at += rng.uniform(18.0, 54.0)
        knots.append((at, 1.0 + rng.uniform(-0.03, 0.03), rng.uniform(-1.5, 1.5)))
    base: list[object] = []

    def setpoints(now: float) -> object:
        if not base:
            base.append(simulation.controller.setpoints)
        rate, mix = next(((r, g) for t, r, g in reversed(knots) if now >= t), (1.0, 0.0))
        return replace(base[0], production_rate=base[0].production_rate * rate, pct_g=base[0].pct_g + mix)

    def idv(now: float) -> np.ndarray:
        vector = np.zeros(28)
        if disturbance is not None and now >= onset_h:
            vector[disturbance - 1] = 1.0
        return vector

    result = simulation.run(seed=float(seed), disturbance_schedule=idv, setpoint_schedule=setpoints, record_every=STEPS_PER_MINUTE)
    x = np.array([r.measurements for r in result.results])
    u = np.array([r.implemented_action for r in result.results])
    sp = np.array([[setpoints(r.time).production_rate, setpoints(r.time).pct_g] for r in result.results])
    first = int(SETTLE_H * 60)
    return np.hstack([x[:, :36], u[:, :11], sp])[first:], x[first:, 36:41], bool(result.terminated)


def steps(values: np.ndarray) -> np.ndarray:
    """A 1-2-5 rounding step of about a quarter of the measurement noise of each column."""
    second = np.abs(np.diff(values, n=2, axis=0))
    noise = np.array([np.median(c[c > 0]) if (c > 0).any() else 0.0 for c in second.T]) / 0.6745 / np.sqrt(6)
    span = np.ptp(values, axis=0)
    raw = np.where(noise > 0, noise / 4, np.where(span > 0, span / 4096, 1.0))
    power = 10.0 ** np.floor(np.log10(raw))
    lead = raw / power
    return power * np.where(lead >= 5, 5, np.where(lead >= 2, 2, 1))


def frame(table: list[dict[str, str]], start: np.datetime64, values: np.ndarray, step: np.ndarray) -> pl.DataFrame:
    """A wide table: time in UTC, one float32 column a tag."""
    stamps = start + (np.arange(len(values)) + 1) * np.timedelta64(60, "s")
    columns = {"time": stamps.astype("datetime64[ms]")}
    for index, row in enumerate(table):
        columns[row["id"]] = (np.round(values[:, index] / step[index]) * step[index]).astype(np.float32)
    return pl.DataFrame(columns).with_columns(pl.col("time").dt.replace_time_zone("UTC"))


def lab(start: np.datetime64, analyser: np.ndarray) -> pl.DataFrame:
    """Sample time, result time, target and value of the product analyser: G, mol %, every 15 minutes, 15 late."""
    rows = np.arange(ANALYSER_MINUTES - 1, len(analyser), ANALYSER_MINUTES)
    result = start + (rows + 1) * np.timedelta64(60, "s")
    changed = np.concatenate([[True], np.diff(analyser[rows, 3]) != 0])
    rows, result = rows[changed], result[changed]
    sample = result - np.timedelta64(ANALYSER_MINUTES * 60, "s")
    return pl.DataFrame({
        "sample_time": sample.astype("datetime64[ms]"), "result_time": result.astype("datetime64[ms]"),
        "target": ["G in product"] * len(rows), "value": np.round(analyser[rows, 3], 2),
    }).with_columns(pl.col("sample_time", "result_time").dt.replace_time_zone("UTC"))  # fmt: skip


def main() -> None:
    """Run the simulator and write normal.parquet, faults.parquet, lab.csv, labels.csv, tags.csv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--days", type=float, default=28.0)
    parser.add_argument("--seed", type=int, default=20260105)
    parser.add_argument("--fault-hours", type=float, default=20.0)
    parser.add_argument("--faults", type=int, default=28)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    table = tag_table()
    began = time.monotonic()
    values, analyser, _ = simulate(options.days * 24, options.seed, None, 0.0)
    step = steps(values)
    frame(table, START, values, step).write_parquet(options.out / "normal.parquet", compression="zstd", compression_level=19)
    labs = [lab(START, analyser)]
    print(f"normal: {len(values)} rows, {time.monotonic() - began:.0f} s", flush=True)
    start = START + np.timedelta64(len(values) + GAP_MINUTES, "m")
    runs, labels = [], []
    rng = np.random.default_rng(options.seed)
    for number in range(1, options.faults + 1):
        onset = float(rng.uniform(4.0, 8.0))
        run, product, tripped = simulate(options.fault_hours, options.seed + number, number, onset)
        runs.append(frame(table, start, run, step))
        labs.append(lab(start, product))
        fault_start = start + np.timedelta64(int(onset * 60), "m")
        end = start + np.timedelta64(len(run) + 1, "m")
        note = f"IDV({number}) {tep.TEP_SCHEMA.disturbances[number - 1].description}" + ("; the plant tripped" if tripped else "")
        labels.append(
            {"asset": "te", "start": f"{fault_start}Z", "end": f"{end}Z", "kind": "fault", "note": note, "by": "simulator", "at": ""}
        )
        print(f"fault {number}: {len(run)} rows, tripped {tripped}, {time.monotonic() - began:.0f} s", flush=True)
        start = start + np.timedelta64(int(options.fault_hours * 60) + GAP_MINUTES, "m")
    if runs:
        pl.concat(runs).write_parquet(options.out / "faults.parquet", compression="zstd", compression_level=19)
        pl.DataFrame(labels).write_csv(options.out / "labels.csv")
    pl.concat(labs).write_csv(options.out / "lab.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    pl.DataFrame(table).write_csv(options.out / "tags.csv")


if __name__ == "__main__":
    main()
