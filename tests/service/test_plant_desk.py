"""A running plant behind the API: the small line's fault arrives through the live path, and a shift works with it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from andon.plant.budget import parse_budget
from andon.plant.clock import SystemClock
from andon.project.live.replaying import open_replay, run_replay
from andon.project.live.running import Running
from andon.service.accounts.accounts import Accounts
from andon.service.app import create_app
from andon.service.plant_desk import PlantDesk
from andon.service.repeated import Answers
from andon.service.schema import Role
from andon.store.database import users
from tests.service.running import PASSWORD, _hashed
from tests.small_plant import ASSET, TAGS, Line


@dataclass
class Shift:
    """A client that is signed in, and the plant behind it."""

    client: TestClient[Any]
    running: Running

    def get(self, path: str, **query: object) -> Any:
        told = self.client.get(f"/api/v1{path}", params=query)  # type: ignore[arg-type]
        assert told.status_code == 200, told.text
        return told.json()

    def send(self, method: str, path: str, body: object, status: int = 200) -> Any:
        told = self.client.request(method, f"/api/v1{path}", json=body)
        assert told.status_code == status, told.text
        return told.json() if told.content else None


@pytest.fixture(scope="module")
def shift(line: Line, new_export: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shift]:
    folder = tmp_path_factory.mktemp("live")
    running = open_replay(str(line.folder / "plant.toml"), [str(new_export)], {"asset": ASSET}, speed=0.0, data=str(folder / "data"))
    asyncio.run(asyncio.wait_for(run_replay(running), 240))
    desk, clock = PlantDesk(running), SystemClock()
    accounts = Accounts(running.database, clock)
    add = partial(users.add, name="kim", role=Role.ENGINEER.value, password_hash=_hashed(), at=clock.now(), data={"language": "en"})
    running.database.write(add)
    app, _ = create_app(desk, accounts, clock=clock, answers=Answers(running.database, clock))
    client: TestClient[Any] = TestClient(app)
    with client:
        told = client.post("/api/v1/sign-in", json={"user": "kim", "password": PASSWORD})
        client.headers["X-CSRF-Token"] = told.json()["csrf"]
        yield Shift(client, running)
    running.close()


def test_the_live_stream_speaks_to_each_in_his_language_and_of_what_still_exists(shift: Shift) -> None:
    from andon.service.callers import Caller

    desk = PlantDesk(shift.running)
    kim = Caller("kim", Role.VIEWER, language="zh-CN")
    (tile,) = shift.get("/overview")["tiles"]
    told = desk.told(kim, "tile", {"asset": ASSET})
    assert told.keys() == tile.keys()
    assert desk.told(kim, "tile", {"asset": "gone"}) == {}
    row = shift.get("/alarms", state="recent")["rows"][0]
    alarm = shift.running.alarms.open(shift.running.clock.now())
    if alarm:
        said = desk.told(kim, "alarm", {"id": alarm[0].id})
        assert said.keys() == row.keys()
        assert said["text"] != desk.told(Caller("kim", Role.VIEWER), "alarm", {"id": alarm[0].id})["text"]
    assert desk.told(kim, "alarm", {"id": "gone"}) == {}
    assert desk.told(kim, "source", {"name": "replay"})["state"] == "stopped"
    look = desk.look(1.0)
    assert (look.trouble, look.behind_s, list(look.sources)) == ({}, 0.0, ["replay"])


def test_the_ledger_is_read_newest_first_page_by_page(shift: Shift) -> None:
    shift.send("PUT", "/handover", {"note": "quiet"})
    everything = [entry["number"] for entry in shift.get("/ledger", limit=1000)["entries"]]
    assert everything == list(range(len(everything), 0, -1))
    found: list[int] = []
    before: dict[str, object] = {}
    while True:
        page = shift.get("/ledger", limit=2, **before)
        found += [entry["number"] for entry in page["entries"]]
        if not page["next"]:
            break
        before = {"before": page["next"]}
    assert found == everything


def span(shift: Shift) -> dict[str, object]:
    """The whole recording."""
    low, high = shift.running.keeping.samples.segments.extent(ASSET) or (0, 0)
    return {"start": str(low / 1e9), "end": str(high / 1e9)}


def test_the_overview_shows_the_asset_with_its_last_hour(shift: Shift) -> None:
    (tile,) = shift.get("/overview")["tiles"]
    assert tile["asset"] == ASSET
    assert tile["state"] in ("normal", "anomalous", "cannot_judge", "alarm")
    assert any(value is not None for value in tile["evidence"])
    assert shift.get("/overview")["sources"][0]["name"] == "replay"
    assert 0.5 < tile["data_share"] <= 1.0


def test_the_asset_page_shows_every_tag_beside_what_was_expected(shift: Shift) -> None:
    page = shift.get(f"/assets/{ASSET}")
    assert sorted(tag["id"] for tag in page["tags"]) == sorted(TAGS)
    known = [tag for tag in page["tags"] if tag["value"] is not None]
    assert known
    assert all(tag["expected_low"] < tag["expected"] < tag["expected_high"] for tag in known)


def test_the_trend_has_evidence_bands_and_the_event(shift: Shift) -> None:
    trend = shift.get(f"/assets/{ASSET}/trend", **span(shift), points=400, tags=["PIC-101"])
    assert max(value for value in trend["evidence"]["high"] if value is not None) > trend["threshold"]
    (tag,) = trend["tags"]
    assert len(tag["measured"]["time"]) == len(tag["expected_low"])
    assert any(item["kind"] == "event" for item in trend["spans"])
    found = [item for item in trend["spans"] if item["kind"] == "event"]
    assert any("PIC-101" in item["text"] for item in found)


def test_a_shift_acknowledges_shelves_marks_and_comments_and_the_ledger_knows(shift: Shift) -> None:
    rows = shift.get("/alarms", state="recent")["rows"]
    row = next(item for item in rows if "PIC-101" in item["tags"])
    assert shift.get("/alarms", state="recent", q="nothing like it")["rows"] == []
    case = shift.get(f"/cases/{row['case']}")
    assert sum(share["share"] for share in case["shares"]) == pytest.approx(1.0, abs=0.02)
    assert case["records"][0]["kind"] == "raise"
    done = shift.send("POST", f"/alarms/{row['id']}/acts", {"kind": "comment", "text": "<b>looked</b>", "number": row["number"]})["done"][0]
    again = shift.client.post(f"/api/v1/alarms/{row['id']}/acts", json={"kind": "comment", "text": "late", "number": row["number"]})
    assert again.status_code == 409, "somebody was quicker"
    done = shift.send("POST", f"/alarms/{row['id']}/acts", {"kind": "mark", "mark": "false", "number": done["number"]})["done"][0]
    assert done["mark"] == "false"
    records = shift.get(f"/cases/{row['case']}")["records"]
    assert any("<b>looked</b>" in record["text"] for record in records)
    entries = shift.get("/ledger", limit=1000)
    assert entries["whole"]
    assert {"event-opened", "alarm-act"} <= {entry["what"] for entry in entries["entries"]}
    assert all(entry["by"] == "kim" for entry in entries["entries"] if entry["what"] == "alarm-act")


def test_the_budget_page_answers_for_every_setting_of_the_slider_and_takes_a_new_promise(shift: Shift) -> None:
    (page,) = shift.get("/budgets")
    rates = [effect["per_week"] for effect in page["curve"]]
    assert len(rates) >= 3
    assert rates == sorted(rates), "the slider goes from few to many"
    assert all(effect["found"].keys() == effect["delay_s"].keys() for effect in page["curve"])
    assert parse_budget(page["tightest"]).rate_per_hour < parse_budget("1/hour").rate_per_hour
    assert page["moved"] is bool(page["group"] in shift.get("/overview")["moved"])
    found = [sum(effect["found"].values()) for effect in page["curve"]]
    assert found == sorted(found), "a looser promise finds no less"
    assert {"step_4", "drift_4_1h", "drift_2_1d", "stuck"} <= page["curve"][0]["found"].keys()
    changed = shift.send("PUT", f"/budgets/{page['group']}", {"budget": "4/day", "why": "test"})
    assert changed["promise"] != page["promise"]
    entries = shift.get("/ledger", limit=1000)["entries"]
    assert any(entry["what"] == "budget-set" for entry in entries)


def test_kpi_handover_models_and_data(shift: Shift) -> None:
    now = time.time()
    kpi = shift.get("/kpi", start=str(now - 400 * 86_400), end=str(now))
    assert {"per_ten_minutes", "peak", "flood_share"} <= {item["key"] for item in kpi["numbers"]}
    note = shift.send("PUT", "/handover", {"note": "all quiet"})
    assert note["note"] == "all quiet"
    versions = shift.get("/models")["versions"]
    assert [item["state"] for item in versions].count("champion") == 1
    card = versions[0]["card"]
    assert {"budget", "interval_s", "tags", "trained_from", "trained_to", "andon"} <= card.keys()
    assert (card["tags"], card["trained_from"] < card["trained_to"], card["trained_to"][-1]) == (len(TAGS), True, "Z")
    assert all(isinstance(value, (str, int, float)) for value in card.values())
    data = shift.get("/data")
    assert data["map"]["tags"]
    weights = [item["weight"] for item in data["findings"]]
    assert weights == sorted(weights, reverse=True)
    assert all(item["evidence"] and item["suggestion"] and "{" not in item["evidence"] for item in data["findings"])
    low = span(shift)
    map_ = shift.get(f"/assets/{ASSET}/status-map", **low)
    assert max(value for row in map_["share"] for value in row if value is not None) == 1.0


def test_maintenance_and_tags_out_of_service_are_said_to_the_loop(shift: Shift) -> None:
    loop = threading.Thread(target=lambda: asyncio.run(shift.running.loop.run()), daemon=True)
    shift.running.loop._stopping.clear()
    loop.start()
    try:
        now = shift.running.clock.now() / 1e9
        made = shift.send("POST", "/maintenance", {"assets": [ASSET], "start": str(now - 10), "end": str(now + 3600), "why": "filter"}, 201)
        shift.send("POST", "/out-of-service", {"asset": ASSET, "tag": "LIC-101", "why": "calibration"}, 201)
        until = time.monotonic() + 30
        while time.monotonic() < until and not (shift.get("/maintenance") and shift.get("/out-of-service")):
            time.sleep(0.1)
        assert [(item["id"], item["why"], item["by"]) for item in shift.get("/maintenance")] == [(made["id"], "filter", "kim")]
        assert [(item["tag"], item["by"]) for item in shift.get("/out-of-service")] == [("LIC-101", "kim")]
        shift.send("DELETE", f"/out-of-service?tag=LIC-101&asset={ASSET}", None)
        shift.send("DELETE", f"/maintenance/{made['id']}", None)
        until = time.monotonic() + 30
        while time.monotonic() < until and (shift.get("/maintenance") or shift.get("/out-of-service")):
            time.sleep(0.1)
        assert shift.get("/out-of-service") == []
    finally:
        shift.running.loop.stop()
        loop.join(60)


def test_what_does_not_exist_is_not_found(shift: Shift) -> None:
    for path in ("/assets/nothing", "/cases/nothing", f"/assets/nothing/trend?{'&'.join(f'{k}={v}' for k, v in span(shift).items())}"):
        assert shift.client.get(f"/api/v1{path}").status_code == 404
    assert shift.client.put("/api/v1/budgets/nothing", json={"budget": "1/week"}).status_code == 404
    assert shift.client.post("/api/v1/maintenance", json={"assets": ["x"], "start": "0", "end": "9", "why": "y"}).status_code == 404


def test_alarms_that_are_over_have_their_own_lists(shift: Shift) -> None:
    listed = {state: [row["id"] for row in shift.get("/alarms", state=state)["rows"]] for state in ("open", "closed", "all", "recent")}
    assert listed["all"] == listed["recent"]
    assert set(listed["closed"]) == set(listed["all"]) - {alarm.id for alarm in shift.running.alarms.open(shift.running.clock.now())}
    assert shift.get("/alarms", state="closed")["counts"] == shift.get("/alarms")["counts"]


def test_what_andon_itself_writes_hinders_nobodys_act(shift: Shift) -> None:
    """A person who has seen an alarm may act on it though it went on meanwhile; only another person's act comes first."""
    row = next(item for item in shift.get("/alarms", state="recent")["rows"] if item["number"] > 1)
    records = shift.get(f"/cases/{row['case']}")["records"]
    last = max((record["number"] for record in records if record["by"] != "andon"), default=0)
    seen = max(last, 1)
    assert seen < row["number"] or last == row["number"]
    shift.send("POST", f"/alarms/{row['id']}/acts", {"kind": "comment", "text": "still there", "number": seen})
    shift.send("POST", f"/alarms/{row['id']}/acts", {"kind": "comment", "text": "too late", "number": seen}, 409)


def test_a_spark_holds_each_tick_until_the_next() -> None:
    import numpy as np

    from andon.plant.time import MINUTE_NS
    from andon.service.pages.now import held

    hour = np.full(60, np.nan)
    hour[[3, 8, 30]] = [1.0, 2.0, 3.0]
    five = held(hour, 5 * MINUTE_NS)
    assert (bool(np.isnan(five[:3]).all()), list(five[3:8]), list(five[8:13])) == (True, [1.0] * 5, [2.0] * 5)
    assert np.isnan(five[13:30]).all(), "a tick that was not judged is a gap"
    assert np.array_equal(held(hour, 1000), hour, equal_nan=True)
