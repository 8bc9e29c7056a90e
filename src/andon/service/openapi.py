"""The OpenAPI document: names of operations, how callers sign in, the one shape of every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Router
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, OpenAPIMediaType, Operation, RequestBody, Schema, SecurityScheme
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.types.internal_types import PathParameterDefinition

from andon.service.problems import MEDIA_TYPE
from andon.service.schema import Problem, Readiness, Role

REFUSALS: Mapping[int, str] = {
    400: "The request says something that cannot be: what, where, and what to do.",
    401: "Nobody is signed in, or the name or password is wrong.",
    403: "The caller may not do this.",
    404: "There is nothing of this name.",
    409: "Somebody was quicker, or the thing is in a state that does not allow it.",
    413: "The body is too large.",
    429: "Too many requests: wait as `Retry-After` says.",
    503: "A part of the service does not work now: try again as `Retry-After` says.",
}
PUSHED: tuple[str, ...] = (
    "application/json", "text/csv", "text/plain", "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file",
    "application/vnd.andon.packed",
)  # fmt: skip


def described(*handlers: HTTPRouteHandler) -> list[HTTPRouteHandler]:
    """The same handlers, with the refusals that any route may answer in its part of the document."""
    told = {
        status: ResponseSpec(Problem, description=text, media_type=MEDIA_TYPE, generate_examples=False)
        for status, text in REFUSALS.items()
    }  # fmt: skip
    for handler in handlers:
        handler.responses = {**told, **(handler.responses or {})}
    return list(handlers)


def operation_id(handler: HTTPRouteHandler, _: Any, __: list[str | PathParameterDefinition]) -> str:
    """The name of the function that answers."""
    return handler.handler_name


@dataclass
class Push(Operation):
    """A push of samples: the body is what its content type says."""

    def __post_init__(self) -> None:
        body = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        self.request_body = RequestBody(content={kind: OpenAPIMediaType(schema=body) for kind in PUSHED}, required=True)


EVENTS = ResponseSpec(str, description="Server-sent events; see `Live`.", media_type="text/event-stream", generate_examples=False)
LINES = ResponseSpec(str, description="One entry a line.", media_type="application/x-ndjson", generate_examples=False)
NOT_READY = ResponseSpec(Readiness, description="What does not work.", generate_examples=False)
PLAIN_TEXT = ResponseSpec(str, description="Metrics.", media_type=MediaType.TEXT, generate_examples=False)


def document(prefix: str) -> OpenAPIConfig:
    """How the document is made and where it lies."""
    return OpenAPIConfig(
        title="Andon",
        version="1",
        description="Early warning and quality prediction for production lines. Errors have one shape, `Problem`. What changes something "
        "needs a token, or the session's cookie with its `X-CSRF-Token`, and takes an `Idempotency-Key`.",
        openapi_router=Router(f"{prefix}/schema", route_handlers=[], opt={"role": Role.VIEWER}, include_in_schema=False),
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        operation_id_creator=operation_id,
        security=[{"token": []}, {"session": []}],
        components=Components(
            security_schemes={
                "token": SecurityScheme(type="http", scheme="bearer"),
                "session": SecurityScheme(type="apiKey", name="andon", security_scheme_in="cookie"),
            }
        ),
    )
