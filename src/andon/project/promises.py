"""`andon budget`, `promote`, `tag`, `inspect`, `keys`: models and what is promised of them; no training and no data."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from andon.evidence.budget import FaultCost, group_cost
from andon.evidence.calibrate import rebudget
from andon.evidence.calibration import Calibration
from andon.evidence.group import rebudget_group
from andon.evidence.sentence import fault_sentence, shift_sentence
from andon.plant.budget import parse_budget
from andon.plant.errors import AskUserError, At, UsageError
from andon.plant.messages import say
from andon.plant.sentences import speak
from andon.plant.time import format_duration, format_instant, parse_instant
from andon.plant.verdict import Sentence
from andon.project.groups import GROUPS, MadeGroup, find_group, groups_of
from andon.scoring.bundle import inspect_bundle, read_bundle
from andon.scoring.model_file import REPORT_CARD, from_bundle
from andon.scoring.monitor import Monitor
from andon.scoring.signing import new_keys as make_keys
from andon.scoring.signing import read_public, write_keys
from andon.store import ModelStore, Promise
from andon.store.models import SUFFIX


@dataclass(frozen=True, slots=True)
class NewPromise:
    """What `andon budget` says."""

    asset: str
    budget: str
    calibration: Calibration
    costs: tuple[FaultCost, ...]
    changed: bool
    parts: Mapping[str, str]
    group: Sentence | None = None

    def sentences(self, language: str) -> list[str]:
        """The promise for people on shift."""
        told = shift_sentence(self.calibration, self.costs)
        return [speak(item, language) for item in (told if self.group is None else (self.group, *told[1:]))]

    def rows(self, language: str) -> list[list[str]]:
        """Standard fault, share found, median delay."""
        return [
            [
                speak(fault_sentence(row), language),
                f"{row.found:.0%}",
                _delay(row.median_delay_ns, language),
            ]
            for row in self.costs
        ]

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "asset": self.asset, "budget": self.budget, "threshold": self.calibration.threshold, "changed": self.changed,
            "parts": dict(self.parts), "standard_faults": [asdict(row) for row in self.costs],
        }  # fmt: skip


def _delay(delay_ns: int | None, language: str) -> str:
    if delay_ns is None:
        return "–"
    return format_duration(delay_ns) if delay_ns else say("evidence.duration.tick", language)


def open_model(store: ModelStore, name: str, *, trusted: Sequence[str] | None = None) -> Monitor:
    """The monitor that MODEL means, under the promise that the store keeps for it.

    Raises
    ------
    AskUserError : nothing of that name
    BundleError : the file is damaged
    """
    bundle = read_bundle(store.resolve(name), trusted=trusted)
    monitor = from_bundle(bundle)
    if REPORT_CARD in bundle.members:  # split, choice and promise: what a report shows of the model
        monitor = replace(monitor, manifest={**bundle.json(REPORT_CARD), **bundle.manifest})
    return _under_promises(monitor, store)


def _under_promises(monitor: Monitor, store: ModelStore) -> Monitor:
    """The monitor under what was promised since it was trained, each asset by itself."""
    promises = store.state().promises

    def under(one: Monitor) -> Monitor:
        promise = promises.get(one.asset)
        if promise is None or promise.budget == str(one.calibration.budget):
            return one
        return replace(one, calibration=rebudget(one.calibration, parse_budget(promise.budget, one.calibration.budget.merge_gap_ns)))

    if not monitor.members:
        return _with_groups(under(monitor), promises)
    return _with_groups(_sisters(monitor, {member.asset: under(member) for member in monitor.members}), promises)


def _sisters(monitor: Monitor, members: Mapping[str, Monitor]) -> Monitor:
    changed = tuple(members.get(member.asset, member) for member in monitor.members)
    return replace(monitor, members=changed, calibration=changed[0].calibration)


def _with_groups(monitor: Monitor, promises: Mapping[str, Promise]) -> Monitor:
    """The report card's groups as they were promised last."""
    kept = [_last_promise(group, promises).to_dict() for group in groups_of(monitor.manifest)]
    return replace(monitor, manifest={**monitor.manifest, GROUPS: kept}) if kept else monitor


def _last_promise(group: MadeGroup, promises: Mapping[str, Promise]) -> MadeGroup:
    found = promises.get(group.name)
    if found is None or GROUPS not in found.calibration or len(group.parts) < 2:
        return group
    return groups_of(found.calibration)[0]


def budget(model: str, text: str, *, models: str = "models", dry_run: bool = False, why: str = "") -> NewPromise:
    """Another promise; the models carry all that is needed.

    Parameters
    ----------
    model : a budget group, of which all assets share the promise; or a model, of which all assets do; or one asset
    text : such as "1/week"

    Raises
    ------
    CalibrationRefused : the held-back normal time is too short for it
    """
    store = ModelStore(models)
    group = None if model.endswith(SUFFIX) else find_group(store, model)  # a file is no group
    if group is not None:
        state = store.state()
        opened = {asset: open_model(store, asset).of(asset) for asset in group.parts if asset in state.champions}
        name = group.name
    else:
        monitor = from_bundle(read_bundle(store.resolve(model)))
        asked = [model] if model in monitor.assets else list(monitor.assets)
        opened, name = {asset: monitor.of(asset) for asset in asked}, model
    first = next(iter(opened.values()))
    wanted = parse_budget(text, first.calibration.budget.merge_gap_ns)
    made = rebudget_group(
        {asset: one.calibration for asset, one in opened.items()}, wanted, one_scale=len({one.version for one in opened.values()}) == 1
    )
    if not dry_run:
        for asset, calibration in made.assets.items():
            kept: Mapping[str, Any] = {"threshold": calibration.threshold, "model": opened[asset].version, "why": why}
            store.set_budget(asset, calibration.budget, calibration=kept)
        if group is not None:
            store.set_budget(name, wanted, calibration={GROUPS: [MadeGroup.of(name, made).to_dict()], "why": why})
    told = MadeGroup.of(name, made).sentence() if len(made.assets) > 1 else None
    calibration = next(iter(made.assets.values()))
    return NewPromise(
        name if len(made.assets) > 1 else first.asset, str(wanted), calibration, group_cost(made.assets.values()), not dry_run,
        {asset: str(one.budget) for asset, one in made.assets.items()}, told,
    )  # fmt: skip


def promote(model: str, *, models: str = "models", back: bool = False, why: str = "") -> dict[str, str]:
    """Make a version the champion of its assets, or go one step back; asset -> version."""
    store = ModelStore(models)
    if back:
        store.rollback(model, why=why)
        return {asset: item.version for asset, item in store.state().champions.items() if model in (asset, item.model)}
    state = store.state()
    if model in state.models:
        chosen = state.models[model][-1]
    else:
        path = store.resolve(model)
        version = read_bundle(path).version
        found = [item for versions in state.models.values() for item in versions if item.version == version]
        if not found:
            raise AskUserError(
                "this model is not in the folder of models", at=At(file=str(path)), do=f"use one of {', '.join(state.models) or 'none'}"
            )
        chosen = found[0]
    after = store.promote(chosen.model, chosen.version, why=why)
    return {asset: after.champions[asset].version for asset in chosen.assets}


def tag_out(asset: str, tag: str, *, until: str | None, why: str, models: str = "models") -> dict[str, Any]:
    """Take a tag out of service at once.

    Raises
    ------
    AskUserError : the asset has no model, or the model has no such tag
    """
    store = ModelStore(models)
    monitor = from_bundle(read_bundle(store.resolve(asset)))
    if tag not in monitor.tag_ids:
        raise AskUserError(f"{asset} has no tag {tag!r}", at=At(tag=tag), do=f"its tags are {', '.join(monitor.tag_ids[:8])} …")
    name = asset if asset in monitor.assets else monitor.asset
    ends = parse_instant(until, monitor.preparation.zone) if until else None
    return asdict(store.take_tag_out(name, tag, until=ends, why=why, at=time.time_ns()))


def tag_in(asset: str, tag: str, *, why: str = "", models: str = "models") -> dict[str, Any]:
    """Put a tag back into service."""
    ModelStore(models).take_tag_back(asset, tag)
    return {"asset": asset, "tag": tag, "why": why}


def inspect(model: str, *, models: str = "models", trusted: Sequence[str] = ()) -> dict[str, Any]:
    """What a model file says of itself; nothing in it is run."""
    path = ModelStore(models).resolve(model)
    if trusted:
        read_bundle(path, trusted=[read_public(Path(item).read_text(encoding="utf-8")) for item in trusted])
    return inspect_bundle(path)


def flat(value: Mapping[str, Any], prefix: str = "", depth: int = 0) -> list[tuple[str, str]]:
    """Nested plain data as rows of text, for a terminal: moments and durations as text, numbers with four digits."""
    rows: list[tuple[str, str]] = []
    for name, item in value.items():
        key = f"{prefix}{name}"
        if isinstance(item, Mapping) and depth < 3:
            rows += flat(item, f"{key}.", depth + 1)
        elif isinstance(item, list) and item and isinstance(item[0], Mapping):
            rows += [(f"{key}[{index}]", ", ".join(" ".join(_told(*pair)) for pair in row.items())) for index, row in enumerate(item)]
        else:
            rows.append(_told(key, item))
    return rows


def _told(name: str, value: object) -> tuple[str, str]:
    if isinstance(value, int) and not isinstance(value, bool):
        if name.endswith("_ns"):
            return name.removesuffix("_ns"), format_duration(value)
        return name, format_instant(value) if name.rpartition(".")[2] in ("made_at", "first", "last") else f"{value:,}"
    if isinstance(value, float):
        return name, f"{value:.4g}"
    if value is None or isinstance(value, bool):
        return name, {None: "–", True: "yes", False: "no"}[value]
    if isinstance(value, Mapping):
        return name, str(len(value))
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return name, text if len(text) <= 120 else text[:117] + "…"


def new_keys(name: str) -> tuple[Path, Path]:
    """Write a new pair of keys, NAME.key and NAME.pub; never over an existing one."""
    if not name:
        raise UsageError("a pair of keys needs a name", do="give one with -o")
    return write_keys(make_keys(), f"{name}.key", f"{name}.pub")
