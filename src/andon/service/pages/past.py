"""What alarms have been: from the records that are kept."""

from __future__ import annotations

from andon.alarms.history import History, histories
from andon.project.live.running import Running
from andon.store.database import alarm_records
from andon.streaming.keeping import of_kept


def past(running: Running, start: int, end: int) -> tuple[History, ...]:
    """What every alarm of a stretch has been."""
    kept = running.database.read(lambda connection: alarm_records.between(connection, start, end))
    return histories((of_kept(item) for item in kept), end)
