"""The tables of a report show every asset that shares the model, and say whose row it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from andon.project.report_data import _ablation
from andon.reporting import TableRow
from andon.reporting.page import _table
from andon.reporting.words import Words


def _fitted(*assets: str) -> Any:
    rows = [SimpleNamespace(name="quality alone", figures={"pinball": 1.0}), SimpleNamespace(name="coupling", figures={"pinball": 0.9})]
    targets = {asset: SimpleNamespace(ablation=tuple(rows)) for asset in assets}
    return cast(Any, SimpleNamespace(coupled=None, targets=targets[assets[0]], targets_of=targets, tried=(), chosen="linear"))


def test_the_ablation_has_rows_of_every_sister() -> None:
    rows = _ablation(_fitted("north", "south"))
    assert [(row.asset, row.name) for row in rows] == [
        ("north", "quality alone"), ("north", "coupling"), ("south", "quality alone"), ("south", "coupling"),
    ]  # fmt: skip
    assert [row.asset for row in _ablation(_fitted("north"))] == ["", ""]


def test_a_row_names_its_asset_safely() -> None:
    text = _table("x", [TableRow("quality alone", {"pinball": 1.0}, asset="<north>")], Words("en", "UTC"))
    assert "&lt;north&gt;: quality alone" in text
