"""Checkpoints: named arrays and JSON in one file with its hash; the last two are kept, and a torn one gives way to the one before.

    magic "ANDONC1\\n", SHA-256 of what follows, u64 length of the JSON, JSON, safetensors

The content is the caller's. What belongs to every checkpoint is the position in the journal up to which it holds: after a crash
the journal is read from there. Only what the *oldest* kept checkpoint no longer needs may be released.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.plant.errors import At, StoreError
from andon.store.durable_write import durable_write
from andon.store.journal.frames import Position

SCHEMA_VERSION = 1
SUFFIX = ".checkpoint"
_MAGIC = b"ANDONC1\n"
_LENGTH = struct.Struct("<Q")
_RESTORE = "restore checkpoint and journal from one backup"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a process needs to go on.

    Attributes
    ----------
    number : 1, 2, 3, ...
    at : when it was made, ns UTC
    position : up to where the journal is contained; None where there is no journal
    arrays : name -> array; of a loaded checkpoint they may be written
    data : JSON values
    """

    number: int
    at: int
    position: Position | None
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)


class Checkpoints:
    """A folder of checkpoints, written by one process.

    Parameters
    ----------
    folder : made with the first one
    keep : generations that stay

    Attributes
    ----------
    skipped : (file, why) of those that could not be read; they are put aside as `*.damaged`
    """

    def __init__(self, folder: str | os.PathLike[str], keep: int = 2) -> None:
        self.folder = Path(folder)
        self.skipped: list[tuple[str, str]] = []
        self._keep = max(1, keep)

    def save(self, arrays: Mapping[str, NDArray[Any]], data: Mapping[str, Any], *, position: Position | None, at: int) -> Checkpoint:
        """Write a checkpoint and have it on the disk; then remove those that are one too many.

        Parameters
        ----------
        arrays : name -> array of numbers or truth values, of any shape
        data : JSON values; not-a-number is refused
        position : up to where the journal is contained
        at : ns UTC, now

        Raises
        ------
        StoreError : the disk refuses; then the checkpoints before are untouched
        """
        from safetensors.numpy import save

        number = max(self._numbers(), default=0) + 1
        checkpoint = Checkpoint(number, at, position, arrays, data)
        about = {
            "schema_version": SCHEMA_VERSION,
            "number": number,
            "at": at,
            "position": str(position) if position else None,
            "data": data,
        }
        head = json.dumps(about, allow_nan=False, separators=(",", ":")).encode("ascii")
        body = save({name: np.require(array, requirements="C") for name, array in arrays.items()})
        digest = sha256(_LENGTH.pack(len(head)))
        digest.update(head)
        digest.update(body)
        with durable_write(self._path(number)) as file:
            for part in (_MAGIC, digest.digest(), _LENGTH.pack(len(head)), head, body):
                file.write(part)
        for old in sorted(self._numbers())[: -self._keep]:
            with suppress(OSError):  # one too many does no harm
                self._path(old).unlink()
        return checkpoint

    def latest(self, *, put_aside: bool = True) -> Checkpoint | None:
        """The newest one that is whole; None where none was ever made.

        Parameters
        ----------
        put_aside : rename those that cannot be read; False: change nothing

        Raises
        ------
        StoreError : there are checkpoints, and none can be read
        """
        numbers = sorted(self._numbers(), reverse=True)
        for number in numbers:
            path = self._path(number)
            try:
                return _load(path.read_bytes(), number)
            except OSError as error:
                raise StoreError(
                    f"cannot read: {error.strerror or error}", at=At(file=str(path)), do="check the disk and try again"
                ) from error
            except _NotWhole as error:
                self.skipped.append((path.name, str(error)))
                with suppress(OSError):
                    if put_aside:
                        path.rename(path.with_name(path.name + ".damaged"))
        if self.skipped:
            name, why = self.skipped[0]
            raise StoreError(f"no checkpoint can be read, {name}: {why}", at=At(file=str(self.folder)), do=_RESTORE)
        return None

    def needed_from(self) -> Position | None:
        """The position from which the journal must be kept: that of the oldest checkpoint; None where none names one."""
        positions = []
        for path in self.files():
            with suppress(OSError):
                positions.append(position_of(path))
        return min((position for position in positions if position is not None), default=None)

    def files(self) -> list[Path]:
        """The files, oldest first."""
        return [self._path(number) for number in sorted(self._numbers())]

    def _numbers(self) -> list[int]:
        return [int(path.stem) for path in self.folder.glob(f"*{SUFFIX}") if path.stem.isdigit()]

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012d}{SUFFIX}"


class _NotWhole(Exception):
    """Not a checkpoint that can be used, and why."""


def position_of(path: Path) -> Position | None:
    """The position that a checkpoint names, without reading its arrays; None where it names none, or is torn.

    Raises
    ------
    OSError : the file cannot be read
    """
    with open(path, "rb") as file:
        start = file.read(len(_MAGIC) + 32 + _LENGTH.size)
        if len(start) < len(_MAGIC) + 32 + _LENGTH.size or not start.startswith(_MAGIC):
            return None
        (length,) = _LENGTH.unpack(start[-_LENGTH.size :])
        try:
            where = _json(file.read(min(length, 1 << 30)))["position"]
            return None if where is None else Position.parse(where)
        except (_NotWhole, KeyError, TypeError, StoreError):
            return None


def _load(data: bytes, number: int) -> Checkpoint:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    body_at = len(_MAGIC) + 32
    if len(data) < body_at + _LENGTH.size or not data.startswith(_MAGIC):
        raise _NotWhole("not a checkpoint")
    view = memoryview(data)
    if sha256(view[body_at:]).digest() != data[len(_MAGIC) : body_at]:
        raise _NotWhole("cut off or changed")
    (length,) = _LENGTH.unpack_from(data, body_at)
    head_at = body_at + _LENGTH.size
    about = _json(data[head_at : head_at + length])
    try:
        position = Position.parse(about["position"]) if about["position"] is not None else None
        arrays = {name: array.copy() for name, array in load(data[head_at + length :]).items()}
        return Checkpoint(int(about["number"]), int(about["at"]), position, arrays, about["data"])
    except (SafetensorError, KeyError, TypeError, ValueError, StoreError) as error:
        raise _NotWhole(f"of an unknown shape ({error})") from error


def _json(text: bytes) -> dict[str, Any]:
    try:
        about = json.loads(text)
        version = about["schema_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise _NotWhole("its JSON cannot be read") from error
    if version != SCHEMA_VERSION:
        raise _NotWhole(f"schema version {version!r}, this Andon knows {SCHEMA_VERSION}")
    return dict(about)
