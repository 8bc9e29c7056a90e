"""Speak a sentence of the catalogue: its arguments may be sentences themselves, or lists, as objects or as read from JSON."""

from __future__ import annotations

from collections.abc import Mapping

from andon.plant.messages import say
from andon.plant.verdict import Sentence


def speak(sentence: Sentence | Mapping[str, object], language: str = "en") -> str:
    """The text of a sentence in a language.

    Raises
    ------
    KeyError : no language has the key, or an argument is absent
    """
    key, args = (sentence.key, sentence.args) if isinstance(sentence, Sentence) else (str(sentence["key"]), sentence.get("args") or {})
    assert isinstance(args, Mapping)
    return say(key, language, **{str(name): _part(value, language) for name, value in args.items()})


def _part(value: object, language: str) -> object:
    if isinstance(value, Sentence) or (isinstance(value, Mapping) and "key" in value):
        return speak(value, language)
    if isinstance(value, list | tuple):
        items = [str(_part(item, language)) for item in value]
        if len(items) < 2:
            return "".join(items)
        return say("plant.comma", language).join(items[:-1]) + say("plant.and", language) + items[-1]
    return value  # numbers stay numbers: the text may say how they are shown


def plain(sentence: Sentence) -> dict[str, object]:
    """A sentence as JSON values, the sentences among its arguments too; `speak` reads it."""
    return {"key": sentence.key, "args": {name: _plain(value) for name, value in sentence.args.items()}}


def _plain(value: object) -> object:
    if isinstance(value, Sentence):
        return plain(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
