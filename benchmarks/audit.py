"""How long the audit of 1,000 tags over one year of minutes takes, and how much memory: `python -m benchmarks.audit`.

The recording is made in place: slow and fast autoregressive tags, some of them daily, quantised, repeated, switching,
counting, stuck or copied, 1 % missing. To reach: 300 s, 8 GiB, on two cores. With --data it also audits the public
recordings there, for the number of weighty findings. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time

import numpy as np

from andon.auditing import audit
from andon.plant.arrays import Float64Array
from andon.plant.budget import parse_budget
from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.time import MINUTE_NS

START_NS = 1_704_067_200 * 1_000_000_000


def smooth(noise: Float64Array, span: int) -> Float64Array:
    """Moving mean of noise over `span` samples, scaled to unit variance: a correlated process without a loop."""
    total = np.cumsum(noise)
    out = np.empty_like(noise)
    out[:span] = total[:span] / np.arange(1, span + 1)
    out[span:] = (total[span:] - total[:-span]) / span
    return out * float(np.sqrt(span))


def plant_year(tags: int, rows: int, seed: int = 0) -> Recording:
    """A year of a plant that never was: float32 values, 1 % missing."""
    rng = np.random.default_rng(seed)
    values = np.empty((rows, tags), dtype=np.float32)
    status = np.zeros((rows, tags), dtype=np.uint8)
    at = START_NS + np.arange(rows, dtype=np.int64) * MINUTE_NS
    day = np.sin(2 * np.pi * np.arange(rows) / 1440)
    for column in range(tags):
        x = 100 + 5 * smooth(rng.normal(size=rows), (1, 5, 60, 1440)[column % 4])
        kind = column % 10
        if kind == 1:
            x = x + 10 * day
        elif kind == 2:
            x = np.round(x)
        elif kind == 3:
            x = np.repeat(x[::20], 20)[:rows]
        elif kind == 4:
            x = x + 60 * (np.arange(rows) // 7000 % 2)
        elif kind == 5:
            x = np.cumsum(rng.integers(0, 3, size=rows)).astype(np.float64)
        elif kind == 6:
            x[rows // 2 : rows // 2 + 900] = x[rows // 2]
        elif kind == 7 and column > 10:
            x = 2.0 * values[:, column - 7].astype(np.float64) + 3
        values[:, column] = x
        lost = rng.integers(0, rows, size=rows // 100)
        status[lost, column] = Status.MISSING
        values[lost, column] = np.nan
    return Recording("bench", tuple(f"T{column:04d}" for column in range(tags)), at, values, status)


def main() -> None:
    """Run, print a line for people and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 tags, four weeks")
    parser.add_argument("--data", help="not used: the recording is made in place")
    options = parser.parse_args()
    tags, rows = (100, 40_320) if options.quick else (1000, 525_600)
    made = time.perf_counter()
    recording = plant_year(tags, rows)
    print(f"made {tags} tags x {rows} rows in {time.perf_counter() - made:.0f} s", file=sys.stderr)
    started, worked = time.perf_counter(), time.process_time()
    result = audit(
        recording,
        budget=parse_budget("1/week"),
        progress=lambda stage, share: print(f"\r{stage} {share:4.0%}", end="", file=sys.stderr),
    )
    seconds = time.perf_counter() - started
    cpu = time.process_time() - worked
    gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    print(file=sys.stderr)
    found = len(result.findings)
    print(f"{tags} tags x {rows} rows: {seconds:.1f} s ({cpu:.1f} s of processor time), {gib:.2f} GiB with the recording, {found} findings")
    figures = {"seconds": round(seconds, 2), "gib": round(gib, 3), "cpu_seconds": round(cpu, 2)}
    print(json.dumps(figures | {"tags": tags, "rows": rows, "findings": found}))


if __name__ == "__main__":
    main()
