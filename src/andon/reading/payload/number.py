"""A payload that is one number, for sources with one topic per tag."""

from __future__ import annotations

from collections.abc import Mapping as Mapped

import numpy as np

from andon.reading.mapping import Mapping
from andon.reading.payload.fault import Parsed, Unreadable
from andon.reading.payload.naming import Names
from andon.reading.payload.pivot import from_rows
from andon.reading.payload.value import read_values


class NumberReader:
    """Reads one number; asset and tag come from the topic, the time is that of arrival."""

    def __init__(self, mapping: Mapping, source: str) -> None:
        self._names, self._source = Names(mapping), source

    def parse(self, payload: bytes | memoryview, captured: Mapped[str, str], received: int) -> Parsed:
        """Read one payload.

        Raises
        ------
        Unreadable : it is no number and no known word, or the topic does not name asset and tag
        """
        try:
            text = bytes(payload).decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise Unreadable("not-utf8", f"byte {error.start} is not UTF-8") from error
        if not text:
            raise Unreadable("empty", "no number")
        asset, tag = self._names.asset(captured), self._names.tag(captured.get("tag", ""), captured)
        if not asset:
            raise Unreadable("no-asset", "the topic names no asset")
        if not tag:
            raise Unreadable("no-tag", "the topic names no tag")
        values, status, wrong = read_values([text])
        if wrong:
            raise Unreadable("not-number", f"{text[:60]!r} is no number")
        time = np.array([received], dtype=np.int64)
        return Parsed(from_rows(self._source, received, [asset], (tag,), time, values.reshape(1, 1), status.reshape(1, 1)))
