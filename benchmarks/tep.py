"""Tennessee Eastman, d00-d21: trained on d00, the limit from d00_te, detection rate per fault after row 160.

Run: python -m benchmarks.tep --data DIR
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array
from benchmarks.detector import CANDIDATES, andon, ready
from benchmarks.recordings import data_folder, tep

ONSET = 160
QUANTILE = 0.99
HARD = (3, 9, 15)
BLOCK = 40
RUN = 3


def delay(alarm: BoolArray) -> float:
    """Samples from the onset to the third alarm in a row; all of the recording where there is none."""
    after = alarm[ONSET:]
    run = np.convolve(after.astype(int), np.ones(RUN, dtype=int), "valid")
    hits = np.flatnonzero(run == RUN)
    return float(hits[0] + RUN - 1) if hits.size else float(len(after))


def interval(alarms: list[BoolArray], seed: int = 0) -> tuple[float, float]:
    """90 % block-bootstrap interval of the false alarm rate before the faults."""
    blocks = np.array([alarm[low : low + BLOCK].mean() for alarm in alarms for low in range(0, ONSET, BLOCK)])
    draws = np.random.default_rng(seed).choice(blocks, (2000, len(blocks))).mean(axis=1)
    low, high = np.quantile(draws, [0.05, 0.95])
    return float(low), float(high)


def main() -> None:
    """Run, print a table, end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--quick", action="store_true", help="every third fault")
    args = parser.parse_args()
    runs = tep(data_folder(args.data))
    faults = list(range(1, 22))[:: 3 if args.quick else 1]
    train = len(runs["d00"])
    names = ["d00_te", *(f"d{fault:02d}_te" for fault in faults)]
    # One array, one reset per recording: fitted once, state starts anew in each.
    ticks = ready(np.concatenate([runs["d00"], *(runs[name] for name in names)]), train)
    starts = train + np.concatenate([[0], np.cumsum([len(runs[name]) for name in names])])
    ticks.reset[starts[:-1]] = True
    begun = time.perf_counter()
    methods = {"Andon": lambda what, fit: andon(what, fit).trace, **CANDIDATES}
    scores: dict[str, dict[str, Float64Array]] = {}
    for name, method in methods.items():
        trace = method(ticks, train)
        scores[name] = {run: trace[starts[at] : starts[at + 1]] for at, run in enumerate(names)}
        print(f"\r{name:<30}", end="", flush=True)
    print(f"\r{len(names)} runs, {len(methods)} methods in {time.perf_counter() - begun:.1f} s" + " " * 20)
    print(f"{'method':<24}{'FDR 18':>8}{'FDR 21':>8}{'FAR':>8}{'90 % interval':>17}{'delay':>7}{'matched 18':>12}{'matched 21':>12}")
    result: dict[str, float] = {}
    table: dict[str, list[float]] = {}
    for name, score in scores.items():
        limit = float(np.quantile(score["d00_te"], QUANTILE))
        alarms = [score[f"d{fault:02d}_te"] > limit for fault in faults]
        before = np.concatenate([score[f"d{fault:02d}_te"][:ONSET] for fault in faults])
        matched = float(np.quantile(before, QUANTILE))
        rate = np.array([alarm[ONSET:].mean() for alarm in alarms])
        rate_matched = np.array([(score[f"d{fault:02d}_te"][ONSET:] > matched).mean() for fault in faults])
        easy = np.array([fault not in HARD for fault in faults])
        far = float((before > limit).mean())
        low, high = interval(alarms)
        delays = np.array([delay(alarm) for alarm in alarms])
        table[name] = rate.tolist()
        print(
            f"{name:<24}{rate[easy].mean():8.3f}{rate.mean():8.3f}{far:8.4f}{low:9.4f}-{high:.4f}{np.median(delays[easy]):9.1f}"
            f"{rate_matched[easy].mean():10.3f}{rate_matched.mean():12.3f}"
        )
        if name == "Andon":
            result = {
                "fdr18": float(rate[easy].mean()), "fdr21": float(rate.mean()), "far": far,
                "median_delay_samples": float(np.median(delays[easy])),
                "fdr18_matched": float(rate_matched[easy].mean()), "fdr21_matched": float(rate_matched.mean()),
                "far_low": low, "far_high": high,
            }  # fmt: skip
            waits = delays
    print(f"\n{'fault':<7}" + "".join(f"{name[:16]:>18}" for name in scores) + f"{'delay':>8}")
    for at, fault in enumerate(faults):
        print(f"{fault:<7}" + "".join(f"{table[name][at]:18.3f}" for name in scores) + f"{waits[at]:8.0f}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
