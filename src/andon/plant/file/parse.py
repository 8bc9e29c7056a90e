"""Read plant.toml: every error names file, line, key, the value found, and what is allowed."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NoReturn

from andon.plant.errors import At, PlantFileError
from andon.plant.file.lines import Lines, find_lines
from andon.plant.file.lines import Path as KeyPath
from andon.plant.file.link_settings import wrong_link, wrong_send
from andon.plant.file.schema import SECTIONS, PlantFile, Section, section_of
from andon.plant.file.setting import Kind, Setting
from andon.plant.file.value import WrongValueError, read_value
from andon.plant.messages import say

LARGEST_BYTES = 20_000_000


def parse_plant_file(path: str | os.PathLike[str]) -> PlantFile:
    """Read plant.toml.

    Raises
    ------
    PlantFileError : it is absent, not UTF-8 or not TOML, has an unknown key, or a value that is not allowed
    """
    name = str(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise PlantFileError(
            f"cannot read the plant file: {error.strerror or error}", at=At(file=name), do="make one with: andon init EXPORTS -o plant.toml"
        ) from error
    if len(data) > LARGEST_BYTES:
        raise PlantFileError(f"{len(data)} bytes are too many for a plant file", at=At(file=name), do="name the plant file, not an export")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PlantFileError("the file is not UTF-8", at=At(file=name, line=line), do="save it as UTF-8") from error
    return parse_plant_text(text, file=name)


def parse_plant_text(text: str, *, file: str = "plant.toml") -> PlantFile:
    """Read the text of a plant file; see `parse_plant_file`."""
    text = text.replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        match = re.search(r"\(at (?:line (\d+), column \d+|end of document)\)", str(error))
        line = int(match[1]) if match and match[1] else text.count("\n") + 1
        what = re.sub(r" \(at .*\)$", "", str(error)) if not isinstance(error, RecursionError) else "nested too deep"
        raise PlantFileError(f"this is not TOML: {what}", at=At(file=file, line=line), do=_toml_advice(text, line)) from error
    return _Parser(file, find_lines(text)).plant(data)


def _toml_advice(text: str, line: int) -> str:
    lines = text.split("\n")
    if 0 < line <= len(lines) and re.search(r'=\s*"[^"]*\\', lines[line - 1]):
        return "write a backslash twice in quotes, or use single quotes: 'C:\\exports'"
    return 'write key = value; texts stand in quotes: name = "pump 3"'


class _Parser:
    """Turns what tomllib gives into a `PlantFile`."""

    def __init__(self, file: str, lines: Lines) -> None:
        self.file, self.lines = file, lines
        self.zone = "UTC"
        self.language = "en"

    def fail(self, path: KeyPath, what: str, do: str) -> NoReturn:
        raise PlantFileError(what, at=At(file=self.file, line=self.lines.line(path), key=_dotted(path)), do=do)

    def plant(self, data: dict[str, Any]) -> PlantFile:
        known = [section.key for section in SECTIONS]
        for key in data:
            if section_of(key) is None:
                self.fail((key,), f"there is no section {key!r}", _nearest(key, known))
        found: dict[str, Any] = {}
        for section in SECTIONS:  # [site] is first, so that its zone holds for the instants of the others
            if section.key not in data:
                continue
            found[section.attribute] = self._section(section, data[section.key])
            if section.key == "site":
                self.zone, self.language = found["site"].zone, found["site"].language
        plant = PlantFile(**found)
        self._check(plant)
        return plant

    def _section(self, section: Section, data: Any) -> Any:
        path: KeyPath = (section.key,)
        if not section.many:
            if not isinstance(data, dict):
                self.fail(path, f"[{section.key}] is a section and stands once, found {_show(data)}", f"write [{section.key}]")
            return self._table(section, path, data)
        if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
            self.fail(path, f"[[{section.key}]] is a list of sections, found {_show(data)}", f"write [[{section.key}]], with two brackets")
        return tuple(self._table(section, (section.key, index), item) for index, item in enumerate(data))

    def _table(self, section: Section, path: KeyPath, data: dict[str, Any]) -> Any:
        settings = {setting.key: setting for setting in section.settings}
        values: dict[str, Any] = {}
        for key, value in data.items():
            setting = settings.get(key)
            if setting is None:
                self.fail((*path, key), f"[{section.key}] has no key {key!r}", _nearest(key, settings))
            values[setting.attribute] = self._value(setting, (*path, key), value)
        for setting in section.settings:
            if setting.required and setting.attribute not in values:
                self.fail((*path,), f"[[{section.key}]] lacks {setting.key!r}", f"{setting.key} = {setting.what_is_allowed}")
        return section.cls(**values)

    def _value(self, setting: Setting, path: KeyPath, value: Any) -> Any:
        try:
            return read_value(setting, value, self.zone)
        except WrongValueError as error:
            hint = f": {error.hint}" if error.hint and setting.kind is not Kind.CHOICE else ""
            close = difflib.get_close_matches(str(value), setting.allowed, n=1) if isinstance(value, str) else []
            meant = say("plantfile.did-you-mean", self.language, word=close[0]) + " " if close else ""
            self.fail(
                path,
                f"{_show(value)} is not allowed for {setting.key}{hint}",
                meant + say("plantfile.allowed", self.language, what=setting.what_is_allowed),
            )

    def _check(self, plant: PlantFile) -> None:
        """What no single key can tell."""
        for key, ids in (
            ("asset", [asset.id for asset in plant.assets]),
            ("tag", [tag.id for tag in plant.tags]),
            ("derived", [derived.id for derived in plant.derived]),
            ("budget", [group.name for group in plant.budgets]),
            ("link", [link.name for link in plant.links]),
            ("send", [send.name for send in plant.sends]),
        ):
            for index, name in enumerate(ids):
                if name in ids[:index]:
                    self.fail((key, index), f"[[{key}]] {name!r} stands twice", "give every one its own name, or put both together")
        for index, tag in enumerate(plant.tags):
            if tag.low is not None and tag.high is not None and tag.low >= tag.high:
                self.fail(("tag", index, "low"), f"low {tag.low:g} is not below high {tag.high:g}", "exchange low and high")
        for index, target in enumerate(plant.targets):
            if target.low is not None and target.high is not None and target.low >= target.high:
                self.fail(("target", index, "low"), f"low {target.low:g} is not below high {target.high:g}", "exchange low and high")
            if target.kind == "classification" and target.low is None and target.high is None:
                self.fail(("target", index, "kind"), "a classification needs specification limits", "give low, high, or both")
        for key, spans in (
            ("exclude", [(item.start, item.end) for item in plant.exclude]),
            ("maintenance", [(item.start, item.end) for item in plant.maintenance]),
        ):
            for index, (start, end) in enumerate(spans):
                if start is not None and end is not None and end <= start:
                    self.fail((key, index, "end"), "end is not after start", "exchange start and end")
        self._check_maintenance(plant)
        for index, link in enumerate(plant.links):
            if wrong := wrong_link(link):
                self.fail(("link", index, wrong[0]), *wrong[1:])
        for index, send in enumerate(plant.sends):
            if wrong := wrong_send(send):
                self.fail(("send", index, wrong[0]), *wrong[1:])
        periods = plant.periods
        if periods.train_share + periods.calibrate_share > 1 + 1e-9:
            self.fail(
                ("periods", "calibrate_share"), "train_share and calibrate_share are more than 1 together", "leave some for evaluation"
            )
        if plant.modes.source == "tag" and not plant.modes.tag:
            self.fail(("modes", "from"), 'from = "tag" needs the tag', 'add tag = "…" to [modes]')
        alarms = plant.alarms
        if alarms.flood_end > alarms.flood_begin:
            self.fail(
                ("alarms", "flood_end"), f"flood_end {alarms.flood_end} is above flood_begin {alarms.flood_begin}", "exchange the two"
            )
        assets = {asset.id for asset in plant.assets}
        if assets:
            self._check_assets(plant, assets)
            self._check_parents(plant)

    def _check_maintenance(self, plant: PlantFile) -> None:
        for index, window in enumerate(plant.maintenance):
            path: KeyPath = ("maintenance", index)
            if window.every == "once":
                if window.start is None or window.end is None:
                    self.fail(path, "a window that comes once needs start and end", 'give both, or every = "week" with days, at and lasts')
            elif window.at_ns is None or window.lasts_ns is None:
                self.fail(path, "a recurring window needs at and lasts", 'for example at = "06:00" and lasts = "2h"')
            elif window.every == "week" and not window.days:
                self.fail(path, 'every = "week" needs days', 'for example days = ["sunday"]')
            elif window.every == "month" and window.day is None:
                self.fail(path, 'every = "month" needs day', "for example day = 1")

    def _check_assets(self, plant: PlantFile, assets: set[str]) -> None:
        named: list[tuple[KeyPath, Iterable[str]]] = []
        named += [(("asset", index, "parent"), [asset.parent]) for index, asset in enumerate(plant.assets) if asset.parent]
        named += [(("budget", index, "assets"), group.assets) for index, group in enumerate(plant.budgets)]
        named += [(("maintenance", index, "assets"), window.assets) for index, window in enumerate(plant.maintenance)]
        for key, owners in (
            ("exclude", [item.asset for item in plant.exclude]),
            ("target", [item.asset for item in plant.targets]),
            ("response", [item.asset for item in plant.responses]),
            ("out_of_service", [item.asset for item in plant.out_of_service]),
        ):
            named += [((key, index, "asset"), [owner]) for index, owner in enumerate(owners) if owner]
        for path, names in named:
            for name in names:
                if name not in assets:
                    self.fail(path, f"there is no asset {name!r}", _nearest(name, sorted(assets)))

    def _check_parents(self, plant: PlantFile) -> None:
        parent = {asset.id: asset.parent for asset in plant.assets}
        safe: set[str] = set()
        for index, asset in enumerate(plant.assets):
            way: dict[str, None] = {}
            at = asset.id
            while at and at not in safe:
                if at in way:
                    ring = " > ".join([*way, at])
                    self.fail(("asset", index, "parent"), f"an asset cannot stand above itself: {ring}", "take one parent away")
                way[at] = None
                at = parent[at]
            safe.update(way)


def _dotted(path: KeyPath) -> str:
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else ("." if text else "") + part
    return text


def _nearest(word: str, known: Iterable[str]) -> str:
    words = list(known)
    close = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return "use " + ", ".join(words[:20])


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    text = repr(value) if isinstance(value, str | int | float | list) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def resolve(plant: PlantFile, folder: str | os.PathLike[str]) -> PlantFile:
    """The same plant file with its paths made relative to `folder`, where the file stands."""
    base = Path(folder)

    def at(name: str) -> str:
        return str(base / name) if name else ""

    files = plant.files
    placed = replace(
        files, paths=tuple(map(at, files.paths)), lab=tuple(map(at, files.lab)), labels=at(files.labels), models=at(files.models)
    )
    links = tuple(_placed(link, at, ("folder", "replay")) for link in plant.links)
    sends = tuple(_placed(send, at, ("folder",)) for send in plant.sends)
    kept = plant.service
    service = replace(kept, data=at(kept.data), certificate=at(kept.certificate), key=at(kept.key))
    return replace(plant, files=placed, links=links, sends=sends, service=service)


def _placed(section: Any, at: Callable[[str], str], files: tuple[str, ...]) -> Any:
    """A link or sender with its files made relative to the plant file; its address too where that is a file."""
    names = [item.name for item in fields(section) if item.name.endswith("_file")]
    changes = {name: at(getattr(section, name)) for name in names}
    return replace(section, **changes, **({"address": at(section.address)} if section.kind in files else {}))
