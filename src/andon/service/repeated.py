"""Requests that come twice: with the same `Idempotency-Key` the second gets the answer of the first, and nothing is done again."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import Any

from andon.plant.clock import Clock
from andon.plant.errors import ConflictError
from andon.plant.time import DAY_NS
from andon.service.asgi import App, Message, Receive, Scope, Send
from andon.service.callers import SAFE, Caller
from andon.service.problems import Refusal
from andon.store.database import idempotency
from andon.store.database.database import Database

KEPT_NS = DAY_NS
LONGEST_KEY = 200
SECRET = ("/tokens", "/sign-in", "/first-sign-in", "/new-password", "/users")
"""Routes whose requests or answers hold secrets: nothing of them is kept."""


class Answers:
    """What was answered, in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def begin(self, key: str, scope: str, request: str) -> tuple[int, bytes, str] | None:
        """Status, body and media type of the first answer; None where this is the first.

        Raises
        ------
        ConflictError : another request had this key, or the first is not done
        """
        now = self._clock.now()

        def take(connection: Any) -> idempotency.Answered | None:
            idempotency.sweep(connection, before=now - KEPT_NS)
            return idempotency.begin(connection, key, scope, request, at=now)

        found = self._database.write(take)
        return None if found is None else (found.status, str(found.answer["body"]).encode(), str(found.answer["type"]))

    def finish(self, key: str, scope: str, status: int, body: bytes, media_type: str) -> None:
        """Keep an answer."""
        answer = {"body": body.decode("utf-8", "replace"), "type": media_type}
        self._database.write(lambda connection: idempotency.finish(connection, key, scope, status, answer))

    def give_up(self, key: str, scope: str) -> None:
        """The request failed: it may be tried again."""
        self._database.write(lambda connection: idempotency.give_up(connection, key, scope))


def answered_once(app: App, answers: Answers, *, prefix: str, except_for: str) -> App:
    """`app`, doing each keyed request once.

    Parameters
    ----------
    prefix : of the routes that this is about
    except_for : prefix of the pushes of samples, which the journal knows by their key

    Raises
    ------
    Refusal : 409, the key belongs to another request or to one that is not done
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope, prefix, except_for)
        caller = scope.get("user")
        if not key or not isinstance(caller, Caller):
            await app(scope, receive, send)
            return
        body = await _whole(receive)
        where = f"{caller.name} {scope['method']} {scope['path']}"
        request = sha256(scope["path"].encode() + b"\0" + scope.get("query_string", b"") + b"\0" + body).hexdigest()
        try:
            first = await asyncio.to_thread(answers.begin, key, where, request)
        except ConflictError as error:
            raise Refusal(409, "key-used", error.what, do=error.do) from error
        if first is not None:
            await _repeat(send, *first)
            return
        kept = _Kept(send)
        try:
            await app(scope, _again(body, receive), kept)
        except BaseException:
            await asyncio.to_thread(answers.give_up, key, where)
            raise
        if kept.status >= 500 or kept.status in (401, 403, 429):
            await asyncio.to_thread(answers.give_up, key, where)
        else:
            await asyncio.to_thread(answers.finish, key, where, kept.status, bytes(kept.body), kept.media_type)

    return wrapped


class _Kept:
    """Passes an answer on and keeps it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status, self.media_type, self.body = 500, "application/json", bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kind = next((value for name, value in message.get("headers", []) if name.lower() == b"content-type"), b"application/json")
            self.media_type = kind.decode("latin-1")
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
        await self._send(message)


def _key(scope: Scope, prefix: str, except_for: str) -> str:
    if scope["type"] != "http" or scope["method"] in SAFE or not scope["path"].startswith(prefix) or scope["path"].startswith(except_for):
        return ""
    if scope["path"].removeprefix(prefix).startswith(SECRET):
        return ""
    found = next((value for name, value in scope["headers"] if name == b"idempotency-key"), b"")
    return str(found.decode("latin-1")) if len(found) <= LONGEST_KEY else ""


async def _whole(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever the client does."""
    given = False

    async def wrapped() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return wrapped


async def _repeat(send: Send, status: int, body: bytes, media_type: str) -> None:
    headers = [(b"content-type", media_type.encode("latin-1")), (b"content-length", str(len(body)).encode())]
    headers.append((b"idempotent-replayed", b"true"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
