"""One writer at a time in a folder, across processes, on every system.

Where the system has advisory locks (`fcntl`, `msvcrt`) the lock dies with its holder. Elsewhere the lock is a file
made with O_EXCL, and one older than `_STALE_S` is taken over.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from andon.plant.errors import At, StoreError

_STALE_S = 60.0
_PAUSE_S = 0.01


@contextmanager
def only_writer(folder: str | os.PathLike[str], wait_s: float = 10.0) -> Iterator[None]:
    """Hold the folder's lock for the length of the block.

    Parameters
    ----------
    folder : made where absent
    wait_s : how long to wait for another writer

    Raises
    ------
    StoreError : another process holds the lock for longer, or the folder cannot be written
    """
    path = Path(folder) / ".lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kind, module = _system_lock()
        if kind:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        else:
            path = path.with_name(".lock.taken")
            descriptor = -1
    except OSError as error:
        raise StoreError(
            f"cannot write: {error.strerror or error}", at=At(file=str(path.parent)), do="choose a folder that may be written"
        ) from error
    end = time.monotonic() + wait_s
    try:
        while not (_take(kind, module, descriptor) if kind else _take_file(path)):
            if time.monotonic() > end:
                raise StoreError("another Andon is writing here", at=At(file=str(path.parent)), do="wait until it is done and try again")
            time.sleep(_PAUSE_S)
        try:
            yield
        finally:
            if kind:
                _release(kind, module, descriptor)
            else:
                path.unlink(missing_ok=True)
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _system_lock() -> tuple[str, Any]:
    for kind in ("fcntl", "msvcrt"):
        try:
            return kind, importlib.import_module(kind)
        except ImportError:
            continue
    return "", None


def _take(kind: str, module: Any, descriptor: int) -> bool:
    try:
        if kind == "fcntl":
            module.flock(descriptor, module.LOCK_EX | module.LOCK_NB)
        else:
            os.lseek(descriptor, 0, os.SEEK_SET)
            module.locking(descriptor, module.LK_NBLCK, 1)
    except OSError:
        return False
    return True


def _release(kind: str, module: Any, descriptor: int) -> None:
    if kind == "fcntl":
        module.flock(descriptor, module.LOCK_UN)
    else:
        os.lseek(descriptor, 0, os.SEEK_SET)
        module.locking(descriptor, module.LK_UNLCK, 1)


def _take_file(path: Path) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    except FileExistsError:
        try:
            stale = time.time() - path.stat().st_mtime > _STALE_S
        except FileNotFoundError:
            return False
        if stale:
            path.unlink(missing_ok=True)
        return False
    return True
