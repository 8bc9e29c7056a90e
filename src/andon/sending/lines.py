"""JSON Lines in a folder: one file for each asset and day."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from pathlib import Path
from urllib.parse import quote

from andon.plant.time import format_instant
from andon.sending.message import Message, Route, Sent

LONGEST = 150  # bytes of a name


def file_name(text: str) -> str:
    """A name as one part of a path, whatever it holds: neither "..", nor a slash, nor a hidden file, nor one that is too long."""
    name = "".join(letter if letter.isalnum() or letter in " +,=@()-_." else quote(letter, safe="") for letter in text)
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    if len(name.encode()) > LONGEST:
        name = f"{name.encode()[: LONGEST - 17].decode(errors='ignore')}-{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:16]}"
    return name or "-"


class Lines:
    """Appends each message as one line: scores and quality as their data alone, all else whole.

    Parameters
    ----------
    folder : made where it is absent
    """

    def __init__(self, name: str, route: Route, folder: str, *, language: str = "en") -> None:
        self.name, self.route = name, route
        self._folder, self._language = Path(folder), language

    def path(self, message: Message) -> Path:
        """Where a message goes: what/asset/day.jsonl."""
        return self._folder / file_name(message.what) / file_name(message.asset or "plant") / f"{format_instant(message.time)[:10]}.jsonl"

    async def send(self, message: Message) -> Sent:
        """See `Outlet.send`."""
        whole = message.what not in ("scores", "quality")
        line = message.to_json(self._language) if whole else json.dumps(dict(message.data), ensure_ascii=False).encode()
        try:
            await asyncio.get_running_loop().run_in_executor(None, _append, self.path(message), line + b"\n")
        except OSError as error:
            return Sent(False, True, f"cannot write: {error.strerror or type(error).__name__}")
        return Sent(True)

    async def close(self) -> None:
        """See `Outlet.close`."""


def _append(path: Path, line: bytes) -> None:
    """One line, whole: a line that a full disk cut off is taken away again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        try:
            written = os.write(descriptor, line)
            if written != len(line):
                raise OSError(28, "No space left on device")
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
