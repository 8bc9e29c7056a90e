"""Users and tokens, for administrators."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from andon.service.given import TheAccounts, TheClock, TheDesk
from andon.service.problems import Refusal, UnknownName
from andon.service.routes.instants import to_ns, to_text
from andon.service.schema import ChangedUser, NewToken, NewUser, Role, Token, TokenMade, User
from andon.store.database import tokens as kept_tokens
from andon.store.database import users as kept_users

AnyRequest = Request[Any, Any, Any]


@get("/users", role=Role.ADMINISTRATOR, sync_to_thread=True)
def users(accounts: TheAccounts) -> list[User]:
    """Everyone."""
    seen = accounts.last_seen()
    return [_user(user, seen.get(user.name)) for user in accounts.everyone()]


@post("/users", role=Role.ADMINISTRATOR, sync_to_thread=True)
def add_user(data: JSONBody[NewUser], request: AnyRequest, accounts: TheAccounts, desk: TheDesk) -> User:
    """A new user."""
    made = accounts.add_user(data.user, data.role, data.password, {"language": data.language, "name": data.name})
    desk.note(request.user, "user-added", {"user": made.name, "role": made.role})
    return _user(made)


@patch("/users/{user:str}", role=Role.ADMINISTRATOR, sync_to_thread=True)
def change_user(user: FromPath[str], data: JSONBody[ChangedUser], request: AnyRequest, accounts: TheAccounts, desk: TheDesk) -> User:
    """Another role or password; locked or not."""
    enabled = None if data.locked is None else not data.locked
    more = None if data.name is None else {"name": data.name}
    changed = accounts.change_user(user, role=data.role, password=data.password, enabled=enabled, data=more)
    what = {"user": user, "role": data.role, "password": data.password is not None, "locked": data.locked}
    desk.note(request.user, "user-changed", {key: value for key, value in what.items() if value is not None})
    return _user(changed)


@delete("/users/{user:str}", role=Role.ADMINISTRATOR, status_code=200, sync_to_thread=True)
def remove_user(user: FromPath[str], request: AnyRequest, accounts: TheAccounts, desk: TheDesk) -> None:
    """Remove a user with sessions and tokens."""
    accounts.remove_user(user)
    desk.note(request.user, "user-removed", {"user": user})


@get("/tokens", role=Role.ADMINISTRATOR, sync_to_thread=True)
def tokens(accounts: TheAccounts) -> list[Token]:
    """Tokens that hold."""
    return [_token(token) for token in accounts.every_token() if token.revoked is None]


@post("/tokens", role=Role.ADMINISTRATOR, sync_to_thread=True)
def add_token(data: JSONBody[NewToken], request: AnyRequest, accounts: TheAccounts, desk: TheDesk, clock: TheClock) -> TokenMade:
    """A new token of the caller; its secret is shown this once."""
    expires = to_ns(data.expires, "expires") if data.expires else None
    if expires is not None and expires <= clock.now():
        raise Refusal(400, "in-the-past", "the token would have expired already", do="name a later moment")
    if data.role is not request.user.role:
        raise Refusal(400, "role-of-user", "a token has the role of its user", do="make a user with that role, and a token of it")
    key, text = accounts.add_token(data.name, request.user.name, data.scopes or ["read"], expires)
    desk.note(request.user, "token-made", {"token": key, "name": data.name, "scopes": data.scopes or ["read"]})
    return TokenMade(id=key, secret=text)


@delete("/tokens/{key:str}", role=Role.ADMINISTRATOR, status_code=200, sync_to_thread=True)
def revoke_token(key: FromPath[str], request: AnyRequest, accounts: TheAccounts, desk: TheDesk) -> None:
    """End a token."""
    if not accounts.revoke_token(key):
        raise UnknownName(key)
    desk.note(request.user, "token-revoked", {"token": key})


def _user(user: kept_users.User, seen: int | None = None) -> User:
    data = user.data
    return User(
        user=user.name, name=str(data.get("name") or user.name), role=Role(user.role), language=str(data.get("language", "en")),
        locked=not user.enabled, last_seen=to_text(seen),
    )  # fmt: skip


def _token(token: kept_tokens.Token) -> Token:
    return Token(
        id=token.id, name=token.name, role=Role(token.role), scopes=list(token.scopes), created=to_text(token.created),
        last_used=to_text(token.seen), expires=to_text(token.expires),
    )  # fmt: skip


HANDLERS = [users, add_user, change_user, remove_user, tokens, add_token, revoke_token]
