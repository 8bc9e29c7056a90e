"""Every caller has a rate: a user, a token, or an address that nobody has signed in from; tries to sign in have their own."""

from __future__ import annotations

import math
from collections.abc import Callable

from andon.service.asgi import App, Receive, Scope, Send
from andon.service.callers import Caller
from andon.service.limits import Buckets
from andon.service.problems import Refusal
from andon.service.settings import ServiceSettings


def limited(app: App, settings: ServiceSettings, monotonic_s: Callable[[], float], *, prefix: str) -> App:
    """`app` behind the rates of `settings`; what is too much is refused with 429 and the seconds to wait.

    Raises
    ------
    Refusal : told by `problems.problem_answers`
    """
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
        if wait:
            seconds = str(math.ceil(wait))
            what = f"too many requests: wait {seconds} s"
            raise Refusal(429, "too-many-requests", what, do="ask less often", headers={"Retry-After": seconds})
        await app(scope, receive, send)

    return wrapped
