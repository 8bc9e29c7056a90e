"""The desk: what the routes ask of the running plant. One method a question; the running plant (`andon.project`) answers.

Questions may take long (the store is read): routes ask them in threads. A desk is safe to use from several threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from andon.service.callers import Caller
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
    Share,
    StatusMap,
    Trend,
)


@dataclass(frozen=True, slots=True)
class AlarmFilter:
    """Which alarms, of which page."""

    state: str = ""
    asset: str = ""
    priority: int | None = None
    kind: str = ""
    q: str = ""
    after: str = ""
    limit: int = 200


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of a push of samples."""

    accepted: int
    set_aside: int
    reasons: tuple[str, ...] = ()


class Desk(Protocol):
    """The running plant, as the routes see it. A name that does not exist raises `UnknownName`."""

    def site(self) -> Mapping[str, str]:
        """name, zone, version; now (ISO 8601), where the plant lives in another time than we do."""

    def overview(self, caller: Caller) -> Overview:
        """All assets, worst first."""

    def asset(self, caller: Caller, asset: str) -> AssetPage:
        """One asset now."""

    def trend(self, caller: Caller, asset: str, start: int, end: int, points: int, tags: list[str] | None) -> Trend:
        """Everything on the time axis of an asset (ns), at most `points` buckets; `tags` None: the leading ones."""

    def trend_version(self, asset: str, start: int, end: int) -> str:
        """Changes when the answer of `trend` may have changed."""

    def shares(self, caller: Caller, asset: str, at: int) -> list[Share]:
        """Which tags carry the evidence at a moment."""

    def status_map(self, asset: str, start: int, end: int) -> StatusMap:
        """Tag x time of status."""

    def alarms(self, caller: Caller, which: AlarmFilter) -> AlarmList:
        """The alarm list, most urgent first."""

    def act(self, caller: Caller, ids: list[str], act: Act) -> ActResult:
        """Do something to alarms; each is told what came of it."""

    def case(self, caller: Caller, case: str) -> CasePage:
        """Everything about one case."""

    def budgets(self, caller: Caller) -> list[BudgetPage]:
        """Every group's promise."""

    def set_budget(self, caller: Caller, group: str, budget: NewBudget) -> BudgetPage:
        """Another promise; no training."""

    def models(self) -> Models:
        """Every version."""

    def promote(self, caller: Caller, model: str, version: str) -> Models:
        """Make a version the champion."""

    def rollback(self, caller: Caller, model: str) -> Models:
        """Back to the champion before."""

    def data(self, caller: Caller) -> DataPage:
        """Sources, statuses, findings."""

    def kpi(self, caller: Caller, start: int, end: int) -> KpiPage:
        """The numbers of ISA-18.2 for a period."""

    def handover(self, caller: Caller) -> Handover:
        """The note of the shift that ends."""

    def set_handover(self, caller: Caller, note: str) -> Handover:
        """What the shift adds to it."""

    def maintenance(self) -> list[Maintenance]:
        """Windows that are in force or to come."""

    def add_maintenance(self, caller: Caller, assets: list[str], start: int, end: int, why: str) -> Maintenance:
        """One more window, in force at once."""

    def end_maintenance(self, caller: Caller, window: str) -> None:
        """End a window now."""

    def out_of_service(self) -> list[OutOfService]:
        """Tags that are not used."""

    def take_out(self, caller: Caller, asset: str, tag: str, until: int | None, why: str) -> OutOfService:
        """A tag out of service, at once."""

    def put_back(self, caller: Caller, asset: str, tag: str) -> None:
        """A tag back in service."""

    def laboratory(self, caller: Caller, results: list[LabResult]) -> Pushed:
        """Laboratory results; kept before this returns. All are taken, or none."""

    def ledger(self, before: int | None, limit: int) -> LedgerPage:
        """Entries of the ledger with a number below `before`, newest first; None: the newest."""

    def ledger_export(self) -> Iterator[bytes]:
        """The whole ledger, as a file that can be verified without the service."""

    def note(self, caller: Caller, what: str, data: Mapping[str, Any]) -> None:
        """Write an act that is none of the plant's (a sign-in, a new user) into the ledger."""

    async def ingest(self, source: str, content_type: str, body: bytes, key: str) -> Accepted:
        """Samples that were pushed; kept before this returns. The same key again changes nothing."""

    def told(self, caller: Caller, what: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a message of the live feed says to this caller, in his language: the feed itself holds names alone."""

    def ready(self) -> Mapping[str, str]:
        """Part -> what is wrong; empty when all is well."""
