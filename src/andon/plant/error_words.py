"""Errors in the reader's language.

An error is raised in English, where the mistake is found, by rooms that know no reader. A door that speaks another language looks its
sentence up: the catalogue `errors.<room>.json` holds every English sentence of an error as a template and its translation under the
same key, and `tools/error_texts.py` keeps it equal to the source (a test says so). What stands in a sentence, a file or a value, is
carried over; a sentence inside a sentence is translated too. What nobody knows stays as it is.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import cache

from andon.plant.errors import AndonError, At
from andon.plant.messages import say, texts_of

PREFIX = "errors."
DEEPEST = 4
MARKS = {":": "plant.colon", ";": "plant.semicolon", ",": "plant.pause"}
_LEADING = re.compile(r"^([:;,] )(.+)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Template:
    """An English sentence with placeholders.

    Attributes
    ----------
    literals : what stands between the placeholders, in order, with the ends
    names : of the placeholders
    target : the translation
    """

    literals: tuple[str, ...]
    names: tuple[str, ...]
    target: str

    def values(self, text: str) -> tuple[str, ...] | None:
        """What stands for the placeholders, if the text is this sentence."""
        if not (text.startswith(self.literals[0]) and text.endswith(self.literals[-1]) and all(one in text for one in self.literals)):
            return None
        found = re.fullmatch("(.*?)".join(map(re.escape, self.literals)), text, re.DOTALL)
        return found.groups() if found else None


@dataclass(frozen=True, slots=True)
class _Table:
    """English to another language: whole sentences, and templates, those that say most first."""

    whole: dict[str, str]
    templates: tuple[_Template, ...]


@cache
def _table(language: str) -> _Table:
    english, other = texts_of("en"), texts_of(language)
    whole: dict[str, str] = {}
    templates: dict[tuple[str, ...], _Template] = {}
    for key, text in english.items():
        target = other.get(key)
        if not key.startswith(PREFIX) or target is None:
            continue
        literals, names = _parts(text)
        if names:
            templates.setdefault(literals, _Template(literals, names, target))
        else:
            whole[literals[0]] = target.format()
    weight = {literals: sum(map(len, literals)) for literals in templates}
    return _Table(whole, tuple(sorted(templates.values(), key=lambda one: -weight[one.literals])))


def _parts(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A template as what stands between its placeholders, and their names."""
    literals, names = [""], []
    for literal, name, _, _ in string.Formatter().parse(text):  # a doubled brace ends a part as well
        literals[-1] += literal
        if name is not None:
            names.append(name)
            literals.append("")
    return tuple(literals), tuple(names)


def translated(text: str, language: str) -> str:
    """A sentence of an error in a language; as it is where the catalogue does not know it."""
    return text if language == "en" else _translated(text, language, 0)


def _translated(text: str, language: str, depth: int) -> str:
    table = _table(language)
    known = table.whole.get(text)
    if known is not None or not text or depth > DEEPEST:
        return text if known is None else known
    for template in table.templates:
        values = template.values(text)
        if values is not None:
            told = {name: _inside(value, language, depth + 1) for name, value in zip(template.names, values, strict=True)}
            return template.target.format(**told)
    return _framed(text, language, depth)


def _inside(value: str, language: str, depth: int) -> str:
    """A value of a placeholder: a sentence is translated, anything of one word is carried over."""
    leading = _LEADING.match(value)
    if leading:
        return say(MARKS[leading[1][0]], language) + _translated(leading[2], language, depth)
    return _translated(value, language, depth) if " " in value else value


def _framed(text: str, language: str, depth: int) -> str:
    """A sentence after a name and a colon: "labels.csv: the label names no asset"."""
    at = text.find(": ")
    while at >= 0:
        after = text[at + 2 :]
        told = _translated(after, language, depth + 1)
        if told != after:
            return _translated(text[:at], language, depth + 1) + say(MARKS[":"], language) + told
        at = text.find(": ", at + 2)
    return text


def place(at: At, language: str) -> str:
    """Where in the user's material, in words."""
    if language == "en":
        return str(at)
    parts = [at.file] if at.file else []
    parts += [say(f"plant.at.{name}", language, value=value) for name in ("line", "tag", "time", "key") if (value := getattr(at, name))]
    return say(MARKS[","], language).join(parts)


def speak_error(error: AndonError, language: str) -> AndonError:
    """The error itself, its sentences now in a language."""
    if language != "en":
        error.what, error.do = translated(error.what, language), translated(error.do, language)
    return error
