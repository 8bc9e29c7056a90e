"""A service for tests: a database in a folder, a clock that tests move, the stand-in desk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar
from litestar.testing import TestClient

from andon.service.accounts.accounts import Accounts
from andon.service.accounts.passwords import hashed
from andon.service.app import create_app
from andon.service.live import Feed
from andon.service.repeated import Answers
from andon.service.schema import Role
from andon.service.settings import ServiceSettings
from andon.store.database import users
from andon.store.database.database import Database
from tests.service.stand_in_desk import StandInDesk

PASSWORD = "the furnace hums quietly"
NOON = 1_790_000_000 * 10**9


@cache
def _hashed() -> str:
    """The hash of the password, which takes a while to work out."""
    return hashed(PASSWORD)


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> int:
        return self.time

    async def sleep(self, duration_ns: int) -> None:
        self.time += duration_ns


@dataclass
class Service:
    """Everything that a test may want to reach."""

    client: TestClient[Litestar]
    litestar: Litestar
    desk: StandInDesk
    accounts: Accounts
    watch: Watch
    feed: Feed
    csrf: str = ""

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Sign in; the CSRF token goes into every later request."""
        told = self.client.post("/api/v1/sign-in", json={"user": name, "password": password})
        if told.status_code == 200:
            self.csrf = told.json()["csrf"]
            self.client.headers["X-CSRF-Token"] = self.csrf
        return told

    def sign_out(self) -> None:
        """Forget cookie and token, as another browser would not have them."""
        self.client.cookies.clear()
        self.client.headers.pop("X-CSRF-Token", None)


def make_service(folder: Path, settings: ServiceSettings | None = None, **more: Any) -> Service:
    """A service with one user of each role, named after it."""
    watch, desk, feed = Watch(), StandInDesk(), Feed()
    database = Database(folder / "andon.sqlite", at=watch.now())
    accounts = Accounts(database, watch)
    for role in Role:
        add = partial(users.add, name=role.value, role=role.value, password_hash=_hashed(), at=watch.now(), data={"language": "en"})
        database.write(add)
    app, litestar = create_app(
        desk,
        accounts,
        clock=watch,
        answers=Answers(database, watch),
        settings=settings,
        feed=feed,
        monotonic_s=lambda: watch.time / 1e9,
        **more,
    )
    client: TestClient[Litestar] = TestClient(app)  # type: ignore[arg-type]
    return Service(client, litestar, desk, accounts, watch, feed)
