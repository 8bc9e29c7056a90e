"""`andon doctor`: everything that a support engineer would ask about a plant's machine, each with what to do.

Nothing is changed, and no link is opened for good: its address is called and let go. `finding` is what a check says; `machine`, `kept` and
`around` hold the checks of the machine, of what the service keeps, and of what it speaks to; `examine` runs them all.
"""

from andon.project.live.doctor.examining import Examination, examine
from andon.project.live.doctor.finding import Finding, Health

__all__ = ["Examination", "Finding", "Health", "examine"]
