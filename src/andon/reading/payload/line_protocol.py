"""Influx line protocol: `measurement,tag=text field=1.5,other=2i 1700000000000000000`, one point a line."""

from __future__ import annotations

import re
from collections.abc import Mapping as Mapped
from typing import Any

import numpy as np

from andon.reading.mapping import Mapping
from andon.reading.payload.fault import Fault, Parsed, Unreadable
from andon.reading.payload.instant import LARGEST, UNIT_NS, unit_ns
from andon.reading.payload.naming import Names
from andon.reading.payload.pivot import from_readings
from andon.reading.payload.value import read_values

_NAME = r"(?:[^\\,= \n]|\\.|\\)+"
_MEASUREMENT = re.compile(r"(?:[^\\, \n]|\\.|\\)+")
_PAIR = re.compile(rf",({_NAME})=({_NAME})")
_FIELD = re.compile(rf'({_NAME})=("(?:[^"\\]|\\.)*"|[^", \n]+)(,|(?=[ \n]|$))')
_ESCAPED = re.compile(r"\\([,= \\\"])")
_INTEGER = re.compile(r"[+-]?\d{1,20}[iu]")
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_TRUE, _FALSE = frozenset(("t", "T", "true", "True", "TRUE")), frozenset(("f", "F", "false", "False", "FALSE"))


def read_line(line: str) -> tuple[str, dict[str, str], list[tuple[str, Any]], int | None]:
    """Measurement, tags, fields and the time of one line.

    Raises
    ------
    Unreadable : it is no line protocol; the detail says what and at which letter

    References
    ----------
    InfluxData, "Line protocol reference": escapes of comma, equals sign and space; integers end in `i`, unsigned in `u`.
    """
    found = _MEASUREMENT.match(line)
    if found is None:
        raise Unreadable("not-line-protocol", "no measurement")
    measurement, at = _plain(found[0]), found.end()
    tags: dict[str, str] = {}
    while at < len(line) and line[at] == ",":
        pair = _PAIR.match(line, at)
        if pair is None:
            raise Unreadable("not-line-protocol", f"letter {at + 1}: a tag is written name=text")
        tags[_plain(pair[1])] = _plain(pair[2])
        at = pair.end()
    if at >= len(line) or line[at] != " ":
        raise Unreadable("not-line-protocol", f"letter {at + 1}: fields are missing")
    at += len(line[at:]) - len(line[at:].lstrip(" "))
    fields: list[tuple[str, Any]] = []
    while True:
        field = _FIELD.match(line, at)
        if field is None:
            raise Unreadable("not-line-protocol", f"letter {at + 1}: a field is written name=value")
        fields.append((_plain(field[1]), _value(field[2], at + 1)))
        at = field.end()
        if field[3] != ",":
            break
    rest = line[at:].strip(" ")
    if not rest:
        return measurement, tags, fields, None
    if not re.fullmatch(r"-?\d{1,19}", rest):
        raise Unreadable("not-line-protocol", f"letter {at + 1}: {rest[:40]!r} is no time")
    return measurement, tags, fields, int(rest)


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _value(text: str, at: int) -> Any:
    if text[0] == '"':
        return _plain(text[1:-1])
    if _INTEGER.fullmatch(text):
        return int(text[:-1])
    if _FLOAT.fullmatch(text):
        return float(text)
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise Unreadable("not-line-protocol", f"letter {at}: {text[:40]!r} is no value")


class LineProtocolReader:
    """Reads line protocol. The asset's template knows the line's tags and `measurement`; the tag's also `field` (as `tag`)."""

    def __init__(self, mapping: Mapping, source: str) -> None:
        self._mapping, self._source = mapping, source
        self._names = Names(mapping)

    def parse(self, payload: bytes | memoryview, captured: Mapped[str, str], received: int) -> Parsed:
        """Read one payload: a bad line is a fault, the others are read.

        Raises
        ------
        Unreadable : it is not UTF-8, or has too many values
        """
        try:
            text = bytes(payload).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Unreadable("not-utf8", f"byte {error.start} is not UTF-8") from error
        mapping = self._mapping
        faults: dict[str, Fault] = {}
        assets: list[str] = []
        tags: list[str] = []
        times: list[int] = []
        raws: list[Any] = []
        unit = "ns" if mapping.time_unit == "auto" else mapping.time_unit
        for number, line in enumerate(text.split("\n"), start=1):
            line = line.strip("\r ")
            if not line or line.startswith("#"):
                continue
            try:
                measurement, pairs, fields, stamp = read_line(line)
                time = self._time(stamp, unit, received)
                known = {**pairs, "measurement": measurement, **captured}
                asset = self._names.asset(known)
                if asset is None:
                    missing = ", ".join(name for name in mapping.asset_template.names if not known.get(name))
                    raise Unreadable("no-asset", f"no tag {missing}")
            except Unreadable as error:
                first = faults.get(error.fault.reason)
                detail = f"line {number}: {error.fault.detail}" if first is None else first.detail
                faults[error.fault.reason] = Fault(error.fault.reason, detail, 1 if first is None else first.count + 1)
                continue
            for field, raw in fields:
                tag = "" if field in mapping.ignore else self._names.tag(field, {**known, "field": field})
                if tag:
                    assets.append(asset)
                    tags.append(tag)
                    times.append(time)
                    raws.append(raw)
            if len(raws) > mapping.most_values:
                raise Unreadable("too-many-values", f"more than {mapping.most_values} values")
        if not raws:
            if not faults:
                raise Unreadable("empty", "no point")
            return Parsed(None, tuple(faults.values()))
        values, status, wrong = read_values(raws)
        if wrong:
            faults["wrong-value"] = Fault("wrong-value", f"{tags[wrong[0]]}: {str(raws[wrong[0]])[:60]!r} is no number", len(wrong))
        batch = from_readings(
            self._source, received, assets, tags, np.array(times, dtype=np.int64), values, status, most_values=mapping.most_values
        )
        return Parsed(batch, tuple(faults.values()))

    def _time(self, stamp: int | None, unit: str, received: int) -> int:
        if self._mapping.times == "arrival" or stamp is None:
            if self._mapping.times != "arrival":
                raise Unreadable("no-time", 'no time at the end of the line; say times = "arrival" to take the time of arrival')
            return received
        ns = stamp * (UNIT_NS[unit] if unit in UNIT_NS else unit_ns(stamp, unit))
        if not -LARGEST <= ns <= LARGEST:
            raise Unreadable("no-time", f"{stamp} {unit} is beyond the year 2262")
        return ns
