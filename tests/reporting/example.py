"""A report with every part filled, whose names are as bad as names get."""

from __future__ import annotations

import math
from dataclasses import replace

from andon.plant.verdict import Sentence
from andon.reporting import (
    BudgetPanel,
    CurvePoint,
    EventCard,
    EventTag,
    FaultRow,
    FindingRow,
    Lane,
    QualityPanel,
    QualityPoint,
    ReportData,
    TableRow,
)

HOSTILE = "<b>&\"'温度 °C</b>"
MINUTE = 60_000
START = 1_767_225_600_000  # 2026-01-01 00:00 UTC


def sentence(text: str = "reporting.events.none") -> Sentence:
    """A sentence of the catalogue that needs no arguments."""
    return Sentence(text)


def example(name: str = HOSTILE) -> ReportData:
    """A report with every part filled."""
    time = tuple(START + k * MINUTE for k in range(300))
    wave = tuple(math.sin(k / 20) for k in range(300))
    low, high = tuple(w - 0.3 for w in wave), tuple(w + 0.3 for w in wave)
    tag = EventTag(name, name, "°C", "reactor", 0.7, time[120], time, wave, tuple(w * 0.9 for w in wave), low, high)
    other = replace(tag, tag="TI-101.PV", name=f"{name} 2", share=-0.2, moved_at=None)
    event = EventCard("ab12", name, time[100], time[120], time[150], time[200], 0.6, "level", sentence(), (tag, other), {}, name, True)
    later = replace(
        event, id="cd34", onset=time[240], start=time[250], peak=time[260], end=None, severity=0.9, label="", quality_relevant=None
    )
    curve = tuple(CurvePoint(w, {"step 4σ": 0.9, "stuck": 0.4 + w / 10}, {"step 4σ": 120.0 / w, "stuck": None}) for w in (0.5, 1.0, 2.0))
    named = {"step 4σ": Sentence("evidence.fault.step", {"size": "4"}), "stuck": Sentence("evidence.fault.stuck")}
    points = tuple(QualityPoint(time[k], wave[k], wave[k] + 0.1, wave[k] - 0.1, wave[k] + 0.05 * (k % 7)) for k in range(0, 300, 5))
    candidates: tuple[dict[str, float | str | None], ...] = (
        {"name": "ridge on lags", "pinball_calibrate": 0.1, "coverage_evaluate": 0.9, "r2_evaluate": None},
        {"name": "PLS", "pinball_calibrate": 0.2, "coverage_evaluate": 0.88, "r2_evaluate": 0.4},
    )
    return ReportData(
        title=name, zone="Europe/Berlin", made_at="2026-02-01", version="0.1.0", model="m", assets=(name,),
        verdict=(sentence(), sentence()),
        lanes={name: Lane(time, tuple(0.2 + abs(w) * 2 for w in wave[:-40]) + (None,) * 40, (0,) * 260 + (3,) * 40)},
        events=(event, later),
        budget=BudgetPanel("1/week", 1.0, 500.0, 3.0, 0.0, 6.0, 2, 1, sentence(), sentence(), (sentence(),), curve, named),
        quality=(QualityPanel(name, "mol %", "ridge on lags", 0.9, 0.91, 0.3, 0.1, 0.9, 0.01, 900.0, points, candidates, "PLS"),),
        baselines=(TableRow("andon", {"caught": 3.0, "missed": None, "delay_min": 5.0}, True),
                   TableRow("limits", {"caught": 2.0, "missed": 1.0})),
        ablation=(TableRow("quality alone", {"coverage": 0.9}), TableRow("shared features", {"coverage": 0.91})),
        findings=(FindingRow(name, 0.8, "stuck", sentence(), sentence(), sentence()),),
        card=(("model", name), ("chosen", "linear"), ("training data", name),
              ("evidence", Sentence("reporting.card.views.linear", {"views": 9}))),
        events_left_out=3,
        faults=(
            FaultRow(name, time[110], time[200], True, 600.0), FaultRow("early", time[210], time[220], True, -300.0),
            FaultRow("cavitation", time[230], time[240], False),
        ),
    )  # fmt: skip
