"""The replay link: recordings as batches, in order of source time, at any speed.

`settings` says which recordings and how fast, `parse` cuts recordings into batches (a pure function: the same batches
whatever the speed of the clock), `connect` is the link that paces them.
"""

from andon.reading.replay.connect import ReplayLink
from andon.reading.replay.settings import ReplaySettings

__all__ = ["ReplayLink", "ReplaySettings"]
