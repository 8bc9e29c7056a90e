"""Every kind of finding is documented and has its three sentences in every language."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def words(language: str) -> dict[str, str]:
    loaded: dict[str, str] = json.loads((files("andon.plant") / "words" / language / "auditing.json").read_text(encoding="utf-8"))
    return loaded


def kinds_in_code() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "src" / "andon" / "auditing").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'make_finding\(\s*"([a-z-]+)"', text))
    return found | {"budget", "budget-none", "clipped-low", "clipped-high", "lagged-copy", "lagged-hours"}  # chosen by a variable


def test_every_kind_has_its_sentences() -> None:
    for language in ("en", "zh-CN"):
        told = {key.split(".")[1] for key in words(language) if key.endswith(".evidence") and key != "auditing.table.evidence"}
        assert told == kinds_in_code()
        for kind in told:
            assert all(words(language)[f"auditing.{kind}.{part}"] for part in ("consequence", "suggestion"))


def test_languages_have_the_same_placeholders() -> None:
    english, chinese = words("en"), words("zh-CN")
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert set(re.findall(r"{(\w+)", text)) == set(re.findall(r"{(\w+)", chinese[key])), key


def test_every_kind_is_documented() -> None:
    page = ROOT / "docs" / "reference" / "audit.md"
    if not page.is_file():
        pytest.skip("the documentation is not beside this checkout")
    assert kinds_in_code() <= set(re.findall(r"`([a-z-]+)`", page.read_text(encoding="utf-8")))
