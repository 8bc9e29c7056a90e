"""A batch as bytes: a small header, then its arrays as they lie in memory.

    u8 version, u8 flags (1 history, 2 every status GOOD), u16 0, u32 length of names, u32 length of head, u32 rows N, u32 tags C
    names     msgpack [assets, tags]
    head      msgpack [source, received, position]
    asset     int32 [N]       each array begins at a multiple of 8 bytes; all numbers are little-endian
    time      int64 [N]
    values    float32 [N, C]
    status    uint8 [N, C]    absent where every status is GOOD

Names repeat from message to message: they are packed once for each tuple object pair, and unpacked to the same tuples again.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import msgspec
import numpy as np

from andon.plant.batch import Batch
from andon.plant.errors import StoreError

VERSION = 1
_START = struct.Struct("<BBHIIII")
_HISTORY, _ALL_GOOD = 1, 2
_encoder = msgspec.msgpack.Encoder()
_names_decoder = msgspec.msgpack.Decoder(tuple[tuple[str, ...], tuple[str, ...]])
_head_decoder = msgspec.msgpack.Decoder(tuple[str, int, str])


@lru_cache(maxsize=4096)
def _pack_names(assets: tuple[str, ...], tags: tuple[str, ...]) -> bytes:
    return _encoder.encode((assets, tags))


@lru_cache(maxsize=4096)
def _unpack_names(packed: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return _names_decoder.decode(packed)


def pack(batch: Batch) -> bytes:
    """The bytes of a batch.

    Parameters
    ----------
    batch : N rows of C tags

    Returns
    -------
    about 4 N C bytes where every status is GOOD, else 5 N C; a multiple of 8
    """
    rows, width = batch.values.shape
    all_good = not batch.status.any()
    names = _pack_names(batch.assets, batch.tags)
    head = _encoder.encode((batch.source, batch.received, batch.position))
    start = _START.pack(VERSION, (_HISTORY if batch.history else 0) | (_ALL_GOOD if all_good else 0), 0, len(names), len(head), rows, width)
    parts = [start + names + head]
    for array, kind in ((batch.asset, "<i4"), (batch.time, "<i8"), (batch.values, "<f4")):
        parts += (_gap(len(parts[-1])), np.ascontiguousarray(array, dtype=kind).tobytes())
    if not all_good:
        parts += (_gap(len(parts[-1])), np.ascontiguousarray(batch.status, dtype=np.uint8).tobytes())
    parts.append(_gap(len(parts[-1])))
    return b"".join(parts)


def unpack(data: bytes) -> Batch:
    """The batch that `pack` was given; its arrays look into `data` and cannot be written.

    Raises
    ------
    StoreError : the bytes are of a newer Andon, or no batch
    """
    try:
        version, flags, _, names_length, head_length, rows, width = _START.unpack_from(data)
        if version != VERSION:
            raise StoreError(f"a batch of version {version}, this Andon knows {VERSION}", do="update Andon on this machine")
        at = _START.size
        assets, tags = _unpack_names(data[at : at + names_length])
        source, received, position = _head_decoder.decode(data[at + names_length : at + names_length + head_length])
        at = _round_up(at + names_length + head_length)
        asset = np.frombuffer(data, "<i4", rows, at)
        at = _round_up(at + 4 * rows)
        time = np.frombuffer(data, "<i8", rows, at)
        at += 8 * rows
        values = np.frombuffer(data, "<f4", rows * width, at).reshape(rows, width)
        at = _round_up(at + 4 * rows * width)
        if flags & _ALL_GOOD:
            status = np.zeros((rows, width), dtype=np.uint8)
        else:
            status = np.frombuffer(data, np.uint8, rows * width, at).reshape(rows, width)
        return Batch(source, received, assets, tags, asset, time, values, status, position, bool(flags & _HISTORY))
    except (struct.error, ValueError, msgspec.MsgspecError) as error:
        raise StoreError(f"not a batch: {error}", do="restore the journal from a backup") from error


def _round_up(length: int) -> int:
    return (length + 7) & ~7


def _gap(length: int) -> bytes:
    return bytes(-length % 8)
