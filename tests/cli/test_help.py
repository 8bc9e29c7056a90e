"""Help pages: every verb and option is documented, with an example, in both languages; a wrong line gets one clear error."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from andon.cli.main import VERBS, cli
from andon.plant.messages import LANGUAGES, say
from tests.small_plant import andon

EXAMPLE_WORDS = ("like", "as in", "例如", "4 月", "4 march", "--no-resume")


def commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name="andon", obj={"language": "en"})
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*words, name))


ALL = [words for words, _ in commands(cli)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_page_has_an_example_and_every_option_says_what_it_does(words: tuple[str, ...], language: str) -> None:
    done = andon("--lang", language, *words, "--help")
    assert done.code == 0
    assert done.err == ""
    assert {"en": "Examples", "zh-CN": "示例"}[language] in done.out
    assert "andon " + " ".join(words) in done.out
    for foreign in {"en": (), "zh-CN": ("Usage", "Options", "Commands", "Show this", "[default", "[required")}[language]:
        assert foreign not in done.out
    command = dict(commands(cli))[words]
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in ("help", "version"):
            shared = f"cli.option.{option.name}"
            own = ".".join(["cli.help", *(words or ("andon",)), str(option.name)])
            text = _text(own, language) or _text(shared, language)
            assert text, f"{own} has no text"
            assert any(mark in text.lower() for mark in EXAMPLE_WORDS), f"{own} has no example"


def _text(key: str, language: str) -> str:
    try:
        return say(key, language)
    except KeyError:
        return ""


def test_no_arguments_show_the_page_and_are_a_wrong_usage() -> None:
    done = andon()
    assert done.code == 2
    assert "andon demo" in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("words", "what", "do"),
    [
        (("scor",), "there is no verb 'scor'", "did you mean 'score'? See andon --help"),
        (("xyzzy",), "there is no verb 'xyzzy'", "see andon --help"),
        (("datasets", "lst"), "there is no verb 'lst'", "did you mean 'list'? See andon datasets --help"),
        (("score", "m", "a.csv", "--dayfrst"), "there is no option --dayfrst", "did you mean '--dayfirst'? See andon score --help"),
        (("score", "m"), "PATHS... is missing", "see andon score --help"),
        (("tag", "out", "a", "b"), "--why is missing", "see andon tag out --help"),
        (("train", "p.toml", "--seed", "x"), "--seed: 'x' is not a valid integer.", "see andon train --help"),
        (("audit", "a.csv", "--layout", "tall"), "--layout: 'tall' is not one of 'wide', 'long', 'pairs'.", "see andon audit --help"),
        (("--lang", "fr", "audit", "a.csv"), "--lang: 'fr' is not one of 'en', 'zh-CN'.", "see andon --help"),
    ],
)
def test_a_wrong_command_line(words: tuple[str, ...], what: str, do: str) -> None:
    text = andon(*words)
    assert text.code == 2
    assert text.out == ""
    assert text.err == f"error: {what}\n  do: {do}\n"
    as_json = andon(*words, "--json")
    assert as_json.code == 2
    assert as_json.out == ""
    assert as_json.error() == {"error": "UsageError", "what": what, "at": {}, "do": do}


def test_a_wrong_command_line_in_chinese() -> None:
    done = andon("--lang", "zh-CN", "scor")
    assert done.err == "错误: 没有名为 'scor' 的命令\n  处理办法: 是否想输入 'score'？参见 andon --help\n"
    assert andon("scor", "--lang=zh-CN").err == done.err, "--lang may stand anywhere"


def test_the_language_of_one_call_does_not_stay_for_the_next() -> None:
    assert "用法" in andon("--lang", "zh-CN", "score", "--help").out
    assert "用法" not in andon("--lang", "en", "score", "--help").out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_stands_on_the_first_page(verb: str) -> None:
    for language in LANGUAGES:
        assert f"  {verb} " in andon("--lang", language, "--help").out
