"""The historians' words for no value, and their quality columns, as `Status`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from andon.plant.arrays import StatusArray
from andon.plant.errors import At
from andon.plant.status import Status, from_opc_classic, from_opc_ua
from andon.reading.questions import Question

if TYPE_CHECKING:
    import polars as pl

# Words that stand in the place of a value. They never name a state of a machine.
WORDS: dict[str, Status] = {
    **dict.fromkeys(
        # empty and "not a number" as languages and spreadsheets write it
        ("", "-", "--", "---", "null", "none", "nil", "nan", "na", "n/a", "#n/a", "#n/a n/a", "#na", "<na>", "(null)", "<null>", "nat",
         "missing", "no value", "novalue", "empty", "?", "*", "无", "空", "缺失", "无数据", "keine daten", "kein wert", "sans valeur",
         "no data", "nodata", "no_data", "#no data", "data not available", "not available", "unavailable", "no sample", "no samples",
         "pt created", "no previous value", "before first value", "point created", "archive off", "archiveoff",
         "arc off-line", "no stored data",
         "not collected", "no lab data", "coll off", "scan off", "snapfix", "\\n", "undefined", "undef"),
        Status.MISSING,
    ),
    **dict.fromkeys(
        # PI system digital states and DataLink errors
        ("bad input", "bad data", "bad value", "bad_value", "badvalue", "bad quality", "bad total", "i/o timeout",
        "io timeout", "i/o time-out",
         "calc failed", "calc timeout", "calc off", "calc overflow", "calc crash", "comm fail", "comm failed",
         "comm failure", "comm error",
         "configure", "intf shut", "intf shutdown", "interface shutdown", "over range", "under range", "overrange",
         "underrange", "out of range",
         "out of service", "not connect", "not connected", "no connection", "set to bad", "scan timeout", "invalid data", "invalid float",
         "digital state error", "dig state", "good-off", "failed", "pt. not found", "tag not found", "invalid tag",
         "no result", "no alarm data",
         "unit down", "sample bad", "trace", "equip fail", "doubtful", "access denied", "point off", "bad_quality",
         "hot point", "error in calc",
         "#value!", "#ref!", "#div/0!", "#num!", "#name?", "#null!", "#error", "#####", "resize to show all values",
         "#wert!", "#bezug!", "#nv",
         "device failure", "sensor failure", "last known value", "last known", "config error", "configuration error", "uncertain value",
         "bad_nodata", "badnodata", "badnotconnected", "badcommunicationerror", "baddevicefailure", "badsensorfailure", "badoutofservice",
         "bad_stale", "stale", "disconnected", "坏值", "通讯故障", "通信故障", "超时", "故障值", "schlecht", "ungültig", "fehler"),
        Status.BAD,
    ),
}  # fmt: skip

# Words that stand for no value among numbers, yet may be a state in a column of words.
SOFT_WORDS: dict[str, Status] = dict.fromkeys(
    ("bad", "shutdown", "error", "err", "fault", "invalid", "off-line", "offline", "timeout", "good", "substituted",
    "questionable", "off scan",
     "unknown", "inactive", "uncertain", "x", "nok", "wrong", "停机", "坏", "错误", "异常"),
    Status.BAD,
)  # fmt: skip
SOFT_WORDS |= dict.fromkeys(("unknown", "inactive", "x"), Status.MISSING)

QUALITY_WORDS: dict[str, Status] = {
    **dict.fromkeys(
        ("good", "ok", "g", "192", "0xc0", "true", "valid", "normal", "raw", "actual", "good_data", "goodquality",
        "good quality", "gut", "好",
         "good-local override", "good, local override", "good local override", "goodlocaloverride", "measured", "正常", "yes", "original"),
        Status.GOOD,
    ),
    **dict.fromkeys(("uncertain", "u", "doubtful", "questionable", "substituted", "suspect", "q", "annotated",
    "fair", "unsicher", "不确定", "estimated",
                     "subnormal", "uncertain_lastusablevalue", "uncertainlastusablevalue", "last usable value"), Status.UNCERTAIN),
    **dict.fromkeys(("interpolated", "i", "interp", "calculated", "held"), Status.INTERPOLATED),
    **dict.fromkeys(("bad", "b", "false", "invalid", "nok", "not ok", "error", "fail", "failed", "schlecht", "坏",
    "异常", "no", "stale", "timeout",
                     "bad_stale", "badnotconnected", "not connected", "disconnected", "comm failure", "i/o timeout",
                     "bad quality"), Status.BAD),
    **dict.fromkeys(("no data", "nodata", "missing", "m", "n/a", "none", "initial", "no_data", "badnodata", "无数据"), Status.MISSING),
}  # fmt: skip

_PI_ERROR = re.compile(r"\[-\d{4,6}\] ")  # "[-11059] No Good Data For Calculation"

_AVEVA = {0: Status.GOOD, 1: Status.BAD, 16: Status.UNCERTAIN, 133: Status.GOOD, 24: Status.BAD, 32: Status.BAD, 64: Status.UNCERTAIN}


def _key(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip().strip("[]()<>").strip() or text.strip()).lower()


def hard_word(text: str) -> Status | None:
    """Status of a word that stands for no value wherever it is; None for any other text."""
    plain = text.strip().lower()
    if plain in WORDS:
        return WORDS[plain]
    if _PI_ERROR.match(plain):
        return Status.MISSING
    return WORDS.get(_key(text))


def soft_word(text: str) -> Status | None:
    """Status of a word that stands for no value in a column of numbers; None for any other text."""
    found = hard_word(text)
    return SOFT_WORDS.get(_key(text)) if found is None else found


def quality_word(text: str) -> Status | None:
    """Status of a word of a quality column; None for an unknown word."""
    key = _key(text)
    if key in QUALITY_WORDS:
        return QUALITY_WORDS[key]
    for start, status in (("good", Status.GOOD), ("uncertain", Status.UNCERTAIN), ("bad", Status.BAD), ("no data", Status.MISSING)):
        if key.startswith(start):
            return status
    return None


def looks_like_quality(texts: list[str]) -> bool:
    """True where every text of a sample is a word or a number of a quality column, and at least one is a word of it."""
    seen = {text.strip() for text in texts if text and text.strip()}
    if not seen or len(seen) > 40:
        return False
    words = [text for text in seen if not re.fullmatch(r"\d+|0x[0-9a-fA-F]+", text)]
    return (
        bool(words) and all(quality_word(text) is not None for text in words) and any(quality_word(text) == Status.GOOD for text in words)
    )


def number_scheme(column: str, numbers: np.ndarray, aveva: bool, at: At) -> str:
    """Which scheme the numbers of a quality column follow: "opc-classic", "opc-ua" or "aveva".

    Raises
    ------
    Question : every number is 0, which is good in OPC UA and AVEVA, and bad in classic OPC
    """
    name = re.sub(r"[^a-z]", "", column.lower())
    seen = {int(number) for number in numbers[np.isfinite(numbers)]}
    if name in ("opcquality", "qualitydetail", "dataintegrity"):
        return "opc-classic"
    if name in ("statuscode", "opcuastatus"):
        return "opc-ua"
    if any(number > 0xFFFF for number in seen):
        return "opc-ua"
    if aveva and seen <= set(_AVEVA) | {192}:
        return "opc-classic" if 192 in seen else "aveva"
    if any(192 <= number <= 255 for number in seen) or (seen and 0 not in seen):
        return "opc-classic"
    if 133 in seen or (1 in seen and seen <= set(_AVEVA)):
        return "aveva"
    if not seen:
        return "opc-classic"
    raise Question(
        f"is the quality 0 of column {column!r} good (OPC UA, AVEVA) or bad (classic OPC)? The file has no other quality",
        option="quality",
        at=at,
        do='pass quality="opc-ua" (--quality opc-ua), quality="opc-classic" or quality="ignore"',
    )


def from_numbers(numbers: np.ndarray, scheme: str) -> StatusArray:
    """Status of quality numbers; a missing number is GOOD, since the value beside it was exported."""
    finite = np.isfinite(numbers)
    code = np.where(finite, numbers, 192.0 if scheme == "opc-classic" else 0.0).astype(np.int64)
    if scheme == "opc-classic":
        return from_opc_classic(code & 0xFF)
    if scheme == "opc-ua":
        return from_opc_ua(code & 0xFFFFFFFF)
    out = np.full(code.shape, Status.BAD, dtype=np.uint8)
    for number, status in _AVEVA.items():
        out[code == number] = status
    return out


def from_words(column: pl.Series) -> tuple[StatusArray, list[str]]:
    """Status of quality words, and the words that nobody knows (read as UNCERTAIN). An empty cell is GOOD."""
    distinct = [text for text in column.unique().to_list() if text is not None]
    unknown = [text for text in distinct if text.strip() and quality_word(text) is None]
    table = {
        text: int(Status.GOOD if not text.strip() else (found if (found := quality_word(text)) is not None else Status.UNCERTAIN))
        for text in distinct
    }
    if not table:
        return np.zeros(column.len(), dtype=np.uint8), []
    import polars as pl

    codes = column.replace_strict(list(table), list(table.values()), default=int(Status.GOOD), return_dtype=pl.UInt8)
    return codes.fill_null(int(Status.GOOD)).to_numpy().copy(), unknown
