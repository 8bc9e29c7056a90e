"""A database that is away at the start is waited for, and whoever calls is told why."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest

from andon.plant.backoff import Backoff
from andon.plant.errors import AskUserError
from andon.plant.file.service_settings import ServiceSection
from andon.plant.time import NS
from andon.project.live.running import open_running
from andon.service.waiting_room import WaitingRoom, opened_when_possible
from andon.store.database.failures import DatabaseAwayError
from tests.postgres_server import PASSWORD, PostgresServer
from tests.small_plant import Line


def test_it_opens_when_postgresql_comes_back_and_says_meanwhile_why_not(
    line: Line, server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(line.models, tmp_path / "models")
    monkeypatch.setenv("ANDON_TEST_DATABASE", PASSWORD)
    plant = tmp_path / "plant.toml"
    server.run_sql("CREATE DATABASE at_start TEMPLATE empty")
    plant.write_text(f'[service]\ndatabase = "{server.url("at_start")}"\ndatabase_password_from = "ANDON_TEST_DATABASE"\n', "utf-8")
    server.stop()
    room = WaitingRoom(ServiceSection(port=0))
    waits: list[float] = []

    def sleep(wait_s: float) -> None:
        address = f"http://127.0.0.1:{room.port}"
        assert httpx.get(f"{address}/healthz", trust_env=False).json() == {"status": "ok"}
        told = httpx.get(f"{address}/api/v1/overview", trust_env=False)
        assert (told.status_code, told.headers["content-type"]) == (503, "application/problem+json")
        assert told.json()["title"] == "Andon waits for its database"
        assert "the database refuses" in told.json()["detail"]
        page = httpx.get(address, headers={"Accept": "text/html", "Accept-Language": "zh-CN"}, trust_env=False)
        assert (page.status_code, "Andon 正在等待数据库" in page.text) == (503, True)
        if len(waits) == 2:
            server.start()

    with opened_when_possible(
        lambda: open_running(plant, data=tmp_path / "data"), DatabaseAwayError, lambda _, wait: waits.append(wait), lambda: room, sleep,
        Backoff(NS, 30 * NS, jitter=0.0),
    ) as running:  # fmt: skip
        running.database.check()
    assert waits == [1.0, 2.0]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{room.port}/healthz", trust_env=False)


def test_a_wrong_setting_is_not_waited_for() -> None:
    def open_() -> WaitingRoom:
        raise AskUserError("no", do="correct it")

    with pytest.raises(AskUserError):
        opened_when_possible(open_, DatabaseAwayError, lambda *_: None, lambda: WaitingRoom(ServiceSection(port=0)))
