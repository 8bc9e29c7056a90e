"""auditing: what is wrong with each tag of a recording, what that costs, and what to write in the plant file.

`finding` holds what an audit says: statistics, findings, suggestions, small plots. `series` is one tag as the
checks see it, and `statistics` describes it. The checks of one tag stand beside each other, one concept each:
`availability` (missing, invalid, gaps, late start), `roles` (counter, angle, category, set-point, constant),
`historian` (stuck, quantised, compressed), `extremes` (clipping, spikes, failure codes), `jumps` (change of unit),
`modes` (operating modes, machine off). The checks of the whole recording are `clock` (sampling interval, clock drift,
time zone), `seasons`, `likeness` (copies and lags), `laboratory` (leaking targets, gauge repeatability) and
`sufficiency` (enough normal time for the alarm budget). `inspection` runs them all; `change` compares two recordings;
`page` is the audit as one HTML file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from andon.auditing.change import drift
    from andon.auditing.finding import WEIGHTY, Audit, Finding, Plot, Suggestion, TagStatistics
    from andon.auditing.inspection import audit
    from andon.auditing.page import audit_page

__all__ = ["WEIGHTY", "Audit", "Finding", "Plot", "Suggestion", "TagStatistics", "audit", "audit_page", "drift"]

_HOMES = {
    "WEIGHTY": "finding",
    "Audit": "finding",
    "Finding": "finding",
    "Plot": "finding",
    "Suggestion": "finding",
    "TagStatistics": "finding",
    "audit": "inspection",
    "audit_page": "page",
    "drift": "change",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
