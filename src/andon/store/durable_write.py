"""Files that are whole, in their place, and on the disk when the block ends: a power cut a moment later changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from andon.plant.atomic_write import atomic_write
from andon.plant.errors import At, StoreError


@contextmanager
def durable_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` for good when the block ends well, and vanishes when it does not.

    Raises
    ------
    StoreError : the folder is absent or read-only, or the disk is full
    """
    with atomic_write(path) as file:
        yield file
    try:
        sync_folder(Path(path).parent)
    except OSError as error:
        raise StoreError(f"cannot write: {error.strerror or error}", at=At(file=str(path)), do="check the disk and try again") from error


def sync_folder(folder: Path) -> None:
    """Make new and removed names of a folder last; a system that cannot open folders does it by itself.

    Raises
    ------
    OSError : the disk refuses
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except (PermissionError, IsADirectoryError):
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
