"""Finds out who asks, from the cookie or the bearer token, before a route is chosen."""

from __future__ import annotations

import asyncio

from andon.service.accounts.accounts import Accounts
from andon.service.asgi import App, Receive, Scope, Send

COOKIE, SAFE_COOKIE = "andon", "__Host-andon"
LONGEST_SECRET = 512


def cookie_name(tls: bool) -> str:
    """With TLS the name that browsers accept from this very host alone, and only when it is secure."""
    return SAFE_COOKIE if tls else COOKIE


def cookie_header(secret: str, *, tls: bool, lasts_s: int) -> str:
    """Set-Cookie for a session; an empty secret ends it."""
    age = lasts_s if secret else 0
    return f"{cookie_name(tls)}={secret}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict" + ("; Secure" if tls else "")


def know_callers(app: App, accounts: Accounts, *, tls: bool) -> App:
    """`app` with `scope["user"]`: a `Caller`, or None."""
    wanted = cookie_name(tls)

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["user"], scope["auth"] = None, None
            cookies = bearer = ""
            for name, value in scope["headers"]:
                if name == b"cookie":
                    cookies = value.decode("latin-1")
                elif name == b"authorization":
                    bearer = value.decode("latin-1")
            if bearer[:7].lower() == "bearer " and len(bearer) < LONGEST_SECRET:
                token = bearer[7:].strip()
                known = accounts.at_hand(token)  # a gateway pushes many times a second: a thread for each is dearer than the answer
                scope["user"] = known[0] if known is not None else await asyncio.to_thread(accounts.of_token, token)
            elif secret := _cookie(cookies, wanted):
                scope["user"] = await asyncio.to_thread(accounts.of_session, secret)
        await app(scope, receive, send)

    return wrapped


def _cookie(header: str, wanted: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted and len(value) < LONGEST_SECRET:
            return value
    return ""
