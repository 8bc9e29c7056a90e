"""Does a promised alarm rate hold? Recordings of normal time, thresholds set once, counted on later time.

    python -m benchmarks.budget --data DIR [--quick]

Each recording is cut in time: training (linear core and views), held-back normal time (calibration), evaluation. The
promise is ten events over the evaluation. Standard faults are injected into the evaluation and must be found at the same
threshold. Recordings that are listed as moving are evaluated with the controller, every event marked false 24 hours after
it closed. Nothing is chosen on these recordings.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from andon.evidence.calibrate import calibrate
from andon.evidence.calibration import Calibration
from andon.evidence.controller import Controller, EventRecord, thresholds_at
from andon.evidence.fault_trace import FaultTrace, detect
from andon.evidence.moved import moved
from andon.evidence.standard_faults import fault_trace, standard_faults
from andon.evidence.views import Views, fit_views
from andon.plant.arrays import BoolArray, Float64Array, Int64Array
from andon.plant.budget import Budget
from andon.plant.errors import EvidenceError
from andon.plant.time import DAY_NS
from andon.plant.window import Prepared
from andon.scoring.linear_core import LinearCore
from andon.training.linear import fit_linear_core
from benchmarks.budget_recordings import NormalRecording, real, simulated, tennessee_eastman
from benchmarks.recordings import data_folder, prepared

PROMISED = 10
FAULTS = 18


@dataclass(frozen=True, slots=True)
class Result:
    """One recording's outcome.

    Attributes
    ----------
    events, low, high : counted on the evaluation; 90 % prediction interval
    promised : events that the budget allows there
    faults : kind, size, found (at the threshold once), found (at the controller's last threshold)
    in_alarm : share of evaluated time inside events
    later : events and promised count after the first week with the controller (moving recordings)
    refused : why no promise was made; the rest is empty then
    """

    recording: NormalRecording
    promised: float = 0.0
    events: int = 0
    low: int = 0
    high: int = 0
    in_alarm: float = 0.0
    moved: bool = False
    faults: tuple[tuple[str, float, bool, bool], ...] = ()
    later: tuple[int, float] = (0, 0.0)
    raised: float = 0.0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Detector:
    """Linear core and views, fitted on the training part."""

    core: LinearCore
    views: Views

    @classmethod
    def fit(cls, part: Prepared) -> Detector:
        rows = np.ones(part.rows, dtype=bool)
        core = fit_linear_core(part, rows)
        expected, _ = core.run(part, core.start())
        return cls(core, fit_views(part, {"linear": expected}, rows))

    def trace(self, part: Prepared) -> Float64Array:
        """(T,) the soft sum."""
        expected, _ = self.core.run(part, self.core.start())
        return self.views.run(part, {"linear": expected}, self.views.start())[0].trace


def run(recording: NormalRecording, faults: int = FAULTS) -> Result:
    """Train, calibrate, count, inject."""
    values = recording.load()
    rows = len(values)
    first, second = (round(share * rows) for share in recording.shares)
    ready = prepared(values, first, recording.name, recording.interval_ns)
    detector = Detector.fit(ready.part(0, first))
    trace = detector.trace(ready)
    judge = np.ones(rows, dtype=bool) if recording.judge is None else recording.judge()
    held, late = slice(first, second), slice(second, rows)
    evaluated_ns = int(judge[late].sum()) * recording.interval_ns
    budget = Budget(1.0, evaluated_ns // PROMISED, recording.gap_for(second - first))
    priced = _faults(detector, ready.part(first, second), judge[held], faults, 1)
    try:
        calibration = calibrate(trace[held], judge[held], ready.tick[held], recording.interval_ns, budget, faults=priced)
    except EvidenceError as refusal:  # among them CalibrationRefused
        return Result(recording, refused=refusal.what)
    spans, active = _count(calibration, trace[late], judge[late], ready.tick[late], calibration.threshold)
    low, high = calibration.prediction_interval(evaluated_ns)
    later, last = (0, 0.0), calibration.threshold
    if recording.moving:
        later, last = _in_service(calibration, trace[late], judge[late], ready.tick[late])
    injected = _faults(detector, ready.part(second, rows), judge[late], faults, 2)
    found = tuple(
        (
            fault.kind, fault.size,
            bool(np.isfinite(detect(fault, calibration.opening, calibration.threshold))),
            bool(np.isfinite(detect(fault, calibration.opening, last))),
        )
        for fault in injected
    )  # fmt: skip
    return Result(
        recording, calibration.promised(evaluated_ns), spans, low, high, active,
        moved(calibration, trace[late], judge[late], ready.tick[late]).moved, found, later, last / calibration.threshold - 1.0,
    )  # fmt: skip


def _count(calibration: Calibration, trace: Float64Array, judge: BoolArray, tick: Int64Array, level: float) -> tuple[int, float]:
    opener = calibration.opener()
    spans, _ = opener.run(trace, judge, tick, opener.start(), level)
    return len(spans.opened), float(spans.active.sum() / max(judge.sum(), 1))


def _faults(detector: Detector, part: Prepared, judge: BoolArray, count: int, seed: int) -> list[FaultTrace]:
    if count == 0:
        return []
    out = []
    sigma = detector.core.scale.astype(np.float64)
    try:
        for injection, piece in standard_faults(part, sigma, count=count, seed=seed, rows=judge):
            out.append(fault_trace(injection, detector.trace(piece), np.ones(piece.rows, dtype=bool), piece.tick))
    except EvidenceError:
        return out
    return out


def _in_service(calibration: Calibration, trace: Float64Array, judge: BoolArray, tick: Int64Array) -> tuple[tuple[int, float], float]:
    """Live for the whole evaluation: the threshold is asked from the log once a day, as the service does.

    Every event is marked false 24 hours after it closed; one that stands is marked at the end of each day that it stands.
    """
    opener, controller = calibration.opener(), Controller.of(calibration)
    state, records, opened = opener.start(), [], []
    interval = calibration.interval_ns
    day = max(DAY_NS // interval, 1)
    start = int(tick[0]) * interval
    steps = controller.steps(records, start, start)
    for low in range(0, len(trace), day):
        high = min(low + day, len(trace))
        steps = controller.steps(records, start, int(tick[low]) * interval)
        level = thresholds_at(steps, tick[low:high] * interval)
        spans, state = opener.run(trace[low:high], judge[low:high], tick[low:high], state, level)
        opened += [span.start for span in spans.opened]
        for span in spans.closed:
            closed = (span.end or span.peak) * interval
            records.append(EventRecord(str(span.start), span.start * interval, closed, span.peak_evidence, True, closed + DAY_NS))
        if state.span is not None and state.span.start <= tick[low] and spans.active.any():
            now = int(tick[high - 1]) * interval
            peak = float(trace[low:high][spans.active].max())
            records.append(EventRecord(f"{state.span.start} day {low // day}", now - DAY_NS, now, peak, True, now))
    week = int(tick[0]) + 7 * day
    later_ns = int(judge[tick >= week].sum()) * interval
    return (sum(1 for at in opened if at >= week), calibration.promised(later_ns)), steps[-1].threshold


def clustered_interval(events: Float64Array, promised: Float64Array, source: list[str]) -> tuple[float, float]:
    """90 % interval of pooled events over promised, whole sources drawn with replacement."""
    names = sorted(set(source))
    at = np.array([names.index(name) for name in source])
    by = np.array([[events[at == k].sum(), promised[at == k].sum()] for k in range(len(names))])
    rng = np.random.default_rng(0)
    drawn = by[rng.integers(0, len(names), (4000, len(names)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.05, 0.95])
    return float(low), float(high)


def _share(results: Iterable[Result], size: float, after: bool = False) -> float | None:
    """Found share of the steps and drifts of one size; None where none was injected."""
    faults = [fault for result in results for fault in result.faults if fault[1] == size and fault[0] in ("step", "drift")]
    return round(float(np.mean([fault[3] if after else fault[2] for fault in faults])), 3) if faults else None


def summary(results: list[Result]) -> dict[str, object]:
    """The JSON object: shares, not percent."""
    used = [result for result in results if not result.refused]
    steady = [result for result in used if not result.recording.moving]
    moving = [result for result in used if result.recording.moving and result.later[1] > 0]

    def pooled(part: list[Result]) -> float | None:
        return round(sum(r.events for r in part) / sum(r.promised for r in part), 3) if part else None

    def interval(part: list[Result]) -> list[float] | None:
        if not part:
            return None
        pair = clustered_interval(
            np.array([float(r.events) for r in part]), np.array([r.promised for r in part]), [r.recording.source for r in part]
        )
        return [round(value, 3) for value in pair]

    parts = {"": steady, "_simulated": [r for r in steady if not r.recording.real], "_real": [r for r in steady if r.recording.real]}
    out: dict[str, object] = {"recordings": len(results), "used": len(used)}
    for name, part in parts.items():
        out[f"pooled_ratio{name}"] = pooled(part)
        out[f"pooled_interval{name}"] = interval(part)
        inside = [r.low <= r.events <= r.high for r in part]
        out[f"inside_interval{name}"] = round(float(np.mean(inside)), 3) if inside else None
        out[f"found_4s{name}"] = _share(part, 4.0)
        out[f"found_2s{name}"] = _share(part, 2.0)
    out["upper_ratio"] = round(max(r.high / r.promised for r in steady), 3) if steady else None
    out["upper_ratio_mean"] = round(float(np.mean([r.high / r.promised for r in steady])), 3) if steady else None
    out["said_moved_steady"] = round(float(np.mean([r.moved for r in steady])), 3) if steady else None
    out["moving_ratio"] = round(sum(r.later[0] for r in moving) / sum(r.later[1] for r in moving), 3) if moving else None
    out["moving_ratio_worst"] = round(max(r.later[0] / r.later[1] for r in moving), 3) if moving else None
    out["moving_found_4s_before_after"] = [_share(moving, 4.0), _share(moving, 4.0, after=True)]
    out["moving_found_2s_before_after"] = [_share(moving, 2.0), _share(moving, 2.0, after=True)]
    return out


def _row(result: Result) -> str:
    r = result
    if r.refused:
        return f"{r.recording.name:24s} refused: {r.refused}"
    shares = " ".join(f"{size:g}s {_share([r], size) if r.faults else float('nan'):4.0%}" for size in (4.0, 2.0))
    mark = " " if r.low <= r.events <= r.high else "!"
    text = f"{r.recording.name:24s} events {r.events:3d} of {r.promised:4.1f}, predicted {r.low:2d}-{r.high:2d} {mark}"
    text += f" in alarm {r.in_alarm:5.1%}, found {shares}"
    if r.moved:
        text += ", said moved"
    if r.recording.moving:
        text += f"; with controller {r.later[0]} of {r.later[1]:.1f} after the first week, threshold {r.raised:+.0%}"
    return text


def main(arguments: list[str] | None = None) -> int:
    """Run, print a table, end with one JSON object."""
    parser = argparse.ArgumentParser(prog="benchmarks.budget", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder of the public recordings; else ANDON_DATA")
    parser.add_argument("--quick", action="store_true", help="every eighth recording, half of the faults")
    options = parser.parse_args(arguments)
    everything = [*tennessee_eastman(), *real(data_folder(options.data)), *simulated()]
    chosen = everything[::8] if options.quick else everything
    begin, results = time.monotonic(), []
    for number, recording in enumerate(chosen):
        result = run(recording, FAULTS // 2 if options.quick else FAULTS)
        results.append(result)
        print(f"[{number + 1}/{len(chosen)} {time.monotonic() - begin:4.0f} s] {_row(result)}", flush=True)
    print(json.dumps(summary(results)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
