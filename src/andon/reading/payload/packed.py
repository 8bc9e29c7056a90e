"""The packed payload: float32 values of assets × tags × times behind a small header, read without copying.

Little-endian, every part at a multiple of 8 bytes:

| bytes | what |
|---|---|
| 4 | the letters `ANP1` |
| 1 | flags: 1 status bytes follow the values; 2 the source says that this is a back-fill |
| 3 | zero |
| 8 | sequence number, unsigned; 0: none |
| 4, 4, 4, 4 | A assets, C tags, T times, N bytes of names, unsigned |
| N, padded to 8 with zeros | A asset names, then C tag ids, UTF-8, each ended by a zero byte |
| 8 T | times, int64 ns UTC |
| 4 T A C, padded to 8 | values, float32, in the order time, asset, tag; NaN: missing |
| T A C | status bytes, members of `Status`; only with flag 1 |
"""

from __future__ import annotations

import struct
from collections.abc import Mapping as Mapped
from collections.abc import Sequence

import numpy as np

from andon.plant.arrays import Float32Array, IntArray, StatusArray, TimeArray
from andon.plant.batch import Batch
from andon.plant.status import Status
from andon.reading.mapping import Mapping
from andon.reading.payload.fault import Fault, Parsed, Unreadable
from andon.reading.payload.naming import Names

MAGIC = b"ANP1"
HEADER = struct.Struct("<4sB3xQ4I")
HAS_STATUS, HISTORY = 1, 2
MOST_REMEMBERED = 256


def _padded(size: int) -> int:
    return (size + 7) // 8 * 8


def pack(
    assets: Sequence[str], tags: Sequence[str], time: TimeArray, values: Float32Array, status: StatusArray | None = None,
    *, sequence: int = 0, history: bool = False,
) -> bytes:  # fmt: skip
    """The packed payload of a table.

    Parameters
    ----------
    assets : A names, not empty, without zero characters; so are `tags`
    time : (T,) int64 ns UTC
    values : (T, A, C) float32
    status : (T, A, C) uint8, or None where NaN says all
    sequence : number of the message, 0: none

    Raises
    ------
    ValueError : a name is empty or has a zero character, or the shapes do not fit
    """
    if any(not name or "\0" in name for name in (*assets, *tags)):
        raise ValueError("names are not empty and have no zero character")
    shape = (len(time), len(assets), len(tags))
    if values.shape != shape or (status is not None and status.shape != shape):
        raise ValueError(f"values and status must have the shape {shape}")
    names = "".join(f"{name}\0" for name in (*assets, *tags)).encode()
    flags = (HAS_STATUS if status is not None else 0) | (HISTORY if history else 0)
    parts = [HEADER.pack(MAGIC, flags, sequence, *shape[1:], shape[0], len(names)), names, bytes(_padded(len(names)) - len(names))]
    parts.append(np.ascontiguousarray(time, dtype="<i8").tobytes())
    parts.append(np.ascontiguousarray(values, dtype="<f4").tobytes())
    if status is not None:
        parts += [bytes(_padded(values.size * 4) - values.size * 4), np.ascontiguousarray(status, dtype=np.uint8).tobytes()]
    return b"".join(parts)


class PackedReader:
    """Reads packed payloads; the names of a header that came before are remembered, so that only the numbers are read."""

    def __init__(self, mapping: Mapping, source: str) -> None:
        self._mapping, self._source = mapping, source
        self._names = Names(mapping)
        self._known: dict[tuple[bytes, int, tuple[tuple[str, str], ...]], tuple[tuple[str, ...], tuple[str, ...], list[int]]] = {}
        self._codes: dict[tuple[int, int], IntArray] = {}

    def parse(self, payload: bytes | memoryview, captured: Mapped[str, str], received: int) -> Parsed:
        """Read one payload; the batch's values are a view of it where nothing is left out.

        Raises
        ------
        Unreadable : it is not of this format, or shorter or longer than its header says
        """
        view = memoryview(payload).cast("B")
        if len(view) < HEADER.size:
            raise Unreadable("not-packed" if len(view) else "empty", f"{len(view)} bytes are less than the header of {HEADER.size}")
        magic, flags, sequence, count, width, length, name_bytes = HEADER.unpack_from(view)
        if magic != MAGIC or flags & ~(HAS_STATUS | HISTORY) or bytes(view[5:8]) != b"\0\0\0":
            raise Unreadable("not-packed", f"it begins with {bytes(view[:8])!r}, not with {MAGIC!r} and known flags")
        cells = length * count * width
        start = HEADER.size + _padded(name_bytes)
        at_values = start + 8 * length
        end = at_values + 4 * cells
        at_status = at_values + _padded(4 * cells)
        if flags & HAS_STATUS:
            end = at_status + cells
        if end != len(view):
            raise Unreadable("not-packed", f"the header says {end} bytes, the payload has {len(view)}")
        if cells > self._mapping.most_values:
            raise Unreadable("too-many-values", f"{cells} values, at most {self._mapping.most_values}")
        number = sequence or None
        if not cells:
            return Parsed(None, (), number)
        assets, tags, columns = self._read_names(bytes(view[HEADER.size : HEADER.size + name_bytes]), count, width, captured)
        time = np.frombuffer(view, dtype="<i8", count=length, offset=start)
        values = np.frombuffer(view, dtype="<f4", count=cells, offset=at_values).reshape(length * count, width)
        faults: list[Fault] = []
        if flags & HAS_STATUS:
            status = np.frombuffer(view, dtype=np.uint8, count=cells, offset=at_status).reshape(length * count, width)
            if int(status.max()) > max(Status):
                wrong = status > max(Status)
                faults.append(Fault("wrong-value", f"{int(status[wrong][0])} is no status", int(wrong.sum())))
                status = np.where(wrong, np.uint8(Status.UNCERTAIN), status)
            status, values = _agreeing(status, values)
        else:
            status = np.zeros(values.shape, dtype=np.uint8)
            if not np.isfinite(np.add.reduce(values, axis=None)):  # a sum may also overflow: then the look costs a little
                odd = ~np.isfinite(values)
                status[odd] = np.where(np.isnan(values[odd]), np.uint8(Status.MISSING), np.uint8(Status.BAD))
                values = np.where(odd, np.float32(np.nan), values)
        if len(columns) != width:
            values, status = values[:, columns], status[:, columns]
        if not tags:
            return Parsed(None, (*faults, Fault("no-tag", "no tag is left")), number)
        code = self._codes.get((count, length))
        if code is None:
            if len(self._codes) >= MOST_REMEMBERED:
                self._codes.clear()
            code = self._codes[count, length] = np.tile(np.arange(count, dtype=np.int32), length)
        batch = Batch(
            self._source, received, assets, tags, code, np.repeat(time, count), values, status, str(sequence or ""), bool(flags & HISTORY)
        )
        return Parsed(batch, tuple(faults), number)

    def _read_names(
        self, block: bytes, count: int, width: int, captured: Mapped[str, str]
    ) -> tuple[tuple[str, ...], tuple[str, ...], list[int]]:
        key = (block, count, tuple(captured.items()))
        found = self._known.get(key)
        if found is not None:
            return found
        if block.count(b"\0") != count + width or not block.endswith(b"\0"):
            raise Unreadable("not-packed", f"{block.count(0)} names, the header says {count} assets and {width} tags")
        try:
            names = block[:-1].decode("utf-8").split("\0")
        except UnicodeDecodeError as error:
            raise Unreadable("not-utf8", f"a name is not UTF-8: {error.reason}") from error
        assets = tuple(self._names.asset({"asset": name, **captured}) or "" for name in names[:count])
        if not all(assets):
            raise Unreadable("no-asset", f"asset {assets.index('') + 1} has no name")
        tags = self._names.tags(names[count:], captured)
        columns = [index for index, tag in enumerate(tags) if tag]
        used = tuple(tags[index] for index in columns)
        if len(set(used)) != len(used) or len(set(assets)) != len(assets):
            raise Unreadable("wrong-shape", "a name stands twice")
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = (assets, used, columns)
        return assets, used, columns


def _agreeing(status: StatusArray, values: Float32Array) -> tuple[StatusArray, Float32Array]:
    """A value that is not finite is MISSING or BAD, and what is MISSING has no value; copies only where they disagree."""
    missing = status == Status.MISSING
    odd = ~np.isfinite(values)
    if odd.any():
        hidden = odd & (status != Status.BAD) & ~missing
        if hidden.any():
            status = np.where(hidden, np.where(np.isnan(values), np.uint8(Status.MISSING), np.uint8(Status.BAD)), status)
        if np.isinf(values).any():
            values = np.where(odd, np.float32(np.nan), values)
    if (missing & ~odd).any():
        values = np.where(missing, np.float32(np.nan), values)
    return status, values
