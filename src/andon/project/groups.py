"""Budget groups over models: one promise for several assets, whether they share a model or have one each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from andon.evidence.calibrate import CalibrationRefused
from andon.evidence.calibration import Calibration
from andon.evidence.group import GroupCalibration, rebudget_group
from andon.evidence.sentence import budget_sentence
from andon.plant.budget import Budget, parse_budget
from andon.plant.verdict import Sentence
from andon.scoring.bundle import read_bundle
from andon.scoring.model_file import REPORT_CARD
from andon.store import ModelStore

GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class MadeGroup:
    """What became of a group's promise, as the report card keeps it.

    Attributes
    ----------
    name : of the group
    budget : its promise now
    parts : asset -> its part
    pooled, allowed : events of the group on the held-back time, and how many the promise allows there
    """

    name: str
    budget: str
    parts: dict[str, str]
    pooled: int
    allowed: float

    @classmethod
    def of(cls, name: str, made: GroupCalibration) -> MadeGroup:
        """From a calibration of the group."""
        parts = {asset: str(one.budget) for asset, one in made.assets.items()}
        return cls(name, str(made.budget), parts, made.pooled, made.promised)

    def sentence(self) -> Sentence:
        """The group's promise, its parts, and what the held-back time says of it."""
        return Sentence(
            "project.group.promise",
            {
                "group": self.name, "assets": list(self.parts), "promise": budget_sentence(parse_budget(self.budget)),
                "pooled": self.pooled, "allowed": f"{self.allowed:.1f}",
            },
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """For the report card."""
        return {"name": self.name, "budget": self.budget, "parts": dict(self.parts), "pooled": self.pooled, "allowed": self.allowed}


def groups_of(card: Mapping[str, Any]) -> tuple[MadeGroup, ...]:
    """The groups that a report card names."""
    return tuple(
        MadeGroup(str(item["name"]), str(item["budget"]), dict(item["parts"]), int(item["pooled"]), float(item["allowed"]))
        for item in card.get(GROUPS) or ()
    )


def make_group(
    calibrations: Mapping[str, Calibration], budget: Budget, *, one_scale: bool
) -> tuple[GroupCalibration | None, Sentence | None]:
    """The group at its promise; at the tightest that can be made, with the reason, where that is refused; None where none can."""
    try:
        return rebudget_group(calibrations, budget, one_scale=one_scale), None
    except CalibrationRefused as refusal:
        told: dict[str, object] = {"promise": str(budget), "missing": refusal.missing}
        if refusal.tightest is not None:
            less = Budget(refusal.tightest.events, refusal.tightest.per_ns, budget.merge_gap_ns)
            try:
                made = rebudget_group(calibrations, less, one_scale=one_scale)
                return made, Sentence("training.budget.refused", told | {"tightest": str(less)})
            except CalibrationRefused:
                pass
        return None, Sentence("training.budget.none", told)


def find_group(store: ModelStore, name: str) -> MadeGroup | None:
    """The group of that name among the models that serve; None where there is none.

    Only the report cards are read. A group of one asset is found by the asset.
    """
    state = store.state()
    for model, version in {(item.model, item.version) for item in state.champions.values()}:
        bundle = read_bundle(store.path(next(one for one in state.models[model] if one.version == version)))
        if REPORT_CARD not in bundle.members:
            continue
        for group in groups_of(bundle.json(REPORT_CARD)):
            if group.name == name and len(group.parts) > 1:
                return group
    return None


def share_a_model(assets: Sequence[str], models: Mapping[str, str]) -> bool:
    """True where all assets are served by one model file, so that their evidence has one scale."""
    return len({models[asset] for asset in assets}) == 1
