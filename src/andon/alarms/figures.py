"""The figures of a period as rows: value, unit, target, and whether it is met. What the KPI page and a report show."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from andon.alarms.kpi import PRIORITY_TARGET, TARGETS, Kpi
from andon.plant.time import MINUTE_NS
from andon.plant.verdict import Sentence

_SLACK = 0.1
"""The priority mix is as it should be where each share is within ten points of its target."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes
    ----------
    key : stable short name
    text : what it is
    value : None where there is none (nothing was acknowledged, no alarm came)
    unit : "", "%" or "min"
    target : as text, empty where there is none
    good : whether it is met; None where there is no target or no value
    """

    key: str
    text: Sentence
    value: float | None
    unit: str = ""
    target: str = ""
    good: bool | None = None


def figures(found: Kpi) -> tuple[Figure, ...]:
    """Every figure of a period, each beside its target, promises last."""
    rows = [
        _most("per_ten_minutes", found.per_ten_minutes),
        _most("per_day", found.per_day),
        _most("peak", found.peak),
        _most("over_ten", found.over_ten, percent=True),
        _most("flood_share", found.flood_share, percent=True),
        _most("top_share", found.top_share, percent=True) if found.alarms else Figure("top_share", Sentence("alarms.kpi.top_share"), None),
        _most("chattering", len(found.chattering)),
        _most("stale", len(found.stale)),
    ]
    for priority, target in PRIORITY_TARGET.items():
        share = found.priorities[priority]
        none = isnan(share)
        text = Sentence(f"alarms.kpi.priority.{priority}")
        good = None if none else abs(share - target) <= _SLACK + 1e-12
        rows.append(Figure(f"priority.{priority}", text, None if none else 100 * share, "%", f"{100 * target:.0f} %", good))
    answer = None if found.answer_ns is None else found.answer_ns / MINUTE_NS
    rows.append(Figure("answer", Sentence("alarms.kpi.answer"), answer, "min"))
    for key in ("unanswered", "shelved", "notifications"):
        rows.append(Figure(key, Sentence(f"alarms.kpi.{key}"), float(getattr(found, key))))
    for kept in found.promises:
        counts: dict[str, object] = {"group": kept.promise.group, "false": kept.false, "unmarked": kept.unmarked}
        text = Sentence("alarms.kpi.promise", counts)
        rows.append(Figure(f"promise.{kept.promise.group}", text, float(kept.counted), "", f"≤ {kept.expected:.2g}", kept.held))
    return tuple(rows)


def _most(key: str, value: float, *, percent: bool = False) -> Figure:
    """A figure that should not be above its target."""
    target, scale = TARGETS[key], 100 if percent else 1
    shown = f"≤ {scale * target:g} %" if percent else f"≤ {target:g}"
    return Figure(key, Sentence(f"alarms.kpi.{key}"), scale * float(value), "%" if percent else "", shown, value <= target)
