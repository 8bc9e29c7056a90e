"""Safe expressions over tags, for the off condition and derived tags.

A small language, read with Python's grammar and nothing of its power: numbers, tags, + - * /, comparisons, and, or,
not, and the functions abs, min, max, sqrt, log, exp, where, clip. A tag is written as a plain or dotted name (`speed`,
`motor.speed`), in backticks (`` `FIC-101.PV` ``), or as tag("FIC-101.PV"). True is 1, false 0. Missing propagates:
a result that needs a missing value is missing, and so is one that no real number is (1/0, sqrt(-1)).
`and` and `or` are missing only where the answer depends on what is missing.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from andon.plant.arrays import Float64Array, FloatArray
from andon.plant.errors import At, PlantFileError
from andon.plant.recording import Recording

LONGEST = 4_000
DEEPEST = 60

Columns = Mapping[str, FloatArray]
Texts = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class TagValue:
    """The value of a tag."""

    tag: str


@dataclass(frozen=True, slots=True)
class Is:
    """A category tag compared with a text: `product == "A"`."""

    tag: str
    text: str
    equal: bool


@dataclass(frozen=True, slots=True)
class Apply:
    """A function or operator applied to its parts."""

    name: str
    parts: tuple[Node, ...]


Node = Number | TagValue | Is | Apply


def _both(left: Float64Array, right: Float64Array) -> Float64Array:
    """Three-valued and: false where either is false, else missing where either is."""
    no = (left == 0) | (right == 0)
    return np.where(no, 0.0, np.where(np.isnan(left) | np.isnan(right), np.nan, 1.0))


def _either(left: Float64Array, right: Float64Array) -> Float64Array:
    yes = (~np.isnan(left) & (left != 0)) | (~np.isnan(right) & (right != 0))
    return np.where(yes, 1.0, np.where(np.isnan(left) | np.isnan(right), np.nan, 0.0))


def _compare(how: Callable[[Any, Any], Any]) -> Callable[[Float64Array, Float64Array], Float64Array]:
    def compare(left: Float64Array, right: Float64Array) -> Float64Array:
        return np.where(np.isnan(left) | np.isnan(right), np.nan, how(left, right).astype(np.float64))

    return compare


def _not(value: Float64Array) -> Float64Array:
    return np.where(np.isnan(value), np.nan, (value == 0).astype(np.float64))


def _where(condition: Float64Array, yes: Float64Array, no: Float64Array) -> Float64Array:
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, yes, no))


# name -> (fewest parts, most parts, function)
FUNCTIONS: dict[str, tuple[int, int, Callable[..., Any]]] = {
    "abs": (1, 1, np.abs),
    "min": (2, 50, lambda *parts: _fold(np.minimum, parts)),
    "max": (2, 50, lambda *parts: _fold(np.maximum, parts)),
    "sqrt": (1, 1, np.sqrt),
    "log": (1, 1, np.log),
    "exp": (1, 1, np.exp),
    "where": (3, 3, _where),
    "clip": (3, 3, lambda value, low, high: np.minimum(np.maximum(value, low), high)),
}
_OPERATORS: dict[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "negative": np.negative,
    "<": _compare(np.less), "<=": _compare(np.less_equal), ">": _compare(np.greater), ">=": _compare(np.greater_equal),
    "==": _compare(np.equal), "!=": _compare(np.not_equal), "and": _both, "or": _either, "not": _not,
}  # fmt: skip
_BINARY: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE: dict[type, str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def _fold(how: Callable[[Any, Any], Any], parts: tuple[Any, ...]) -> Any:
    value = parts[0]
    for part in parts[1:]:
        value = how(value, part)
    return value


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read. `tags` are those it needs, in order of appearance."""

    text: str
    root: Node
    tags: tuple[str, ...]

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """(tag, text) of every comparison of a category with a text."""
        return tuple(_texts(self.root))

    def evaluate(self, columns: Columns, rows: int, texts: Texts | None = None) -> Float64Array:
        """The value of each row.

        Parameters
        ----------
        columns : tag -> (T,) values, NaN where missing; a tag that is absent is missing throughout
        rows : T
        texts : category tag -> texts; its value is the index into them

        Returns
        -------
        (T,) float64, NaN where missing; conditions give 1 and 0
        """
        with np.errstate(all="ignore"):
            value = np.broadcast_to(np.asarray(_value(self.root, columns, texts or {}), dtype=np.float64), (rows,))
        return np.where(np.isfinite(value), value, np.nan)

    def on(self, recording: Recording) -> Float64Array:
        """(T,) the value at each row of a recording."""
        columns = {tag: recording.column(tag) for tag in self.tags if tag in recording.tags}
        return self.evaluate(columns, recording.rows, recording.texts)


def _texts(node: Node) -> Iterator[tuple[str, str]]:
    match node:
        case Is(tag, text):
            yield tag, text
        case Apply(_, parts):
            for part in parts:
                yield from _texts(part)


def _value(node: Node, columns: Columns, texts: Texts) -> Any:
    match node:
        case Number(value):
            return np.float64(value)
        case TagValue(tag):
            column = columns.get(tag)
            if column is None:
                return np.float64(np.nan)
            values = np.asarray(column, dtype=np.float64)
            return np.where(np.isfinite(values), values, np.nan)
        case Is(tag, text, equal):
            column = columns.get(tag)
            if column is None:
                return np.float64(np.nan)
            known = texts.get(tag, ())
            at = known.index(text) if text in known else -1
            return _OPERATORS["==" if equal else "!="](np.asarray(column, dtype=np.float64), np.float64(at))
        case Apply(name, parts):
            operands = [_value(part, columns, texts) for part in parts]
            result = (FUNCTIONS[name][2] if name in FUNCTIONS else _OPERATORS[name])(*operands)
            return np.where(np.isfinite(result), result, np.nan)


def parse_expression(text: str, at: At | None = None) -> Expression:
    """Read an expression.

    Parameters
    ----------
    at : where it stands in the user's material, for the error

    Raises
    ------
    PlantFileError : not an expression of this language; line and column of the expression are named
    """
    return _Reader(text, at or At()).read()


class _Reader:
    """Reads one expression; keeps the way back from Python's columns to the user's."""

    def __init__(self, text: str, at: At) -> None:
        self.text, self.at = text, at
        self.quoted: dict[str, str] = {}
        self.places: list[tuple[int, int]] = []  # (line, column) in the user's text, for each character of the code
        self.tags: dict[str, None] = {}

    def fail(self, what: str, node: ast.AST | None = None, *, place: tuple[int, int] | None = None, do: str = "") -> NoReturn:
        line, column = place or self._place(node)
        raise PlantFileError(
            f"line {line}, column {column} of {self.text!r}: {what}",
            at=self.at,
            do=do or "use numbers, tags, + - * /, comparisons, and, or, not, and " + ", ".join(FUNCTIONS),
        )

    def _place(self, node: ast.AST | None) -> tuple[int, int]:
        if node is None or not hasattr(node, "lineno"):
            return (1, 1)
        lines = self.code.split("\n")
        before = sum(len(line) + 1 for line in lines[: node.lineno - 1])
        inside = len(lines[node.lineno - 1].encode()[: node.col_offset].decode(errors="ignore"))  # type: ignore[attr-defined]
        return self._at_index(before + inside)

    def _at_index(self, index: int) -> tuple[int, int]:
        return self.places[min(index, len(self.places) - 1)] if self.places else (1, 1)

    def read(self) -> Expression:
        if not self.text.strip():
            self.fail("the expression is empty")
        if len(self.text) > LONGEST:
            self.fail(f"{len(self.text)} characters are too long, {LONGEST} is the most")
        self.code = self._without_backticks()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(self.code, mode="eval")
        except SyntaxError as error:
            lines = self.code.split("\n")
            row = max(1, min(error.lineno or 1, len(lines)))
            index = sum(len(line) + 1 for line in lines[: row - 1]) + max(0, (error.offset or 1) - 1)
            self.fail(
                "this is not an expression",
                place=self._at_index(index),
                do="write tags whose id is not a plain name in backticks, like `FIC-101.PV` < 5",
            )
        except (ValueError, RecursionError, MemoryError):
            self.fail("this is not an expression")
        root = self._node(tree.body, 0)
        return Expression(self.text, root, tuple(self.tags))

    def _without_backticks(self) -> str:
        """Python code with a plain name for each backticked tag; line breaks become spaces."""
        code: list[str] = []
        index, line, column, quote = 0, 1, 1, ""
        while index < len(self.text):
            letter = self.text[index]
            if letter == "`" and not quote:
                end = self.text.find("`", index + 1)
                if end <= index + 1:
                    self.fail("a backtick is not closed" if end < 0 else "no tag between the backticks", place=(line, column))
                name = f"_tag_{len(self.quoted)}_"
                self.quoted[name] = self.text[index + 1 : end]
                code.append(name)
                self.places += [(line, column)] * len(name)
                column += end + 1 - index
                index = end + 1
                continue
            if letter in "\"'" and (not quote or quote == letter):
                quote = "" if quote else letter
            code.append(" " if letter in "\n\r\t" else letter)
            self.places.append((line, column))
            line, column = (line + 1, 1) if letter == "\n" else (line, column + 1)
            index += 1
        text = "".join(code)
        lead = len(text) - len(text.lstrip())
        self.places = self.places[lead:]
        return text.strip()

    def _tag(self, tag: str) -> TagValue:
        self.tags[tag] = None
        return TagValue(tag)

    def _node(self, node: ast.expr, depth: int) -> Node:
        if depth > DEEPEST:
            self.fail(f"nested deeper than {DEEPEST}", node)
        match node:
            case ast.Constant(value=bool() as value):
                return Number(float(value))
            case ast.Constant(value=int() | float() as value):
                return self._number(value, node)
            case ast.Constant(value=str()):
                self.fail(
                    'a text may only be compared with a tag, like product == "A"', node, do="write tags without quotes or in backticks"
                )
            case ast.Name(id=name):
                if name in FUNCTIONS or name == "tag":
                    self.fail(f"{name} is a function", node, do=f"write it as {name}(…), or `{name}` where it is a tag")
                # Python normalises names (NFKC); a tag's id is never changed.
                return self._tag(self.quoted.get(name) or ast.get_source_segment(self.code, node) or name)
            case ast.Attribute():
                self._dotted(node)
                return self._tag((ast.get_source_segment(self.code, node) or "").replace(" ", ""))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return Apply(_BINARY[type(op)], (self._node(left, depth + 1), self._node(right, depth + 1)))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Apply("negative", (self._node(operand, depth + 1),))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._node(operand, depth + 1)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Apply("not", (self._node(operand, depth + 1),))
            case ast.BoolOp(op=op, values=values):
                return self._chain("and" if isinstance(op, ast.And) else "or", [self._node(value, depth + 1) for value in values])
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return self._comparisons([left, *comparators], ops, depth)
            case ast.Call(func=ast.Name(id="tag"), args=[ast.Constant(value=str() as name)], keywords=[]):
                return self._tag(name)
            case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in FUNCTIONS:
                fewest, most, _ = FUNCTIONS[name]
                if not fewest <= len(parts) <= most:
                    count = str(fewest) if fewest == most else f"at least {fewest}"
                    self.fail(f"{name} takes {count} value{'s' if count != '1' else ''}, not {len(parts)}", node)
                return Apply(name, tuple(self._node(part, depth + 1) for part in parts))
            case ast.Call(func=ast.Name(id=name)):
                self.fail(f"there is no function {name}" if name not in FUNCTIONS and name != "tag" else f"{name} cannot take this", node)
        self.fail(f"{ast.unparse(node)[:40]!r} is not allowed here", node)

    def _number(self, value: float, node: ast.expr) -> Number:
        try:
            number = float(value)
        except OverflowError:
            self.fail("the number is too large", node)
        if not np.isfinite(number):
            self.fail("the number is too large", node)
        return Number(number)

    def _dotted(self, node: ast.expr) -> None:
        match node:
            case ast.Name(id=name) if name not in self.quoted:
                return
            case ast.Attribute(value=value):
                return self._dotted(value)
        self.fail("only plain names may have dots", node, do="write the tag in backticks")

    def _chain(self, name: str, parts: list[Node]) -> Node:
        root = parts[0]
        for part in parts[1:]:
            root = Apply(name, (root, part))
        return root

    def _comparisons(self, values: list[ast.expr], ops: list[ast.cmpop], depth: int) -> Node:
        found: list[Node] = []
        for left, op, right in zip(values, ops, values[1:], strict=False):
            name = _COMPARE.get(type(op))
            if name is None:
                self.fail("only < <= > >= == != compare", right)
            texts = [side for side in (left, right) if isinstance(side, ast.Constant) and isinstance(side.value, str)]
            if texts and name in ("==", "!="):
                other = self._node(right if texts[0] is left else left, depth + 1)
                if len(texts) == 1 and isinstance(other, TagValue):
                    found.append(Is(other.tag, str(texts[0].value), name == "=="))
                    continue
            found.append(Apply(name, (self._node(left, depth + 1), self._node(right, depth + 1))))
        return self._chain("and", found)


def columns_of(tags: Iterable[str], names: tuple[str, ...], values: Float64Array) -> dict[str, Float64Array]:
    """tag -> column of (T, C) values, for those of `tags` that are among `names`."""
    at = {name: index for index, name in enumerate(names)}
    return {tag: values[:, at[tag]] for tag in tags if tag in at}
