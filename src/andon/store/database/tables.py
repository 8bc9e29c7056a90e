"""The tables, the same in SQLite and PostgreSQL. Times are ns UTC; `data` is JSON as text."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Engine, Index, Integer, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

HEAD = "0001"
"""The revision that this Andon works with; the last file in `migrations/versions/`."""


class Words(TypeDecorator[str]):
    """Text that both databases can hold: without NUL and without half of a character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text, where it can be held."""
        if value is not None:
            value.encode("utf-8")
            if "\x00" in value:
                raise UnicodeError("a text with NUL")
        return value


class Json(TypeDecorator[Any]):
    """JSON values as text that says the same in both databases, whatever characters are in it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """The text."""
        return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The values."""
        return None if value is None else json.loads(value)


Counted = BigInteger().with_variant(Integer, "sqlite")
"""A number that the database gives; SQLite gives none to a BIGINT."""

metadata = MetaData()

alarm_records = Table(
    "alarm_records",
    metadata,
    Column("sequence", Counted, primary_key=True, autoincrement=True),
    Column("alarm", Words, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("data", Json, nullable=False),
    UniqueConstraint("alarm", "number", name="one_record_for_each_number"),
    Index("alarm_records_at", "at"),
    sqlite_autoincrement=True,
)
"""Acts on alarms. `number` counts within the alarm; two writers with the same number: one wins."""

events = Table(
    "events",
    metadata,
    Column("id", Words, primary_key=True),
    Column("asset", Words, nullable=False),
    Column("model", Words, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger),
    Column("severity_ppm", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("data", Json, nullable=False),
    Index("events_start", "start"),
    Index("events_asset", "asset", "start"),
)
"""Events by id. `data` is the event as `event_to_dict` gives it."""

users = Table(
    "users",
    metadata,
    Column("name", Words, primary_key=True),
    Column("role", Words, nullable=False),
    Column("password_hash", Words, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("data", Json, nullable=False),
)

links = Table(
    "one_time_links",
    metadata,
    Column("hash", Words, primary_key=True),
    Column("purpose", Words, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),
    Column("data", Json, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", Words, primary_key=True),
    Column("user", Words, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("data", Json, nullable=False),
    Index("sessions_user", "user"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Words, primary_key=True),
    Column("hash", Words, nullable=False, unique=True),
    Column("name", Words, nullable=False),
    Column("user", Words, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("seen", BigInteger),
    Column("revoked", BigInteger),
)

lock_outs = Table(
    "lock_outs",
    metadata,
    Column("subject", Words, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

labels = Table(
    "labels",
    metadata,
    Column("id", Words, primary_key=True),
    Column("asset", Words, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("kind", Words, nullable=False),
    Column("note", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn", BigInteger),
    Index("labels_asset", "asset", "start"),
)

comments = Table(
    "comments",
    metadata,
    Column("sequence", Counted, primary_key=True, autoincrement=True),
    Column("subject", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key", Words, nullable=False, unique=True),
    Index("comments_subject", "subject"),
    sqlite_autoincrement=True,
)

settings = Table(
    "settings",
    metadata,
    Column("key", Words, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("value", Json, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
)

marks = Table(
    "marks",
    metadata,
    Column("event", Words, primary_key=True),
    Column("mark", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""What people said of events: true or false."""

idempotency = Table(
    "idempotency_keys",
    metadata,
    Column("key", Words, primary_key=True),
    Column("scope", Words, primary_key=True),
    Column("request", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("status", Integer),
    Column("answer", Json),
    Index("idempotency_at", "at"),
)

documents = Table(
    "documents",
    metadata,
    Column("name", Words, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("data", Json, nullable=False),
)
"""Single JSON documents by name, such as the state of models."""

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Words, nullable=False),
    Column("what", Words, nullable=False),
    Column("data", Json, nullable=False),
    Column("hash", Words, nullable=False),
    Index("audit_at", "at"),
)
"""The entries of the ledger once more, to be searched. The ledger is what counts."""

outbox = Table(
    "outbox",
    metadata,
    Column("sequence", Counted, primary_key=True, autoincrement=True),
    Column("key", Words, nullable=False, unique=True),
    Column("to", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("error", Words, nullable=False),
    Column("done", BigInteger),
    Column("data", Json, nullable=False),
    Index("outbox_due", "done", "due"),
    sqlite_autoincrement=True,
)

changes = Table(
    "changes",
    metadata,
    Column("sequence", Counted, primary_key=True, autoincrement=True),
    Column("topic", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
"""What changed, in order: a console that was away reads from the last sequence that it saw."""


def is_sqlite(engine: Engine) -> bool:
    """Whether the engine speaks to SQLite."""
    return engine.dialect.name == "sqlite"
