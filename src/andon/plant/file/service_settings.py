"""[service]: how the live service keeps and listens. Secrets stand elsewhere, never here."""

from __future__ import annotations

from dataclasses import dataclass

from andon.plant.file.setting import Kind, setting
from andon.plant.time import DAY_NS, MINUTE_NS


@dataclass(frozen=True, slots=True)
class ServiceSection:
    """[service] How the live service keeps its data and where it listens."""

    data: str = setting(Kind.TEXT, "Folder of the journal, samples, database and checkpoints, relative to this file.", default="andon-data")
    database: str = setting(
        Kind.TEXT, "postgresql://user@host:5432/name instead of SQLite; the password comes from database_password_from.", default=""
    )
    database_password_from: str = setting(Kind.TEXT, "Environment variable with the password of the database.", default="")
    host: str = setting(Kind.TEXT, "Address to listen on. This machine alone by default.", default="127.0.0.1")
    port: int = setting(Kind.INTEGER, "Port to listen on.", default=8320, low=0, high=65_535)
    url: str = setting(
        Kind.TEXT, 'Address under which people reach the console, for links in messages: "https://andon.plant.example".', default=""
    )
    certificate: str = setting(Kind.TEXT, "Certificate for TLS, relative to this file.", default="")
    key: str = setting(Kind.TEXT, "Private key of the certificate.", default="")
    fsync: str = setting(
        Kind.TEXT, '"batch": every batch is on the disk before it is acknowledged; a duration: within that; "never".', default="100ms"
    )
    keep_samples_ns: int = setting(Kind.DURATION, "How long samples stay.", default=400 * DAY_NS, low=MINUTE_NS)
    keep_levels_ns: int = setting(Kind.DURATION, "How long their roll-up stays.", default=3_650 * DAY_NS, low=MINUTE_NS)
    checkpoint_ns: int = setting(Kind.DURATION, "Time between checkpoints.", default=MINUTE_NS, low=1_000_000_000)
