"""Settings of a replay."""

from __future__ import annotations

from dataclasses import dataclass

from andon.plant.errors import AskUserError, At


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """How recordings are replayed.

    Attributes
    ----------
    name : name of the link
    speed : source time per time of the clock; 0: as fast as the caller takes them
    step_ns : source time of one batch; 0: every time stamp is a batch; None: at a speed every time stamp, else about
        `ROWS` rows a batch
    window : batches given and not acknowledged, at most
    """

    name: str
    speed: float = 1.0
    step_ns: int | None = None
    window: int = 256

    def check(self, key: str = "link") -> None:
        """Raise AskUserError where a setting cannot be used."""
        if not 0 <= self.speed < 1e9:
            raise AskUserError(
                f"{self.speed:g} is no speed", at=At(key=f"{key}.speed"), do="say how much faster than it was, like 60; 0: no wait"
            )
        if self.step_ns is not None and self.step_ns < 0:
            raise AskUserError("a step must not be negative", at=At(key=f"{key}.step"), do='use something like "1min"')
        if self.window < 1:
            raise AskUserError("window is at least 1", at=At(key=f"{key}.window"), do="leave it out: 256 batches")
