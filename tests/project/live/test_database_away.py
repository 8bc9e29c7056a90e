"""A database that stops taking anything while the plant runs: it is said, tried again, and afterwards nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event

from andon.plant.batch import Batch
from andon.plant.time import NS
from andon.project.live.replaying import open_replay, run_replay
from andon.project.live.running import Running
from andon.service.plant_desk import PlantDesk
from andon.store.database import alarm_records, events
from tests.postgres_server import PASSWORD, PostgresServer
from tests.project.live.test_sending import plant_with
from tests.small_plant import ASSET, Line

OUT = '[[send]]\nname = "lines"\nkind = "folder"\naddress = "out"\nwhat = ["system"]\n'


def kept(running: Running) -> dict[str, Any]:
    """What a run leaves behind."""
    trace = running.keeping.traces.trace(ASSET, 0, 2**62, 10_000, columns=("evidence", "verdict"))
    records = running.database.read(lambda connection: alarm_records.between(connection, 0, 2**62))
    return {
        "verdicts": trace.count.tolist(),
        "evidence": trace.mean,
        "records": sorted((row.alarm, row.number, row.kind, row.at) for row in records),
        "events": running.database.read(events.count),
        "ledger": [entry.what for entry in running.models.ledger.entries()],
    }


@pytest.fixture(scope="module")
def undisturbed(line: Line, new_export: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    plant = plant_with(line, folder / "plant")
    with open_replay(str(plant), [str(new_export)], {"asset": ASSET}, speed=0.0, data=str(folder / "data")) as running:
        asyncio.run(asyncio.wait_for(run_replay(running), 240))
        found = kept(running)
    assert found["events"]
    assert found["records"]
    return found


def refusing(running: Running, pragma: str, back: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """SQLite itself refuses what is written between the two calls."""
    engine = running.database._writing
    wanted = [back]

    def taken(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA {wanted[0]}")

    event.listen(engine, "checkout", taken)  # before a transaction begins
    return lambda: wanted.__setitem__(0, pragma), lambda: wanted.__setitem__(0, back)


def told(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((folder / "out").rglob("*.jsonl")):
        yield from (json.loads(text) for text in path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("how", ["read-only", "postgresql"])
def test_it_is_said_tried_again_and_nothing_is_lost(
    how: str, line: Line, new_export: Path, undisturbed: dict[str, Any], tmp_path: Path, request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    section, server = "", None
    if how == "postgresql":
        server = request.getfixturevalue("server")
        assert isinstance(server, PostgresServer)
        server.run_sql("CREATE DATABASE away TEMPLATE empty")
        monkeypatch.setenv("ANDON_TEST_DATABASE", PASSWORD)
        section = f'[service]\ndatabase = "{server.url("away")}"\ndatabase_password_from = "ANDON_TEST_DATABASE"\n'
    plant = plant_with(line, tmp_path / "plant", OUT)
    if section:
        plant.write_text(plant.read_text("utf-8").replace("[service]\n", section, 1), "utf-8")
    seen: dict[str, dict[str, str]] = {}
    monkeypatch.setattr("andon.reading.replay.parse.ROWS", 30)
    with open_replay(str(plant), [str(new_export)], {"asset": ASSET}, speed=0.0, data=str(tmp_path / "data"), send=True) as running:
        desk = PlantDesk(running)
        if server is not None:
            down, up = server.stop, server.start
        else:
            down, up = refusing(running, "query_only = ON", "query_only = OFF")
        entries = [0]
        wait = threading.Event()

        def disturb(_: Batch, __: object) -> None:
            entries[0] += 1
            if entries[0] == 8:
                down()
                wait.set()

        def mend() -> None:
            assert wait.wait(60)
            end = time.monotonic() + 20
            while not running.loop.status.trouble and time.monotonic() < end:
                time.sleep(0.01)
            for steady in (0, 11):  # it has stood for eleven seconds
                running.watchman.look(time.time_ns(), steady * NS)
            seen["away"] = dict(desk.look(0.0).trouble)
            up()
            while running.loop.status.trouble and time.monotonic() < end:
                time.sleep(0.01)
            for steady in (12, 30, 45):
                running.watchman.look(time.time_ns(), steady * NS)
            seen["back"] = dict(desk.look(1.0).trouble)

        running.loop.on_said = None
        running.keeping.on_kept.append(disturb)
        mending = threading.Thread(target=mend)
        mending.start()
        asyncio.run(asyncio.wait_for(run_replay(running), 40))
        mending.join(30)
        found = kept(running)
    evidence, wanted = found.pop("evidence"), {key: value for key, value in undisturbed.items() if key != "evidence"}
    assert found == wanted
    np.testing.assert_allclose(evidence, undisturbed["evidence"], rtol=1e-3, atol=1e-4)  # ticks more or less at once change last digits
    assert "loop" in seen["away"]
    assert {"read-only": "readonly", "postgresql": "refuses"}[how] in seen["away"]["loop"]
    assert ("database" in seen["away"]) == (how == "postgresql")
    assert seen["back"] == {}
    parts = {"loop", *(["database"] if how == "postgresql" else [])}
    messages = list(told(tmp_path / "plant"))
    assert sorted((one["data"]["part"], one["data"]["change"]) for one in messages) == sorted(
        (part, change) for part in parts for change in ("begun", "over")
    )
    assert len({one["id"] for one in messages}) == len(messages)
