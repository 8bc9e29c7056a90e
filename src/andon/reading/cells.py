"""Texts among numbers: words for no value, categories, and what is neither."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from andon.plant.arrays import FloatArray, StatusArray
from andon.plant.recording import Problem
from andon.plant.status import Status
from andon.reading import numerals
from andon.reading.problems import problem
from andon.reading.quality import hard_word, soft_word
from andon.reading.table import Table

if TYPE_CHECKING:
    import polars as pl

TEXT_SHARE = 0.01
MOST_CATEGORIES = 1000
# 50.12 %, 4.0bar, 12 m3/h; a single letter needs a blank before it, for 100A may be a product.
_NUMBER = r"[+\-−]?[\d.,'’\u00a0\u202f]*\d(?:[eE][+\-]?\d+)?"
_MEASURED = re.compile(rf"({_NUMBER})(?:\s+(?=[^\W\d_])|\s*(?=[%‰°℃℉Ω]|[^\W\d_]{{2}}))(\D(?:[^\s\d]|(?<=m)[23])*)$")


@dataclass(slots=True)
class Vocabulary:
    """Texts met in a file, each with a number. Grows while the file is read.

    Attributes
    ----------
    decimal : mark of the numbers beside them
    """

    texts: list[str] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    decimal: str = "."

    def code(self, text: str) -> int:
        """The number of a text."""
        found = self.codes.get(text)
        if found is None:
            found = self.codes[text] = len(self.texts)
            self.texts.append(text)
        return found


def read_cells(cells: pl.Series, decimal: str, words: Vocabulary) -> tuple[np.ndarray, StatusArray, np.ndarray]:
    """Values of cells that are no plain numbers.

    Parameters
    ----------
    cells : (N,) String without nulls

    Returns
    -------
    values : (N,) float64, NaN where a cell is no number
    status : (N,) uint8; GOOD for numbers and texts, else what the word for no value says
    code : (N,) int64 number of the text in `words`; -1 for numbers and words for no value
    """
    words.decimal = decimal
    distinct = cells.unique(maintain_order=True)
    numbers = numerals.parse(distinct, decimal).to_numpy(writable=True)
    texts = distinct.to_list()
    code = np.full(len(texts), -1, dtype=np.int64)
    status = np.zeros(len(texts), dtype=np.uint8)
    unread = np.flatnonzero(np.isnan(numbers))
    for at in unread:
        found = hard_word(texts[at])
        if found is None:
            code[at] = words.code(texts[at].strip())
        else:
            status[at] = found
    if len(texts) == cells.len():
        return numbers, status, code
    where = cells.replace_strict(distinct, np.arange(len(texts)), return_dtype=_uint32()).to_numpy()
    return numbers[where], status[where], code[where]


def _uint32() -> type[pl.UInt32]:
    import polars as pl

    return pl.UInt32


def resolve(
    table: Table,
    tag: str,
    values: FloatArray,
    status: StatusArray,
    rows: np.ndarray,
    codes: np.ndarray,
    words: Vocabulary,
    lines: np.ndarray,
) -> tuple[tuple[str, ...] | None, Problem | None, bool]:
    """Decide what the texts of one tag are, and write that into `values` and `status`.

    Rules: words for no value keep their status. Where each text is a number with one and the same unit behind it, it is that
    number. Where at most 1 % of the rest is text, or numbers are in the majority, text is BAD. Where there are no numbers, or
    texts are in the majority, the tag is a category and its value is the index of the text, in order of the alphabet. A category
    with more than 1,000 texts is free text and left out.

    Parameters
    ----------
    values, status : (N,) of the tag, changed in place
    rows : (M,) places of texts in them
    codes : (M,) which text
    lines : (M,) row of the file of each text

    Returns
    -------
    texts of a category, else None; a problem, else None; whether to keep the tag
    """
    if rows.size == 0:
        return None, None, True
    present = np.unique(codes)
    soft = {int(code): found for code in present if (found := soft_word(words.texts[int(code)])) is not None}
    is_soft = np.isin(codes, list(soft))
    numbers = int(np.isfinite(values).sum())
    hard = int((~is_soft).sum())
    plain = [int(code) for code in present if int(code) not in soft]
    if (measured := _measured([words.texts[code] for code in plain], words.decimal)) is not None:
        first = int(np.flatnonzero(~is_soft)[0])
        lookup = np.full(int(present.max()) + 1, np.nan)
        lookup[plain] = measured
        values[rows] = lookup[codes]
        _mark(status, rows, codes, soft, Status.GOOD)
        return None, problem("unit-in-cell", at=table.at(int(lines[first]), tag), count=hard, text=words.texts[int(codes[first])]), True
    if numbers and (hard == 0 or hard <= TEXT_SHARE * (hard + numbers) or numbers >= hard):
        _mark(status, rows, codes, soft, Status.BAD)
        if hard == 0:
            return None, None, True
        first = int(np.flatnonzero(~is_soft)[0])
        kind = "text-in-number" if hard <= TEXT_SHARE * (hard + numbers) else "mixed-column"
        at = table.at(int(lines[first]), tag)
        return None, problem(kind, at=at, count=hard, text=words.texts[int(codes[first])]), True
    if numbers == 0 and len(present) == 1 and len(soft) == 1:
        status[rows] = soft[int(present[0])]
        return None, None, True
    found_numbers = np.flatnonzero(np.isfinite(values))
    as_text = {f"{value:g}" for value in np.unique(values[found_numbers])} if numbers else set()
    texts = tuple(sorted({words.texts[int(code)] for code in present} | as_text))
    if len(texts) > MOST_CATEGORIES:
        return None, problem("free-text", at=table.at(int(lines[0]), tag), count=len(texts), text=words.texts[int(codes[0])]), False
    index = {text: number for number, text in enumerate(texts)}
    if numbers:
        distinct, back = np.unique(values[found_numbers], return_inverse=True)
        values[found_numbers] = np.array([index[f"{value:g}"] for value in distinct])[back]
    lookup = np.zeros(int(present.max()) + 1)
    for code in present:
        lookup[code] = index[words.texts[int(code)]]
    values[rows] = lookup[codes]
    status[rows] = Status.GOOD
    out = problem("mixed-column", at=table.at(int(lines[0]), tag), count=numbers, text=words.texts[int(codes[0])]) if numbers else None
    return texts, out, True


def _mark(status: StatusArray, rows: np.ndarray, codes: np.ndarray, soft: Mapping[int, Status], others: Status) -> None:
    """Words for no value say their own status; what else stands in these rows is `others`."""
    status[rows] = others
    for code, found in soft.items():
        status[rows[codes == code]] = found


def _measured(texts: Sequence[str], decimal: str) -> np.ndarray | None:
    """(N,) float64 of numbers that all have the same unit behind them; None where one is something else, or says nothing of others."""
    import polars as pl

    found = [_MEASURED.match(text) for text in texts]
    if len(found) < 2 or not all(found) or len({one[2] for one in found if one}) != 1:
        return None
    numbers = numerals.parse(pl.Series([one[1] for one in found if one]), decimal).to_numpy()
    return None if np.isnan(numbers).any() else numbers
