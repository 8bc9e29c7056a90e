"""The journal: every batch that came in, in the order in which it came, until a checkpoint has made it dispensable.

`Journal` appends and gives positions; what stands before `durable` is on the disk, and only that may be acknowledged to its
source. After a crash the torn end is cut off and `read` goes on from any position that a checkpoint names.
"""

from andon.store.journal.frames import Damage, Position
from andon.store.journal.fsync import Fsync
from andon.store.journal.journal import Journal, Kept

__all__ = ["Damage", "Fsync", "Journal", "Kept", "Position"]
