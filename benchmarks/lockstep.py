"""Judging alone: what a tick of many assets costs, in lockstep and asset by asset, in the same run. No link, no store.

    python -m benchmarks.lockstep [--bundle FILE] [--assets 1000] [--models 1] [--quick]

A model of 50 tags serves `--models` fleets of `--assets` sister assets each; every asset has its own stretch of the same simulated plant.
Each fleet is judged tick by tick, and the ways take turns within every tick. Times are processor milliseconds of one tick of one fleet; the
wall clock of a busy machine says little, so the lower fifth is given beside the mean. Gaps: a share of the assets has lost one tag.
`at_1hz_cores` is what all fleets take of a core at one tick a second; `catch_up_1hz` how many times faster than a second
a tick of all fleets is judged.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

import andon
from andon.plant.rows import Rows
from andon.plant.status import Status
from andon.scoring.fleet import AssetByAsset, Fleet
from andon.scoring.lockstep import Lockstep
from andon.scoring.lockstep.state import LockstepState
from andon.scoring.monitor import Monitor
from benchmarks.speed import plant_like

TAGS = 50
WARM = 70


def of_assets(monitor: Monitor, assets: int) -> tuple[Monitor, tuple[str, ...]]:
    """The model for so many sisters."""
    names = tuple(f"machine {number:04d}" for number in range(assets))
    return replace(monitor, assets=names, preparation=replace(monitor.preparation, assets=names)), names


def tick_times(
    fleets: Sequence[Fleet], ticks: int, *, gaps: float = 0.0, seed: int = 0, warm: int = WARM
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], list[Any]]:
    """Processor milliseconds of each tick of each fleet, all judging the same samples in turn.

    Parameters
    ----------
    fleets : of one model and the same number of assets
    ticks : that are timed, after `warm` that are not
    gaps : share of the assets of which one tag is lost for good

    Returns
    -------
    (ticks, fleets) ms; the states afterwards
    """
    count, interval = len(fleets[0].assets), fleets[0].monitor.preparation.interval_ns
    random = np.random.default_rng(seed)
    plant = plant_like(ticks + warm + 3000, len(fleets[0].tags), 7)
    place = random.integers(0, 3000, count)
    lost = np.flatnonzero(random.random(count) < gaps)
    column = random.integers(0, len(fleets[0].tags), len(lost))
    states = [fleet.start() for fleet in fleets]
    first = int(plant.time[0]) // interval
    asset = np.arange(count, dtype=np.int32)
    took = np.zeros((ticks + warm, len(fleets)))
    for number in range(ticks + warm):
        values = plant.values[place + number].astype(np.float32)
        status = np.zeros(values.shape, dtype=np.uint8)
        values[lost, column], status[lost, column] = np.nan, Status.MISSING
        now = (first + number) * interval
        rows = Rows(asset, np.full(count, now), values, status)
        for at, fleet in enumerate(fleets):
            began = time.process_time()
            _, states[at] = fleet.step(rows, now, states[at])
            took[number, at] = 1e3 * (time.process_time() - began)
    return took[warm:], states


def state_bytes(state: LockstepState) -> int:
    """Bytes of the arrays of a fleet's state."""
    parts: list[Any] = [state.prepare, state.linear, state.views, state.opener, *([state.network] if state.network is not None else [])]
    arrays = [getattr(part, item.name) for part in parts for item in fields(part)]
    flat = [one for array in arrays for one in (array if isinstance(array, tuple) else (array,))]
    return sum(one.nbytes for one in flat if isinstance(one, np.ndarray)) + state.age.nbytes


def one_sample(monitor: Monitor, samples: int) -> tuple[float, float]:
    """Wall milliseconds of one sample of one asset through `AssetByAsset`, as the loop judges it: median, 99 % quantile."""
    own, names = of_assets(monitor, 1)
    fleet = AssetByAsset(own, names)
    plant, interval = plant_like(samples + WARM, TAGS, 8), monitor.preparation.interval_ns
    state, took = fleet.start(), []
    first = int(plant.time[0]) // interval
    for number in range(samples + WARM):
        now = (first + number) * interval
        table = plant.values[number : number + 1].astype(np.float32)
        rows = Rows(np.zeros(1, np.int32), np.array([now]), table, np.zeros(table.shape, np.uint8))
        began = time.perf_counter()
        _, state = fleet.step(rows, now, state)
        took.append(1e3 * (time.perf_counter() - began))
    middle, high = np.quantile(took[WARM:], [0.5, 0.99]).tolist()
    return middle, high


def main() -> None:
    """Print the table and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, help="a model of 50 tags; default: trained now with --time-limit")
    parser.add_argument("--time-limit", default="10m")
    parser.add_argument("--assets", type=int, default=1000)
    parser.add_argument("--models", type=int, default=10, help="fleets of so many assets at 1 Hz, for the share of a core")
    parser.add_argument("--data", help="not used: the plant is simulated")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if options.bundle is None:
            limit = "1m" if options.quick else options.time_limit
            print(f"training on 60,000 rows x {TAGS} tags, at most {limit}", flush=True)
            options.bundle = andon.fit(plant_like(60_000, TAGS, 1), time_limit=limit).save(Path(scratch) / "line.andon")
        monitor = andon.load(options.bundle)
    ticks = 20 if options.quick else 60
    own, names = of_assets(monitor, options.assets)
    figures: dict[str, Any] = {"network": monitor.detector.network is not None, "assets": options.assets, "models": options.models}
    for name, gaps in (("whole", 0.0), ("gaps", 0.05)):
        took, states = tick_times([Lockstep(own, names)], ticks, gaps=gaps)
        figures[f"tick_ms_{name}"] = round(float(took.mean()), 3)
        figures[f"tick_ms_{name}_low"] = round(float(np.quantile(took, 0.2)), 3)
        if name == "whole":
            figures["bytes_an_asset"] = round(state_bytes(states[0]) / options.assets)
    few = min(options.assets, 20)
    small, some = of_assets(monitor, few)
    pair, _ = tick_times([AssetByAsset(small, some), Lockstep(small, some)], ticks)
    figures["one_by_one_ms_an_asset"] = round(float(np.median(pair[:, 0])) / few, 4)
    figures["in_lockstep_ms_an_asset"] = round(figures["tick_ms_whole"] / options.assets, 5)
    figures["ratio"] = round(figures["one_by_one_ms_an_asset"] / figures["in_lockstep_ms_an_asset"], 1)
    figures["at_1hz_cores"] = round(options.models * figures["tick_ms_whole"] / 1e3, 4)
    figures["catch_up_1hz"] = round(1e3 / (options.models * figures["tick_ms_whole"]), 1)
    figures["catch_up_1hz_one_model"] = round(1e3 / figures["tick_ms_whole"], 1)
    figures["one_sample_ms"], figures["one_sample_p99_ms"] = (
        round(value, 3) for value in one_sample(monitor, 300 if options.quick else 2000)
    )
    for name, value in figures.items():
        print(f"{name:28} {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
