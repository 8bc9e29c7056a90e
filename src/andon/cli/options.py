"""Options that several verbs share, and what every verb does with its answer."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from andon.cli.progress import TerminalProgress
from andon.plant.error_words import translated
from andon.plant.export import DECIMALS, LAYOUTS, QUALITIES, TIME_FORMATS
from andon.plant.messages import say

if TYPE_CHECKING:
    from andon.plant.recording import Problem
    from andon.service.accounts.at_terminal import AtTerminal

Command = TypeVar("Command", bound=Callable[..., Any])


def as_json(command: Command) -> Command:
    """--json: one JSON object on standard output instead of text."""
    return click.option("--json", "json_out", is_flag=True)(command)


def models_folder(command: Command) -> Command:
    """--models: where models and their state are kept."""
    return click.option("--models", type=click.Path(file_okay=False), default="models", show_default=True)(command)


def plant_option(command: Command) -> Command:
    """--plant and --data: of which plant, and where its service keeps its data."""
    command = click.option("--data", "service_data", type=click.Path(file_okay=False))(command)
    return click.option("--plant", type=click.Path(dir_okay=False), default="plant.toml", show_default=True)(command)


def reading_options(command: Command) -> Command:
    """How to read an export, where the files alone do not say."""
    for option in (
        click.option("--time-format", type=click.Choice(TIME_FORMATS)),
        click.option("--quality", type=click.Choice(QUALITIES)),
        click.option("--decimal", type=click.Choice(list(DECIMALS))),
        click.option("--layout", type=click.Choice(LAYOUTS)),
        click.option("--sheet"),
        click.option("--dayfirst/--monthfirst", "dayfirst", default=None),
        click.option("--interval"),
        click.option("--start"),
        click.option("--zone"),
        click.option("--asset"),
        click.option("--lab-delay"),
    ):
        command = option(command)
    return command


def password_of(file: str | None) -> str | None:
    """The password in a file that holds it alone, or on standard input (-); None where no file is named.

    Raises
    ------
    AskUserError : the file cannot be read, or is empty
    """
    if file is None:
        return None
    if file == "-":
        return str(sys.stdin.readline()).rstrip("\r\n")
    from andon.plant.secret import read_secret

    return read_secret("", file, key="--password-file")


def accounts(plant: str, data: str | None, *, address: str = "", make: bool = False) -> AbstractContextManager[AtTerminal]:
    """Users and tokens of the plant that `plant_option` names; see `at_terminal`."""
    from andon.project.live.places import places_of
    from andon.service.accounts.at_terminal import at_terminal

    return at_terminal(places_of(plant, data=data), address=address, make=make)


def progress(ctx: click.Context, json_out: bool = False) -> TerminalProgress:
    """Progress on standard error."""
    return TerminalProgress(language(ctx), enabled=not json_out)


def language(ctx: click.Context) -> str:
    """The language of this call."""
    chosen: str = ctx.find_root().obj["language"]
    return chosen


def print_json(answer: dict[str, Any]) -> None:
    """One JSON object, plain types only; what is not a finite number becomes null."""
    click.echo(json.dumps(_plain(answer), ensure_ascii=not spoken(sys.stdout), allow_nan=False))


def spoken(stream: object) -> bool:
    """Whether a stream can carry every letter; JSON for others is written in ASCII, so that nothing is lost."""
    return str(getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").startswith("utf")


def _plain(value: Any) -> Any:
    """numpy scalars, paths, NaN and the like as JSON knows them."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def tell_failed(failed: Iterable[Problem], language: str) -> None:
    """Name the files that could not be read, on standard error; the others went on without them."""
    for problem in failed:
        what = translated(problem.what, language)
        click.secho(say("cli.failed", language, file=problem.at.file or "", what=what), fg="red", err=True)


def print_table(columns: list[str], rows: list[list[str]], *, title: str = "") -> None:
    """A table that fits the terminal; the first column left, the others right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*[_escaped(cell) for cell in row])
    Console(soft_wrap=False).print(table)


def print_text_table(columns: list[str], rows: list[list[str]]) -> None:
    """A table of texts: every column left."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, justify="left", overflow="fold")
    for row in rows:
        table.add_row(*[_escaped(cell) for cell in row])
    Console(soft_wrap=False).print(table)


def _escaped(text: str) -> str:
    """A tag may be called [bold]."""
    from rich.markup import escape

    return escape(text)
