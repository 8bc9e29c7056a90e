"""What the pages of the console ask for, filled with a story that hangs together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from desk import Desk, iso
from history import column

from andon.service.schema import (
    AlarmRecord,
    BadActor,
    BudgetPage,
    CasePage,
    DataPage,
    DeadLetter,
    Effect,
    Finding,
    Flood,
    Handover,
    KpiPage,
    Models,
    ModelVersion,
    Number,
    Share,
    SimilarCase,
    Source,
    SourceState,
    StatusMap,
)
from plant import ASSETS, TAGS, THRESHOLD, WILD, History, overlay

FAULTS = ("step_2", "step_4", "drift_4_1h", "drift_4_1d", "noise_3", "stuck", "oscillation_2")


def case_page(case: str, desk: Desk, history: History, now: float) -> CasePage:
    """The developing fault, with two cases like it."""
    alarms = [row for row in desk.rows.values() if row.case == case][-20:]
    weight = sum(abs(tag.moved) + 0.1 for tag in TAGS)
    order = sorted(TAGS, key=lambda tag: -abs(tag.moved))
    shares = [
        Share(tag=tag.id, name=tag.name, unit=tag.unit, group=tag.group, share=(abs(tag.moved) + 0.1) / weight,
              onset=iso(history.onset + 420 * (1 if tag.id != "FIC-101.PV" else 0) + 300 * place) if tag.moved else "")
        for place, tag in enumerate(order)
    ]  # fmt: skip
    similar = [
        SimilarCase(
            id=f"case-{number}", asset=asset, text=text, onset=iso(now - days * 86_400), likeness=likeness, mark=mark, tag="PI-101.PV",
            then=overlay(history, asset, now, scale), now=overlay(history, "furnace-3", now, 1.0),
        )
        for number, asset, text, days, likeness, mark, scale in (
            (2, "furnace-1", "Furnace 1: feed valve stuck at 31 %, pressure rose for two hours.", 41, 0.91, "true", 0.9),
            (3, "furnace-3", "Furnace 3: sensor drift of FIC-101 after calibration.", 12, 0.64, "false", 0.5),
        )
    ]  # fmt: skip
    marks = [row.mark for row in alarms if row.mark]
    return CasePage(
        id=case, asset="furnace-3", name="Furnace 3", state=alarms[-1].state if alarms else "normal", priority=2,
        text="Reactor pressure is 4.1 σ above what feed and cooling explain, rising since 03:12. Flow FIC-101 moved first (03:05).",
        onset=iso(history.onset), start=iso(history.onset + 1440), peak=iso(now - 300), end="", view="relation", severity=1.6,
        quality_relevant=True, shares=shares, check=[
            "Is the feed valve FCV-101 where its signal says?", "Compare FIC-101 with the tank level over ten minutes.",
            "Look at the filter's pressure difference on the panel beside the pump.",
        ], action="Reduce feed to 38 m³/h until the pressure is below 7.3 bar.", consequence="Off-spec carbon within about 50 minutes.",
        records=[
            AlarmRecord(number=entry.number, at=entry.at, by=entry.by, kind=entry.what, text=str(entry.data.get("text", "")))
            for entry in desk.ledger if entry.data.get("alarm") in {row.id for row in alarms}
        ],
        similar=similar, alarms=alarms, mark=marks[-1] if marks else "", model="furnaces/2026-11-02T09-14-51-3fa91c20", threshold=THRESHOLD,
    )  # fmt: skip


def budget_page(group: str, per_week: float) -> BudgetPage:
    """A whole curve: a stricter promise finds less, later."""
    curve = []
    for rate in (0.1, 0.2, 0.33, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 14.0):
        strict = 1.0 / (1.0 + rate)
        delay: dict[str, float | None] = {}
        found = {}
        for place, fault in enumerate(FAULTS):
            found[fault] = round(min(1.0, 0.55 + 0.45 * (1 - strict) + 0.05 * (place % 3) - (0.25 * strict if fault == "step_2" else 0)), 3)
            base = (900, 240, 2400, 30_000, 1500, 3600, 1100)[place]
            delay[fault] = None if fault == "step_2" and rate < 0.15 else round(base * (0.6 + 1.6 * strict))
        opened = round(rate * 90 / 7 * 0.9)
        spread = 1.64 * math.sqrt(rate * 90 / 7)
        curve.append(Effect(per_week=rate, threshold=round(3.2 + 2 * strict, 3), delay_s=delay, found=found, would_have_opened=opened,
                            low=max(0.0, round(rate * 90 / 7 - spread)), high=round(rate * 90 / 7 + spread)))  # fmt: skip
    return BudgetPage(
        group=group, assets=["furnace-1", "furnace-2", "furnace-3"] if group == "line 2" else [group], promise=f"{per_week:g}/week",
        per_week=per_week, low=0.2, high=2.3, observed_per_week=0.8, observed_h=1460.0, unmarked=3, moved=group != "line 2",
        tightest="1/14d", why_not="" if group == "line 2" else "A promise of 1 a month needs 12 more days of normal time.", curve=curve,
        controller=[(1_793_000_000.0 + day * 86_400.0, 4.2 + 0.05 * math.sin(day / 3)) for day in range(30)],
    )  # fmt: skip


def models_page(champion: str) -> Models:
    """A champion, two challengers in shadow, two of the past."""
    versions = ("2026-11-20T07-00-12-91be03aa", "2026-11-18T22-41-07-77aa01fe", "2026-11-02T09-14-51-3fa91c20",
                "2026-09-14T10-02-33-0c4411de", "2026-07-01T06-30-00-b81c5e02")  # fmt: skip
    out = []
    for place, version in enumerate(versions):
        state = "champion" if version == champion else "shadow" if place < 2 else "past"
        card: dict[str, Any] = {
            "caught": 18 - place, "missed": 2 + place, "false_per_week": round(0.7 + 0.2 * place, 2), "median_delay_s": 540.0 + 120 * place,
            "vus_pr": round(0.46 - 0.02 * place, 3), "quality_rmse": round(0.021 + 0.002 * place, 4), "coverage_90": 0.91 - 0.01 * place,
            "interval_s": 60.0, "trained_to": "2026-10-07T06:00:00Z", "golden_faults": "6 of 6" if place != 1 else "5 of 6",
        }  # fmt: skip
        out.append(
            ModelVersion(model="furnaces", version=version, state=state, trained=version[:10] + "T" + version[11:19].replace("-", ":") + "Z",
                         method=("network + linear", "linear, wide memory", "network + linear", "linear", "PCA T²")[place],
                         assets=["furnace-1", "furnace-2", "furnace-3"], card=card, signed=place != 4)
        )  # fmt: skip
    return Models(versions=out)


def sources(now: float) -> list[Source]:
    """Three links: one well, one behind, one without a server."""
    return [
        Source(name="line2-mqtt", kind="mqtt", state=SourceState.LIVE, text="", lag_s=0.4, values_per_s=5200.0, lost=0, set_aside=3, since=iso(now - 9e5)),
        Source(name="historian", kind="folder", state=SourceState.CATCHING_UP, text="catching up, 14 min behind", lag_s=840.0, values_per_s=91_000.0,
               lost=0, set_aside=12, since=iso(now - 3600)),
        Source(name="boiler-opcua", kind="opcua", state=SourceState.DOWN, text="The server's certificate expired on 1 November: ask for a new one.",
               lag_s=7400.0, values_per_s=0.0, lost=412, set_aside=0, since=iso(now - 7400)),
    ]  # fmt: skip


def status_map(start: float, end: float) -> StatusMap:
    """48 buckets of time, most of them whole."""
    rng = np.random.default_rng(5)
    share = np.clip(1.15 - rng.exponential(0.08, (len(TAGS), 48)), 0, 1)
    share[3, 20:31] = 0.1
    share[6, 40:44] = np.nan
    return StatusMap(tags=[tag.id for tag in TAGS], time=np.linspace(start, end, 49)[:-1].tolist(), share=[column(row) for row in share])


def data_page(now: float) -> DataPage:
    """Links, status, findings by weight, what was set aside."""
    findings = [
        Finding(tag="TI-103.PV", kind="stuck", weight=0.82, evidence="The same value for 5 h 20 min on 21 November, while its neighbours moved.",
                consequence="The model trusts a value that is not measured.", suggestion="Take it out of service until the transmitter was checked."),
        Finding(tag=WILD, kind="compressed", weight=0.41, evidence="71 % of samples lie on straight lines between two stored ones.",
                consequence="Noise looks smaller than it is.", suggestion="Lower the historian's exception deviation to 0.1 °C."),
        Finding(tag="AI-9.O2", kind="clock", weight=0.2, evidence="Its clock runs 40 s late.", consequence="Onset order may be wrong.",
                suggestion="Set an offset of 40 s in plant.toml."),
    ]  # fmt: skip
    letters = [
        DeadLetter(source="line2-mqtt", reason="this is not JSON", at=iso(now - 400), detail="plant/line2: expected value at byte 14",
                   sample='{"t": 17, "v": NaN<script>'),
        DeadLetter(source="historian", reason="the file cannot be read", at=iso(now - 9000), detail="time goes backwards by 1 h at line 86,412",
                   sample="2026-10-25 02:00:00;7.1"),
    ]  # fmt: skip
    return DataPage(sources=sources(now), map=status_map(now - 86_400, now), findings=findings, dead_letters=letters)


def kpi_page(start: str, end: str, now: float) -> KpiPage:
    """A week that met most targets."""
    numbers = [
        Number(key="per_10_min", text="Alarms per 10 minutes and operator, average", value=0.31, unit="", target="≤ 1", good=True),
        Number(key="peak", text="Most alarms in 10 minutes", value=12.0, unit="", target="≤ 10", good=False),
        Number(key="in_flood", text="Time in flood", value=0.4, unit="%", target="≤ 1 %", good=True),
        Number(key="chattering", text="Chattering alarms", value=0.0, unit="", target="0", good=True),
        Number(key="stale", text="Alarms open for more than a day", value=4.0, unit="", target="≤ 5", good=True),
        Number(key="top_ten", text="Share of the ten most frequent", value=22.0, unit="%", target="≤ 5 %", good=False),
    ]
    floods = [Flood(start=iso(now - 200_000), end=iso(now - 199_000), alarms=34, first="Compressor 2: motor current is lost.")]
    actors = [
        BadActor(asset=ASSETS[place].id, text=ASSETS[place].name, count=21 - 4 * place, share=0.21 - 0.04 * place) for place in range(5)
    ]
    return KpiPage(start=start, end=end, numbers=numbers, floods=floods, bad_actors=actors,
                   priority_mix={"1": 0.05, "2": 0.14, "3": 0.31, "4": 0.5}, promised=1.0, observed=0.8, unmarked=3)  # fmt: skip


def handover(now: float, note: str) -> Handover:
    """What the next shift should know."""
    start = now // 28_800 * 28_800
    text = ["Furnace 3 has one open alarm since 03:36; the feed valve is being looked at.", "Two alarms were marked false."]
    return Handover(shift="early", start=iso(start), end=iso(start + 28_800), text=text, note=note)
