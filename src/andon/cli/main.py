"""The `andon` command: finds the verb, runs it, turns errors into one shape and an exit code."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from andon import __version__
from andon.cli.options import spoken
from andon.cli.pages import speak_help
from andon.plant.error_words import place, speak_error
from andon.plant.errors import AndonError, AskUserError, At, RefusedError, StoreError, TryAgainError, UsageError
from andon.plant.messages import choose_language, say

VERBS: tuple[str, ...] = (
    "demo", "audit", "init", "train", "score", "evaluate", "report", "budget", "promote", "tag", "inspect", "keys", "datasets",
    "serve", "replay", "watch", "backup", "restore", "doctor", "user", "token", "labels", "ledger",
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
        speak_help(command, cmd_name, _language(ctx))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """As click, but Ctrl-C is an error like all others: click would print an empty line first."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise _interrupted(_language(ctx)) from error

    def get_help(self, ctx: click.Context) -> str:
        """The page of all verbs, in the language of the call."""
        speak_help(self, "andon", _language(ctx))
        return super().get_help(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a verb from the catalogue, without importing any."""
        language = _language(ctx)
        with formatter.section(say("cli.verbs", language)):
            formatter.write_dl([(verb, say(f"cli.{verb}.short", language)) for verb in VERBS])


def _language(ctx: click.Context) -> str:
    """The language of this call; known before any verb, for --lang is read first."""
    return str((ctx.find_root().obj or {}).get("language") or choose_language())


def _set_language(ctx: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    ctx.obj = {"language": choose_language(value)}
    return value


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="andon")
@click.option("--lang", type=click.Choice(["en", "zh-CN"]), is_eager=True, callback=_set_language)
@click.option("--debug", is_flag=True)
def cli(lang: str | None, debug: bool) -> None:
    """Early warning and quality prediction for production lines, from the plant's own historian."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code: 0 done, 2 wrong usage, 1 any other error."""
    if arguments is None:
        _own_process()
    words = _lang_first(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words or os.environ.get("ANDON_DEBUG") == "1"
    if "--debug" in words:
        words = ["--debug", *[word for word in words if word != "--debug"]]
    as_json = "--json" in words
    language = choose_language(_asked_language(words))
    speak_help(cli, "andon", language)
    try:
        code = cli.main(words, prog_name="andon", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.message, err=True)
        code = 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except (Exception, KeyboardInterrupt) as error:
        if debug:
            raise
        told, code = as_error(error, language)
        _tell(told, as_json, language)
    sys.exit(code if isinstance(code, int) else 0)


def _own_process() -> None:
    """A stop by the system ends like Ctrl-C, and a terminal that lacks a letter shows its code instead of failing."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def as_error(error: BaseException, language: str) -> tuple[AndonError, int]:
    """Any error in the one shape of all errors, and the exit code."""
    match error:
        case AndonError():
            return speak_error(_spoken_refusal(error, language), language), error.exit_code
        case click.UsageError():
            return usage_error(error, language), 2
        case KeyboardInterrupt() | click.Abort():
            return _interrupted(language), 1
        case click.ClickException():
            return AskUserError(error.format_message()), 1
        case MemoryError():
            return RefusedError(say("cli.memory", language), do=say("cli.memory.do", language)), 1
        case OSError():
            file = error.filename if isinstance(error.filename, str) else None
            reason = error.strerror or str(error)
            return StoreError(say("cli.disk", language, reason=reason), at=At(file=file), do=say("cli.disk.do", language)), 1
        case _:
            return InternalError(f"{type(error).__name__}: {error}", do=say("cli.internal", language)), 1


def _spoken_refusal(error: AndonError, language: str) -> AndonError:
    """A refused promise with its advice in the language of the call; other errors as they are."""
    if type(error).__name__ != "CalibrationRefused":  # evidence is loaded already where this is one
        return error
    from andon.evidence.calibrate import CalibrationRefused
    from andon.evidence.sentence import refused_sentence
    from andon.plant.sentences import speak

    if isinstance(error, CalibrationRefused) and language != "en":
        error.do = "".join(speak(sentence, language) for sentence in refused_sentence(error))
        error.do += f" ({error.tightest})" if error.tightest is not None else ""
    return error


class Interrupted(TryAgainError):
    """Ctrl-C."""


def _interrupted(language: str) -> Interrupted:
    return Interrupted(say("cli.interrupted", language), do=say("cli.interrupted.do", language))


class InternalError(AndonError):
    """A fault of Andon itself."""


def usage_error(error: click.UsageError, language: str) -> UsageError:
    """What click says of a wrong command line, in the words and the language of all other errors."""
    command = error.ctx.command_path if error.ctx is not None else "andon"
    see = say("cli.usage.help", language, command=command)
    match error:
        case click.NoSuchCommand():
            near = get_close_matches(error.command_name, error.possibilities or VERBS, n=1)
            do = say("cli.usage.near", language, name=near[0], command=command) if near else see
            return UsageError(say("cli.usage.verb", language, name=error.command_name), do=do)
        case click.NoSuchOption():
            near = get_close_matches(error.option_name, error.possibilities or (), n=1)
            do = say("cli.usage.near", language, name=near[0], command=command) if near else see
            return UsageError(say("cli.usage.option", language, name=error.option_name), do=do)
        case click.MissingParameter() if error.param is not None:
            name = error.param.get_error_hint(error.ctx) if error.ctx is not None else str(error.param.name)
            return UsageError(say("cli.usage.missing", language, name=name.strip("'")), do=see)
        case click.BadParameter() if error.param is not None and error.ctx is not None:
            name = error.param.get_error_hint(error.ctx).strip("'")
            return UsageError(say("cli.usage.value", language, name=name, reason=error.message), do=see)
        case _:
            return UsageError(error.format_message(), do=see)


def _asked_language(words: list[str]) -> str | None:
    """The value of --lang, once it stands first."""
    if words and words[0] == "--lang" and len(words) > 1:
        return words[1]
    return words[0].removeprefix("--lang=") if words and words[0].startswith("--lang=") else None


def _lang_first(words: list[str]) -> list[str]:
    """--lang may stand anywhere; click wants it before the verb."""
    for index, word in enumerate(words):
        if word == "--lang" and index + 1 < len(words):
            return ["--lang", words[index + 1], *words[:index], *words[index + 2 :]]
        if word.startswith("--lang="):
            return [word, *words[:index], *words[index + 1 :]]
    return words


def _tell(error: AndonError, as_json: bool, language: str) -> None:
    """Print one error to stderr, as JSON where that was asked for."""
    if as_json:
        click.echo(json.dumps(error.as_dict(), ensure_ascii=not spoken(sys.stderr)), err=True)
        return
    click.secho(f"{say('cli.error', language)}: ", fg="red", bold=True, nl=False, err=True)
    click.echo(f"{place(error.at, language)}{say('plant.colon', language)}{error.what}" if error.at else error.what, err=True)
    if error.do:
        click.echo(f"  {say('cli.do', language)}: {error.do}", err=True)
