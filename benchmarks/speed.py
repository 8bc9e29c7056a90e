"""Speed, end to end: history in rows per second, one live sample, training a year; peers in the same run.

    python -m benchmarks.peers.make peers
    python -m benchmarks.speed --peers peers [--bundle FILE] [--quick]

History is `monitor.score`: prepare, network, evidence, events, nothing cached; it is timed before and after the peers, so that
a machine with other work is busy for all alike. A live sample is `monitor.run` with the samples of one tick of one asset. Training
is `andon.fit` in a process of its own, with its peak memory.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import andon
from andon.evidence.budget import cost, found_share
from andon.plant.recording import Recording
from andon.scoring.monitor import Monitor

INTERVAL_S = 60
START_S = 1_767_225_600


def plant_like(rows: int, tags: int, seed: int) -> Recording:
    """A stable plant: slow common causes and measurement noise, one row a minute; the seed is of its weather, not of its build."""
    build, rng = np.random.default_rng(tags), np.random.default_rng(seed)
    causes = max(3, tags // 8)
    drivers = np.zeros((rows, causes), dtype=np.float32)
    pull = np.exp(-1.0 / build.uniform(20, 600, causes)).astype(np.float32)
    shock = (rng.standard_normal((rows, causes)) * np.sqrt(1 - pull**2)).astype(np.float32)
    for low in range(1, rows):
        drivers[low] = pull * drivers[low - 1] + shock[low]
    mix = build.standard_normal((causes, tags)).astype(np.float32) / np.sqrt(causes)
    values = drivers @ mix + 0.4 * rng.standard_normal((rows, tags), dtype=np.float32)
    values = values * build.uniform(0.1, 30, tags).astype(np.float32) + build.uniform(-50, 400, tags).astype(np.float32)
    names = tuple(f"TAG{index:03d}" for index in range(tags))
    time_ns = (START_S + INTERVAL_S * np.arange(1, rows + 1, dtype=np.int64)) * 1_000_000_000
    return Recording.from_arrays("line", names, time_ns, values)


def history(monitor: Monitor, recording: Recording, runs: int) -> tuple[list[float], float]:
    """Seconds of each run, and processor seconds of the cheapest."""
    times, used = [], []
    for _ in range(runs):
        began, before = time.perf_counter(), time.process_time()
        monitor.score(recording)
        times.append(time.perf_counter() - began)
        used.append(time.process_time() - before)
    return times, min(used)


def live(monitor: Monitor, recording: Recording, ticks: int) -> tuple[float, float]:
    """Milliseconds of one sample of one asset, end to end: median, and the mean of the fastest nine tenths."""
    state = monitor.start()
    _, state = monitor.run(recording.between(None, int(recording.time[400])), state)
    times = []
    for row in range(401, 401 + ticks):
        one = replace(
            recording, time=recording.time[row : row + 1], values=recording.values[row : row + 1], status=recording.status[row : row + 1]
        )
        began = time.perf_counter()
        _, state = monitor.run(one, state, until=int(one.time[-1]))
        times.append(time.perf_counter() - began)
    times.sort()
    return 1e3 * statistics.median(times), 1e3 * statistics.mean(times[: 9 * len(times) // 10])


def sgemm_rate() -> float:
    """Multiply-adds per second x 2 of a float32 matrix product on this machine, all threads."""
    a = np.random.default_rng(0).standard_normal((2048, 2048), dtype=np.float32)
    a @ a
    times = []
    for _ in range(5):
        began = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - began)
    return 2 * 2048**3 / min(times)


def flops_per_row(monitor: Monitor) -> float:
    """Arithmetic of the matrix products of cores and views for one row."""
    detector = monitor.detector
    total = 2.0 * detector.linear.weights.size
    for line in detector.views.lines:
        size = len(line.centre)
        total += 2.0 * len(line.spans) * size * size
    if (shape := detector.views.novelty) is not None:
        one = shape.waves.size * detector.views.channels + shape.directions.size + shape.memory.size
        total += 2.0 * one / shape.stride
    if detector.network is not None:
        total += float(detector.network.meta.get("flops_per_row", 0.0))
    return total


def train_year(rows: int, tags: int, limit: str) -> tuple[float, float]:
    """Minutes and GiB of training, in a process of its own."""
    code = (
        "import sys, resource, time, json, andon\n"
        "from benchmarks.speed import plant_like\n"
        "recording = plant_like(int(sys.argv[1]), int(sys.argv[2]), 5)\n"
        "began = time.perf_counter()\n"
        "andon.fit(recording, time_limit=sys.argv[3])\n"
        "print(json.dumps([(time.perf_counter() - began) / 60, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(rows), str(tags), limit], check=True, capture_output=True, text=True)
    minutes, gib = json.loads(done.stdout.strip().splitlines()[-1])
    return minutes, gib


def peers(folder: Path | None, table: np.ndarray) -> dict[str, float]:
    """Rates of the rivals whose environments are there."""
    out: dict[str, float] = {}
    if folder is None:
        return out
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "table.npy"
        np.save(path, table)
        for name in ("pyod", "tsb-ad"):
            python = folder / name / "bin" / "python"
            if not python.exists():
                print(f"{name}: no environment in {folder}; make it with python -m benchmarks.peers.make {folder} {name}")
                continue
            script = Path(__file__).parent / "peers" / "rates.py"
            done = subprocess.run([str(python), str(script), str(path), name], capture_output=True, text=True)
            if done.returncode == 0:
                out |= json.loads(done.stdout.strip().splitlines()[-1])
            else:
                print(f"{name} failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
    return out


def main() -> None:
    """Print a table and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not needed here")
    parser.add_argument("--bundle", type=Path, help="a model of 50 tags; default: trained now with --time-limit")
    parser.add_argument("--time-limit", default="10m")
    parser.add_argument("--peers", type=Path, help="folder of the rivals' environments")
    parser.add_argument("--no-year", action="store_true", help="leave the training of a year out")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    limit = "20s" if options.quick else options.time_limit
    with tempfile.TemporaryDirectory() as scratch:
        if options.bundle:
            path = options.bundle
        else:
            print(f"training a model of 50 tags, at most {limit}", flush=True)
            path = andon.fit(plant_like(60_000, 50, 1), time_limit=limit).save(Path(scratch) / "line.andon")
        monitor = andon.load(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    recording = plant_like(20_000 if options.quick else 200_000, 50, 2)
    figures: dict[str, object] = {
        "sha256": digest,
        "views": len(monitor.detector.views.names),
        "network": monitor.detector.network is not None,
    }
    figures["found"] = found_share(cost(monitor.calibration))
    figures["events_budget"] = str(monitor.calibration.budget)
    runs = 1 if options.quick else 5
    print("history", flush=True)
    monitor.score(recording.between(None, int(recording.time[5000])))
    times, used = history(monitor, recording, runs)
    figures["one_sample_ms"], figures["one_sample_mean_ms"] = live(monitor, recording, 200 if options.quick else 2000)
    print("peers", flush=True)
    rivals = peers(options.peers, recording.values[:20_000])
    print("history again", flush=True)
    again, used_again = history(monitor, recording, runs)
    rate = recording.rows / statistics.median(times + again)
    figures["rows_per_s"] = rate
    figures["rows_per_processor_s"] = recording.rows / min(used, used_again)
    figures["sgemm_share"] = rate * flops_per_row(monitor) / sgemm_rate()
    figures |= rivals
    figures["ratio_pyod_ae"] = rate / rivals["pyod_ae_rows_per_s"] if "pyod_ae_rows_per_s" in rivals else None
    figures["ratio_tsb_cnn"] = rate / rivals["tsb_cnn_rows_per_s"] if "tsb_cnn_rows_per_s" in rivals else None
    if not options.no_year:
        print("training a year", flush=True)
        rows, tags = (20_000, 20) if options.quick else (525_600, 100)
        figures["train_minutes"], figures["train_gib"] = train_year(rows, tags, "20s" if options.quick else "8m")
    figures["self_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    for name, value in figures.items():
        print(f"{name:22} {value if not isinstance(value, float) else f'{value:.4g}'}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
