"""The message catalogue: the same keys and placeholders in every language, and English help that is the schema's."""

from __future__ import annotations

import json
import string
from importlib.resources import files

import pytest

from andon.plant.file.schema import SECTIONS
from andon.plant.messages import LANGUAGES, choose_language, say

WORDS = files("andon.plant") / "words"
ROOMS = sorted({entry.name for language in LANGUAGES for entry in (WORDS / language).iterdir() if entry.name.endswith(".json")})


def words(language: str, room: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((WORDS / language / room).read_text(encoding="utf-8"))
    return found


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("room", ROOMS)
def test_languages_have_the_same_keys_and_placeholders(room: str) -> None:
    english = words("en", room)
    for language in LANGUAGES:
        other = words(language, room)
        assert set(other) == set(english), language
        for key, text in english.items():
            assert placeholders(other[key]) == placeholders(text), (language, key)
            assert other[key].strip(), (language, key)


@pytest.mark.parametrize("room", ROOMS)
def test_keys_begin_with_their_room_and_hold_text(room: str) -> None:
    for key, text in words("en", room).items():
        assert key.startswith(room.removesuffix(".json") + ".")
        assert isinstance(text, str)


def test_no_key_stands_in_two_rooms() -> None:
    seen: dict[str, str] = {}
    for room in ROOMS:
        for key in words("en", room):
            assert seen.setdefault(key, room) == room, key


def test_saying() -> None:
    assert say("plantfile.did-you-mean", word="x") == "did you mean x?"
    assert say("plantfile.did-you-mean", "zh-CN", word="x") == "您是否想写 x？"
    assert say("plantfile.did-you-mean", "tlh", word="x") == "did you mean x?"
    with pytest.raises(KeyError):
        say("plantfile.no such key")


def test_choosing_a_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANDON_LANG", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert choose_language() == "en"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert choose_language() == "zh-CN"
    monkeypatch.setenv("ANDON_LANG", "en")
    assert choose_language() == "en"
    assert choose_language("zh") == "zh-CN"


def test_every_setting_is_explained_in_every_language() -> None:
    for section in SECTIONS:
        assert say(f"plantfile.section.{section.key}") == section.help
        for setting in section.settings:
            key = f"plantfile.setting.{section.key}.{setting.key}"
            assert say(key) == setting.help, key
            assert say(key, "zh-CN") != setting.help, key
