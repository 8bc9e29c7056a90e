"""Write the reference pages that are made from the code.

    python tools/make_docs.py            # write docs/reference/*.md
    python tools/make_docs.py --check    # say which pages are out of date, and fail

A page is a function that returns its text; add one to `PAGES`.
"""

from __future__ import annotations

import argparse
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from andon.cli.main import cli
from andon.plant import errors
from andon.plant.file.expression import FUNCTIONS
from andon.plant.file.schema import SECTIONS, PlantFile
from andon.plant.file.setting import Kind, Setting
from andon.plant.file.value import write_value
from andon.plant.file.write import write_plant_text

ROOT = Path(__file__).resolve().parents[1]
HELP_WIDTH = 88
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


def commands() -> Iterator[tuple[str, str]]:
    """The full name and the help of every command: `andon`, its verbs, and the verbs' own."""
    yield from _commands("andon", cli, None)


def _commands(name: str, command: click.Command, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    context = click.Context(
        command,
        parent,
        info_name=name.rpartition(" ")[2],
        terminal_width=HELP_WIDTH,
        max_content_width=HELP_WIDTH,
        help_option_names=["-h", "--help"],
    )
    yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _commands(f"{name} {inner}", found, context)


def cli_page() -> str:
    """docs/reference/cli.md, from `--help`."""
    parts = [
        "# The command line\n",
        "Exit codes: 0 done, 1 it could not be done or was interrupted, 2 the command line is wrong. Errors go to standard error in "
        "three parts: what happened, where in your material, what to do ([errors](errors.md)). With `--json` a verb prints one JSON "
        "object and nothing else. MODEL is a path, a model's name (its champion) or an asset.\n",
    ]
    for name, text in commands():
        parts.append(f"{'##' if name.count(' ') < 2 else '###'} `{name}`\n\n```\n{text.rstrip()}\n```\n")
    return HEAD + "\n".join(parts)


def errors_page() -> str:
    """docs/reference/errors.md, from the classes themselves."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.AndonError)]
    groups = [kind for kind in kinds if kind.__bases__[0] is errors.AndonError]
    parts = [
        "# Errors\n",
        "Every error says what happened, where in your material (file, line, tag, time, key) and what to do. On the command line it is "
        'text, with `--json` an object `{"error", "what", "at", "do"}`; in Python an exception with `.what`, `.at` and `.do`. `--debug` '
        "adds the traceback. Classes are named by what happens next:\n",
    ]
    for group in groups:
        parts.append(f"## `{group.__name__}`\n\n{inspect.getdoc(group)}\n")
        rows = [kind for kind in kinds if kind is not group and issubclass(kind, group)]
        if rows:
            lines = ["| class | when | exit code |", "|---|---|---|"]
            lines += [f"| `{kind.__name__}` | {cell(inspect.getdoc(kind) or '')} | {kind.exit_code} |" for kind in rows]
            parts.append("\n".join(lines) + "\n")
    return HEAD + "\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/plant-file.md": plant_file_page,
    "docs/reference/cli.md": cli_page,
    "docs/reference/errors.md": errors_page,
}


def main(arguments: list[str] | None = None) -> int:
    """Write or check the pages."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, fail where a page is out of date")
    check = parser.parse_args(arguments).check
    os.environ["ANDON_LANG"] = "en"
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
