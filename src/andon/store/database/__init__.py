"""Alarm records, events, users and all else that is asked for by its key, in SQLite or PostgreSQL.

`Database` opens one and keeps its tables up to date. Each module beside it knows one table: its functions take a connection and
run as jobs, `database.write(lambda c: alarm_records.append(c, record))`, several in one transaction where they belong together.
"""

from andon.store.database.database import Database

__all__ = ["Database"]
