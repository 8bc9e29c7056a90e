"""Written numbers: the decimal mark, marks of thousands, and their values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from andon.plant.errors import At
from andon.reading.questions import Question

if TYPE_CHECKING:
    import polars as pl

_NUMBER = re.compile(r"[+\-−]?(?:\d[\d.,'’ \u00a0\u202f]*|[.,]\d+)(?:[eE][+\-]?\d{1,4})?$")
_WORD = re.compile(r"[+\-−]?(?:nan|inf|infinity|∞)$", re.IGNORECASE)
_BLANKS = r"['’ \u00a0\u202f]"


def looks_like_number(text: str) -> bool:
    """True for a number in any writing: 1.5, 1,5, 1.234,5, 1'234.5, 1e-3, nan, -inf."""
    text = text.strip()
    return bool(_NUMBER.match(text) or _WORD.match(text))


def _evidence(text: str) -> str:
    """What one number says: "." or ",", "?" (a comma that may be either), or "" (nothing)."""
    body = re.sub(_BLANKS, "", re.split("[eE]", text.strip().lstrip("+-−"))[0])
    comma, point = body.rfind(","), body.rfind(".")
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    if comma < 0 and point < 0:
        return ""
    mark = "," if comma >= 0 else "."
    parts = body.split(mark)
    grouped = len(parts[0]) in (1, 2, 3) and parts[0] != "0" and not parts[0].startswith("0") and all(len(part) == 3 for part in parts[1:])
    if len(parts) > 2:
        return ("." if mark == "," else ",") if grouped else ""
    if not grouped:
        return mark
    return "?" if mark == "," else "weak."


def decimal_mark(texts: Iterable[str], at: At) -> str | None:
    """The decimal mark of a set of numbers: "." or ","; None where no number has a mark.

    A comma with exactly three digits behind it may mark thousands or decimals; then all other numbers decide.

    Raises
    ------
    Question : nothing decides
    """
    open_ones: list[str] = []
    weak = False
    votes = {".": 0, ",": 0}
    for text in texts:
        said = _evidence(text)
        if said in votes:
            votes[said] += 1
        elif said == "?":
            open_ones.append(text.strip())
        elif said == "weak.":
            weak = True
    if votes["."] or votes[","]:
        return "." if votes["."] >= votes[","] else ","
    if open_ones:
        if weak:
            return "."
        example = open_ones[0]
        raise Question(
            f"is {example!r} {example.replace(',', '')} or {example.replace(',', '.')}? "
            "Every comma of the file has three digits behind it, so it may mark thousands or decimals",
            option="decimal",
            at=at,
            do='pass decimal="," (--decimal comma), or decimal="." (--decimal point) where the comma marks thousands',
        )
    return "." if weak else None


def parse(column: pl.Series, decimal: str) -> pl.Series:
    """(N,) Float64 of number texts; null where a text is no number. Marks of thousands are dropped."""
    import polars as pl

    text = column.str.strip_chars().str.replace("−", "-", literal=True)
    text = text.str.replace_all(_BLANKS, "")
    other = "," if decimal == "." else "."
    groups = r"^[+-]?\d{1,3}(?:" + re.escape(other) + r"\d{3})+(?:" + re.escape(decimal) + r"\d*)?(?:[eE][+-]?\d+)?$"
    text = pl.select(
        pl.when(text.str.contains(groups)).then(text.str.replace_all(other, "", literal=True)).otherwise(text).alias("text")
    ).to_series()
    if decimal == ",":
        # A point that is no mark of thousands in a file with decimal commas is not read as one.
        text = pl.select(
            pl.when(text.str.contains(".", literal=True)).then(None).otherwise(text.str.replace(",", ".", literal=True))
        ).to_series()
    return text.cast(pl.Float64, strict=False)
