"""The application: routes, and around them what every request passes: metrics, headers, limits, who asks, idempotency."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide

from andon.plant.clock import Clock
from andon.service.accounts.accounts import Accounts
from andon.service.asgi import App
from andon.service.browser_headers import browser_headers
from andon.service.callers import guard
from andon.service.desk import Desk
from andon.service.limits import bounded_bodies
from andon.service.live import Feed
from andon.service.metrics import Metrics
from andon.service.openapi import described, document
from andon.service.problems import HANDLERS, problem_answers
from andon.service.rates import limited
from andon.service.repeated import Answers, answered_once
from andon.service.routes import administration, alarms, engineering, laboratory, machines, plant, signing_in
from andon.service.settings import ServiceSettings
from andon.service.signed_in import know_callers
from andon.service.slashes import marked, restored

PREFIX = "/api/v1"
INGEST = f"{PREFIX}/ingest/"


def create_app(
    desk: Desk,
    accounts: Accounts,
    *,
    clock: Clock,
    answers: Answers,
    settings: ServiceSettings | None = None,
    feed: Feed | None = None,
    metrics: Metrics | None = None,
    console: Path | None = None,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> tuple[App, Litestar]:
    """The whole application and the Litestar app inside it.

    Parameters
    ----------
    desk : the running plant
    accounts : who may sign in
    answers : what requests with an idempotency key were answered
    console : folder of the built console; None: the API alone
    monotonic_s : the clock of rates
    """
    settings, feed, metrics = settings or ServiceSettings(), feed or Feed(), metrics or Metrics()
    api = Router(
        PREFIX,
        route_handlers=described(
            *signing_in.HANDLERS, *plant.HANDLERS, *alarms.HANDLERS, *engineering.HANDLERS, *laboratory.HANDLERS, *administration.HANDLERS,
            *machines.HANDLERS,
        ),
    )  # fmt: skip
    pages: list[Any] = []
    if console is not None:
        from andon.service.routes.console import console_files

        pages = [console_files(console)]
    litestar = Litestar(
        [api, *machines.PLAIN, *pages],
        guards=[guard],
        middleware=[restored],
        exception_handlers={**HANDLERS},
        dependencies={
            "desk": _given(desk), "accounts": _given(accounts), "clock": _given(clock), "feed": _given(feed), "metrics_of": _given(metrics),
        },
        state=State({"settings": settings}),
        openapi_config=document(PREFIX),
        compression_config=CompressionConfig(backend="gzip", minimum_size=1000, exclude=[f"^{PREFIX}/live"]),
        request_max_body_size=None,
        logging_config=None,
    )  # fmt: skip
    app: App = marked(litestar)
    app = answered_once(app, answers, prefix=PREFIX, except_for=INGEST)
    app = limited(app, settings, monotonic_s, prefix=PREFIX)
    app = know_callers(app, accounts, tls=settings.tls)
    app = bounded_bodies(app, most=settings.most_body, most_ingest=settings.most_ingest, ingest_path=INGEST, within_s=settings.body_s)
    app = problem_answers(app)
    app = browser_headers(app, tls=settings.tls)
    app = metrics.watched(app)
    return app, litestar


def _given(value: Any) -> Provide:
    """A dependency that is there already."""

    def give() -> Any:
        return value

    give.__annotations__["return"] = type(value)
    provider: Callable[[], Any] = give
    return Provide(provider, use_cache=True, sync_to_thread=False)
