"""When what was written is forced onto the disk: after every batch, every so often, or when the system likes."""

from __future__ import annotations

from dataclasses import dataclass

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
