"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def counted() -> sa.Column[int]:
    """A number that the database gives."""
    return sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True)


def text(name: str, *, key: bool = False, empty: bool = False, unique: bool = False) -> sa.Column[str]:
    """A short text."""
    return sa.Column(name, sa.Text, primary_key=key, nullable=empty, unique=unique)


def long(name: str, *, empty: bool = False) -> sa.Column[str]:
    """Any text, or JSON."""
    return sa.Column(name, sa.Text, nullable=empty)


def ns(name: str, *, empty: bool = False) -> sa.Column[int]:
    """An instant, or another large number."""
    return sa.Column(name, sa.BigInteger, nullable=empty)


def number(name: str, *, empty: bool = False) -> sa.Column[int]:
    """A small number."""
    return sa.Column(name, sa.Integer, nullable=empty)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "alarm_records", counted(), text("alarm"), number("number"), ns("at"), text("by"), text("kind"), long("data"),
        sa.UniqueConstraint("alarm", "number", name="one_record_for_each_number"), sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("alarm_records_at", "alarm_records", ["at"])
    op.create_table(
        "events", text("id", key=True), text("asset"), text("model"), ns("start"), ns("end", empty=True), ns("severity_ppm"),
        ns("changed"), long("data"),
    )  # fmt: skip
    op.create_index("events_start", "events", ["start"])
    op.create_index("events_asset", "events", ["asset", "start"])
    op.create_table(
        "users", text("name", key=True), text("role"), text("password_hash"), sa.Column("enabled", sa.Boolean, nullable=False),
        ns("created"), long("data"),
    )  # fmt: skip
    op.create_table(
        "one_time_links", text("hash", key=True), text("purpose"), ns("created"), ns("expires"), ns("used", empty=True), long("data")
    )
    op.create_table("sessions", text("hash", key=True), text("user"), ns("created"), ns("seen"), ns("expires"), long("data"))
    op.create_index("sessions_user", "sessions", ["user"])
    op.create_table(
        "tokens", text("id", key=True), text("hash", unique=True), text("name"), text("user"), long("scopes"), ns("created"),
        ns("expires", empty=True), ns("seen", empty=True), ns("revoked", empty=True),
    )  # fmt: skip
    op.create_table("lock_outs", text("subject", key=True), number("failures"), ns("last"), ns("until"))
    op.create_table(
        "labels", text("id", key=True), text("asset"), ns("start"), ns("end"), text("kind"), long("note"), text("by"), ns("at"),
        ns("withdrawn", empty=True),
    )  # fmt: skip
    op.create_index("labels_asset", "labels", ["asset", "start"])
    op.create_table(
        "comments", counted(), text("subject"), long("text"), text("by"), ns("at"), text("key", unique=True), sqlite_autoincrement=True
    )
    op.create_index("comments_subject", "comments", ["subject"])
    op.create_table("settings", text("key", key=True), number("version"), long("value"), text("by"), ns("at"))
    op.create_table("marks", text("event", key=True), text("mark"), text("by"), ns("at"))
    op.create_table(
        "idempotency_keys", text("key", key=True), text("scope", key=True), text("request"), ns("at"), number("status", empty=True),
        long("answer", empty=True),
    )  # fmt: skip
    op.create_index("idempotency_at", "idempotency_keys", ["at"])
    op.create_table("documents", text("name", key=True), ns("at"), long("data"))
    op.create_table(
        "audit", sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False), ns("at"), text("by"), text("what"),
        long("data"), text("hash"),
    )  # fmt: skip
    op.create_index("audit_at", "audit", ["at"])
    op.create_table(
        "outbox", counted(), text("key", unique=True), text("to"), ns("at"), ns("due"), number("failures"), long("error"),
        ns("done", empty=True), long("data"), sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("outbox_due", "outbox", ["done", "due"])
    op.create_table("changes", counted(), text("topic"), text("key"), ns("at"), sqlite_autoincrement=True)


def downgrade() -> None:
    """There is no way back but the backup."""
    raise NotImplementedError
