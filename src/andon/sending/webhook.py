"""A webhook: one HTTP POST of JSON for each message, signed."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from typing import TYPE_CHECKING, Any

from andon.plant.clock import Clock
from andon.plant.endpoint import certificate_words
from andon.plant.time import HOUR_NS, NS
from andon.sending.message import Message, Route, Sent

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 10.0
TRY_AGAIN = frozenset((408, 409, 423, 425, 429, 500, 502, 503, 504, 507))


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """What the header `Andon-Signature` holds: `v1=` and the HMAC-SHA256, in hex, of `<timestamp>.<body>`.

    Parameters
    ----------
    timestamp : seconds since 1970, as the header `Andon-Timestamp` says; a receiver refuses old ones
    """
    return "v1=" + hmac.new(secret.encode(), str(timestamp).encode() + b"." + body, hashlib.sha256).hexdigest()


class Webhook:
    """Posts messages to an address. Redirects are not followed, and the answer's body is not read.

    Parameters
    ----------
    url : it may be secret, and is never told in an error
    secret : signs each message; None: not signed
    tls : certificates, for https; None: the system's
    transport : of httpx, for tests
    """

    def __init__(
        self, name: str, route: Route, url: str, clock: Clock, *, secret: str | None = None, language: str = "en",
        user: str = "", password: str | None = None, tls: ssl.SSLContext | None = None, transport: Any = None,
    ) -> None:  # fmt: skip
        self.name, self.route = name, route
        self._url, self._secret, self._clock, self._language = url, secret, clock, language
        self._auth = (user, password or "") if user else None
        self._tls, self._transport = tls, transport
        self._client: httpx.AsyncClient | None = None

    async def send(self, message: Message) -> Sent:
        """See `Outlet.send`."""
        import httpx

        body = message.to_json(self._language)
        seconds = self._clock.now() // NS
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": hashlib.sha256(message.id.encode()).hexdigest()[:32],
            "Andon-Timestamp": str(seconds),
        }
        if self._secret is not None:
            headers["Andon-Signature"] = signature(self._secret, seconds, body)
        try:
            if self._client is None:
                self._client = httpx.AsyncClient(
                    verify=self._tls if self._tls is not None else True, timeout=TIMEOUT_S, follow_redirects=False, auth=self._auth,
                    transport=self._transport, trust_env=False,
                )  # fmt: skip
            async with self._client.stream("POST", self._url, content=body, headers=headers) as answer:
                code, after = answer.status_code, answer.headers.get("Retry-After", "")
        except httpx.InvalidURL:
            return Sent(False, False, "the address is no address")
        except httpx.HTTPError as error:
            return Sent(False, True, certificate_words(error) or f"{type(error).__name__}: {self._plain(str(error))}".rstrip(": "))
        if 200 <= code < 300:
            return Sent(True)
        wait = min(int(after) * NS, HOUR_NS) if after.isdigit() and len(after) < 7 else 0
        return Sent(False, code in TRY_AGAIN, f"the receiver answers {code}", wait)

    def _plain(self, text: str) -> str:
        return text.replace(self._url, "the address")[:200]

    async def close(self) -> None:
        """See `Outlet.close`."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None
