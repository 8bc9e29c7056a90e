"""Safe expressions: values against plain Python, missing values, the place of each error, and nothing but the language."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.errors import At, PlantFileError
from andon.plant.file.expression import LONGEST, Expression, columns_of, parse_expression
from andon.plant.recording import Recording

NAN = math.nan


def value(text: str, **columns: float) -> float:
    return float(parse_expression(text).evaluate({name: np.array([number]) for name, number in columns.items()}, 1)[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + 2 * b", 8.0), ("(a + 2) * b", 12.0), ("-a", -2.0), ("+a", 2.0), ("a / b - 1", 2 / 3 - 1),
        ("a < b", 1.0), ("a >= b", 0.0), ("1 < a < 3", 1.0), ("1 < a < 2", 0.0), ("a == 2 and b == 3", 1.0),
        ("not a == 2", 0.0), ("a > 5 or b > 1", 1.0), ("abs(-a)", 2.0), ("min(a, b, 1)", 1.0), ("max(a, b)", 3.0),
        ("sqrt(b + 1)", 2.0), ("log(exp(a))", 2.0), ("where(a > 1, b, 7)", 3.0), ("clip(b * 10, 0, 20)", 20.0),
        ("True + a", 3.0), ("a\n  + b", 5.0), ("1e3 * a", 2000.0),
    ],
)  # fmt: skip
def test_arithmetic(text: str, expected: float) -> None:
    assert value(text, a=2.0, b=3.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m + 1", NAN), ("m < 1", NAN), ("m == m", NAN), ("not m", NAN), ("abs(m)", NAN), ("max(a, m)", NAN), ("clip(a, m, 9)", NAN),
        ("where(m > 1, a, a)", NAN), ("where(a > 1, a, m)", 2.0), ("where(a > 1, m, a)", NAN),
        ("m > 1 and a < 1", 0.0), ("a < 1 and m > 1", 0.0), ("m > 1 and a > 1", NAN),
        ("m > 1 or a > 1", 1.0), ("a > 1 or m > 1", 1.0), ("m > 1 or a < 1", NAN),
        ("1 / (a - 2)", NAN), ("sqrt(-a)", NAN), ("log(0)", NAN), ("exp(1e6)", NAN), ("absent > 1", NAN),
    ],
)  # fmt: skip
def test_missing_propagates_unless_the_answer_does_not_need_it(text: str, expected: float) -> None:
    np.testing.assert_equal(value(text, a=2.0, m=NAN), expected)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("speed < 5", ("speed",)),
        ("motor.speed / a.b.c", ("motor.speed", "a.b.c")),
        ("`FIC-101.PV` - `泵 3/压力` + `FIC-101.PV`", ("FIC-101.PV", "泵 3/压力")),
        ("tag('it\\'s') + tag(\"x y\")", ("it's", "x y")),
        ("`min` + min(`sqrt`, 1)", ("min", "sqrt")),
        ("`_tag_0_` + `b`", ("_tag_0_", "b")),
        ("µ_flow + ﬁ", ("µ_flow", "ﬁ")),  # Python would turn both into other letters
        ('a == "`not a tag`"', ("a",)),
    ],
)
def test_tags_keep_their_ids(text: str, tags: tuple[str, ...]) -> None:
    assert parse_expression(text).tags == tags


def test_a_category_is_compared_with_its_texts() -> None:
    columns = {"grade": np.array([0.0, 1.0, NAN])}
    texts = {"grade": ("A", "B")}
    np.testing.assert_equal(parse_expression("grade == 'B'").evaluate(columns, 3, texts), [0.0, 1.0, NAN])
    np.testing.assert_equal(parse_expression("'B' != grade").evaluate(columns, 3, texts), [1.0, 0.0, NAN])
    np.testing.assert_equal(parse_expression("grade == 'C'").evaluate(columns, 3, texts), [0.0, 0.0, NAN])


# text, line, column, part of the message
BAD = [
    ("", 1, 1, "is empty"),
    ("a <", 1, 1, "not an expression"),
    ("FIC-101.PV < 5", 1, 8, "not an expression"),
    ("a + `b", 1, 5, "a backtick is not closed"),
    ("a + ``", 1, 5, "no tag between the backticks"),
    ("a + `long tag` + foo(1)", 1, 18, "there is no function foo"),
    ("a\n  + [1]", 2, 5, "'[1]' is not allowed here"),
    ("é + ü + x**2", 1, 9, "is not allowed here"),
    ("a + 'text'", 1, 5, "a text may only be compared with a tag"),
    ("abs(a, b)", 1, 1, "abs takes 1 value, not 2"),
    ("where(a, b)", 1, 1, "where takes 3 values, not 2"),
    ("max(a)", 1, 1, "max takes at least 2 values, not 1"),
    ("min + 1", 1, 1, "min is a function"),
    ("a in b", 1, 6, "only < <= > >= == != compare"),
    ("1e999", 1, 1, "the number is too large"),
    ("9" * 400, 1, 1, "the number is too large"),
    ("`a b`.c", 1, 1, "only plain names may have dots"),
    ("max(*a)", 1, 1, "at least 2 values"),
    ("max(a, *b)", 1, 8, "is not allowed here"),
    ("clip(a, 0, high=1)", 1, 1, "clip cannot take this"),
    ("1j", 1, 1, "is not allowed here"),
    ("...", 1, 1, "is not allowed here"),
    ("None", 1, 1, "is not allowed here"),
    ("b'x'", 1, 1, "is not allowed here"),
]


@pytest.mark.parametrize(("text", "line", "column", "what"), BAD)
def test_an_error_names_line_and_column(text: str, line: int, column: int, what: str) -> None:
    with pytest.raises(PlantFileError) as caught:
        parse_expression(text, At(file="plant.toml", line=7, key="machine.off"))
    assert caught.value.what.startswith(f"line {line}, column {column} of ")
    assert what in caught.value.what
    assert caught.value.at.key == "machine.off"
    assert caught.value.do


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "().__class__.__bases__", "lambda: 1", "[x for x in a]", "a if b else c", "(a := 1)",
        "a[0]", "f'{a}'", "{1: 2}", "a; b", "a = 1", "await a", "yield", "a @ b", "a % b", "a // b", "a ** b", "a | b", "~a", "a is b",
        "open('x')", "tag(a)", "tag('a', 'b')", "eval('1')", "abs(key=a)", "tag", "'a' == 'b'", "a < 'b'", "\x00", "a #\x00",
    ],
)  # fmt: skip
def test_nothing_but_the_language_is_read(text: str) -> None:
    with pytest.raises(PlantFileError):
        parse_expression(text)


def test_too_long_and_too_deep() -> None:
    with pytest.raises(PlantFileError, match="too long"):
        parse_expression("a" * (LONGEST + 1))
    with pytest.raises(PlantFileError):
        parse_expression("-" * 200 + "a")
    with pytest.raises(PlantFileError):
        parse_expression("(" * 300 + "a" + ")" * 300)
    long_chain = parse_expression(" or ".join(["a > 1"] * 300))
    assert long_chain.evaluate({"a": np.array([2.0])}, 1).tolist() == [1.0]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        expression = parse_expression(text)
    except PlantFileError:
        return
    assert isinstance(expression, Expression)
    assert expression.evaluate({}, 2).shape == (2,)


@st.composite
def formulas(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["a", "b", "2", "0.5"]))
    left, right = draw(formulas(depth - 1)), draw(formulas(depth - 1))
    return draw(
        st.sampled_from(
            [f"({left} + {right})", f"({left} * {right})", f"({left} - {right})", f"min({left}, {right})", f"abs({left})", f"(-{left})"]
        )
    )


@settings(max_examples=100, deadline=None)
@given(formulas(), st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=5))
def test_python_says_the_same(formula: str, rows: list[tuple[float, float]]) -> None:
    table = np.array(rows)
    got = parse_expression(formula).evaluate({"a": table[:, 0], "b": table[:, 1]}, len(rows))
    expected = [eval(formula, {"__builtins__": {}}, {"a": a, "b": b, "min": min, "abs": abs}) for a, b in rows]
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_on_a_recording_and_on_columns() -> None:
    recording = Recording.from_arrays("m", ("x", "y"), np.array([1, 2]), np.array([[1.0, 2.0], [np.nan, 4.0]]))
    np.testing.assert_equal(parse_expression("x + y").on(recording), [3.0, NAN])
    assert sorted(columns_of(("y", "z"), ("x", "y"), np.ones((2, 2)))) == ["y"]
