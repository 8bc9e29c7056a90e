"""The protobuf of a Sparkplug B payload, read and written by hand: eight kinds of fields, no generated code.

References
----------
Eclipse Sparkplug specification 3.0, chapter 6.4 "Payloads", field numbers and data types. Protocol Buffers, "Encoding".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from andon.reading.payload.fault import Unreadable

INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING, DATETIME, TEXT = range(1, 15)
_SIGNED = {INT8: 8, INT16: 16, INT32: 32, INT64: 64}
_UNSIGNED = {UINT8: 8, UINT16: 16, UINT32: 32, UINT64: 64}
MOST_METRICS = 200_000
_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")


@dataclass(slots=True)
class Metric:
    """One metric of a payload. `value` is None where it has none that is a number, a truth or a text."""

    name: str = ""
    alias: int | None = None
    timestamp: int | None = None
    datatype: int = 0
    historical: bool = False
    null: bool = False
    value: float | int | bool | str | None = None
    quality: int | None = None


@dataclass(slots=True)
class Payload:
    """One payload."""

    timestamp: int | None = None
    seq: int | None = None
    metrics: list[Metric] = field(default_factory=list)


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """(number, where it ends). More than 64 bits are refused."""
    number = data[at]
    if number < 0x80:
        return number, at + 1
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            raise Unreadable("not-sparkplug", "a number is longer than ten bytes")


def _fields(data: memoryview) -> list[tuple[int, int, int | memoryview]]:
    """(number, wire type, content) of the fields of a message."""
    found: list[tuple[int, int, int | memoryview]] = []
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        kind = tag & 7
        content: int | memoryview
        if kind == 0:
            content, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            content = data[at : at + size]
            at += size
        elif kind == 2:
            size, at = _varint(data, at)
            content = data[at : at + size]
            at += size
        else:
            raise Unreadable("not-sparkplug", f"wire type {kind} at byte {at}")
        if at > end:
            raise Unreadable("not-sparkplug", "a field is cut off")
        found.append((tag >> 3, kind, content))
    return found


def _text(content: int | memoryview) -> str:
    if isinstance(content, int):
        raise Unreadable("not-sparkplug", "a text is a number")
    try:
        return bytes(content).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("not-utf8", f"a text is not UTF-8: {error.reason}") from error


def _number(content: int | memoryview) -> int:
    if not isinstance(content, int):
        raise Unreadable("not-sparkplug", "a number is a text")
    return content


def _floating(content: int | memoryview, size: int) -> float:
    if isinstance(content, int) or len(content) != size:
        raise Unreadable("not-sparkplug", "a number has another length")
    return float(struct.unpack("<f" if size == 4 else "<d", content)[0])


def _quality(data: memoryview) -> int | None:
    """The property "Quality" of a property set; None where there is none."""
    keys: list[str] = []
    values: list[int | None] = []
    for number, kind, content in _fields(data):
        if number == 1 and kind == 2:
            keys.append(_text(content))
        elif number == 2 and not isinstance(content, int):
            value = None
            for inner, _, said in _fields(content):
                if inner in (3, 4):
                    value = _number(said)
            values.append(value)
    return next((value for key, value in zip(keys, values, strict=False) if key.lower() == "quality"), None)


def _metric(data: memoryview) -> Metric:
    """One metric. The numbers of live data, alias and double, are read without a detour: they are most of what comes."""
    metric = Metric()
    at, end = 0, len(data)
    while at < end:
        tag = data[at]
        if tag == 0x69 and at + 9 <= end:  # field 13, eight bytes
            metric.value = _DOUBLE.unpack_from(data, at + 1)[0]
            at += 9
        elif tag == 0x65 and at + 5 <= end:  # field 12, four bytes
            metric.value = _FLOAT.unpack_from(data, at + 1)[0]
            at += 5
        elif tag < 0x80 and tag & 7 == 0:
            number, at = _varint(data, at + 1)
            _set(metric, tag >> 3, number)
        else:
            for field_number, _, content in _fields(data[at:]):
                _set(metric, field_number, content)
            break
    return metric


def _set(metric: Metric, number: int, content: int | memoryview) -> None:
    match number:
        case 1:
            metric.name = _text(content)
        case 2:
            metric.alias = _number(content)
        case 3:
            metric.timestamp = _number(content)
        case 4:
            metric.datatype = _number(content)
        case 5:
            metric.historical = bool(_number(content))
        case 7:
            metric.null = bool(_number(content))
        case 9:
            if isinstance(content, int):
                raise Unreadable("not-sparkplug", "properties are a number")
            metric.quality = _quality(content)
        case 10 | 11:
            metric.value = _number(content)
        case 12:
            metric.value = _floating(content, 4)
        case 13:
            metric.value = _floating(content, 8)
        case 14:
            metric.value = bool(_number(content))
        case 15:
            metric.value = _text(content)


def read_payload(data: bytes | memoryview) -> Payload:
    """Read one payload.

    Raises
    ------
    Unreadable : it is not the protobuf of a Sparkplug payload
    """
    payload = Payload()
    try:
        for number, kind, content in _fields(memoryview(data).cast("B")):
            if number == 1:
                payload.timestamp = _number(content)
            elif number == 2:
                if kind != 2 or isinstance(content, int):
                    raise Unreadable("not-sparkplug", "a metric is a number")
                payload.metrics.append(_metric(content))
                if len(payload.metrics) > MOST_METRICS:
                    raise Unreadable("too-many-values", f"more than {MOST_METRICS} metrics")
            elif number == 3:
                payload.seq = _number(content)
    except IndexError as error:
        raise Unreadable("not-sparkplug", "it is cut off") from error
    return payload


def number_of(value: float | int | bool | str | None, datatype: int) -> float | int | bool | str | None:
    """The value by its type: integers travel unsigned, so negative ones are wrapped."""
    if isinstance(value, int) and not isinstance(value, bool):
        bits = _SIGNED.get(datatype)
        if bits is not None:
            value &= (1 << bits) - 1
            return value - (1 << bits) if value >> (bits - 1) else value
        bits = _UNSIGNED.get(datatype)
        if bits is not None:
            return value & ((1 << bits) - 1)
        if datatype == BOOLEAN:
            return bool(value)
    return value


def _put_varint(number: int) -> bytes:
    out = bytearray()
    number &= 0xFFFFFFFFFFFFFFFF
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _put(number: int, content: int | bytes) -> bytes:
    if isinstance(content, int):
        return _put_varint(number << 3) + _put_varint(content)
    return _put_varint(number << 3 | 2) + _put_varint(len(content)) + content


def write_metric(metric: Metric) -> bytes:
    """The protobuf of a metric."""
    out = b""
    if metric.name:
        out += _put(1, metric.name.encode())
    for number, said in ((2, metric.alias), (3, metric.timestamp), (4, metric.datatype or None)):
        if said is not None:
            out += _put(number, said)
    out += _put(5, 1) if metric.historical else b""
    out += _put(7, 1) if metric.null else b""
    if metric.quality is not None:
        out += _put(9, _put(1, b"Quality") + _put(2, _put(1, INT32) + _put(3, metric.quality)))
    value = metric.value
    if isinstance(value, bool):
        out += _put(14, int(value))
    elif isinstance(value, int):
        wide = metric.datatype in (INT64, UINT32, UINT64, DATETIME)
        out += _put(11 if wide else 10, value & (0xFFFFFFFFFFFFFFFF if wide else 0xFFFFFFFF))
    elif isinstance(value, float):
        single = metric.datatype == FLOAT
        out += _put_varint(12 << 3 | 5 if single else 13 << 3 | 1) + struct.pack("<f" if single else "<d", value)
    elif isinstance(value, str):
        out += _put(15, value.encode())
    return out


def write_payload(payload: Payload) -> bytes:
    """The protobuf of a payload."""
    out = b"" if payload.timestamp is None else _put(1, payload.timestamp)
    out += b"".join(_put(2, write_metric(metric)) for metric in payload.metrics)
    return out if payload.seq is None else out + _put(3, payload.seq)


def rebirth(now: int) -> bytes:
    """The command by which an edge node gives its births again; `now` in ns."""
    metric = Metric("Node Control/Rebirth", timestamp=now // 1_000_000, datatype=BOOLEAN, value=True)
    return write_payload(Payload(now // 1_000_000, None, [metric]))
