"""When what was written is forced onto the disk: after every batch, every so often, or when the system likes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from andon.plant.errors import AskUserError
from andon.plant.time import format_duration, parse_duration


@dataclass(frozen=True, slots=True)
class Fsync:
    """A policy.

    What is on the disk survives a power cut. What is only written survives the death of the process, not of the machine.

    Attributes
    ----------
    every : ns; 0 is after every batch, None is never
    """

    every: int | None = 100_000_000

    @classmethod
    def parse(cls, text: str) -> Fsync:
        """The policy of "batch", "never" or a duration such as "100ms".

        Raises
        ------
        AskUserError : anything else
        """
        if text == "batch":
            return cls(0)
        if text == "never":
            return cls(None)
        try:
            every = parse_duration(text)
        except AskUserError as error:
            raise AskUserError(f"{text!r} is not an fsync policy", do='write "batch", "never" or a duration such as "100ms"') from error
        if every <= 0:
            raise AskUserError(f"{text!r} is not an fsync policy", do='write "batch" to wait for the disk after every batch')
        return cls(every)

    def __str__(self) -> str:
        """As `parse` reads it."""
        return "never" if self.every is None else format_duration(self.every) if self.every else "batch"


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
