"""After failed sign-ins a name and an address must wait, longer each time; nobody is locked out for ever.

Waiting, and not locking, so that a stranger cannot lock out a shift (OWASP Authentication Cheat Sheet, NIST SP 800-63B 5.2.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from andon.plant.time import MINUTE_NS, NS

FREE = 5
LONGEST_NS = 15 * MINUTE_NS
FORGET_NS = 24 * 60 * MINUTE_NS


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed sign-ins of a name or an address since the last that went well."""

    count: int = 0
    last: int = 0


def waits_until(failures: Failures) -> int:
    """The moment (ns) before which no further try is looked at; 0 where none: 1, 2, 4, … s after the fifth failure, at most 15 min."""
    if failures.count < FREE:
        return 0
    return failures.last + min(NS << min(failures.count - FREE, 20), LONGEST_NS)


def after_failure(failures: Failures, now: int) -> Failures:
    """One more; failures of more than a day ago are forgotten."""
    return Failures(1 if now - failures.last > FORGET_NS else failures.count + 1, now)
