"""The `andon` command: finds the verb, runs it, turns errors into one shape and an exit code."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any

import click

from andon import __version__
from andon.plant.errors import AndonError
from andon.plant.messages import choose_language, say

VERBS: tuple[str, ...] = (
    "demo", "audit", "init", "train", "score", "evaluate", "report", "budget", "promote", "tag", "inspect", "keys", "datasets",
)  # fmt: skip


class Verbs(click.Group):
    """A group whose verbs are modules `andon.cli.verb_<name>`, imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of a plant's work."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, imported now."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"andon.cli.verb_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a verb from the catalogue, without importing any."""
        language = _language_from_arguments()
        with formatter.section(say("cli.verbs", language)):
            formatter.write_dl([(verb, say(f"cli.{verb}.short", language)) for verb in VERBS])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, with the nearest verb named where there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            if near:
                raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from error
            raise


def _language_from_arguments() -> str:
    """The language asked for with --lang, else from the environment."""
    arguments = sys.argv[1:]
    for index, word in enumerate(arguments):
        if word == "--lang" and index + 1 < len(arguments):
            return choose_language(arguments[index + 1])
        if word.startswith("--lang="):
            return choose_language(word[7:])
    return choose_language()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="andon")
@click.option("--lang", type=click.Choice(["en", "zh-CN"]), help="Language; default from ANDON_LANG or the locale.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, lang: str | None, debug: bool) -> None:
    """Early warning and quality prediction for production lines, from the plant's own historian.

    \b
    Examples
      andon demo                              the whole job on the recording in the package
      andon audit exports/*.csv               what is in the data, what is wrong with it
      andon init exports/*.csv -o plant.toml  a plant file, filled in from the audit
      andon train plant.toml                  train, calibrate, choose, evaluate once
      andon score reactor new/*.csv -o out    verdicts, events, quality, report
    """
    ctx.obj = {"language": choose_language(lang), "debug": debug}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code: 0 done, 2 wrong usage, 1 any other error."""
    words = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in words or os.environ.get("ANDON_DEBUG") == "1"
    if "--debug" in words:
        words = ["--debug", *[word for word in words if word != "--debug"]]
    words = _lang_first(words)
    as_json = "--json" in words
    try:
        code: Any = cli.main(words, prog_name="andon", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.UsageError as error:
        if debug:
            raise
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        if debug:
            raise
        _tell({"error": "Interrupted", "what": say("cli.interrupted", choose_language()), "at": {}, "do": ""}, as_json)
        code = 1
    except click.ClickException as error:
        error.show()
        code = 1
    except AndonError as error:
        if debug:
            raise
        _tell(error.as_dict(), as_json, text=str(error))
        code = error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except MemoryError:
        if debug:
            raise
        _tell({"error": "MemoryError", "what": "not enough memory", "at": {}, "do": "use a longer sampling interval"}, as_json)
        code = 1
    except Exception as error:
        if debug:
            raise
        text = f"{type(error).__name__}: {error}"
        _tell({"error": "InternalError", "what": text, "at": {}, "do": say("cli.internal", choose_language())}, as_json)
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _lang_first(words: list[str]) -> list[str]:
    """--lang may stand anywhere; click wants it before the verb."""
    for index, word in enumerate(words):
        if word == "--lang" and index + 1 < len(words):
            return ["--lang", words[index + 1], *words[:index], *words[index + 2 :]]
        if word.startswith("--lang="):
            return [word, *words[:index], *words[index + 1 :]]
    return words


def _tell(error: dict[str, Any], as_json: bool, text: str = "") -> None:
    """Print one error to stderr, as JSON where that was asked for."""
    if as_json:
        click.echo(json.dumps(error, ensure_ascii=False), err=True)
        return
    if not text:
        text = str(error["what"]) + (f"\n  do: {error['do']}" if error["do"] else "")
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(text, err=True)
