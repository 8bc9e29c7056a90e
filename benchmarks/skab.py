"""SKAB by its official protocol: 34 files, the first 400 rows of each train, the rest test, predictions pooled.

The threshold is one quantile of the evidence over the last 100 training rows (the largest, with a margin), of which a model
fitted on the first 300 has seen nothing; the model that goes to the test is then fitted on all 400, as near to the test as it may be. No
label is seen.
Run: python -m benchmarks.skab --data DIR
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

from andon.evaluating import confusion, nab_scores, roc_auc
from andon.evidence.views import ViewTrace
from andon.plant.arrays import BoolArray, Float64Array
from benchmarks.detector import CANDIDATES, andon, ready
from benchmarks.recordings import data_folder, skab

FIT = 300
TRAIN = 400
QUANTILE = 1.0
MARGIN = 1.2  # for what 100 rows cannot tell of later normal time; chosen on the anomaly-free file and on training heads
SECOND_NS = 1_000_000_000
WINDOW_S = 60
SETTLE = 60


def change_points(alarm: BoolArray) -> list[int]:
    """Rows at which an alarm begins after at least a minute without one; the end of an alarm is a change as well."""
    edges = np.flatnonzero(np.diff(alarm.astype(np.int8), prepend=0) != 0)
    kept: list[int] = []
    for edge in edges.tolist():
        if not kept or edge - kept[-1] >= SETTLE:
            kept.append(edge)
    return kept


def fast_evidence(seen: ViewTrace) -> Float64Array:
    """(T,) the part of the residual of the forecast, which answers when something changed, not whether it still differs."""
    of = [at for at, name in enumerate(seen.names) if name.startswith("linear.fast:")]
    return np.asarray(np.log1p(seen.view[:, of]).mean(axis=1), dtype=np.float64)


def main() -> None:
    """Run, print a table, end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--quick", action="store_true", help="every fourth file")
    args = parser.parse_args()
    files = skab(data_folder(args.data))[:: 4 if args.quick else 1]
    begun = time.perf_counter()
    names = ["Andon", *CANDIDATES]
    traces: dict[str, list[Float64Array]] = {name: [] for name in names}
    fast: list[BoolArray] = []
    for number, series in enumerate(files):
        early, whole = ready(series.values[:TRAIN], FIT), ready(series.values, TRAIN)
        held_back, seen = andon(early, FIT), andon(whole, TRAIN)
        traces["Andon"].append(seen.trace[TRAIN:] / (MARGIN * np.quantile(held_back.trace[FIT:TRAIN], QUANTILE)))
        fast.append(fast_evidence(seen)[TRAIN:] > np.quantile(fast_evidence(held_back)[FIT:TRAIN], QUANTILE))
        for name, method in CANDIDATES.items():
            limit = MARGIN * np.quantile(method(early, FIT)[FIT:TRAIN], QUANTILE)
            traces[name].append(method(whole, TRAIN)[TRAIN:] / limit)
        print(f"\r{number + 1}/{len(files)} {series.name:<12}", end="", flush=True)
    print(f"\r{len(files)} files in {time.perf_counter() - begun:.1f} s" + " " * 12)
    print(f"{'method':<24}{'F1':>7}{'FAR':>7}{'MAR':>7}{'F1 valve':>10}{'FAR valve':>10}{'AUC':>7}{'NAB':>7}{'false':>7}")
    result: dict[str, float] = {}
    always = np.concatenate([series.label[TRAIN:] for series in files])
    print(f"{'always alarm':<24}{confusion(always, np.ones_like(always)).f1:7.3f}{1:7.3f}{0:7.3f}")
    for name, found in traces.items():
        alarms = [trace > 1.0 for trace in found]
        pool = confusion(always, np.concatenate(alarms))
        valve = [at for at, series in enumerate(files) if series.name.startswith("valve")]
        of_valve = confusion(np.concatenate([files[at].label[TRAIN:] for at in valve]), np.concatenate([alarms[at] for at in valve]))
        nab = nab_scores(
            [np.flatnonzero(series.change[TRAIN:]) * SECOND_NS for series in files],
            [np.array(change_points(alarm), dtype=np.int64) * SECOND_NS for alarm in (fast if name == "Andon" else alarms)],
            WINDOW_S * SECOND_NS,
        )
        print(
            f"{name:<24}{pool.f1:7.3f}{pool.false_alarm_rate:7.3f}{pool.missed_alarm_rate:7.3f}{of_valve.f1:10.3f}"
            f"{of_valve.false_alarm_rate:10.3f}{roc_auc(always, np.concatenate(found)):7.3f}{nab.standard:7.1f}{nab.false:7d}"
        )
        if name == "Andon":
            result = {
                "f1": pool.f1, "far": pool.false_alarm_rate, "mar": pool.missed_alarm_rate,
                "f1_valve": of_valve.f1, "far_valve": of_valve.false_alarm_rate,
                "nab_standard": nab.standard, "nab_false": nab.false,
            }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
