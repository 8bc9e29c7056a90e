"""Alarms, cases, the key figures, the hand-over."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from andon.plant.errors import AskUserError
from andon.service.callers import Caller
from andon.service.desk import AlarmFilter
from andon.service.given import TheDesk
from andon.service.problems import Refusal
from andon.service.routes.instants import to_ns
from andon.service.schema import Act, ActResult, AlarmList, BulkAct, CasePage, Handover, KpiPage, Note, Role

AnyRequest = Request[Any, Any, Any]
MOST_AT_ONCE = 1_000
LONGEST_TEXT = 4_000
ENGINEERS_ACTS = frozenset({"out_of_service", "in_service"})
ACTS = frozenset({"acknowledge", "reset", "shelve", "unshelve", "mark", "comment", "assign"}) | ENGINEERS_ACTS


@get("/alarms", role=Role.VIEWER, sync_to_thread=True)
def alarms(
    request: AnyRequest,
    desk: TheDesk,
    alarm_state: Annotated[str, QueryParameter(name="state")] = "",
    asset: FromQuery[str] = "",
    priority: Annotated[int | None, QueryParameter(ge=1, le=4)] = None,
    kind: FromQuery[str] = "",
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MOST_AT_ONCE)] = 200,
) -> AlarmList:
    """The alarm list, most urgent first; `next` is the `after` of the next page."""
    return desk.alarms(request.user, AlarmFilter(alarm_state, asset, priority, kind, q, after, limit))


@post("/alarms/{alarm:str}/acts", role=Role.OPERATOR, status_code=200, sync_to_thread=True)
def act(alarm: FromPath[str], data: JSONBody[Act], request: AnyRequest, desk: TheDesk) -> ActResult:
    """Do something to an alarm: acknowledge, shelve, mark, comment, …"""
    return desk.act(request.user, [alarm], _possible(data, request.user))


@post("/alarms/acts", role=Role.OPERATOR, status_code=200, sync_to_thread=True)
def act_on_many(data: JSONBody[BulkAct], request: AnyRequest, desk: TheDesk) -> ActResult:
    """Do something to several alarms; each is told what came of it."""
    if not 0 < len(data.ids) <= MOST_AT_ONCE:
        raise AskUserError(f"{len(data.ids)} alarms at once", do=f"name 1 to {MOST_AT_ONCE}")
    return desk.act(request.user, data.ids, _possible(data.act, request.user))


@get("/cases/{case:str}", role=Role.VIEWER, sync_to_thread=True)
def case_page(case: FromPath[str], request: AnyRequest, desk: TheDesk) -> CasePage:
    """Everything about one case."""
    return desk.case(request.user, case)


@get("/kpi", role=Role.VIEWER, sync_to_thread=True)
def kpi(start: FromQuery[str], end: FromQuery[str], request: AnyRequest, desk: TheDesk) -> KpiPage:
    """The numbers of ISA-18.2 for a period."""
    low, high = to_ns(start, "start"), to_ns(end, "end")
    if high <= low:
        raise AskUserError("the end is not after the start", do="name a later end")
    return desk.kpi(request.user, low, high)


@get("/handover", role=Role.VIEWER, sync_to_thread=True)
def handover(request: AnyRequest, desk: TheDesk) -> Handover:
    """What the next shift must know."""
    return desk.handover(request.user)


@put("/handover", role=Role.OPERATOR, sync_to_thread=True)
def set_handover(data: JSONBody[Note], request: AnyRequest, desk: TheDesk) -> Handover:
    """What this shift adds to it."""
    _short(data.note)
    return desk.set_handover(request.user, data.note)


def _possible(act: Act, caller: Caller) -> Act:
    if act.kind not in ACTS:
        raise AskUserError(f"{act.kind[:40]!r} is no act", do=f"use one of {', '.join(sorted(ACTS))}")
    if act.kind in ENGINEERS_ACTS and not caller.may(Role.ENGINEER):
        raise Refusal(403, "not-allowed", f"{act.kind} needs the role engineer, {caller.name} is {caller.role.value}")
    for text in (act.text, act.reason, act.to):
        _short(text)
    return act


def _short(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise AskUserError(f"a text of {len(text)} characters", do=f"use at most {LONGEST_TEXT}")


HANDLERS = [alarms, act, act_on_many, case_page, kpi, handover, set_handover]
