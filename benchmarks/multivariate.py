"""SMD, ASD, Genesis, Daphnet: fitted on train, scored on test, no future sample; VUS-PR, and which sensor it was.

The four causal detectors of TSB-AD's package run beside ours where their environment is given (`benchmarks.peers.make`); else their
figures measured before are printed and said to be that.
Run: python -m benchmarks.multivariate --data DIR [--peers FOLDER]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from andon.evaluating import acf_window, hit_rate, segments, vus_pr
from andon.evidence.blame import BEFORE, blame, usual_sizes
from andon.evidence.shares import event_shares
from andon.plant.arrays import FloatArray
from benchmarks.detector import CANDIDATES, andon, expect, expect_with_network, ready
from benchmarks.peers.side_by_side import METHODS, causal_scores
from benchmarks.recordings import data_folder, multivariate

THRESHOLDS = 100
PUBLISHED = 250
MEASURED_BEFORE = {"LSTMAD": 0.329, "CNN": 0.311, "k-NN": 0.283, "AutoEncoder": 0.188}


def _ranking(values: FloatArray) -> dict[str, float]:
    return {f"{at:03d}": float(value) for at, value in enumerate(values)}


def main() -> None:
    """Run, print a table, end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--quick", action="store_true", help="every third series")
    parser.add_argument("--peers", type=Path, help="folder of the peers' environments; the first run trains for hours")
    parser.add_argument("--peer", action="append", choices=METHODS, help="these peers only")
    parser.add_argument("--network", type=float, default=0.0, help="seconds for the network; 0: the linear core alone")
    args = parser.parse_args()
    peers = tuple(args.peer or METHODS) if args.peers else ()
    series = multivariate(data_folder(args.data))[:: 3 if args.quick else 1]
    names = ["Andon", *CANDIDATES, *peers]
    print(f"{'series':<14}" + "".join(f"{name[:16]:>18}" for name in names) + f"{'at 250':>9}{'s':>7}{'ms/event':>10}", flush=True)
    found: dict[str, list[float]] = {name: [] for name in names}
    wide, seconds, milliseconds = [], [], []
    rankings: list[dict[str, float]] = []
    by_share: list[dict[str, float]] = []
    kept: list[str] = []
    truth: list[set[str]] = []
    for one in series:
        label = one.label[one.train :]
        window = acf_window(one.values[:, 0])
        begun = time.perf_counter()
        ticks = ready(one.values, one.train)
        seen = andon(ticks, one.train, cores=expect_with_network(ticks, one.train, args.network) if args.network else None)
        seconds.append(time.perf_counter() - begun)
        wide.append(vus_pr(label, seen.trace[one.train :], window, PUBLISHED))
        found["Andon"].append(vus_pr(label, seen.trace[one.train :], window, THRESHOLDS))
        for name, method in CANDIDATES.items():
            found[name].append(vus_pr(label, method(ticks, one.train)[one.train :], window, THRESHOLDS))
        if peers:
            scores, known = causal_scores(args.peers, one.values[: one.train], one.values[one.train :], peers)
            kept += [f"{name} on {one.name}" for name in known]
            for name in peers:
                found[name].append(vus_pr(label, scores[name], window, THRESHOLDS))
        spent = []
        if one.parts.size:
            cores = expect(ticks, one.train)
            forecast = cores["linear"].forecast
            usual = usual_sizes(ticks.x, forecast, ticks.valid, np.arange(ticks.rows) < one.train)
            seen = andon(ticks, one.train, shares_above=0.0, cores=cores)
            firsts, lasts = segments(label)
            for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
                begun = time.perf_counter()
                low, onset, end = one.train + max(first - BEFORE, 0), one.train + first, one.train + last + 1
                shares = event_shares(seen.shares[onset:end], seen.trace[onset:end])
                to_blame = blame(ticks.x[low:end], forecast[low:end], ticks.valid[low:end], onset - low, usual, shares)
                spent.append(1000.0 * (time.perf_counter() - begun))
                named = set(np.flatnonzero(one.parts[first : last + 1].any(axis=0)).tolist())
                rankings.append(_ranking(to_blame))
                by_share.append(_ranking(shares))
                truth.append({f"{at:03d}" for at in named})
        milliseconds += spent
        cells = "".join(f"{found[name][-1]:18.3f}" for name in names)
        print(f"{one.name:<14}{cells}{wide[-1]:9.3f}{seconds[-1]:7.1f}{np.max(spent) if spent else 0.0:10.2f}", flush=True)
    mean = {name: float(np.mean(values)) for name, values in found.items()}
    print(f"{'mean':<14}" + "".join(f"{mean[name]:18.3f}" for name in names) + f"{np.mean(wide):9.3f}{np.mean(seconds):7.1f}")
    if kept:
        print(f"scores of {len(kept)} of {len(peers) * len(series)} peers and series were computed by an earlier run")
    if len(peers) < len(METHODS):
        print("peers measured before on these ten series: " + ", ".join(f"{name} {value}" for name, value in MEASURED_BEFORE.items()))
    best = max({**MEASURED_BEFORE, **{name: mean[name] for name in peers}}.values())
    result = {
        "vus_pr": mean["Andon"],
        "vus_pr_250": float(np.mean(wide)),
        "best_causal_peer": best,
        "ratio": mean["Andon"] / best,
        "ratio_agitation": mean["Andon"] / mean["agitation (10)"],
        "s_per_series": float(np.max(seconds)),
        "hit100": hit_rate(rankings, truth, 100),
        "hit150": hit_rate(rankings, truth, 150),
        "hit100_by_share": hit_rate(by_share, truth, 100),
        "hit150_by_share": hit_rate(by_share, truth, 150),
        "events": len(truth),
        "ms_per_event": float(np.max(milliseconds)) if milliseconds else 0.0,
        "peers_run": len(peers) == len(METHODS),
        "peers": {name: mean[name] for name in peers},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
