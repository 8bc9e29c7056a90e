"""The store of models: immutable files, and who serves which asset under which promise.

    <folder>/<model>/<version>.andon      the files
    <folder>/ledger.jsonl (+ .head)       every change
    <folder>/state.json                   what the ledger amounts to

A change is first an entry of the ledger, then the new `state.json`. A process that dies in between leaves a state that
lags, and the next reader makes up for it from the ledger.
"""

from __future__ import annotations

import difflib
import getpass
import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from andon.plant.atomic_write import write_bytes, write_text
from andon.plant.budget import Budget, parse_budget
from andon.plant.errors import AskUserError, At, RefusedError, StoreError
from andon.store.ledger import Entry, Ledger
from andon.store.locking import only_writer
from andon.store.naming import file_name
from andon.store.state import ModelVersion, Promise, State, TagOut, advance, state_from_dict, state_to_dict

SUFFIX = ".andon"
MOST_BEHIND = 256
"""So many entries of the ledger may follow the state that is kept, before it is written anew."""


class StateKeeper(Protocol):
    """Where the last value of the state is kept, if not in `state.json`; it may lag behind the ledger."""

    def read(self) -> Mapping[str, Any] | None:
        """The last value; None where there is none."""
        ...

    def write(self, data: Mapping[str, Any], *, at: int) -> None:
        """Keep a value."""
        ...


class ModelStore:
    """Models in a folder. Every method that changes something takes `at` (ns UTC, now) and `by` (the user's name).

    Parameters
    ----------
    folder : made with the first change
    keep : where the last value of the state is kept; `state.json` where it is not named
    """

    def __init__(self, folder: str | os.PathLike[str], *, keep: StateKeeper | None = None) -> None:
        self.folder = Path(folder)
        self.ledger = Ledger(self.folder / "ledger.jsonl")
        self._keep: StateKeeper = keep if keep is not None else _StateFile(self.folder / "state.json")
        self._seen = State()
        self._kept = 0

    def state(self) -> State:
        """What holds now. Reads, and never writes; after the first time no more than what has come since."""
        if self._seen.number and (now := self._follow(self._seen)) is not None:
            return now
        kept = State()
        with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):  # else it is made again below, from the ledger
            data = self._keep.read()
            kept = state_from_dict(data) if data is not None else kept
        now = self._follow(kept)
        if now is None:  # the state of another ledger
            kept, now = State(), self._follow(State())
            assert now is not None
        self._kept = kept.number
        return now

    def keep_up(self, *, at: int) -> bool:
        """Write the state where the kept one lags far behind, since most entries of a ledger change nothing of it; whether it was written.

        Parameters
        ----------
        at : ns UTC, now

        Raises
        ------
        StoreError : the disk refuses; the kept state stays
        """
        state = self.state()
        if state.number <= self._kept + MOST_BEHIND:
            return False
        self._keep.write(state_to_dict(state), at=at)  # of two writers either is right: a state may lag
        self._kept = state.number
        return True

    def _follow(self, state: State) -> State | None:
        """The state with what has come since; None where it is not of this ledger."""
        entries = self.ledger.since(max(state.number, 1))
        if state.number and (not entries or (entries[0].number, entries[0].hash) != (state.number, state.hash)):
            return None
        for entry in entries:
            if entry.number > state.number:
                state = advance(state, entry)
        self._seen = state
        return state

    def save(
        self, model: str, version: str, data: bytes, assets: Iterable[str], *, at: int | None = None, by: str | None = None
    ) -> ModelVersion:
        """Keep a model file. The same file again changes nothing.

        Parameters
        ----------
        model : the user's name for it
        version : as `scoring.pack_bundle` gives it
        data : the whole file
        assets : that it may serve

        Raises
        ------
        RefusedError : the version exists with other content (a model never changes), or a name is empty
        StoreError : the disk refuses; then nothing was kept
        """
        assets = tuple(assets)
        if not model or not version or not all(assets):
            raise RefusedError("a model, its version and its assets need names")
        file = f"{file_name(model)}/{file_name(version)}{SUFFIX}"
        digest = sha256(data).hexdigest()
        with only_writer(self.folder):
            state = self.state()
            known = next((v for v in state.models.get(model, ()) if v.version == version), None)
            path = self.folder / file
            if known is not None and known.sha256 != digest:
                raise RefusedError(
                    f"{model} {version} exists with other content", at=At(file=str(path)), do="a version never changes: train again"
                )
            _sweep(self.folder, path.parent)
            if not path.exists() or sha256(path.read_bytes()).hexdigest() != digest:
                write_bytes(path, data)
            if known is not None and known.assets == assets:
                return known
            details = {"model": model, "version": version, "assets": list(assets), "file": file, "sha256": digest}
            state = self._change(state, "model-saved", details, at, by)
        return state.models[model][-1]

    def versions(self, model: str) -> tuple[ModelVersion, ...]:
        """Versions of a model, oldest first; empty where there is none of that name."""
        return self.state().models.get(model, ())

    def path(self, version: ModelVersion) -> Path:
        """Where its file lies."""
        return self.folder / version.file

    def champion(self, name: str) -> ModelVersion:
        """The version that serves an asset, or that was last promoted of a model.

        A name with one candidate and no promotion gives the newest version.

        Raises
        ------
        AskUserError : no model and no asset of that name, or a name that means two different things
        """
        state = self.state()
        found: dict[str, ModelVersion] = {}
        if name in state.champions:
            found["asset"] = _version(state, state.champions[name].model, state.champions[name].version)
        if name in state.models:
            chosen = state.model_champions.get(name)
            found["model"] = _version(state, name, chosen) if chosen else state.models[name][-1]
        if not found:
            serving = [versions[-1] for versions in state.models.values() if name in versions[-1].assets]
            if len(serving) == 1:
                return serving[0]
            if serving:
                names = ", ".join(sorted(v.model for v in serving))
                raise AskUserError(f"several models may serve {name!r}: {names}", do="promote one of them, or name the model")
            raise self._unknown(name, state)
        if len({(v.model, v.version) for v in found.values()}) > 1:
            raise AskUserError(
                f"{name!r} is a model and an asset, and they mean different versions",
                do=f"name the version: {' or '.join(f'{v.model}@{v.version}' for v in found.values())}",
            )
        return next(iter(found.values()))

    def resolve(self, name: str) -> Path:
        """The file that MODEL means: a path, `model@version` (its beginning is enough), a model or an asset.

        Raises
        ------
        AskUserError : nothing of that name, or more than one
        StoreError : the file is gone
        """
        if name.endswith(SUFFIX) or _is_file(name):
            return Path(name)
        if "@" in name:
            model, _, start = name.rpartition("@")
            matching = [v for v in self.versions(model) if v.version.startswith(start)]
            if len(matching) > 1:
                raise AskUserError(f"{len(matching)} versions of {model!r} begin with {start!r}", do="write more of the version")
            version = matching[0] if matching else self.champion(name)
        else:
            version = self.champion(name)
        path = self.path(version)
        if not path.is_file():
            raise StoreError(
                f"the file of {version.model} {version.version} is gone", at=At(file=str(path)), do="restore it, or promote another version"
            )
        return path

    def promote(
        self, model: str, version: str, *, assets: Iterable[str] | None = None, why: str = "", at: int | None = None, by: str | None = None
    ) -> State:
        """Let a version serve assets (all of its own where none is named).

        Raises
        ------
        AskUserError : no such model or version
        RefusedError : it was not made for an asset
        StoreError : its file is gone or was changed
        """
        with only_writer(self.folder):
            state = self.state()
            chosen = _version(state, model, version) if model in state.models else None
            if chosen is None:
                raise self._unknown(model, state)
            served = chosen.assets if assets is None else tuple(assets)
            foreign = [asset for asset in served if asset not in chosen.assets]
            path = self.path(chosen)
            if not path.is_file() or sha256(path.read_bytes()).hexdigest() != chosen.sha256:
                raise StoreError(
                    f"the file of {model} {version} is gone or was changed", at=At(file=str(path)), do="restore it from a backup"
                )
            if foreign or not served:
                raise RefusedError(
                    f"{model} was not made for {foreign[0] if foreign else 'any asset'}",
                    do=f"it serves {', '.join(chosen.assets) or 'none'}",
                )
            return self._change(state, "promoted", {"model": model, "version": version, "assets": list(served), "why": why}, at, by)

    def rollback(self, name: str, *, why: str = "", at: int | None = None, by: str | None = None) -> State:
        """One step back, for an asset or for every asset that a model serves.

        Raises
        ------
        AskUserError : neither an asset nor a model
        RefusedError : there is no step back
        """
        with only_writer(self.folder):
            state = self.state()
            served = [name] if name in state.champions else [a for a, c in state.champions.items() if c.model == name]
            if not served and name not in state.models:
                raise self._unknown(name, state)
            back = [asset for asset in served if state.champions[asset].previous is not None]
            if not back:
                raise RefusedError(f"{name!r} has no earlier champion", do="promote the version you want by its name")
            return self._change(state, "rolled-back", {"assets": back, "why": why}, at, by)

    def set_budget(
        self,
        group: str,
        budget: Budget | str,
        *,
        calibration: Mapping[str, Any] | None = None,
        at: int | None = None,
        by: str | None = None,
    ) -> Promise:
        """Keep another promise for a group.

        Parameters
        ----------
        group : budget group, or an asset
        budget : such as "1/week"
        calibration : JSON values to keep with it

        Raises
        ------
        AskUserError : not a budget
        """
        if not group:
            raise AskUserError("a budget needs the name of an asset or a group")
        text = str(parse_budget(budget) if isinstance(budget, str) else budget)
        with only_writer(self.folder):
            details = {"group": group, "budget": text, "calibration": dict(calibration or {})}
            return self._change(self.state(), "budget-set", details, at, by).promises[group]

    def take_tag_out(
        self, asset: str, tag: str, *, until: int | None = None, why: str = "", at: int | None = None, by: str | None = None
    ) -> TagOut:
        """Take a tag out of service at once, until a time (ns UTC) or until it is taken back.

        Raises
        ------
        AskUserError : `until` is not later than `at`, or a name is empty
        """
        moment = time.time_ns() if at is None else at
        if not asset or not tag:
            raise AskUserError("which tag of which asset?", do="name both")
        if until is not None and until <= moment:
            raise AskUserError("that time is already over", do="name a later time, or none for until further notice")
        with only_writer(self.folder):
            details = {"asset": asset, "tag": tag, "until": until, "why": why}
            return self._change(self.state(), "tag-out", details, moment, by).tags_out[-1]

    def take_tag_back(self, asset: str, tag: str, *, at: int | None = None, by: str | None = None) -> None:
        """Put a tag into service again.

        Raises
        ------
        AskUserError : it is not out
        """
        with only_writer(self.folder):
            state = self.state()
            if not any((out.asset, out.tag) == (asset, tag) for out in state.tags_out):
                raise AskUserError(f"tag {tag!r} of {asset!r} is in service", do="see the tags that are out: andon tag list")
            self._change(state, "tag-in", {"asset": asset, "tag": tag}, at, by)

    def tags_out(self, asset: str, now: int) -> tuple[TagOut, ...]:
        """The tags of an asset that are out of service at an instant, ns UTC."""
        return tuple(out for out in self.state().tags_out if out.asset == asset and (out.until is None or now < out.until))

    def record(self, what: str, data: Mapping[str, Any], *, at: int | None = None, by: str | None = None) -> Entry:
        """Write any other change into the ledger, such as a step of the controller."""
        return self.ledger.append(what, data, at=time.time_ns() if at is None else at, by=_who(by))

    def _change(self, state: State, what: str, data: Mapping[str, Any], at: int | None, by: str | None) -> State:
        entry = self.ledger.append_locked(what, data, at=time.time_ns() if at is None else at, by=_who(by))
        for missed in self.ledger.since(state.number + 1):  # one, or two where a torn line was put aside
            state = advance(state, missed)
        assert state.hash == entry.hash
        # The change is in the ledger and holds; a state that could not be written lags, and the next reader makes up for it.
        with suppress(StoreError):
            self._keep.write(state_to_dict(state), at=entry.at)
            self._kept = state.number
        return state

    def _unknown(self, name: str, state: State) -> AskUserError:
        names = [*state.models, *(a for versions in state.models.values() for v in versions for a in v.assets)]
        near = difflib.get_close_matches(name, names, 1)
        if near:
            do = f"did you mean {near[0]!r}?"
        elif names:
            do = f"known are {', '.join(sorted(set(names))[:8])}"
        else:
            do = "there is no model yet: andon train plant.toml"
        return AskUserError(f"no model and no asset {name!r}", at=At(file=str(self.folder)), do=do)


class _StateFile:
    """`state.json`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Mapping[str, Any] | None:
        """What the file holds; None where there is none."""
        try:
            kept: Mapping[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            return kept
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(self._path)), do="check the folder") from error

    def write(self, data: Mapping[str, Any], *, at: int) -> None:
        """Write the file whole."""
        write_text(self._path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def _version(state: State, model: str, version: str) -> ModelVersion:
    for known in state.models.get(model, ()):
        if known.version == version:
            return known
    raise AskUserError(
        f"{model!r} has no version {version!r}", do=f"it has {', '.join(v.version for v in state.models.get(model, ())[-5:])}"
    )


def _is_file(name: str) -> bool:
    """False also for a name that no file can have."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def _sweep(*folders: Path) -> None:
    """Remove what killed writers left; whoever holds the lock is the only writer."""
    for folder in folders:
        for part in folder.glob(".*.part"):
            part.unlink(missing_ok=True)


def _who(by: str | None) -> str:
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
