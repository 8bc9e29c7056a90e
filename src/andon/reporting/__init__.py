"""The offline report: `ReportData` in, one HTML file out; plain SVG, no script, no server.

`data` says what is shown, `page` and `event_cards` lay it out, `words` speaks and escapes, `pictures` draws each picture, `svg` knows axes
and paths.
"""

from andon.reporting.data import (
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
)  # fmt: skip
from andon.reporting.page import render

__all__ = [
    "BudgetPanel", "CurvePoint", "EventCard", "EventTag", "FaultRow", "FindingRow", "Lane", "QualityPanel", "QualityPoint", "ReportData", "TableRow",
    "render",
]  # fmt: skip
