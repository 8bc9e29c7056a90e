"""Overview, assets, trends, data: JSONBody[what] the plant does now and did before."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from andon.plant.errors import AskUserError, At
from andon.service.given import TheDesk
from andon.service.routes.instants import to_ns
from andon.service.schema import AssetPage, DataPage, Overview, Role, Share, StatusMap, Trend

AnyRequest = Request[Any, Any, Any]
MOST_POINTS = 4_000


@get("/overview", role=Role.VIEWER, sync_to_thread=True)
def overview(request: AnyRequest, desk: TheDesk) -> Overview:
    """Every asset, worst first."""
    return desk.overview(request.user)


@get("/assets/{asset:str}", role=Role.VIEWER, sync_to_thread=True)
def asset_page(asset: FromPath[str], request: AnyRequest, desk: TheDesk) -> AssetPage:
    """One asset now: tags by their share, quality, mode."""
    return desk.asset(request.user, asset)


@get("/assets/{asset:str}/trend", role=Role.VIEWER, sync_to_thread=True)
def trend(
    asset: FromPath[str],
    request: AnyRequest,
    desk: TheDesk,
    start: FromQuery[str],
    end: FromQuery[str],
    points: Annotated[int, QueryParameter(ge=10, le=MOST_POINTS)] = 800,
    tags: FromQuery[list[str] | None] = None,
) -> Response[Trend | None]:
    """Evidence, quality, events and tags between two moments, reduced to so many points."""
    low, high = _period(start, end)
    version = f"{desk.trend_version(asset, low, high)}|{low}|{high}|{points}|{tags}|{request.user.language}"
    etag = f'"{sha256(version.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(None, status_code=304, headers=headers)
    return Response(desk.trend(request.user, asset, low, high, points, tags), headers=headers)


@get("/assets/{asset:str}/shares", role=Role.VIEWER, sync_to_thread=True)
def shares(asset: FromPath[str], at: FromQuery[str], request: AnyRequest, desk: TheDesk) -> list[Share]:
    """Which tags carry the evidence at a moment."""
    return desk.shares(request.user, asset, to_ns(at, "at"))


@get("/assets/{asset:str}/status-map", role=Role.VIEWER, sync_to_thread=True)
def status_map(asset: FromPath[str], start: FromQuery[str], end: FromQuery[str], desk: TheDesk) -> StatusMap:
    """Tag x time of status."""
    low, high = _period(start, end)
    return desk.status_map(asset, low, high)


@get("/data", role=Role.VIEWER, sync_to_thread=True)
def data_page(request: AnyRequest, desk: TheDesk) -> DataPage:
    """Sources with lag and loss, statuses, findings of the audit, messages set aside."""
    return desk.data(request.user)


def _period(start: str, end: str) -> tuple[int, int]:
    low, high = to_ns(start, "start"), to_ns(end, "end")
    if high <= low:
        raise AskUserError("the end is not after the start", at=At(key="end"), do="name a later end")
    return low, high


HANDLERS = [overview, asset_page, trend, shares, status_map, data_page]
