"""Pushes of samples, health, readiness, metrics."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from andon.client.connection import Connection
from andon.service.schema import LabResult, Pushed, Readiness


class Machines(Connection):
    """What gateways and watchdogs ask."""

    def ingest(self, source: str, body: bytes, content_type: str = "application/json", *, key: str | None = None) -> Pushed:
        """Push samples to a link of the plant file: JSON, CSV, line protocol, Arrow or packed; on the disk when this returns.

        Raises
        ------
        ServiceError : nothing of the body could be read; `problem.errors` say why
        """
        return self._ask(Pushed, "POST", ["ingest", source], body=body, content_type=content_type, key=key)

    def results(self, results: Sequence[LabResult], *, key: str | None = None) -> Pushed:
        """Laboratory results: all are taken, on the disk when this returns, or none."""
        return self._ask(Pushed, "POST", ["lab"], body=msgspec.json.encode(list(results)), key=key)

    def healthz(self) -> dict[str, str]:
        """The process answers."""
        return self._ask(dict[str, str], "GET", ["healthz"], root="")

    def readyz(self) -> Readiness:
        """Every part works; else which does not: that is an answer, no error."""
        return self._ask(Readiness, "GET", ["readyz"], root="", right=(503,))

    def metrics(self) -> str:
        """For Prometheus."""
        return self._ask(bytes, "GET", ["metrics"], root="").decode()
