"""Who asks: a person with a session, a machine with a token, or nobody; and what each may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from andon.service.problems import Refusal
from andon.service.schema import Role

RANK: dict[str, int] = {role.value: rank for rank, role in enumerate(Role)}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"
ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes
    ----------
    name : of the user
    role : what he may do now
    scopes : of a token; None for a session, which may do all that the role may
    csrf : of a session; empty for a token
    session : hash of the session's secret; empty for a token
    token : id of the token; empty for a session
    language : for sentences
    """

    name: str
    role: Role
    scopes: tuple[str, ...] | None = None
    csrf: str = ""
    session: str = ""
    token: str = ""
    language: str = "en"

    def may(self, role: Role) -> bool:
        """Whether the caller's role reaches that far."""
        return RANK[self.role] >= RANK[role]


def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request pass only where its route says who may ask and the caller may.

    Every route names `role=` (a `Role`, or `ANYONE`) in its options, and `scope=` where tokens may use it with that scope; a route that
    names none is closed. A session that changes something must show its CSRF token and come from our own pages.

    Raises
    ------
    Refusal : 401 not signed in, 403 not allowed
    """
    from andon.service.accounts.secrets_kept import same

    wanted = handler.opt.get("role")
    if wanted == ANYONE:
        return
    caller = connection.scope.get("user")
    if not isinstance(caller, Caller):
        raise Refusal(401, "not-signed-in", "sign in first", headers={"WWW-Authenticate": "Bearer"})
    if not isinstance(wanted, Role):
        raise Refusal(403, "not-allowed", "this route says nobody may use it")
    scope = handler.opt.get("scope")
    if caller.scopes is not None and (scope or _scope_of(connection)) not in caller.scopes:
        raise Refusal(
            403, "not-allowed", "the token has not this scope", do=f"make a token with the scope {scope or _scope_of(connection)}"
        )
    if not caller.may(wanted):
        raise Refusal(403, "not-allowed", f"this needs the role {wanted.value}, {caller.name} is {caller.role.value}")
    if caller.scopes is None and _method(connection) not in SAFE:
        shown = connection.headers.get(CSRF_HEADER, "")
        if not same(shown, caller.csrf) or not _from_our_pages(connection):
            raise Refusal(403, "not-from-our-pages", "the request did not come from a page of this service", do="reload the page")


def _method(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    return str(connection.scope.get("method", "GET"))


def _scope_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    return "read" if _method(connection) in SAFE else "write"


def _from_our_pages(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Browsers name the origin of every request that changes something; other programs name none."""
    origin = connection.headers.get("origin")
    return origin is None or origin.split("://")[-1] == connection.headers.get("host", "")
