"""Progress: long work reports how far it is; whoever shows it is no concern of the work."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with a short stage name and the share done, 0-1; cheap enough to call often."""

    def __call__(self, stage: str, share: float, /) -> None:
        """Report that `share` of `stage` is done."""


def silent(stage: str, share: float, /) -> None:
    """Progress that nobody watches."""
