"""Help pages in the language of the call: every text of a verb and its options comes from the catalogue.

Keys are `cli.help.<verb>` and `cli.help.<verb>.<option>`; an option that several verbs share has one text, `cli.option.<option>`.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from andon.plant.messages import say, texts_of


def speak_help(command: click.Command, key: str, language: str) -> None:
    """Give a command, its options and its own commands their texts.

    Parameters
    ----------
    key : as in "tag" or "tag.out"
    """
    command.help = say(f"cli.help.{key}", language)
    command.context_class = _CONTEXTS[language]
    for option in command.params:
        if isinstance(option, click.Option):
            shared = f"cli.option.{option.name}"
            option.help = say(shared if shared in texts_of("en") else f"cli.help.{key}.{option.name}", language)
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            speak_help(inner, f"{key}.{name}", language)


class Page(click.HelpFormatter):
    """As click, with its own words in the language of the page."""

    language = "en"

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The first line."""
        super().write_usage(prog, args, say("cli.page.usage", self.language) if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """A heading; click's own are "Options" and "Commands"."""
        own = {"Options": "cli.page.options", "Commands": "cli.verbs"}
        super().write_heading(say(own[heading], self.language) if heading in own else heading)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """A list of options or verbs; click adds its words in brackets."""
        super().write_dl([(name, self._own_words(text)) for name, text in rows], col_max, col_spacing)

    def _own_words(self, text: str) -> str:
        if text == "Show this message and exit.":
            return say("cli.option.help", self.language)
        text = text.replace("[default: ", f"[{say('cli.page.default', self.language)}")
        return text.replace("[required]", f"[{say('cli.page.required', self.language)}]")


class ChinesePage(Page):
    """A page in Chinese."""

    language = "zh-CN"


class EnglishContext(click.Context):
    """A call whose pages are in English."""

    formatter_class = Page


class ChineseContext(click.Context):
    """A call whose pages are in Chinese."""

    formatter_class = ChinesePage


_CONTEXTS: dict[str, type[click.Context]] = {"en": EnglishContext, "zh-CN": ChineseContext}
