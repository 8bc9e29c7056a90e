"""What machines ask: the live stream, pushes of samples, health, metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, HeaderParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from andon.service.callers import ANYONE, Caller
from andon.service.desk import Accepted, Desk
from andon.service.given import TheDesk, TheFeed, TheMetrics
from andon.service.live import Feed
from andon.service.openapi import EVENTS, NOT_READY, PLAIN_TEXT, Push
from andon.service.problems import Refusal
from andon.service.schema import Pushed, Readiness, Role

AnyRequest = Request[Any, Any, Any]
HEARTBEAT_S = 15.0
RETRY_MS = 2_000


@get("/live", role=Role.VIEWER, responses={200: EVENTS})
async def live(
    request: AnyRequest,
    feed: TheFeed,
    desk: TheDesk,
    last: Annotated[str | None, HeaderParameter(name="Last-Event-ID")] = None,
    after: FromQuery[int | None] = None,
) -> ServerSentEvent:
    """What changes, as server-sent events; `Last-Event-ID` resumes after a cut."""
    seen = int(last) if last is not None and last.isdigit() else after
    return ServerSentEvent(_messages(feed, desk, request.user, seen), retry_duration=RETRY_MS, headers={"X-Accel-Buffering": "no"})


async def _messages(feed: Feed, desk: Desk, caller: Caller, seen: int | None) -> AsyncIterator[ServerSentEventMessage]:
    """The feed, and a comment every 15 s, so that a cut is noticed on both sides."""
    yield ServerSentEventMessage(comment="here", id=feed.number if seen is None else None)
    listening = feed.listen(seen)
    pending: asyncio.Task[Any] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(listening))
            done, _ = await asyncio.wait({pending}, timeout=HEARTBEAT_S)
            if not done:
                yield ServerSentEventMessage(comment="here")
                continue
            try:
                message, pending = pending.result(), None
            except StopAsyncIteration:  # the service ends
                return
            data = await asyncio.to_thread(desk.told, caller, message.what, message.data)
            if data or not message.data:  # else what it names is gone
                yield ServerSentEventMessage(id=message.id, event=message.what, data=msgspec.json.encode(data).decode())
    finally:
        if pending is not None:
            pending.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await pending
        await listening.aclose()  # type: ignore[attr-defined]


@post("/ingest/{source:str}", role=Role.VIEWER, scope="ingest", status_code=200, operation_class=Push)
async def ingest(source: FromPath[str], request: AnyRequest, desk: TheDesk) -> Pushed:
    """Samples: JSON, Influx line protocol, Arrow or packed; on disk before the answer."""
    body = await request.body()
    key = request.headers.get("idempotency-key", "")[:200]
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    told: Accepted = await desk.ingest(source, kind, body, key)
    if told.set_aside and not told.accepted:
        raise Refusal(
            400, "not-readable", "nothing of the body could be read", do="see the errors; the data page shows the message",
            errors=[{"reason": reason} for reason in told.reasons],
        )  # fmt: skip
    return Pushed(accepted=told.accepted, set_aside=told.set_aside, reasons=list(told.reasons))


@get("/healthz", role=ANYONE, security=[{}])
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", role=ANYONE, security=[{}], sync_to_thread=True, responses={503: NOT_READY})
def readyz(desk: TheDesk) -> Response[Readiness]:
    """Every part works; else which does not."""
    wrong = dict(desk.ready())
    return Response(Readiness(status="ok" if not wrong else "not ready", parts=wrong), status_code=503 if wrong else 200)


@get("/metrics", role=ANYONE, security=[{}], sync_to_thread=True, responses={200: PLAIN_TEXT})
def metrics(metrics_of: TheMetrics) -> Response[bytes]:
    """For Prometheus; counts and durations, no names of people and no values of tags."""
    text, kind = metrics_of.text()
    return Response(text, media_type=kind)


HANDLERS = [live, ingest]
PLAIN = [healthz, readyz, metrics]
