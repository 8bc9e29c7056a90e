"""Who failed to sign in, how often, and until when he has to wait: longer each time."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from andon.plant.backoff import Backoff
from andon.plant.time import HOUR_NS, NS
from andon.store.database.tables import lock_outs
from andon.store.database.upserting import upsert

FREE = 3
"""So many failures cost no wait."""

FORGOTTEN = 24 * HOUR_NS
"""Failures before are forgotten."""

WAITS = Backoff(2 * NS, HOUR_NS, jitter=0.0)
"""The waits after those."""


def locked_until(connection: Connection, subject: str, *, now: int) -> int:
    """ns UTC until which a subject (a name, an address) has to wait; 0 where it need not."""
    until = connection.execute(select(lock_outs.c.until).where(lock_outs.c.subject == subject)).scalar_one_or_none()
    return int(until) if until is not None and until > now else 0


def failed(connection: Connection, subject: str, *, now: int) -> int:
    """Count a failure; until when the subject has to wait now, 0 where it need not."""
    row = connection.execute(select(lock_outs).where(lock_outs.c.subject == subject)).one_or_none()
    failures = 1 + (row.failures if row is not None and row.last > now - FORGOTTEN else 0)
    until = now + WAITS.wait_ns(failures - FREE) if failures > FREE else 0
    upsert(connection, lock_outs, {"subject": subject, "failures": failures, "last": now, "until": until})
    return until


def succeeded(connection: Connection, subject: str) -> None:
    """Forget the failures of a subject."""
    connection.execute(delete(lock_outs).where(lock_outs.c.subject == subject))


def sweep(connection: Connection, *, now: int) -> int:
    """Remove what is forgotten; how many."""
    return int(connection.execute(delete(lock_outs).where(lock_outs.c.last <= now - FORGOTTEN)).rowcount)
