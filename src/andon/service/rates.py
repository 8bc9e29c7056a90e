"""Every caller has a rate: a user, a token, or an address that nobody has signed in from; tries to sign in have their own."""

from __future__ import annotations

import math
from collections.abc import Callable

from andon.service.asgi import App, Receive, Scope, Send
from andon.service.callers import Caller
from andon.service.limits import Buckets
from andon.service.problems import MEDIA_TYPE, encoded
from andon.service.reader_language import language_of
from andon.service.settings import ServiceSettings


def limited(app: App, settings: ServiceSettings, monotonic_s: Callable[[], float], *, prefix: str) -> App:
    """`app` behind the rates of `settings`; what is too much gets 429 and the seconds to wait."""
    usual, pushes, tries = Buckets(settings.rate), Buckets(settings.ingest_rate), Buckets(settings.sign_in_rate)

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(prefix):
            await app(scope, receive, send)
            return
        path = scope["path"].removeprefix(prefix)
        address = scope["client"][0] if scope.get("client") else "unknown"
        caller = scope.get("user")
        name = f"{caller.token or caller.name}" if isinstance(caller, Caller) else f"at {address}"
        if path in ("/sign-in", "/first-sign-in", "/new-password"):
            wait = tries.take(address, monotonic_s())
        elif path.startswith("/ingest/") and isinstance(caller, Caller):
            wait = pushes.take(name, monotonic_s())
        else:
            wait = usual.take(name, monotonic_s())
        if not wait:
            await app(scope, receive, send)
            return
        seconds = math.ceil(wait)
        what, do = f"too many requests: wait {seconds} s", "ask less often"
        body = encoded(429, "too-many-requests", what, do, language=language_of(scope))
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"retry-after", str(seconds).encode())]
        await send({"type": "http.response.start", "status": 429, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return wrapped
