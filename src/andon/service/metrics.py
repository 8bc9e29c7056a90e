"""Metrics for Prometheus: requests by route and status, and whatever the running plant registers."""

from __future__ import annotations

import time

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from andon.service.asgi import App, Message, Receive, Scope, Send


class Metrics:
    """One registry a service, so that two services in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("andon_http_requests", "Requests by route and status.", ["route", "status"], registry=self.registry)
        self._seconds = Histogram(
            "andon_http_seconds", "Time to answer, by route.", ["route"], registry=self.registry,
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
        )  # fmt: skip

    def text(self) -> tuple[bytes, str]:
        """The page and its media type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def watched(self, app: App) -> App:
        """`app` with every request counted under its route, never under its path: a path may hold the name of a tag."""

        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            began, status = time.perf_counter(), 0

            async def noting(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, noting)
            finally:
                route = str(scope.get("path_template") or "other")
                self._requests.labels(route, str(status or 499)).inc()
                if route != "/api/v1/live":
                    self._seconds.labels(route).observe(time.perf_counter() - began)

        return wrapped
