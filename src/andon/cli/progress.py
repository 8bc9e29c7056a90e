"""Progress in the terminal: stage, share, time left; one line that is rewritten, or a line a stage when piped."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from andon.plant.messages import say

QUIET_S = 1.0
PIPE_EVERY_S = 15.0


class TerminalProgress:
    """A `Progress` that writes to stderr; nothing in the first second, so that quick work stays quiet."""

    def __init__(self, language: str, *, enabled: bool = True) -> None:
        self._language = language
        self._enabled = enabled
        self._tty = sys.stderr.isatty()
        self._began = self._stage_began = time.monotonic()
        self._stage = ""
        self._told = 0.0
        self._width = 0

    def __call__(self, stage: str, share: float, /) -> None:
        """Report that `share` (0-1) of `stage` is done."""
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._stage_began = stage, now
            self._told = 0.0
        if not self._enabled or now - self._began < QUIET_S:
            return
        if now - self._told < (0.1 if self._tty else PIPE_EVERY_S):
            return
        self._told = now
        elapsed = now - self._stage_began
        left = elapsed * (1 - share) / share if share > 0.01 and elapsed > 0.5 else None
        text = f"{self._words(stage)} {min(share, 1.0):4.0%}" + (
            f"  {say('cli.left', self._language, time=_short(left))}" if left is not None else ""
        )
        if self._tty:
            sys.stderr.write("\r" + text.ljust(self._width))
            self._width = max(self._width, len(text))
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def _words(self, stage: str) -> str:
        """The stage in the language of the call; a stage without words is told as it is."""
        try:
            return say(f"cli.stage.{stage}", self._language)
        except KeyError:
            return stage

    def __enter__(self) -> TerminalProgress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the line away before other text is printed."""
        if self._tty and self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()


def _short(seconds: float) -> str:
    """ "45 s", "3 min", "1 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
