"""One shape for every error: problem+json (RFC 9457), with what happened, where, and what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from andon.plant.error_words import place, translated
from andon.plant.errors import AlarmConflictError, AndonError, AskUserError, ConflictError, RefusedError, TryAgainError
from andon.service.asgi import App, Message, Receive, Scope, Send
from andon.service.reader_language import language_of
from andon.service.schema import Problem

MEDIA_TYPE = "application/problem+json"
TRY_AGAIN_S = "5"


class UnknownName(Exception):
    """There is no asset, alarm, group or the like of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


log = logging.getLogger("andon.service")


class Refusal(Exception):
    """A route's own answer that is no success.

    Parameters
    ----------
    status : HTTP status
    kind : stable short name, the `type` of the problem
    what, do : for people
    headers : of the answer
    errors : parts of what is wrong
    """

    def __init__(
        self, status: int, kind: str, what: str, *, do: str = "", headers: dict[str, str] | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(what)
        self.status, self.kind, self.what, self.do = status, kind, what, do
        self.headers, self.errors = headers or {}, errors or []


def answer(problem: Problem, headers: dict[str, str] | None = None) -> Response[bytes]:
    """The response that carries a problem."""
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def _of_refusal(scope: Mapping[str, Any], error: Refusal) -> Response[bytes]:
    language = language_of(scope)
    what, do = translated(error.what, language), translated(error.do, language)
    return answer(Problem(type=error.kind, title=what, status=error.status, do=do, errors=error.errors), error.headers)


def _of_unknown(scope: Mapping[str, Any], error: UnknownName) -> Response[bytes]:
    what = f"there is no {error.name[:100]!r}"
    return answer(Problem(type="not-found", title=translated(what, language_of(scope)), status=404))


def _of_andon(scope: Mapping[str, Any], error: AndonError) -> Response[bytes]:
    status, headers = 500, {}
    if isinstance(error, AskUserError):
        status = 400
    elif isinstance(error, (RefusedError, ConflictError, AlarmConflictError)):
        status = 409
    elif isinstance(error, TryAgainError):
        status, headers = 503, {"Retry-After": TRY_AGAIN_S}
    language = language_of(scope)
    what, do = translated(error.what, language), translated(error.do, language)
    problem = Problem(type=type(error).__name__, title=what, status=status, at=place(error.at, language), do=do)
    return answer(problem, headers)


def _of_http(scope: Mapping[str, Any], error: HTTPException) -> Response[bytes]:
    errors: list[dict[str, str]] = []
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        errors = [{key: str(value) for key, value in item.items()} for item in error.extra if isinstance(item, dict)]
    kind = {
        400: "bad-request", 401: "not-signed-in", 403: "not-allowed", 404: "not-found", 405: "no-such-method", 408: "too-slow",
        413: "too-large",
    }  # fmt: skip
    title = translated(str(error.detail) or kind.get(error.status_code, "error"), language_of(scope))
    headers = {key: value for key, value in (error.headers or {}).items() if key.lower() != "content-type"}
    return answer(
        Problem(type=kind.get(error.status_code, f"http-{error.status_code}"), title=title, status=error.status_code, errors=errors),
        headers,
    )


def _of_anything(scope: Mapping[str, Any], error: Exception) -> Response[bytes]:
    log.error("unexpected error", exc_info=error, extra={"route": scope.get("path_template", "")})
    what, do, language = "the service met an error of its own", "try again; the log has the details", language_of(scope)
    return answer(Problem(type="unexpected", title=translated(what, language), status=500, do=translated(do, language)))


PROBLEMS: dict[type[Exception], Callable[[Mapping[str, Any], Any], Response[bytes]]] = {
    Refusal: _of_refusal,
    UnknownName: _of_unknown,
    AndonError: _of_andon,
    HTTPException: _of_http,
    Exception: _of_anything,
}
"""What each error says to whoever asked; of several that fit, the first."""


def problem_answers(app: App) -> App:
    """`app` whose errors below the router become problems as well: a body that grows too large, a database that is down."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await app(scope, receive, noting)
        except (Refusal, AndonError, HTTPException) as error:
            if scope["type"] != "http" or begun:
                raise
            told = next(of(scope, error) for kind, of in PROBLEMS.items() if isinstance(error, kind))
            headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in told.headers.items()]
            headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(told.content)).encode()), *headers]
            await send({"type": "http.response.start", "status": told.status_code, "headers": headers})
            await send({"type": "http.response.body", "body": told.content, "more_body": False})

    return wrapped


def _handler(of: Callable[[Mapping[str, Any], Any], Response[bytes]]) -> Callable[[Request[Any, Any, Any], Any], Response[bytes]]:
    return lambda request, error: of(request.scope, error)


HANDLERS: dict[type[Exception] | int, Any] = {kind: _handler(of) for kind, of in PROBLEMS.items()}
"""For `Litestar(exception_handlers=…)`."""
