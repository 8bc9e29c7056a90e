"""Every problem can be said in every language, is documented, and nothing is documented that cannot happen."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from andon.plant.errors import At
from andon.reading.problems import pooled, problem, problem_text

SOURCE = Path(str(files("andon.reading")))
DOCS = SOURCE.parents[2] / "docs" / "reference" / "reading.md"
WORDS = json.loads((files("andon.plant") / "words" / "en" / "reading.json").read_text(encoding="utf-8"))
KINDS = sorted({key.split(".")[1] for key in WORDS})


def test_the_kinds_of_the_code_are_those_of_the_catalogue() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in SOURCE.glob("*.py"))
    for kind in KINDS:
        assert f'"{kind}"' in code, kind
    for kind in re.findall(r'problem\(\s*"([a-z0-9-]+)"', code):
        assert kind in KINDS


@pytest.mark.skipif(not DOCS.exists(), reason="the documentation is not beside the package")
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_documented(kind: str) -> None:
    assert f"| `{kind}` |" in DOCS.read_text(encoding="utf-8")


def test_a_problem_is_said_in_both_languages() -> None:
    met = problem("text-in-number", at=At(file="a.csv", line=3, tag="T1"), count=2, text="oops")
    assert (met.what, met.rule) == ("2 cells hold text among numbers, first 'oops'", "they are BAD")
    assert problem_text(met, "zh-CN") == ("数值中夹有 2 个文本，第一个为 'oops'", "记为 BAD")


def test_problems_of_one_place_are_counted_together() -> None:
    one = problem("duplicate-time", at=At(file="a", line=3, time="t"), count=2)
    two = problem("duplicate-time", at=At(file="a", line=9, time="u"), count=5)
    other = problem("duplicate-time", at=At(file="b", line=1, time="t"))
    first, second = pooled([one, two, other])
    assert (first.at.line, first.count) == (3, 7)
    assert first.what == "7 rows repeat a time, first t"
    assert second == other
