"""The card of a model version: what it was made of and what it did in the time kept back for judging it, in numbers and moments.

The console words it in the reader's language: names that end in `_s` are seconds, `_from` and `_to` are moments. A version is read
once: model files never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from andon.plant.errors import AndonError
from andon.plant.time import NS, parse_instant
from andon.scoring.bundle import read_bundle
from andon.scoring.model_file import REPORT_CARD
from andon.service.pages.worked_out import WorkedOut
from andon.service.routes.instants import to_text
from andon.store import ModelStore
from andon.store.state import ModelVersion

KEPT = 200
MEASURES = ("caught", "missed", "false_per_week", "median_delay_s", "vus_pr")


class Card(NamedTuple):
    """Of one version: how it was chosen, whether somebody signed it, and its lines."""

    method: str
    signed: bool
    lines: Mapping[str, Any]


class Cards:
    """Cards of the versions in a store; any thread may ask."""

    def __init__(self) -> None:
        self._known = WorkedOut[str, Card](KEPT)

    def of(self, store: ModelStore, version: ModelVersion) -> Card:
        """The card of a version; empty where its file cannot be read, which the model page must not fail for."""
        try:
            return self._known.get(version.sha256, lambda: _card(store.path(version)))
        except AndonError:
            return Card("", False, {})


def _card(path: Path) -> Card:
    bundle = read_bundle(path)
    card = bundle.json(REPORT_CARD) if REPORT_CARD in bundle.members else {}
    return Card(str(card.get("chosen", "")), bundle.signature is not None, lines_of(bundle.manifest, card))


def lines_of(manifest: Mapping[str, Any], card: Mapping[str, Any]) -> dict[str, Any]:
    """The lines of a card from what a model file says of itself; what it does not say is left out.

    Parameters
    ----------
    manifest : of the file
    card : its report card; empty for a model that was fitted without one
    """
    lines: dict[str, Any] = {}
    zone = str(manifest.get("zone") or "UTC")
    for name, moment in zip(("trained_from", "trained_to"), (card.get("periods") or {}).get("train") or (), strict=False):
        try:
            lines[name] = to_text(parse_instant(str(moment), zone))
        except AndonError:
            lines[name] = str(moment)
    if interval := manifest.get("interval_ns"):
        lines["interval_s"] = interval / NS
    if tags := manifest.get("tags"):
        lines["tags"] = len(tags)
    if budget := card.get("budget") or manifest.get("budget"):
        lines["budget"] = str(budget)
    evaluation = card.get("evaluation") or {}
    chosen: Mapping[str, Any] = next((item for item in evaluation.get("methods") or () if item.get("chosen")), {})
    lines |= {name: chosen[name] for name in MEASURES if chosen.get(name) is not None}
    if hours := card.get("evaluated_hours"):
        lines["evaluated_s"] = hours * 3600
    if andon := manifest.get("andon"):
        lines["andon"] = str(andon)
    return lines
