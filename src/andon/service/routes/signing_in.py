"""Sign in and out; who am I; my language."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post, put
from litestar.params import JSONBody

from andon.plant.errors import AskUserError
from andon.plant.messages import LANGUAGES
from andon.service.accounts.accounts import with_language
from andon.service.callers import ANYONE, Caller
from andon.service.given import TheAccounts, TheClock, TheDesk
from andon.service.routes.instants import to_text
from andon.service.schema import FirstSignIn, Language, NewPassword, Role, Session, SignIn
from andon.service.signed_in import cookie_header

AnyRequest = Request[Any, Any, Any]


def _session(caller: Caller, desk: TheDesk, clock: TheClock) -> Session:
    site = desk.site()
    return Session(
        user=caller.name, name=caller.name, role=caller.role, language=caller.language, csrf=caller.csrf, zone=site.get("zone", "UTC"),
        site=site.get("name", ""), version=site.get("version", ""), now=site.get("now") or to_text(clock.now()),
    )  # fmt: skip


def _signed_in(secret: str, caller: Caller, desk: TheDesk, clock: TheClock, request: AnyRequest) -> Response[Session]:
    settings = request.app.state.settings
    header = cookie_header(secret, tls=settings.tls, lasts_s=settings.session_lasts_s)
    return Response(_session(caller, desk, clock), status_code=200, headers={"Set-Cookie": header})


def _address(request: AnyRequest) -> str:
    return request.client.host if request.client else "unknown"


@post("/sign-in", role=ANYONE, security=[{}], status_code=200, sync_to_thread=True)
def sign_in(data: JSONBody[SignIn], request: AnyRequest, accounts: TheAccounts, desk: TheDesk, clock: TheClock) -> Response[Session]:
    """Sign in with name and password; the answer sets the session's cookie."""
    secret, caller = accounts.sign_in(data.user, data.password, _address(request))
    desk.note(caller, "signed-in", {"address": _address(request)})
    return _signed_in(secret, caller, desk, clock, request)


@post("/first-sign-in", role=ANYONE, security=[{}], status_code=200, sync_to_thread=True)
def first_sign_in(
    data: JSONBody[FirstSignIn], request: AnyRequest, accounts: TheAccounts, desk: TheDesk, clock: TheClock
) -> Response[Session]:
    """The first administrator, by the one-time link that the service printed."""
    secret, caller = accounts.first_sign_in(data.token, data.user, data.password, data.language)
    desk.note(caller, "first-administrator", {"address": _address(request)})
    return _signed_in(secret, caller, desk, clock, request)


@post("/new-password", role=ANYONE, security=[{}], status_code=200, sync_to_thread=True)
def new_password(
    data: JSONBody[NewPassword], request: AnyRequest, accounts: TheAccounts, desk: TheDesk, clock: TheClock
) -> Response[Session]:
    """Choose a password by the one-time link of `andon user`; every session of before ends."""
    secret, caller = accounts.choose_password(data.token, data.password)
    desk.note(caller, "password-chosen", {"address": _address(request)})
    return _signed_in(secret, caller, desk, clock, request)


@post("/sign-out", role=Role.VIEWER, status_code=200, sync_to_thread=True)
def sign_out(request: AnyRequest, accounts: TheAccounts) -> Response[None]:
    """End this session."""
    accounts.sign_out(request.user)
    header = cookie_header("", tls=request.app.state.settings.tls, lasts_s=0)
    return Response(None, status_code=200, headers={"Set-Cookie": header})


@get("/session", role=Role.VIEWER)
async def session(request: AnyRequest, desk: TheDesk, clock: TheClock) -> Session:
    """Who is signed in."""
    return _session(request.user, desk, clock)


@put("/session/language", role=Role.VIEWER, sync_to_thread=True)
def set_language(data: JSONBody[Language], request: AnyRequest, accounts: TheAccounts, desk: TheDesk, clock: TheClock) -> Session:
    """Speak this language to me from now on."""
    if data.language not in LANGUAGES:
        raise AskUserError(f"{data.language[:20]!r} is not spoken here", do=f"use one of {', '.join(LANGUAGES)}")
    accounts.change_user(request.user.name, data={"language": data.language})
    return _session(with_language(request.user, data.language), desk, clock)


HANDLERS = [sign_in, first_sign_in, new_password, sign_out, session, set_language]
