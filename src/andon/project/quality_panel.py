"""Quality predictions against the laboratory results that came later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from andon.evaluating.quality import brier
from andon.plant.arrays import Float64Array
from andon.plant.label import LabResults
from andon.plant.time import NS
from andon.reporting import QualityPanel, QualityPoint, TableRow
from andon.scoring.monitor import Monitor, Scored

if TYPE_CHECKING:
    from andon.training.fit_monitor import Fitted


def quality_panels(
    monitor: Monitor, scored: Sequence[Scored], lab: Sequence[LabResults], fitted: Fitted | None
) -> tuple[QualityPanel, ...]:
    """One panel a target, of sisters one for each: laboratory samples of the scored time against what was predicted for their moment."""
    panels = []
    for part in monitor.members or (monitor,):
        mine = [one for one in scored if one.asset in part.assets]
        reports: dict[str, Any] = {}
        if fitted is not None:
            reports = {item.target: item for item in fitted.targets_of[part.asset].reports}
        for model in part.quality:
            points = [point for one in mine for point in _points(one, model, lab)]
            panel = _panel(model, points, reports.get(model.target))
            panels.append(replace(panel, target=f"{part.asset}: {panel.target}") if monitor.members else panel)
    return tuple(panels)


def _points(scored: Scored, model: Any, lab: Sequence[LabResults]) -> list[QualityPoint]:
    found = next((item for item in lab if item.target == model.target and item.asset in (scored.asset, "")), None)
    if found is None or scored.quality is None or scored.prepared.rows == 0:
        return []
    rows = np.array([name == model.target for name in scored.quality.target], dtype=bool)
    time, value = scored.quality.sample_time[rows], scored.quality.value[rows]
    low, high = scored.quality.low[rows], scored.quality.high[rows]
    inside = (found.sample_time >= time[0]) & (found.sample_time <= time[-1])
    at = np.searchsorted(time, found.sample_time[inside], side="left")
    truth = found.value[inside] if model.spec is None else model.spec.outcome(found.value[inside])
    points = []
    for row, sample, result in zip(at, found.sample_time[inside], truth, strict=True):
        if time[row] - sample > scored.prepared.interval_ns or not np.isfinite(result):
            continue
        given = bool(np.isfinite(value[row]))
        said = (float(value[row]), float(low[row]), float(high[row])) if given else (None, None, None)
        points.append(QualityPoint(int(sample) // 1_000_000, float(result), *said))
    return points


def _panel(model: Any, points: list[QualityPoint], report: Any) -> QualityPanel:
    answered = [p for p in points if p.predicted is not None and p.low is not None and p.high is not None]
    coverage = width = rmse = r2 = None
    classes: dict[str, Any] = {}
    if answered:
        truth = np.array([p.value for p in answered])
        said = np.array([p.predicted for p in answered], dtype=np.float64)
        low = np.array([p.low for p in answered], dtype=np.float64)
        high = np.array([p.high for p in answered], dtype=np.float64)
        coverage = float(((truth >= low) & (truth <= high)).mean())
        width = float((high - low).mean())
        rmse = float(np.sqrt(((truth - said) ** 2).mean()))
        spread = float(((truth - truth.mean()) ** 2).mean())
        r2 = 1.0 - rmse**2 / spread if spread > 0 else None
        if model.spec is not None:
            classes = _classes(truth, said, model.spec.decision)
    return QualityPanel(
        target=model.target, unit=model.unit, chosen=model.candidate, level=model.settings.level, coverage=coverage, width=width,
        rmse=rmse, r2=r2, refused=1.0 - len(answered) / len(points) if points else 0.0,
        dead_time_s=model.plan.dead * model.interval_ns / NS,
        points=tuple(points), candidates=tuple(quality_rows(report)) if report is not None else (),
        better_afterwards=report.would_have_won if report is not None and report.would_have_won != report.chosen else "",
        **classes,
    )  # fmt: skip


def _classes(truth: Float64Array, said: Float64Array, decision: float) -> dict[str, Any]:
    """What a panel shows of probabilities: Brier score beside that of the share itself, both classes alike, reliability by tenths."""
    within, called, share = truth > 0.5, said >= decision, float(truth.mean())
    hit = [float((called[within == side] == side).mean()) for side in (True, False) if (within == side).any()]
    tenth = np.minimum((said * 10).astype(np.int64), 9)
    rows = tuple(
        TableRow(
            f"{k * 10}–{k * 10 + 10} %",
            {
                "share_said": float(said[tenth == k].mean()),
                "share_found": float(truth[tenth == k].mean()),
                "results": float((tenth == k).sum()),
            },
        )
        for k in np.unique(tenth).tolist()
    )
    return {
        "kind": "classification", "within": share, "brier": brier(truth, said), "base_brier": share * (1.0 - share),
        "balanced": float(np.mean(hit)), "reliability": rows,
    }  # fmt: skip


def quality_rows(report: Any) -> list[dict[str, float | str | None]]:
    """Candidates of a soft sensor: loss on the calibration period, by which the choice was made, then the evaluation period."""
    rows: list[dict[str, float | str | None]] = []
    for item in report.candidates:
        row: dict[str, float | str | None] = {"name": item.name, "pinball_calibrate": _finite(item.calibrate.pinball)}
        after = item.evaluate
        names = ("pinball", "rmse", "r2", "coverage")
        row |= {f"{name}_evaluate": _finite(getattr(after, name)) if after is not None else None for name in names}
        rows.append(row)
    return rows


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
