"""Errors in Chinese: every sentence of an error stands in the catalogue, and doors find it again from the English one."""

from __future__ import annotations

import importlib.util
import string
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.error_words import place, speak_error, translated
from andon.plant.errors import AskUserError, At, ReadingError
from andon.plant.messages import texts_of

TOOL = Path(__file__).resolve().parents[2] / "tools" / "error_texts.py"
ZH = "zh-CN"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("error_texts", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["error_texts"] = module
    spec.loader.exec_module(module)
    return module


def test_every_text_of_an_error_stands_in_the_catalogue(tool: ModuleType) -> None:
    found = tool.difference()
    assert not found.missing, "run: python tools/error_texts.py --write, and write the Chinese"
    assert not found.stale, "run: python tools/error_texts.py --write"
    assert not found.untranslated, "write the Chinese in plant/words/zh-CN/errors.<room>.json"


def test_the_tool_reads_what_a_reader_would(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "room" / "thing.py"
    source.parent.mkdir()
    source.write_text(
        "_COPY = 'copy it again'\n"
        "def check(name, rows, near):\n"
        "    do = f'did you mean {near[0]}?' if near else 'see the tags'\n"
        '    raise ReadingError(f\'the file of {name!r} is {"empty" if not rows else "too large"}\', do=do)\n'
        "def fail(what):\n"
        "    raise BundleError(what, do=_COPY)\n"
        "def use():\n"
        "    fail('cut off in the middle')\n"
        "    raise ValueError('not for users')\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    assert tool.texts() == {
        "room": (
            "the file of {name} is empty",
            "the file of {name} is too large",
            "did you mean {near}?",
            "see the tags",
            "cut off in the middle",
            "copy it again",
        )
    }


def templates() -> list[tuple[str, str]]:
    english, chinese = texts_of("en"), texts_of(ZH)
    return [(text, chinese[key]) for key, text in english.items() if key.startswith("errors.")]


def _names(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(templates()),
    st.lists(st.from_regex(r"[A-Z]{2}[0-9]{1,3}|'[A-Z0-9.-]{3,9}'|[0-9]{2,5}", fullmatch=True), min_size=6, max_size=6),
)
def test_every_sentence_is_found_again_with_its_values(pair: tuple[str, str], values: list[str]) -> None:
    english, chinese = pair
    names = _names(english)
    told = dict(zip(names, values, strict=False))
    said = translated(english.format(**told), ZH)
    assert all(value in said for value in told.values())
    possible = {other.format(**told) for text, other in templates() if text.format(**_known(text, told)) == english.format(**told)}
    assert said in possible | {chinese.format(**told)}


def _known(text: str, told: dict[str, str]) -> dict[str, str]:
    return {name: told.get(name, "?") for name in _names(text)}


@pytest.mark.parametrize("text", ["", "nobody wrote this sentence", "Errno 5", "不是日志的段", "{braces} of a user"])
def test_what_nobody_knows_stays(text: str) -> None:
    assert translated(text, ZH) == text
    assert translated(text, "en") == text


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("time is not strictly increasing", "时间没有严格递增"),
        ("the recording has no tag 'FIC-1'", "记录中没有位号 'FIC-1'"),
        ("labels.csv: the label names no asset", "labels.csv：标签没有写设备"),
        ("none of the 3 files can be read; the first: the file is empty", "3 个文件都无法读取；第一个：文件是空的"),
        ("5 is not allowed for interval: a duration needs its unit", "5 不能用于 interval：时长需要带单位"),
        ('write it relative to the folder, like "{asset}_{time}.csv"', '请相对于文件夹来写，例如 "{asset}_{time}.csv"'),
        ("'{asset}{asset}' has {asset} twice", "'{asset}{asset}' 中 {asset} 出现了两次"),
        ("a text with\na line break is not a duration", "a text with\na line break 不是时长"),
    ],
)
def test_sentences_inside_sentences(english: str, chinese: str) -> None:
    assert translated(english, ZH) == chinese


def test_the_place_and_the_whole_error() -> None:
    at = At(file="line3.csv", line=7, tag="FIC-1", time="2026-03-01", key="asset[0].id")
    assert place(at, "en") == str(at)
    assert place(at, ZH) == "line3.csv，第 7 行，位号 FIC-1，时间 2026-03-01，键 asset[0].id"
    assert place(At(), ZH) == ""
    error = ReadingError("no such file", at=At(file="x.csv"), do="check the name")
    same = speak_error(error, ZH)
    assert same is error
    assert (error.what, error.do) == ("没有这个文件", "请检查名称")
    untouched = speak_error(AskUserError("no such file", do="check the name"), "en")
    assert (untouched.what, untouched.do) == ("no such file", "check the name")
