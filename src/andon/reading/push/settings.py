"""Settings of a push link."""

from __future__ import annotations

from dataclasses import dataclass, field

from andon.plant.errors import AskUserError, At
from andon.reading.mapping import Mapping
from andon.reading.payload import PayloadReader


@dataclass(frozen=True, slots=True)
class PushSettings:
    """How pushed bodies are read.

    Attributes
    ----------
    name : name of the link
    mapping : how; its payload is what a body without a telling content type is taken for
    window : batches given and not acknowledged, at most; beyond, a client is told to come again
    """

    name: str
    mapping: Mapping = field(default_factory=Mapping)
    window: int = 256

    def check(self, key: str = "link") -> None:
        """Raise AskUserError where a setting cannot be used."""
        PayloadReader(self.mapping, self.name)
        if self.window < 1:
            raise AskUserError("window is at least 1", at=At(key=f"{key}.window"), do="leave it out: 256 batches")
