"""Names in addresses may hold a slash (`line 2/furnace 3`, sent as `line%202%2Ffurnace%203`): it is no border between two parts."""

from __future__ import annotations

from urllib.parse import unquote

from andon.service.asgi import App, Receive, Scope, Send

MARK = "\ufdd0"
"""Stands for the slash while the address is taken apart; no text has it (Unicode: a noncharacter)."""


def marked(app: App) -> App:
    """`app` behind addresses whose encoded slashes are marks."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        raw: bytes = scope.get("raw_path") or b""
        if scope["type"] == "http" and b"%2f" in raw.lower():
            parts = raw.partition(b"?")[0].decode("latin-1").split("/")
            scope = {**scope, "path": "/".join(unquote(part).replace("/", MARK) for part in parts)}
        await app(scope, receive, send)

    return wrapped


def restored(app: App) -> App:
    """`app` whose parameters from the address have their slashes again: for a middleware, which comes after the routing."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        given = scope.get("path_params") or {}
        if any(isinstance(value, str) and MARK in value for value in given.values()):
            scope["path_params"] = {name: value.replace(MARK, "/") if isinstance(value, str) else value for name, value in given.items()}
        await app(scope, receive, send)

    return wrapped
