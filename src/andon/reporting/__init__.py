"""The offline report: `ReportData` in, one HTML file out; plain SVG, no script, no server.

`data` says what is shown, `page` lays it out, `pictures` draws each picture, `svg` knows axes and paths.
"""

from andon.reporting.data import (
    BudgetPanel, CurvePoint, EventCard, EventTag, FindingRow, Lane, QualityPanel, QualityPoint, ReportData, TableRow,
)  # fmt: skip
from andon.reporting.page import render

__all__ = [
    "BudgetPanel", "CurvePoint", "EventCard", "EventTag", "FindingRow", "Lane", "QualityPanel", "QualityPoint", "ReportData", "TableRow",
    "render",
]  # fmt: skip
