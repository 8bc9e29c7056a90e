"""`andon budget`, `promote`, `tag`, `inspect`, `keys`: models and what is promised of them; no training and no data."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from andon.evidence.budget import FaultCost, cost
from andon.evidence.calibrate import rebudget
from andon.evidence.calibration import Calibration
from andon.evidence.sentence import fault_sentence, shift_sentence
from andon.plant.budget import parse_budget
from andon.plant.errors import AskUserError, At, UsageError
from andon.plant.sentences import speak
from andon.plant.time import format_duration, parse_instant
from andon.scoring.bundle import inspect_bundle, read_bundle
from andon.scoring.model_file import REPORT_CARD, from_bundle
from andon.scoring.monitor import Monitor
from andon.scoring.signing import new_keys as make_keys
from andon.scoring.signing import read_public, write_keys
from andon.store import ModelStore


@dataclass(frozen=True, slots=True)
class NewPromise:
    """What `andon budget` says."""

    asset: str
    budget: str
    calibration: Calibration
    costs: tuple[FaultCost, ...]
    changed: bool

    def sentences(self, language: str) -> list[str]:
        """The promise for people on shift."""
        return [speak(item, language) for item in shift_sentence(self.calibration, self.costs)]

    def rows(self, language: str) -> list[list[str]]:
        """Standard fault, share found, median delay."""
        return [
            [
                speak(fault_sentence(row), language),
                f"{row.found:.0%}",
                "–" if row.median_delay_ns is None else format_duration(row.median_delay_ns),
            ]
            for row in self.costs
        ]

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "asset": self.asset, "budget": self.budget, "threshold": self.calibration.threshold, "changed": self.changed,
            "standard_faults": [asdict(row) for row in self.costs],
        }  # fmt: skip


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
    promise = store.state().promises.get(monitor.asset)
    if promise is not None and promise.budget != str(monitor.calibration.budget):
        wanted = parse_budget(promise.budget, monitor.calibration.budget.merge_gap_ns)
        monitor = replace(monitor, calibration=rebudget(monitor.calibration, wanted))
    return monitor


def budget(model: str, text: str, *, models: str = "models", dry_run: bool = False, why: str = "") -> NewPromise:
    """Another promise; the model carries all that is needed.

    Raises
    ------
    CalibrationRefused : the held-back normal time is too short for it
    """
    store = ModelStore(models)
    monitor = from_bundle(read_bundle(store.resolve(model)))
    wanted = parse_budget(text, monitor.calibration.budget.merge_gap_ns)
    calibration = rebudget(monitor.calibration, wanted)
    if not dry_run:
        kept: Mapping[str, Any] = {"threshold": calibration.threshold, "model": monitor.version, "why": why}
        for asset in monitor.assets:
            store.set_budget(asset, wanted, calibration=kept)
    return NewPromise(monitor.asset, str(wanted), calibration, cost(calibration), not dry_run)


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
    """Nested plain data as rows of text, for a terminal."""
    rows: list[tuple[str, str]] = []
    for name, item in value.items():
        key = f"{prefix}{name}"
        if isinstance(item, Mapping) and depth < 3:
            rows += flat(item, f"{key}.", depth + 1)
        elif isinstance(item, list) and item and isinstance(item[0], Mapping):
            rows += [(f"{key}[{index}]", ", ".join(f"{k} {_short(v)}" for k, v in row.items())) for index, row in enumerate(item)]
        else:
            rows.append((key, _short(item)))
    return rows


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 120 else text[:117] + "…"


def new_keys(name: str) -> tuple[Path, Path]:
    """Write a new pair of keys, NAME.key and NAME.pub; never over an existing one."""
    if not name:
        raise UsageError("a pair of keys needs a name", do="give one with -o")
    return write_keys(make_keys(), f"{name}.key", f"{name}.pub")
