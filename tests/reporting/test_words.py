"""Every name that the code gives a method, a column or a reason is in the catalogue, in both languages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from andon.plant.messages import LANGUAGES, say
from andon.plant.verdict import View, Why
from andon.reporting.words import Words, duration, slug


def known(kind: str, name: str) -> None:
    for language in LANGUAGES:
        say(f"reporting.{kind}.{slug(name)}", language)


def test_candidates_for_detection_have_names() -> None:
    candidates = pytest.importorskip("andon.training.candidates", reason="needs the training extra")
    for item in candidates.CANDIDATES:
        known("method", item.name)
        known("method", f"detector, {item.name}") if item.name in ("linear", "network") else None


def test_candidates_for_quality_have_names() -> None:
    """Every text that a family of candidates may give as its name: a field, or what its property returns."""
    family = pytest.importorskip("andon.training.quality.family", reason="needs the training extra")
    folder = Path(family.__file__ or "").parent
    names = {"last lab value", "moving mean", "training mean", "blend"}
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "name":
                names |= texts(node.value)
            if isinstance(node, ast.FunctionDef) and node.name == "name":
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return):
                        names |= texts(inner.value)
    assert len(names) >= 10
    for name in names:
        known("method", name)


def texts(node: ast.AST | None) -> set[str]:
    """The texts that an expression may be; a choice has two."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def test_parts_of_the_ablation_have_names() -> None:
    for name in ("quality alone", "shared features", "shared features and coupling"):
        known("method", name)


def test_reasons_and_views_have_names() -> None:
    for why in Why:
        if why is not Why.JUDGED:
            known_why = f"reporting.why.{why.name.lower()}"
            assert all(say(known_why, language) for language in LANGUAGES)
    for view in View:
        assert all(say(f"reporting.view.{view}", language) for language in LANGUAGES)


def test_a_name_of_the_code_that_is_not_known_is_shown_as_it_is() -> None:
    word = Words("en", "UTC")
    assert word.known("method", "my_own <model>") == "my own &lt;model&gt;"
    assert word.known("method", "EWMA-T²") == "T² of running means (EWMA)"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (12, "12s"), (599, "9min59s"), (754, "13min"), (9_002, "2h30min"), (100_000, "1d4h"), (86_400, "1d")]
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_day_is_named_once() -> None:
    word = Words("en", "Asia/Shanghai")
    start = 1_767_225_600_000  # 2026-01-01 08:00 in Shanghai
    shown = word.span(start, start + 3_600_000)
    assert ">2026-01-01 08:00<" in shown
    assert ">09:00<" in shown
    assert ">2026-01-02 01:00<" in word.span(start, start + 17 * 3_600_000)
    assert "still open" in word.span(start, None)


def test_figures_are_shown_as_their_column_is_read() -> None:
    word = Words("en", "UTC")
    assert word.figure("coverage_evaluate", 0.9123) == "91.2%"
    assert word.figure("delay_min", 150.4) == "2h30min"
    assert word.figure("caught", 7.0) == "7"
    assert word.figure("false_per_week", 0.1234) == "0.123"
    assert word.figure("vus_pr", None) == "–"
