"""The files of the journal: numbered segments of frames, each with its length and a checksum.

    segment   magic "ANDONJ1\\n", u64 number; then frames
    frame     magic "AJF1", u32 length, u32 checksum, u32 0; then the payload, filled up to a multiple of 8 bytes

The checksum (CRC-32) covers the payload and the place of the frame (segment, offset): an old or misplaced piece of the disk
is no frame. Every frame begins at a multiple of 8 bytes, so that the next whole frame can be found behind a damaged one.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from andon.plant.errors import StoreError

MAGIC = b"ANDONJ1\n"
FRAME_MAGIC = b"AJF1"
HEADER_SIZE = 16
FRAME_SIZE = 16
MOST_BYTES = 256 << 20
"""A payload may not be longer."""

SUFFIX = ".journal"
_HEADER = struct.Struct("<8sQ")
_FRAME = struct.Struct("<4sIII")
_PLACE = struct.Struct("<QQ")
_TEXT = re.compile(r"(\d{1,20}):(\d{1,20})")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the journal: before a frame, or the end. Later places are greater.

    Attributes
    ----------
    segment : its number, 1, 2, 3, ...
    offset : bytes from the start of its file
    """

    segment: int
    offset: int

    def __str__(self) -> str:
        return f"{self.segment}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """The position that `str` wrote.

        Raises
        ------
        StoreError : anything else
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise StoreError(f"{text!r} is not a position in the journal", do="use one that the journal gave")
        return cls(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no frame, between frames that are.

    Attributes
    ----------
    start, end : offsets in the segment
    """

    segment: int
    start: int
    end: int


def segment_path(folder: Path, number: int) -> Path:
    """The file of a segment."""
    return folder / f"{number:020d}{SUFFIX}"


def segment_numbers(folder: Path) -> list[int]:
    """The segments that lie in a folder, in order."""
    return sorted(int(path.stem) for path in folder.glob(f"*{SUFFIX}") if path.stem.isdigit())


def header(number: int) -> bytes:
    """The first bytes of a segment."""
    return _HEADER.pack(MAGIC, number)


def frame(payload: bytes, position: Position) -> bytes:
    """The bytes of one frame at its place. `payload` has a length that is a multiple of 8."""
    return _FRAME.pack(FRAME_MAGIC, len(payload), _checksum(payload, position), 0) + payload


def read_frame(file: BinaryIO, position: Position, size: int) -> bytes | None:
    """The payload of the frame at a position; None where there is no whole one before `size`."""
    file.seek(position.offset)
    start = file.read(FRAME_SIZE)
    if len(start) < FRAME_SIZE:
        return None
    magic, length, checksum, _ = _FRAME.unpack(start)
    if magic != FRAME_MAGIC or length == 0 or length % 8 or length > MOST_BYTES or position.offset + FRAME_SIZE + length > size:
        return None
    payload = file.read(length)
    return payload if len(payload) == length and _checksum(payload, position) == checksum else None


def frames(file: BinaryIO, number: int, start: int, size: int) -> Iterator[tuple[Position, bytes] | Damage]:
    """The frames of a segment from an offset on, and the damage between them. What follows the last whole frame is left out."""
    at = start
    while at < size:
        payload = read_frame(file, Position(number, at), size)
        if payload is None:
            found = _next_frame(file, number, at + 8, size)
            if found is None:
                return
            yield Damage(number, at, found)
            at = found
            continue
        yield Position(number, at), payload
        at += FRAME_SIZE + len(payload)


def _next_frame(file: BinaryIO, number: int, start: int, size: int) -> int | None:
    """Where the next whole frame begins."""
    piece, at = 1 << 20, start
    while at < size:
        file.seek(at)
        data = file.read(piece + len(FRAME_MAGIC) - 1)
        if len(data) < len(FRAME_MAGIC):
            return None
        hit = data.find(FRAME_MAGIC)
        while hit >= 0:
            place = at + hit
            if place % 8 == 0 and read_frame(file, Position(number, place), size) is not None:
                return place
            hit = data.find(FRAME_MAGIC, hit + 1)
        at += piece
    return None


def _checksum(payload: bytes, position: Position) -> int:
    return zlib.crc32(payload, zlib.crc32(_PLACE.pack(position.segment, position.offset)))
