"""Settings of the service, as the plant file gives them."""

from __future__ import annotations

from dataclasses import dataclass, field

from andon.plant.time import NS
from andon.service.accounts.accounts import SessionTimes
from andon.service.limits import MIB, Rate


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """How the service listens and what it allows.

    Attributes
    ----------
    host, port : where it listens; this machine alone unless told otherwise
    certificate, key : files; TLS where both are named
    most_body, most_ingest : bytes of a request
    head_s, body_s : seconds in which the head of a request, and its body, must have come
    rate, sign_in_rate : requests a second of one caller (a user, a token, an address), and tries to sign in of one address
    sessions : how long they last
    """

    host: str = "127.0.0.1"
    port: int = 8320
    certificate: str = ""
    key: str = ""
    most_body: int = 1 * MIB
    most_ingest: int = 16 * MIB
    head_s: float = 15.0
    body_s: float = 60.0
    rate: Rate = field(default_factory=lambda: Rate(per_s=100.0, burst=400.0))
    ingest_rate: Rate = field(default_factory=lambda: Rate(per_s=2000.0, burst=4000.0))
    sign_in_rate: Rate = field(default_factory=lambda: Rate(per_s=1.0, burst=20.0))
    sessions: SessionTimes = field(default_factory=SessionTimes)

    @property
    def tls(self) -> bool:
        """The service itself speaks TLS."""
        return bool(self.certificate and self.key)

    @property
    def session_lasts_s(self) -> int:
        """Life of the cookie; the session itself may end earlier."""
        return self.sessions.whole // NS
