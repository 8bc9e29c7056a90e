"""Overview, assets, trends, data: what the plant does now and did before."""

from __future__ import annotations

from collections.abc import Sequence

from andon.client.connection import Connection, Moment, moment
from andon.service.schema import AssetPage, DataPage, Overview, Share, StatusMap, Trend


class Plant(Connection):
    """What is seen. A trend that has not changed is not sent again."""

    def overview(self) -> Overview:
        """Every asset, worst first."""
        return self._ask(Overview, "GET", ["overview"])

    def asset_page(self, asset: str) -> AssetPage:
        """One asset now: tags by their share, quality, mode."""
        return self._ask(AssetPage, "GET", ["assets", asset])

    def trend(self, asset: str, start: Moment, end: Moment, *, points: int | None = None, tags: Sequence[str] | None = None) -> Trend:
        """Evidence, quality, events and tags between two moments, reduced to so many points."""
        query = {"start": moment(start), "end": moment(end), "points": points, "tags": tags}
        return self._ask(Trend, "GET", ["assets", asset, "trend"], query)

    def shares(self, asset: str, at: Moment) -> list[Share]:
        """Which tags carry the evidence at a moment."""
        return self._ask(list[Share], "GET", ["assets", asset, "shares"], {"at": moment(at)})

    def status_map(self, asset: str, start: Moment, end: Moment) -> StatusMap:
        """Tag x time of status."""
        return self._ask(StatusMap, "GET", ["assets", asset, "status-map"], {"start": moment(start), "end": moment(end)})

    def data_page(self) -> DataPage:
        """Sources with lag and loss, statuses, findings of the audit, messages set aside."""
        return self._ask(DataPage, "GET", ["data"])
