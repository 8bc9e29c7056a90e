"""Write a commented plant.toml: what was set, why, and what could be set. Reading it back gives the same `PlantFile`."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping
from typing import Any

from andon.plant.atomic_write import write_text
from andon.plant.file.schema import SECTIONS, PlantFile, Section
from andon.plant.file.setting import Setting
from andon.plant.file.value import write_value
from andon.plant.messages import say

WIDTH = 100


def write_plant_text(plant: PlantFile, comments: Mapping[str, str] | None = None, *, language: str | None = None) -> str:
    """The text of a plant file.

    Keys at their default stand as comments, so that the file shows what can be set.

    Parameters
    ----------
    comments : dotted key -> comment, for example "sampling.interval", "tag[3].role" (counted from 1) or "tag[3]";
        it is written above the key, to say why the value was chosen
    language : of the comments; default: the site's

    Returns
    -------
    TOML; `parse_plant_text` of it equals `plant`
    """
    said = dict(comments or {})
    speech = language or plant.site.language
    blocks = [_comment(say("plantfile.head", speech))]
    for section in SECTIONS:
        value = getattr(plant, section.attribute)
        if not section.many:
            blocks.append(_table(section, f"[{section.key}]", section.key, value, said, speech, show_defaults=True))
            continue
        about = _comment(f"[[{section.key}]] {_help(section, speech)}")
        if not value:
            blocks.append(about + "\n" + _example(section, speech))
            continue
        tables = [
            _table(section, f"[[{section.key}]]", f"{section.key}[{index + 1}]", item, said, speech, show_defaults=False)
            for index, item in enumerate(value)
        ]
        blocks.append(about + "\n" + "\n\n".join(tables))
    return "\n\n".join(blocks) + "\n"


def write_plant_file(
    path: str | os.PathLike[str], plant: PlantFile, comments: Mapping[str, str] | None = None, *, language: str | None = None
) -> None:
    """Write a plant file, whole or not at all; see `write_plant_text`.

    Raises
    ------
    StoreError : the disk refused
    """
    write_text(path, write_plant_text(plant, comments, language=language))


def _comment(text: str) -> str:
    wrapped: list[str] = []
    for line in text.splitlines() or [""]:
        line = "".join(letter for letter in line if letter.isprintable() or letter == "\t")
        wrapped += textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(f"# {line}".rstrip() for line in wrapped)


def _help(section: Section, language: str) -> str:
    return say(f"plantfile.section.{section.key}", language)


def setting_help(section: Section, setting: Setting, language: str) -> str:
    """What a setting is for, in a language."""
    return say(f"plantfile.setting.{section.key}.{setting.key}", language)


def _table(section: Section, header: str, key: str, value: Any, said: Mapping[str, str], language: str, *, show_defaults: bool) -> str:
    lines = [_comment(_help(section, language))] if show_defaults else []
    if key in said:
        lines.append(_comment(said[key]))
    lines.append(header)
    for setting in section.settings:
        item = getattr(value, setting.attribute)
        comment = said.get(f"{key}.{setting.key}")
        if comment is not None:
            lines.append(_comment(comment))
        if item == setting.default and not setting.required:
            if show_defaults:
                if comment is None:
                    lines.append(_comment(setting_help(section, setting, language)))
                lines.append(f"# {setting.key} = {_shown_default(setting)}")
            continue
        lines.append(f"{setting.key} = {write_value(setting, item)}")
    return "\n".join(lines)


def _shown_default(setting: Setting) -> str:
    return write_value(setting, setting.default) if setting.default is not None else "…"


def _example(section: Section, language: str) -> str:
    lines = [f"# [[{section.key}]]"]
    for setting in section.settings:
        about = textwrap.shorten(setting_help(section, setting, language), 160, placeholder="…")
        lines.append(f"# {setting.key} = {_shown_default(setting)}  # {about}")
    return "\n".join(lines)
