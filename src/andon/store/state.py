"""What the store knows of models, champions, budgets and tags: a pure function of the ledger.

`advance` takes the state and one entry and returns the next state; an entry of an unknown kind changes nothing. So the
state can always be made again from the ledger, and `state.json` is only its last value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from andon.store.ledger import START, Entry

STATE_SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One immutable model file.

    Attributes
    ----------
    model, version : its names
    assets : that it may serve
    file : relative to the store's folder, with forward slashes
    sha256 : of the file
    at : when it was saved, ns UTC
    by : who saved it
    """

    model: str
    version: str
    assets: tuple[str, ...]
    file: str
    sha256: str
    at: int
    by: str = ""


@dataclass(frozen=True, slots=True)
class Champion:
    """Which model serves an asset.

    Attributes
    ----------
    model, version : now
    previous : (model, version) before the last promotion; None where there is no step back
    at, by, why : of the last change
    """

    model: str
    version: str
    previous: tuple[str, str] | None
    at: int
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """The budget of a group, and what its calibration made of it.

    Attributes
    ----------
    group : name of the budget group; an asset's name for a group of one
    budget : text such as "1/week"
    calibration : plain values that the caller keeps with it (thresholds, interval); may be empty
    """

    group: str
    budget: str
    at: int
    by: str = ""
    calibration: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TagOut:
    """A tag out of service: at <= time < until; until None is until it is taken back."""

    asset: str
    tag: str
    at: int
    until: int | None
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """The state after `number` entries of the ledger.

    Attributes
    ----------
    models : model -> its versions, oldest first
    model_champions : model -> the version last promoted
    champions : asset -> champion
    promises : budget group -> promise
    tags_out : in the order they were taken out, those taken back left out
    number, hash : the last entry that is contained
    """

    models: Mapping[str, tuple[ModelVersion, ...]] = field(default_factory=dict)
    model_champions: Mapping[str, str] = field(default_factory=dict)
    champions: Mapping[str, Champion] = field(default_factory=dict)
    promises: Mapping[str, Promise] = field(default_factory=dict)
    tags_out: tuple[TagOut, ...] = ()
    number: int = 0
    hash: str = START


def advance(state: State, entry: Entry) -> State:
    """The state after one more entry."""
    state = replace(state, number=entry.number, hash=entry.hash)
    data = entry.data
    match entry.what:
        case "model-saved":
            version = ModelVersion(data["model"], data["version"], tuple(data["assets"]), data["file"], data["sha256"], entry.at, entry.by)
            known = tuple(v for v in state.models.get(version.model, ()) if v.version != version.version)
            return replace(state, models={**state.models, version.model: (*known, version)})
        case "promoted":
            crowned = {
                asset: Champion(data["model"], data["version"], _before(state, asset, data), entry.at, entry.by, data.get("why", ""))
                for asset in data["assets"]
            }
            model_champions = {**state.model_champions, data["model"]: data["version"]}
            return replace(state, champions={**state.champions, **crowned}, model_champions=model_champions)
        case "rolled-back":
            return _rolled_back(state, entry)
        case "budget-set":
            promise = Promise(data["group"], data["budget"], entry.at, entry.by, dict(data.get("calibration", {})))
            return replace(state, promises={**state.promises, promise.group: promise})
        case "tag-out":
            out = TagOut(data["asset"], data["tag"], entry.at, data["until"], data.get("why", ""), entry.by)
            return replace(state, tags_out=(*_without(state, out.asset, out.tag), out))
        case "tag-in":
            return replace(state, tags_out=_without(state, data["asset"], data["tag"]))
        case _:
            return state


def state_to_dict(state: State) -> dict[str, Any]:
    """Plain JSON values."""
    return {"schema_version": STATE_SCHEMA_VERSION, **asdict(state)}


def state_from_dict(data: Mapping[str, Any]) -> State:
    """The state that `state_to_dict` gave.

    Raises
    ------
    ValueError, KeyError, TypeError : anything else, or another schema version
    """
    if data["schema_version"] != STATE_SCHEMA_VERSION:
        raise ValueError(f"schema version {data['schema_version']}")
    return State(
        models={m: tuple(ModelVersion(**{**v, "assets": tuple(v["assets"])}) for v in versions) for m, versions in data["models"].items()},
        model_champions=dict(data["model_champions"]),
        champions={a: Champion(**{**c, "previous": tuple(c["previous"]) if c["previous"] else None}) for a, c in data["champions"].items()},
        promises={g: Promise(**p) for g, p in data["promises"].items()},
        tags_out=tuple(TagOut(**t) for t in data["tags_out"]),
        number=int(data["number"]),
        hash=str(data["hash"]),
    )


def _before(state: State, asset: str, data: Mapping[str, Any]) -> tuple[str, str] | None:
    """What a promotion may be rolled back to: the champion now, or, promoted again unchanged, what stood before it."""
    now = state.champions.get(asset)
    if now is None:
        return None
    same = (now.model, now.version) == (data["model"], data["version"])
    return now.previous if same else (now.model, now.version)


def _rolled_back(state: State, entry: Entry) -> State:
    champions = dict(state.champions)
    model_champions = dict(state.model_champions)
    for asset in entry.data["assets"]:
        now = champions.get(asset)
        if now is not None and now.previous is not None:
            model, version = now.previous
            champions[asset] = Champion(model, version, None, entry.at, entry.by, entry.data.get("why", ""))
            model_champions[model] = version
    return replace(state, champions=champions, model_champions=model_champions)


def _without(state: State, asset: str, tag: str) -> tuple[TagOut, ...]:
    return tuple(out for out in state.tags_out if (out.asset, out.tag) != (asset, tag))
