"""The desk of a running plant: each question to its page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import version
from typing import Any

from andon.plant.errors import AndonError, AskUserError
from andon.plant.time import NS
from andon.project.live.running import Running
from andon.reading.push import PushLink
from andon.service.callers import Caller
from andon.service.desk import Accepted, AlarmFilter
from andon.service.pages import alarm_list, budgets, cases, engineering, laboratory, news, now, trends
from andon.service.pages.audits import Audits
from andon.service.pages.budgets import Curves
from andon.service.pages.model_cards import Cards
from andon.service.problems import UnknownName
from andon.service.routes.instants import to_text
from andon.service.schema import (
    Act,
    ActResult,
    AlarmList,
    AssetPage,
    BudgetPage,
    CasePage,
    DataPage,
    Handover,
    KpiPage,
    LabResult,
    LedgerPage,
    Maintenance,
    Models,
    NewBudget,
    OutOfService,
    Overview,
    Pushed,
    Role,
    Share,
    StatusMap,
    Trend,
)
from andon.service.watching import Look
from andon.store.ledger_view import LedgerView

WARM_ASSETS = 16
SOMEBODY = Caller("andon", Role.VIEWER)


class PlantDesk:
    """See `Desk`. `events` is the loop in which the links run, for pushes."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._curves, self._cards, self._audits = Curves(), Cards(), Audits()
        self._ledger = LedgerView(running.models.ledger)
        self.events: asyncio.AbstractEventLoop | None = None

    def warm(self) -> None:
        """Work out what takes seconds and is asked for soon: what promises cost, where the plant is small enough for it."""
        if len(self.running.monitors) <= WARM_ASSETS:
            with suppress(AndonError):
                budgets.budgets(self.running, SOMEBODY, self._curves)

    def site(self) -> Mapping[str, str]:
        site = self.running.plant.site
        return {"name": site.name, "zone": site.zone, "version": version("andon"), "now": to_text(self.running.clock.now())}

    def overview(self, caller: Caller) -> Overview:
        return now.overview(self.running, caller)

    def asset(self, caller: Caller, asset: str) -> AssetPage:
        return now.asset_page(self.running, caller, asset)

    def trend(self, caller: Caller, asset: str, start: int, end: int, points: int, tags: list[str] | None) -> Trend:
        return trends.trend(self.running, caller, asset, start, end, points, tags)

    def trend_version(self, asset: str, start: int, end: int) -> str:
        return trends.trend_version(self.running, asset, start, end)

    def shares(self, caller: Caller, asset: str, at: int) -> list[Share]:
        return trends.shares(self.running, asset, at)

    def status_map(self, asset: str, start: int, end: int) -> StatusMap:
        return trends.status_map(self.running, asset, start, end)

    def alarms(self, caller: Caller, which: AlarmFilter) -> AlarmList:
        return alarm_list.listed(self.running, caller, which)

    def act(self, caller: Caller, ids: list[str], act: Act) -> ActResult:
        return alarm_list.act(self.running, caller, ids, act)

    def case(self, caller: Caller, case: str) -> CasePage:
        return cases.case_page(self.running, caller, case)

    def budgets(self, caller: Caller) -> list[BudgetPage]:
        return budgets.budgets(self.running, caller, self._curves)

    def set_budget(self, caller: Caller, group: str, budget: NewBudget) -> BudgetPage:
        return budgets.set_budget(self.running, caller, group, budget, self._curves)

    def models(self) -> Models:
        return engineering.models(self.running, self._cards)

    def promote(self, caller: Caller, model: str, version: str) -> Models:
        return engineering.promote(self.running, caller, self._cards, model, version)

    def rollback(self, caller: Caller, model: str) -> Models:
        return engineering.rollback(self.running, caller, self._cards, model)

    def data(self, caller: Caller) -> DataPage:
        return engineering.data_page(self.running, caller, self._audits)

    def kpi(self, caller: Caller, start: int, end: int) -> KpiPage:
        return cases.kpi_page(self.running, caller, start, end)

    def handover(self, caller: Caller) -> Handover:
        return cases.handover(self.running, caller)

    def set_handover(self, caller: Caller, note: str) -> Handover:
        return cases.set_handover(self.running, caller, note)

    def maintenance(self) -> list[Maintenance]:
        return engineering.maintenance(self.running)

    def add_maintenance(self, caller: Caller, assets: list[str], start: int, end: int, why: str) -> Maintenance:
        return engineering.add_maintenance(self.running, caller, assets, start, end, why)

    def end_maintenance(self, caller: Caller, window: str) -> None:
        engineering.end_maintenance(self.running, caller, window)

    def out_of_service(self) -> list[OutOfService]:
        return engineering.out_of_service(self.running)

    def take_out(self, caller: Caller, asset: str, tag: str, until: int | None, why: str) -> OutOfService:
        return engineering.take_out(self.running, caller, asset, tag, until, why)

    def put_back(self, caller: Caller, asset: str, tag: str) -> None:
        engineering.put_back(self.running, caller, asset, tag)

    def laboratory(self, caller: Caller, results: list[LabResult]) -> Pushed:
        return laboratory.laboratory(self.running, caller, results)

    def ledger(self, before: int | None, limit: int) -> LedgerPage:
        return engineering.ledger(self._ledger, before, limit)

    def ledger_export(self) -> Iterator[bytes]:
        return engineering.ledger_export(self.running)

    def note(self, caller: Caller, what: str, data: Mapping[str, Any]) -> None:
        self.running.models.record(what, data, by=caller.name)

    async def ingest(self, source: str, content_type: str, body: bytes, key: str) -> Accepted:
        link = next((item for item in self.running.loop.links if item.name == source), None)
        if not isinstance(link, PushLink):
            raise UnknownName(source)
        if self.events is None:
            raise AskUserError("the loop does not run", do="start the service")
        pushing = link.push(body, content_type=content_type)
        if asyncio.get_running_loop() is not self.events:
            told = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(pushing, self.events))
        else:
            told = await pushing
        reasons = tuple(f"{fault.reason}: {fault.detail}" for fault in told.faults[:20])
        return Accepted(told.rows, sum(fault.count for fault in told.faults), reasons)

    def told(self, caller: Caller, what: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        return news.told(self.running, caller, what, data)

    def look(self, at_s: float) -> Look:
        """See `watching.Watched`."""
        status, sources = self.running.loop.status, now.sources(self.running)
        behind_s = status.behind_ns(self.running.clock.now()) / NS
        trouble = self.running.watchman.wrong()
        return Look(at_s, {item.name: item for item in sources}, behind_s, trouble, status.entries, self.running.clock.now())

    def ready(self) -> Mapping[str, str]:
        return engineering.ready(self.running)
