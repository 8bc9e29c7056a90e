"""How a text table is written: separator, header, unit row, where the data begin."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from andon.plant.errors import At, ReadingError
from andon.reading.headers import QUALITY, VALUE, word
from andon.reading.numerals import looks_like_number
from andon.reading.quality import soft_word
from andon.reading.timestamps import looks_like_clock, looks_like_time

SEPARATORS = (",", ";", "\t", "|")
_LOOK_AT = 80
_BODY = 40  # lines and cells that are enough to tell separators apart
_CELLS = 60

_UNIT = re.compile(
    r"[\[(]?(?:°\s?[CFK]|deg\.?\s?[CFK]?|℃|℉|[munpkMGT]?(?:bar|Pa|psi|V|VA|VAR|var|A|W|Wh|Hz|g|m|s|l|L|N|J|Ω|ohm|Ohm|t|b)(?:\s?[(]?[ag]b?s?[)]?)?"
    r"|mm?H2O|mm?Hg|inH2O|psig|psia|barg|bara|atm|torr|%\S{0,6}|‰|ppm[vw]?|ppb|pH|mV|rpm|RPM|r/min|1/min|U/min|min|sec|h|hr|d|K|C|F|"
    r"Nm3|Sm3|m3|m³|m\^3|ft3|gal|gpm|scfm|cfm|bbl|lb|lbs|kg|mol|kmol|mm|cm|km|um|µm|μm|in|ft|mil|cP|cSt|dB|lx|kvar|kVA|kWh|MWh|MMBtu|Btu|"
    r"pcs|count|counts|state|bool|-|–|none|unitless)"
    r"(?:\s?[/·*]\s?\S{1,8}|[23²³]|-1)*[\])]?$"
)
_BRACKETED = re.compile(r"[\[(]([^\[\]()]{1,16}(?:[(][^)]*[)])?)[\])]\s*$")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text table is written.

    Attributes
    ----------
    separator : one of `SEPARATORS`, or " " for runs of blanks
    names : one per column, as written; empty text where the header has none
    units : one per column, empty text where unknown
    header_line, unit_line : 1-based lines; 0 where there is none
    first_line : 1-based line of the first row of data
    quoted : whether quotation marks group cells
    """

    separator: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    header_line: int
    unit_line: int
    first_line: int
    quoted: bool = True


def looks_like_unit(text: str) -> bool:
    """True for an engineering unit."""
    return bool(_UNIT.match(text.strip()))


def unit_in_name(name: str) -> str:
    """The unit in brackets at the end of a name, empty where there is none."""
    found = _BRACKETED.search(name)
    return found[1] if found and looks_like_unit(found[1]) else ""


def _is_datum(cell: str) -> bool:
    return (
        looks_like_number(cell) or looks_like_time(cell) or looks_like_clock(cell) or (soft_word(cell) is not None and bool(cell.strip()))
    )


def split_lines(lines: list[str], separator: str, quoted: bool = True) -> list[list[str]]:
    """Cells of lines; " " splits at runs of blanks."""
    if separator == " ":
        return [line.split() for line in lines]
    if not quoted:
        return [line.split(separator) for line in lines]
    return [next(csv.reader([line], delimiter=separator), []) for line in lines]


def find_separator(lines: list[str], at: At) -> str:
    """The separator under which the most cells are numbers, times or words for no value."""
    full = [line for line in lines if line.strip() and not line.startswith("#")]
    best, best_score = "", 0.0
    body = full[len(full) // 3 :][:_BODY] if len(full) > 3 else full[-2:]
    for separator in (*SEPARATORS, " "):
        rows = split_lines(body, separator)
        widths = [len(row) for row in rows]
        width = max(set(widths), key=lambda size: (widths.count(size), size)) if widths else 0
        if width < 2:
            continue
        cells = [cell for row in rows for cell in row[:_CELLS] if cell.strip()]
        clean = sum(_is_datum(cell) for cell in cells) / max(len(cells), 1)
        same = widths.count(width) / len(widths)
        if separator == " " and clean < 0.9:
            continue  # a blank within a time or a name separates nothing
        score = (0.05 + clean) * same + 1e-4 * min(width, 100) - (0.02 if separator == " " else 0.0)
        if score > best_score:
            best, best_score = separator, score
    if not best:
        raise ReadingError(
            "no table: no line has two cells", at=at, do="the file needs a time column and a value column, separated by , ; tab or |"
        )
    return best


def _data_row(cells: list[str], width: int) -> bool:
    full = [cell for cell in cells if cell.strip()]
    if not full or len(cells) < min(2, width):
        return False
    return any(looks_like_time(cell) for cell in full[:8]) or sum(_is_datum(cell) for cell in full) > 0.5 * len(full)


def find_dialect(lines: list[str], at: At, separator: str | None = None) -> Dialect:
    """Separator, header, units and first data line, from the first lines of a file.

    The data begin with the first row that holds a time or mostly numbers and is followed by another such row. The
    header is the first full row above that holds no data; a row below it with units is the unit row.

    Raises
    ------
    ReadingError : no table, or no row below the header
    """
    lines = lines[:_LOOK_AT]
    sep = separator or find_separator(lines, at)
    quoted = _quotes_work(lines, sep)
    return from_rows(split_lines(lines, sep, quoted), at, sep, quoted)


def _quotes_work(lines: list[str], separator: str) -> bool:
    """False where a quotation mark stands within a cell (an inch mark), so that it cannot group cells."""
    if separator == " ":
        return False
    for line in lines:
        if line.count('"') % 2:
            return bool(re.search(rf'(?:^|{re.escape(separator)})"', line))
    return True


def from_rows(rows: list[list[str]], at: At, separator: str = "", quoted: bool = True) -> Dialect:
    """`find_dialect` for cells that are split already (a sheet)."""
    marked = _ignition(rows, separator, quoted)
    if marked is not None:
        return marked
    widths = [len(row) for row in rows if any(cell.strip() for cell in row)]
    if not widths:
        raise ReadingError("the file is empty", at=at, do="export it again, or leave it out")
    width = max(set(widths), key=lambda size: (widths.count(size), size))
    start = next(
        (
            number
            for number, row in enumerate(rows)
            if len(row) > 1 and _data_row(row, width) and not (row and row[0].startswith("#"))
            and all(_data_row(later, width) for later in rows[number + 1 : number + 3] if any(cell.strip() for cell in later))
        ),
        None,
    )  # fmt: skip
    if start is None:
        start = _text_only_start(rows, width, at)
    width = max(width, len(rows[start]))
    header = _header_row(rows[:start], width)
    names, units = [""] * width, [""] * width
    unit_line = 0
    if header >= 0:
        names[: len(rows[header])] = [cell.strip() for cell in rows[header][:width]]
        for number in range(header + 1, start):
            full = [cell for cell in rows[number] if cell.strip()]
            if full and sum(looks_like_unit(cell) for cell in full) >= 0.5 * len(full):
                unit_line = number + 1
                units[: len(rows[number])] = [_bare_unit(cell) for cell in rows[number][:width]]
                break
        if header > 0:
            names = _with_group(names, rows[header - 1])
    units = [unit or unit_in_name(name) for unit, name in zip(units, names, strict=True)]
    return Dialect(separator, tuple(names), tuple(units), header + 1, unit_line, start + 1, quoted)


def _header_row(above: list[list[str]], width: int) -> int:
    """The first of the fullest rows above the data that holds neither units nor a comment; -1 where there is none."""
    best, most = -1, 0
    for number, row in enumerate(above):
        full = [cell for cell in row if cell.strip()]
        enough = len(full) >= (max(2, 0.6 * width) if width > 1 else 1)
        if (
            enough
            and len(full) > most
            and len(row) <= width + 1
            and not row[0].startswith("#")
            and not all(looks_like_unit(cell) for cell in full)
        ):
            best, most = number, len(full)
    return best


def _with_group(names: list[str], group: list[str]) -> list[str]:
    """Names of a header that says Value, Quality again and again, with the row above that names the tags."""
    if sum(word(name) in VALUE for name in names) < 2 or not any(cell.strip() for cell in group):
        return names
    out, owner = [], ""
    for number, name in enumerate(names):
        owner = group[number].strip() if number < len(group) and group[number].strip() else owner
        kind = word(name)
        out.append(owner if owner and kind in VALUE else f"{owner}.{name}" if owner and kind in QUALITY else name)
    return out


def _bare_unit(cell: str) -> str:
    text = cell.strip()
    return text[1:-1].strip() if len(text) > 2 and text[0] in "[(" and text[-1] in "])" else ("" if text in ("-", "–") else text)


def _text_only_start(rows: list[list[str]], width: int, at: At) -> int:
    """Where a table without numbers or times begins: below its first full row."""
    full = [number for number, row in enumerate(rows) if sum(bool(cell.strip()) for cell in row) >= max(1, 0.6 * width)]
    if len(full) < 2:
        # All rows are headers, or the only row of data holds nothing but empty cells.
        raise ReadingError("only a header, no row of data", at=at, do="export a period that holds data, or leave the file out")
    return full[0] + 1


def _ignition(rows: list[list[str]], separator: str, quoted: bool) -> Dialect | None:
    """Ignition's data set export: #NAMES, #TYPES and #ROWS lines, each with its row below or beside."""
    marks = {row[0].strip().upper(): number for number, row in enumerate(rows[:10]) if row and row[0].startswith("#")}
    if "#NAMES" not in marks or "#ROWS" not in marks:
        return None
    header = marks["#NAMES"] + 1
    names = tuple(cell.strip() for cell in rows[header])
    return Dialect(separator, names, tuple(unit_in_name(name) for name in names), header + 1, 0, marks["#ROWS"] + 2, quoted)
