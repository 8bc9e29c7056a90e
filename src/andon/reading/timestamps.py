"""Written times: what format a column has, and its nanoseconds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from andon.plant.arrays import BoolArray, TimeArray
from andon.plant.errors import At, ReadingError
from andon.plant.time import DAY_NS
from andon.reading.questions import Question

if TYPE_CHECKING:
    import polars as pl

NO_TIME = np.iinfo(np.int64).min

_MONTHS = {
    "Jan": ("january", "januar", "janvier", "enero", "ene", "gennaio", "gen", "janeiro", "januari", "jän"),
    "Feb": ("february", "februar", "février", "févr", "fév", "febrero", "febbraio", "fevereiro", "fev", "februari"),
    "Mar": ("march", "märz", "mär", "mrz", "mars", "marzo", "março", "maart", "mrt"),
    "Apr": ("april", "avril", "avr", "abril", "abr", "aprile"),
    "May": ("mai", "mayo", "maggio", "mag", "maio", "mei"),
    "Jun": ("june", "juni", "juin", "junio", "giugno", "giu", "junho"),
    "Jul": ("july", "juli", "juillet", "juil", "julio", "luglio", "lug", "julho"),
    "Aug": ("august", "août", "aout", "agosto", "ago", "augustus"),
    "Sep": ("september", "septembre", "sept", "septiembre", "settembre", "set", "setembro"),
    "Oct": ("october", "oktober", "okt", "octobre", "octubre", "ottobre", "ott", "outubro", "out"),
    "Nov": ("november", "novembre", "noviembre", "novembro"),
    "Dec": ("december", "dezember", "dez", "décembre", "déc", "diciembre", "dic", "dicembre", "dezembro"),
}
_MONTH = {alias: name for name, others in _MONTHS.items() for alias in (name.lower(), *others)}

_YMD = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_THREE = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_NAMED = re.compile(r"(\d{1,2})([-/ .]+)([^\W\d_]{3,9})\.?([-/ .,]+)(\d{4}|\d{2})(?!\d)")
_US_NAMED = re.compile(r"([^\W\d_]{3,9})\.? (\d{1,2}),? (\d{4})")
_COMPACT = re.compile(r"(\d{8})(?=$|[T _]|\d{4,6}$)")
_CLOCK = re.compile(
    r"(?P<gap>[T ,_]*)(?P<hm>\d{1,2}:\d{2})(?P<s>:\d{2})?(?P<f>[.,]\d{1,9})?(?P<pm> ?[AaPp]\.?[Mm]\.?)?"
    r"(?P<z> ?(?:[+-]\d{2}:?\d{2}|[+-]\d{2}|[A-Za-z]{1,5}))?$"
)
_COMPACT_CLOCK = re.compile(r"(?P<gap>[T _]?)(?P<hm>\d{4})(?P<s>\d{2})?(?P<z>Z|[+-]\d{2}:?\d{2})?$")
_THREE_TEXT = r"^\s*(\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?:\D|$)"
_HOURS = re.compile(r"20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])")  # yyyymmddHH
_UTC_MARKS = ("Z", " UTC", " GMT", "UTC", "GMT", "z")
_MIDNIGHT = r"([T ])24:00"
_PLAIN = re.compile(r"\s*[+-]?(?:\d{1,7}|\d*\.\d*|\d+,\d+)(?:[eE][+-]?\d+)?\s*$")
_ONLY_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?$")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """How a column writes time.

    Attributes
    ----------
    kind : "text", "epoch-s", "epoch-ms", "epoch-us", "epoch-ns", "excel" or "typed"
    order : "", "DMY", "MDY" or "YMD" for dates of three short numbers
    zoned : whether each time names its offset
    text : as people write it, for example "dd.mm.yyyy HH:MM:SS"
    sample : one value
    """

    kind: str
    order: str = ""
    zoned: bool = False
    text: str = ""
    sample: str = ""


def tidy(text: str) -> str:
    """One time text in a form that the patterns know: Chinese marks and month names replaced."""
    out = text.strip().strip("\"'").strip()
    if "年" in out:
        out = re.sub(r"\s*[年月]\s*", "-", out, count=2)
        out = re.sub(r"\s*日\s*", " ", out)
        out = re.sub(r"\s*[时分]\s*", ":", out).replace("秒", "").strip().rstrip(":")
        out = re.sub(r":(\d)(?=:|$|\s)", r":0\1", out)
        for word, mark in (("上午", "AM"), ("下午", "PM")):
            if word in out:
                out = re.sub(r"\s+", " ", out.replace(word, "").strip() + " " + mark)
    if re.match(r"\d{4}[-/.]", out) and re.search("上午|下午", out):
        mark = "AM" if "上午" in out else "PM"
        out = re.sub(r"\s+", " ", re.sub(r"\s*(上午|下午)\s*", " ", out)) + " " + mark
    named = re.search(r"[^\W\d_]{3,9}", out)
    if named and named[0].lower() in _MONTH:
        out = out[: named.start()] + _MONTH[named[0].lower()] + out[named.end() :].removeprefix(".")
    out = re.sub(r"(?<=\d)\s*(?:Z|z|UTC|GMT)$", "+00:00", out)
    out = re.sub(r"(:\d{2}(?:[.,]\d+)?)\s*([+-]\d{2})$", r"\1\2:00", out)
    out = re.sub(r"([AaPp])\.[Mm]\.", r"\1M", out)
    if _HOURS.fullmatch(out):
        out += "00"
    return re.sub(r"(:\d{2}),(\d)", r"\1.\2", out)


def _date_pattern(text: str, order: str) -> tuple[str, str, int] | None:
    """chrono pattern and the words for people, and where the date ends."""
    if found := _YMD.match(text):
        mark = found[2]
        return f"%Y{mark}%m{mark}%d", f"yyyy{mark}mm{mark}dd", found.end()
    if found := _THREE.match(text):
        mark, year = found[2], "Y" if len(found[4]) == 4 else "y"
        names = {"D": "%d", "M": "%m", "Y": f"%{year}"}
        words = {"D": "dd", "M": "mm", "Y": "yyyy" if year == "Y" else "yy"}
        return mark.join(names[letter] for letter in order or "DMY"), mark.join(words[letter] for letter in order or "DMY"), found.end()
    if (found := _NAMED.match(text)) and found[3] in _MONTHS:
        year = "Y" if len(found[5]) == 4 else "y"
        return f"%d{found[2]}%b{found[4]}%{year}", f"dd{found[2]}Mon{found[4]}{'yyyy' if year == 'Y' else 'yy'}", found.end()
    if (found := _US_NAMED.match(text)) and found[1] in _MONTHS:
        comma = "," if "," in found[0] else ""
        return f"%b %d{comma} %Y", f"Mon dd{comma} yyyy", found.end()
    if found := _COMPACT.match(text):
        return "%Y%m%d", "yyyymmdd", found.end()
    return None


def pattern_of(text: str, order: str = "") -> tuple[str, str, bool] | None:
    """chrono pattern, words for people, and whether it names an offset, of one time text; None where it is no time."""
    text = tidy(text)
    dated = _date_pattern(text, order)
    if dated is None:
        return None
    pattern, words, end = dated
    rest = text[end:]
    if not rest.strip():
        return pattern, words, False
    if pattern == "%Y%m%d" and (short := _COMPACT_CLOCK.match(rest)):
        second = bool(short["s"])
        zone = "%z" if short["z"] else ""
        return (
            f"{pattern}{short['gap']}%H%M{'%S' if second else ''}{zone}",
            f"{words}{short['gap']}HHMM{'SS' if second else ''}",
            bool(zone),
        )
    clock = _CLOCK.match(rest)
    if clock is None or (clock["z"] and clock["z"].strip().isalpha()):
        return None
    hour = "%I" if clock["pm"] else "%H"
    pattern += f"{clock['gap']}{hour}:%M" + (":%S%.f" if clock["s"] else "")
    words += f"{clock['gap']}HH:MM" + (":SS" if clock["s"] else "")
    if clock["pm"]:
        gap = " " if clock["pm"].startswith(" ") else ""
        pattern, words = f"{pattern}{gap}%p", f"{words}{gap}AM/PM"
    if clock["z"]:
        gap = " " if clock["z"].startswith(" ") else ""
        pattern, words = f"{pattern}{gap}%z", f"{words}{gap}+hh:mm"
    return pattern, words, bool(clock["z"])


def zone_word(text: str) -> str:
    """The abbreviation of a zone at the end of a time text ("CEST"), empty where there is none."""
    found = re.search(r":\d{2}(?:[.,]\d+)?(?: ?[AaPp][Mm])? ([A-Z]{2,5})$", text.strip())
    return found[1] if found and found[1] not in ("AM", "PM", "UTC", "GMT") else ""


def looks_like_time(text: str) -> bool:
    """True for a text that names a day (and perhaps a time of day)."""
    if len(text) < 6 or len(text) > 60 or _PLAIN.match(text):
        return False
    return pattern_of(re.sub(r" [A-Z]{2,5}$", "", text.strip()) if zone_word(text) else text) is not None


def is_date_and_hour(text: str) -> bool:
    """True for yyyymmddHH."""
    return bool(_HOURS.fullmatch(text))


def looks_like_clock(text: str) -> bool:
    """True for a time of day without a date."""
    return bool(_ONLY_CLOCK.match(text.strip()))


def three_numbers(text: str) -> bool:
    """True where the date is three short numbers, so that their order must be found."""
    return bool(_THREE.match(tidy(text)))


def date_texts(column: pl.Series) -> list[str]:
    """The dates of three short numbers in a column, each once, in order of appearance."""
    return [text for text in column.str.extract(_THREE_TEXT).unique(maintain_order=True).to_list() if text]


_ORDERS = {"DMY": (2, 1, 0), "MDY": (2, 0, 1), "YMD": (0, 1, 2)}


def _as_date(text: str, order: str) -> date | None:
    first, second, third = (int(part) for part in re.split(r"[-/.]", text))
    parts = (first, second, third)
    year, month, day = (parts[index] for index in _ORDERS[order])
    if order == "YMD" and len(re.split(r"[-/.]", text)[2]) == 4:
        return None
    try:
        return date(year if year > 99 else year + (1900 if year >= 70 else 2000), month, day)
    except ValueError:
        return None


def date_order(dates: Iterable[str], rows: int, dayfirst: bool | None, at: At) -> tuple[str, str]:
    """Order of dates of three short numbers, found from all of them.

    Parameters
    ----------
    dates : distinct date texts in order of appearance
    rows : how many times the column holds
    dayfirst : the user's answer, None where not given
    at : for the error

    Returns
    -------
    order : "DMY", "MDY" or "YMD"
    how : "given", "range" (a number above 12 decides) or "steps" (only one order makes the dates follow each other)

    Raises
    ------
    Question : both orders fit
    ReadingError : no order fits all dates
    """
    dates = list(dates)
    fits = [order for order in _ORDERS if all(_as_date(text, order) for text in dates)]
    if dayfirst is not None:
        for wanted in ("DMY",) if dayfirst else ("MDY", "YMD"):
            if wanted in fits:
                return wanted, "given"
    if not fits or dayfirst is not None:
        worst = next((text for text in dates if dayfirst is not None and not _as_date(text, "DMY" if dayfirst else "MDY")), dates[0])
        raise ReadingError(
            f"dates are written in more than one order, for example {dates[0]!r} and {dates[-1]!r}"
            if dayfirst is None
            else f"{worst!r} is no date with the {'day' if dayfirst else 'month'} first",
            at=at,
            do="export the dates in one order, best as yyyy-mm-dd" if dayfirst is None else "leave dayfirst out, or turn it round",
        )
    if len(fits) == 1:
        return fits[0], "range"
    if len(dates) >= 2 and rows >= 4 * len(dates):
        share = {}
        for order in fits:
            days = [found.toordinal() for text in dates if (found := _as_date(text, order))]
            steps = [abs(after - before) for before, after in pairwise(days)]
            share[order] = sum(step == 1 for step in steps) / len(steps)
        best = max(share, key=lambda order: share[order])
        if share[best] >= 0.5 and all(value == 0 for order, value in share.items() if order != best):
            return best, "steps"
    first, second = _as_date(dates[0], fits[0]), _as_date(dates[0], fits[1])
    raise Question(
        f"is {dates[0]!r} {first} or {second}? Every date of the column can be read both ways",
        option="dayfirst",
        at=at,
        do="pass dayfirst=True (--dayfirst) or dayfirst=False (--monthfirst)",
        evidence=tuple(dates),
        rows=rows,
    )


def parse_texts(column: pl.Series, order: str = "") -> tuple[TimeArray, BoolArray]:
    """Nanoseconds of a column of time texts.

    Parameters
    ----------
    column : (N,) String
    order : for dates of three short numbers

    Returns
    -------
    time : (N,) int64 ns, in UTC where the text names an offset, else as the clock on the wall; `NO_TIME` where unreadable
    zoned : (N,) bool, whether the text names an offset
    """
    import polars as pl

    midnight = column.str.contains(_MIDNIGHT).fill_null(False)
    if midnight.any():
        out, zoned = parse_texts(column.str.replace(_MIDNIGHT, "${1}00:00"), order)
        late = midnight.to_numpy() & (out != NO_TIME)
        out[late] += DAY_NS
        return out, zoned
    out = np.full(column.len(), NO_TIME, dtype=np.int64)
    zoned = np.zeros(column.len(), dtype=bool)
    rest = np.flatnonzero(column.is_not_null().to_numpy())
    raw = column
    cleaned = False
    for _ in range(12):
        if rest.size == 0:
            break
        part = raw if rest.size == raw.len() else raw.gather(rest)
        example = part.item(0)
        suffix = next((mark for mark in _UTC_MARKS if example.endswith(mark)), "")
        if (
            suffix
            and (bare := pattern_of(example.removesuffix(suffix), order))
            and tidy(example.removesuffix(suffix)) == example.removesuffix(suffix)
        ):
            # By far the most common offset needs no parsing: it is cut off and remembered.
            ends = part.str.ends_with(suffix)
            shortened = part.str.strip_suffix(suffix)
            parsed = shortened.str.to_datetime(bare[0], time_unit="ns", strict=False).set(~ends, None)
            got = parsed.is_not_null().to_numpy()
            if got.any():
                out[rest[got]] = parsed.drop_nulls().cast(pl.Int64).to_numpy()
                zoned[rest[got]] = True
                rest = rest[~got]
                continue
        known = pattern_of(example, order)
        if known is None or (not cleaned and tidy(example) != example):
            if not cleaned:
                raw, cleaned = _tidy_column(raw), True
                if known is not None:
                    continue
            known = pattern_of(raw.item(int(rest[0])) or "", order)
            if known is None:
                # Set aside everything that looks like the unreadable example, and go on with the rest.
                keep = np.flatnonzero(~(raw.gather(rest) == raw.item(int(rest[0]))).fill_null(False).to_numpy())
                rest = rest[keep]
                continue
        pattern, _, has_zone = known
        parsed = part.str.to_datetime(pattern, time_unit="ns", time_zone="UTC" if has_zone else None, strict=False)
        got = parsed.is_not_null().to_numpy()
        if not got.any():
            if not cleaned:
                raw, cleaned = _tidy_column(raw), True
                continue
            rest = rest[1:]
            continue
        out[rest[got]] = parsed.drop_nulls().cast(pl.Int64).to_numpy()
        zoned[rest[got]] = has_zone
        rest = rest[~got]
    left = np.flatnonzero((out == NO_TIME) & column.is_not_null().to_numpy())
    if left.size and cleaned:
        odd = column.gather(left)
        tidied = _tidy_each(odd)
        if not tidied.equals(odd) and not tidied.equals(raw.gather(left)):
            out[left], zoned[left] = parse_texts(tidied, order)
    return out, zoned


def _tidy_column(column: pl.Series) -> pl.Series:
    """`tidy` for a column: by expressions where they do the same to a sample, else once for each distinct text."""
    quick = _tidy_by_expressions(column)
    sample = column.drop_nulls().gather_every(max(1, column.len() // 200))
    if [tidy(text) for text in sample.to_list()] == _tidy_by_expressions(sample).to_list():
        return quick
    return _tidy_each(column)


def _tidy_each(column: pl.Series) -> pl.Series:
    """`tidy` once for each distinct text."""
    import polars as pl

    distinct = column.unique().drop_nulls()
    table = {text: tidy(text) for text in distinct.to_list()}
    return column.replace_strict(list(table), list(table.values()), default=None, return_dtype=pl.String) if table else column


def _tidy_by_expressions(column: pl.Series) -> pl.Series:
    """What `tidy` does to names of months, offsets of whole hours, UTC marks and decimal commas."""
    text = column.str.strip_chars().str.strip_chars("\"'").str.strip_chars()
    names = text.str.extract(r"([^\W\d_]{3,9})", 1).unique().drop_nulls().to_list()
    months = {name: _MONTH[name.lower()] for name in names if name.lower() in _MONTH}
    for name, month in months.items():
        text = text.str.replace(rf"\b{re.escape(name)}\.?", month)
    text = text.str.replace(r"(\d)\s*(?:Z|z|UTC|GMT)$", "${1}+00:00")
    text = text.str.replace(r"(:\d{2}(?:[.,]\d+)?)\s*([+-]\d{2})$", "${1}${2}:00")
    return text.str.replace(r"(:\d{2}),(\d)", "${1}.${2}")
