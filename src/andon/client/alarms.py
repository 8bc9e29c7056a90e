"""Alarms, cases, the key figures, the hand-over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from andon.client.connection import Connection, Moment, moment
from andon.service.schema import Act, ActResult, AlarmList, AlarmRow, BulkAct, CasePage, Handover, KpiPage, Note


class Alarms(Connection):
    """What a shift works with."""

    def alarms(
        self,
        *,
        state: str = "",
        asset: str = "",
        priority: int | None = None,
        kind: str = "",
        q: str = "",
        after: str = "",
        limit: int | None = None,
    ) -> AlarmList:
        """The alarm list, most urgent first; `next` is the `after` of the next page."""
        query = {"state": state, "asset": asset, "priority": priority, "kind": kind, "q": q, "after": after, "limit": limit}
        return self._ask(AlarmList, "GET", ["alarms"], query)

    def every_alarm(
        self, *, state: str = "", asset: str = "", priority: int | None = None, kind: str = "", q: str = ""
    ) -> Iterator[AlarmRow]:
        """The whole list, page by page."""
        after = ""
        while True:
            page = self.alarms(state=state, asset=asset, priority=priority, kind=kind, q=q, after=after)
            yield from page.rows
            if not page.next:
                return
            after = page.next

    def act(self, alarm: str, act: Act, *, key: str | None = None) -> ActResult:
        """Do something to an alarm: acknowledge, shelve, mark, comment, …"""
        return self._ask(ActResult, "POST", ["alarms", alarm, "acts"], body=act, key=key)

    def act_on_many(self, ids: Sequence[str], act: Act, *, key: str | None = None) -> ActResult:
        """Do something to several alarms; each is told what came of it."""
        return self._ask(ActResult, "POST", ["alarms", "acts"], body=BulkAct(ids=list(ids), act=act), key=key)

    def case_page(self, case: str) -> CasePage:
        """Everything about one case."""
        return self._ask(CasePage, "GET", ["cases", case])

    def kpi(self, start: Moment, end: Moment) -> KpiPage:
        """The numbers of ISA-18.2 for a period."""
        return self._ask(KpiPage, "GET", ["kpi"], {"start": moment(start), "end": moment(end)})

    def handover(self) -> Handover:
        """What the next shift must know."""
        return self._ask(Handover, "GET", ["handover"])

    def set_handover(self, note: str, *, key: str | None = None) -> Handover:
        """What this shift adds to it."""
        return self._ask(Handover, "PUT", ["handover"], body=Note(note=note), key=key)
