"""Write the reference pages that are made from the code.

    python tools/make_docs.py            # write docs/reference/*.md
    python tools/make_docs.py --check    # say which pages are out of date, and fail

A page is a function that returns its text; add one to `PAGES`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from andon.plant.file.expression import FUNCTIONS
from andon.plant.file.schema import SECTIONS, PlantFile
from andon.plant.file.setting import Kind, Setting
from andon.plant.file.value import write_value
from andon.plant.file.write import write_plant_text

ROOT = Path(__file__).resolve().parents[1]
HEAD = "<!-- made by tools/make_docs.py; change the code instead -->\n\n"


def cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def default_of(setting: Setting) -> str:
    """The default as it would stand in the file."""
    if setting.required:
        return "required"
    if setting.default is None:
        return "–"
    return f"`{write_value(setting, setting.default)}`"


def allowed(setting: Setting) -> str:
    """What may stand there."""
    if setting.kind in (Kind.CHOICE, Kind.CHOICES):
        words = ", ".join(f"`{word}`" for word in setting.allowed)
        return words if setting.kind is Kind.CHOICE else f"list out of {words}"
    text = setting.kind.value
    bounds = setting.what_is_allowed.partition("12.5, ")[2] or setting.what_is_allowed.partition("like 7, ")[2]
    return text + (f", {bounds}" if bounds else "") + (f" ({setting.unit})" if setting.unit else "")


def plant_file_page() -> str:
    """docs/reference/plant-file.md, from the settings' own help texts."""
    parts = [
        "# The plant file\n",
        "`plant.toml` says what cannot be read from the exports. `andon init EXPORTS -o plant.toml` writes one, filled in from the audit; "
        "an empty file is valid too, for everything has a default (– means: found from the data, or none).\n",
        "A mistake is named with file, line, key, the value found and what is allowed. Durations are text with a unit "
        '(`"30s"`, `"15min"`, `"1h30m"`, `"7d"`); times without an offset are in the zone of `[site]`.\n',
    ]
    for section in SECTIONS:
        name = f"[[{section.key}]]" if section.many else f"[{section.key}]"
        parts.append(f"## `{name}`\n\n{section.help}{' May stand many times.' if section.many else ''}\n")
        rows = ["| key | what | allowed | default |", "|---|---|---|---|"]
        rows += [
            f"| `{setting.key}` | {cell(setting.help)} | {cell(allowed(setting))} | {cell(default_of(setting))} |"
            for setting in section.settings
        ]
        parts.append("\n".join(rows) + "\n")
    functions = ", ".join(f"`{name}`" for name in FUNCTIONS)
    parts.append(
        "## Expressions\n\n"
        "The off condition and derived tags are expressions over tags: numbers, `+ - * /`, `< <= > >= == !=`, `and`, `or`, `not`, and the "
        f"functions {functions}. A tag is a plain or dotted name (`speed`, `motor.speed`); any other id stands in backticks "
        '(`` `FIC-101.PV` < 5 ``) or in `tag("FIC-101.PV")`. A category is compared with its texts: `product == "A"`.\n\n'
        "A result that needs a missing value is missing; `and` and `or` are missing only where the answer depends on what is missing. "
        "A derived tag that is missing is a missing tag; an off condition that is missing does not hold.\n"
    )
    parts.append(f"## A file with every default\n\n```toml\n{write_plant_text(PlantFile(), language='en')}```\n")
    return HEAD + "\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {"docs/reference/plant-file.md": plant_file_page}


def main(arguments: list[str] | None = None) -> int:
    """Write or check the pages."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, fail where a page is out of date")
    check = parser.parse_args(arguments).check
    stale = []
    for name, make in PAGES.items():
        path, text = ROOT / name, make()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for name in stale:
        print(f"{'out of date' if check else 'written'}: {name}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
