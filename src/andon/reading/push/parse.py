"""A posted body becomes a batch: the format by its content type, within bounds of size."""

from __future__ import annotations

import zlib
from collections.abc import Mapping as Mapped
from dataclasses import replace

from andon.reading.mapping import Mapping
from andon.reading.payload import Fault, Parsed, PayloadReader, Unreadable

CONTENT_TYPES: dict[str, str] = {
    "application/json": "json",
    "text/csv": "csv",
    "text/plain": "influx",  # what Telegraf and the Influx clients send
    "application/x-influx-line-protocol": "influx",
    "application/vnd.apache.arrow.stream": "arrow",
    "application/vnd.apache.arrow.file": "arrow",
    "application/vnd.andon.packed": "packed",
}
ENCODINGS = ("", "identity", "gzip", "deflate")


def unpack(body: bytes, encoding: str, largest: int) -> bytes:
    """The body without its content encoding, never more than `largest` bytes in memory.

    Raises
    ------
    Unreadable : it is larger, damaged, or of an encoding that is not known
    """
    encoding = encoding.strip().lower()
    if encoding not in ENCODINGS:
        raise Unreadable("wrong-shape", f"content encoding {encoding[:40]!r}; use gzip, deflate or none")
    if encoding in ("", "identity"):
        return body
    engine = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip and zlib by their header
    try:
        plain = engine.decompress(body, largest + 1)
    except zlib.error as error:
        raise Unreadable("wrong-shape", f"the {encoding} is damaged") from error
    if len(plain) > largest:
        raise Unreadable("too-large", f"more than {largest} bytes when unpacked")
    if not engine.eof:
        raise Unreadable("wrong-shape", f"the {encoding} is cut off")
    return plain


class BodyReader:
    """Reads posted bodies.

    Parameters
    ----------
    mapping : how; `mapping.payload` holds where the content type says nothing
    source : name of the link
    """

    def __init__(self, mapping: Mapping, source: str) -> None:
        self._mapping, self._source = mapping, source
        self._readers: dict[str, PayloadReader] = {}

    def parse(
        self, body: bytes, received: int, *, content_type: str = "", encoding: str = "", captured: Mapped[str, str] | None = None
    ) -> Parsed:
        """What a body says. Never raises.

        Parameters
        ----------
        content_type : of the request, parameters allowed; one of `CONTENT_TYPES`, or empty
        encoding : content encoding of the request
        captured : names that the address gives, for example asset
        """
        kind = content_type.partition(";")[0].strip().lower()
        if kind and kind not in CONTENT_TYPES and kind != "application/octet-stream":
            return Parsed(None, (Fault("wrong-shape", f"content type {kind[:60]!r}; use one of {', '.join(CONTENT_TYPES)}"),))
        payload = CONTENT_TYPES.get(kind, self._mapping.payload)
        try:
            plain = unpack(body, encoding, self._mapping.largest_bytes)
        except Unreadable as error:
            return Parsed(None, (error.fault,))
        if payload not in self._readers:
            self._readers[payload] = PayloadReader(replace(self._mapping, payload=payload), self._source)
        return self._readers[payload].parse(plain, captured or {}, received)
