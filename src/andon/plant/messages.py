"""The message catalogue: every text a user sees, in English and Chinese.

One JSON file per room and language, `words/<language>/<room>.json`: a flat object of key to text with
`{name}` placeholders. A key is `<room>.<what>`. A test checks that languages have the same keys and placeholders.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

LANGUAGES: tuple[str, ...] = ("en", "zh-CN")


@cache
def _catalogue(language: str) -> dict[str, str]:
    words: dict[str, str] = {}
    if language not in LANGUAGES:
        return words
    folder = files("andon.plant") / "words" / language
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".json"):
            words |= json.loads(entry.read_text(encoding="utf-8"))
    return words


def texts_of(language: str) -> Mapping[str, str]:
    """Every text of a language by its key, with its placeholders."""
    return _catalogue(language)


def choose_language(wanted: str | None = None) -> str:
    """The language to speak: `wanted`, else ANDON_LANG, else the locale, else English."""
    for text in (wanted, os.environ.get("ANDON_LANG"), os.environ.get("LC_ALL"), os.environ.get("LANG")):
        if text:
            return "zh-CN" if text.lower().replace("_", "-").startswith("zh") else "en"
    return "en"


def say(key: str, language: str = "en", /, **args: object) -> str:
    """The text of `key` with its placeholders filled; English where a translation is missing.

    Raises
    ------
    KeyError : no language has the key
    """
    text = _catalogue(language).get(key)
    return (text if text is not None else _catalogue("en")[key]).format(**args)
