"""Budgets, models, maintenance, tags out of service, the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from litestar import Request, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from andon.plant.errors import AskUserError
from andon.service.given import TheDesk
from andon.service.openapi import LINES
from andon.service.problems import UnknownName
from andon.service.routes.instants import to_ns
from andon.service.schema import BudgetPage, LedgerPage, Maintenance, Models, NewBudget, NewMaintenance, NewOutOfService, OutOfService, Role

AnyRequest = Request[Any, Any, Any]


@get("/budgets", role=Role.VIEWER, sync_to_thread=True)
def budgets(request: AnyRequest, desk: TheDesk) -> list[BudgetPage]:
    """Every group's promise, and what others would cost."""
    return desk.budgets(request.user)


@get("/budgets/{group:str}", role=Role.VIEWER, sync_to_thread=True)
def budget(group: FromPath[str], request: AnyRequest, desk: TheDesk) -> BudgetPage:
    """One group's promise."""
    found = [page for page in desk.budgets(request.user) if page.group == group]
    if not found:
        raise UnknownName(group)
    return found[0]


@put("/budgets/{group:str}", role=Role.ENGINEER, sync_to_thread=True)
def set_budget(group: FromPath[str], data: JSONBody[NewBudget], request: AnyRequest, desk: TheDesk) -> BudgetPage:
    """Another promise, at once, without training."""
    return desk.set_budget(request.user, group, data)


@get("/models", role=Role.VIEWER, sync_to_thread=True)
def models(desk: TheDesk) -> Models:
    """Champion, challengers and past versions."""
    return desk.models()


@post("/models/{model:str}/{version:str}/promote", role=Role.ENGINEER, status_code=200, sync_to_thread=True)
def promote(model: FromPath[str], version: FromPath[str], request: AnyRequest, desk: TheDesk) -> Models:
    """Make a version the champion."""
    return desk.promote(request.user, model, version)


@post("/models/{model:str}/rollback", role=Role.ENGINEER, status_code=200, sync_to_thread=True)
def rollback(model: FromPath[str], request: AnyRequest, desk: TheDesk) -> Models:
    """Back to the champion before."""
    return desk.rollback(request.user, model)


@get("/maintenance", role=Role.VIEWER, sync_to_thread=True)
def maintenance(desk: TheDesk) -> list[Maintenance]:
    """Windows in force or to come."""
    return desk.maintenance()


@post("/maintenance", role=Role.OPERATOR, sync_to_thread=True)
def add_maintenance(data: JSONBody[NewMaintenance], request: AnyRequest, desk: TheDesk) -> Maintenance:
    """A window of planned work: no verdict meanwhile."""
    start, end = to_ns(data.start, "start"), to_ns(data.end, "end")
    if end <= start:
        raise AskUserError("the end is not after the start", do="name a later end")
    if not data.why.strip():
        raise AskUserError("maintenance needs a reason", do="say why; it stands in the ledger")
    return desk.add_maintenance(request.user, list(data.assets), start, end, data.why)


@delete("/maintenance/{window:str}", role=Role.OPERATOR, status_code=200, sync_to_thread=True)
def end_maintenance(window: FromPath[str], request: AnyRequest, desk: TheDesk) -> None:
    """End a window now."""
    desk.end_maintenance(request.user, window)


@get("/out-of-service", role=Role.VIEWER, sync_to_thread=True)
def out_of_service(desk: TheDesk) -> list[OutOfService]:
    """Tags that are not used."""
    return desk.out_of_service()


@post("/out-of-service", role=Role.OPERATOR, sync_to_thread=True)
def take_out(data: JSONBody[NewOutOfService], request: AnyRequest, desk: TheDesk) -> OutOfService:
    """A tag out of service, at once."""
    if not data.why.strip():
        raise AskUserError("taking a tag out of service needs a reason", do="say why; it stands in the ledger")
    until = to_ns(data.until, "until") if data.until else None
    return desk.take_out(request.user, data.asset, data.tag, until, data.why)


@delete("/out-of-service", role=Role.OPERATOR, status_code=200, sync_to_thread=True)
def put_back(tag: FromQuery[str], request: AnyRequest, desk: TheDesk, asset: FromQuery[str] = "") -> None:
    """A tag back in service."""
    desk.put_back(request.user, asset, tag)


@get("/ledger", role=Role.ENGINEER, sync_to_thread=True)
def ledger(
    desk: TheDesk,
    before: Annotated[int | None, QueryParameter(ge=1, le=2**53)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 200,
) -> LedgerPage:
    """Entries of the ledger, newest first; `next` is the `before` of the page of older ones."""
    return desk.ledger(before, limit)


@get("/ledger/export", role=Role.ENGINEER, responses={200: LINES})
async def ledger_export(desk: TheDesk) -> Stream:
    """The whole ledger; `andon ledger verify FILE` checks it without the service."""
    headers = {"Content-Disposition": 'attachment; filename="ledger.jsonl"'}
    return Stream(_in_threads(desk.ledger_export()), media_type="application/x-ndjson", headers=headers)


async def _in_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    import asyncio

    done = object()
    while (part := await asyncio.to_thread(next, parts, done)) is not done:
        assert isinstance(part, bytes)
        yield part


HANDLERS = [
    budgets, budget, set_budget, models, promote, rollback, maintenance, add_maintenance, end_maintenance, out_of_service, take_out,
    put_back, ledger, ledger_export,
]  # fmt: skip
