"""Budgets, models, maintenance, tags out of service, the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from andon.client.connection import Connection, Moment, moment
from andon.service.schema import (
    BudgetPage,
    LedgerEntry,
    LedgerPage,
    Maintenance,
    Models,
    NewBudget,
    NewMaintenance,
    NewOutOfService,
    OutOfService,
)


class Engineering(Connection):
    """What an engineer decides."""

    def budgets(self) -> list[BudgetPage]:
        """Every group's promise, and what others would cost."""
        return self._ask(list[BudgetPage], "GET", ["budgets"])

    def budget(self, group: str) -> BudgetPage:
        """One group's promise."""
        return self._ask(BudgetPage, "GET", ["budgets", group])

    def set_budget(self, group: str, budget: str, why: str = "", *, key: str | None = None) -> BudgetPage:
        """Another promise, at once, without training."""
        return self._ask(BudgetPage, "PUT", ["budgets", group], body=NewBudget(budget=budget, why=why), key=key)

    def models(self) -> Models:
        """Champion, challengers and past versions."""
        return self._ask(Models, "GET", ["models"])

    def promote(self, model: str, version: str, *, key: str | None = None) -> Models:
        """Make a version the champion."""
        return self._ask(Models, "POST", ["models", model, version, "promote"], key=key)

    def rollback(self, model: str, *, key: str | None = None) -> Models:
        """Back to the champion before."""
        return self._ask(Models, "POST", ["models", model, "rollback"], key=key)

    def maintenance(self) -> list[Maintenance]:
        """Windows in force or to come."""
        return self._ask(list[Maintenance], "GET", ["maintenance"])

    def add_maintenance(self, start: Moment, end: Moment, why: str, assets: Sequence[str] = (), *, key: str | None = None) -> Maintenance:
        """A window of planned work: no verdict meanwhile; no assets: all."""
        given = NewMaintenance(start=moment(start), end=moment(end), why=why, assets=list(assets))
        return self._ask(Maintenance, "POST", ["maintenance"], body=given, key=key)

    def end_maintenance(self, window: str, *, key: str | None = None) -> None:
        """End a window now."""
        self._ask(type(None), "DELETE", ["maintenance", window], key=key)

    def out_of_service(self) -> list[OutOfService]:
        """Tags that are not used."""
        return self._ask(list[OutOfService], "GET", ["out-of-service"])

    def take_out(self, tag: str, why: str, asset: str = "", until: Moment = "", *, key: str | None = None) -> OutOfService:
        """A tag out of service, at once; no asset: of all, no `until`: until it is put back."""
        given = NewOutOfService(tag=tag, why=why, asset=asset, until=moment(until))
        return self._ask(OutOfService, "POST", ["out-of-service"], body=given, key=key)

    def put_back(self, tag: str, asset: str = "", *, key: str | None = None) -> None:
        """A tag back in service."""
        self._ask(type(None), "DELETE", ["out-of-service"], {"tag": tag, "asset": asset}, key=key)

    def ledger(self, before: int | None = None, limit: int | None = None) -> LedgerPage:
        """Entries of the ledger, newest first; `next` is the `before` of the page of older ones."""
        return self._ask(LedgerPage, "GET", ["ledger"], {"before": before, "limit": limit})

    def every_ledger_entry(self) -> Iterator[LedgerEntry]:
        """The whole ledger, newest first, page by page."""
        before: int | None = None
        while True:
            page = self.ledger(before, 1000)
            yield from page.entries
            if not page.next:
                return
            before = int(page.next)

    def ledger_export(self) -> Iterator[bytes]:
        """The whole ledger as a file, in pieces; `andon ledger verify FILE` checks it without the service."""
        with self._streamed("GET", ["ledger", "export"]) as answer:
            yield from answer.iter_bytes()
