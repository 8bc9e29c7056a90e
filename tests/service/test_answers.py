"""One error shape, ETags, idempotency, rates, the live stream, health, metrics, the console's files, the OpenAPI document."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from andon.service.limits import Rate
from andon.service.settings import ServiceSettings
from tests.service.running import Service, make_service
from tests.service.stand_in_desk import NASTY

SHAPE = {"type", "title", "status", "detail", "at", "do", "errors"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/nowhere", None, 404),
        ("GET", "/api/v1/assets/gone", None, 404),
        ("DELETE", "/api/v1/overview", None, 405),
        ("GET", "/api/v1/assets/P-1/trend?start=now&end=then", None, 400),
        ("GET", "/api/v1/assets/P-1/trend?start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z", None, 400),
        ("GET", "/api/v1/assets/P-1/trend?start=0&end=9&points=1000000", None, 400),
        ("GET", "/api/v1/alarms?limit=minus", None, 400),
        ("POST", "/api/v1/alarms/a1/acts", {"kind": "explode"}, 400),
        ("POST", "/api/v1/alarms/a1/acts", {"kind": 7}, 400),
        ("POST", "/api/v1/alarms/a1/acts", [1], 400),
        ("POST", "/api/v1/alarms/a1/acts", {"kind": "comment", "text": "x" * 5000}, 400),
        ("POST", "/api/v1/alarms/acts", {"ids": [], "act": {"kind": "acknowledge"}}, 400),
        ("POST", "/api/v1/tokens", {"name": "x", "role": "viewer"}, 400),
        ("POST", "/api/v1/maintenance", {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z", "why": " "}, 400),
    ],
)
def test_every_refusal_has_the_one_shape(fresh: Service, method: str, path: str, body: object, status: int) -> None:
    fresh.sign_in("administrator")
    fresh.desk.unknown.add("gone")
    told = fresh.client.request(method, path, json=body)
    assert told.status_code == status, told.text
    assert told.headers["content-type"].startswith("application/problem+json")
    assert set(told.json()) == SHAPE
    assert told.json()["title"]


def test_an_error_of_our_own_tells_nothing_but_that(fresh: Service, caplog: pytest.LogCaptureFixture) -> None:
    fresh.sign_in("viewer")
    fresh.desk.__dict__["overview"] = lambda caller: 1 / 0
    told = fresh.client.get("/api/v1/overview")
    del fresh.desk.__dict__["overview"]
    assert told.status_code == 500
    assert set(told.json()) == SHAPE
    assert "ZeroDivision" not in told.text
    assert "ZeroDivision" in caplog.text


def test_refusals_are_told_in_the_language_of_the_reader(fresh: Service) -> None:
    path = "/api/v1/assets/P-1/trend?start=noon&end=2026-01-02T00:00:00Z"
    nobody = fresh.client.get("/api/v1/overview", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert (nobody.status_code, nobody.json()["title"]) == (401, "请先登录")
    assert fresh.client.get("/api/v1/overview", headers={"Accept-Language": "de"}).json()["title"] == "sign in first"
    fresh.sign_in("viewer")
    fresh.client.put("/api/v1/session/language", json={"language": "zh-CN"})
    told = fresh.client.get(path).json()
    assert (told["title"], told["do"]) == ("'noon' 不是时刻", '请写成 "2026-11-24T10:15:00Z" 的形式')
    fresh.desk.unknown.add("gone")
    assert fresh.client.get("/api/v1/assets/gone").json()["title"] == "没有 'gone'"
    fresh.client.put("/api/v1/session/language", json={"language": "en"})
    assert fresh.client.get(path).json()["title"] == "'noon' is no moment"


def test_names_of_tags_come_through_as_they_are_and_as_json(fresh: Service) -> None:
    fresh.sign_in("viewer")
    told = fresh.client.get(f"/api/v1/assets/{NASTY.replace('/', '%2F')}") if "/" not in NASTY else fresh.client.get("/api/v1/assets/x")
    assert told.headers["content-type"].startswith("application/json")
    assert told.headers["x-content-type-options"] == "nosniff"
    assert told.json()["name"] == NASTY


def test_a_trend_that_has_not_changed_is_not_sent_again(fresh: Service) -> None:
    fresh.sign_in("viewer")
    path = "/api/v1/assets/P-1/trend?start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z"
    first = fresh.client.get(path)
    again = fresh.client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    fresh.desk.version = "2"
    assert fresh.client.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_the_same_key_does_a_thing_once(fresh: Service) -> None:
    fresh.sign_in("operator")
    headers = {"Idempotency-Key": "k-1"}
    body = {"kind": "comment", "text": "looked at it"}
    first = fresh.client.post("/api/v1/alarms/a1/acts", json=body, headers=headers)
    again = fresh.client.post("/api/v1/alarms/a1/acts", json=body, headers=headers)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert [name for name, _ in fresh.desk.asked].count("act") == 1
    other = fresh.client.post("/api/v1/alarms/a1/acts", json={"kind": "acknowledge"}, headers=headers)
    assert (other.status_code, other.headers["content-type"], other.json()["type"]) == (409, "application/problem+json", "key-used")
    fresh.client.post("/api/v1/alarms/a2/acts", json=body, headers=headers)
    assert [name for name, _ in fresh.desk.asked].count("act") == 2


def test_a_caller_that_asks_too_often_is_told_to_wait(tmp_path: Path) -> None:
    service = make_service(tmp_path, ServiceSettings(rate=Rate(per_s=0.001, burst=5)))
    with service.client:
        service.sign_in("viewer")
        codes = [service.client.get("/api/v1/session").status_code for _ in range(8)]
        assert codes == [200] * 5 + [429] * 3
        told = service.client.get("/api/v1/session")
        assert (told.headers["retry-after"], told.json()["type"], told.json()["do"]) == ("1000", "too-many-requests", "ask less often")
        assert service.client.get("/healthz").status_code == 200


def test_pushes_pass_their_type_and_key_on(fresh: Service) -> None:
    _, text = fresh.accounts.add_token("gateway", "operator", ["ingest"], None)
    headers = {"Authorization": f"Bearer {text}", "Content-Type": "text/plain; charset=utf-8", "Idempotency-Key": "b-7"}
    told = fresh.client.post("/api/v1/ingest/line 1", content=b"m t=1", headers=headers)
    assert told.json() == {"accepted": 3, "set_aside": 1, "reasons": ["line 2: no time"]}
    assert fresh.desk.asked[-1] == ("ingest", ("line 1", "text/plain", b"m t=1", "b-7"))
    assert fresh.client.post("/api/v1/ingest/line 1", content=b"", headers=headers).status_code == 400


def test_health_readiness_and_metrics_need_no_sign_in_and_name_no_tag(fresh: Service) -> None:
    fresh.sign_in("viewer")
    fresh.client.get("/api/v1/assets/SecretTag")
    fresh.sign_out()
    assert fresh.client.get("/healthz").json() == {"status": "ok"}
    assert fresh.client.get("/readyz").status_code == 200
    fresh.desk.wrong = {"database": "read-only"}
    assert fresh.client.get("/readyz").status_code == 503
    fresh.desk.wrong = {}
    text = fresh.client.get("/metrics").text
    assert 'route="/api/v1/assets/{asset}"' in text
    assert "SecretTag" not in text


def test_the_openapi_document_describes_every_shape(fresh: Service) -> None:
    fresh.sign_in("viewer")
    document = fresh.client.get("/api/v1/schema/openapi.json")
    assert document.status_code == 200
    told = json.loads(document.content)
    assert told["openapi"].startswith("3.1")
    assert {"AlarmList", "Trend", "CasePage", "BudgetPage", "KpiPage"} <= {name.split("_")[-1] for name in told["components"]["schemas"]}


def test_a_slash_in_a_name_is_part_of_the_name(fresh: Service) -> None:
    fresh.sign_in("operator")
    for name in ("line 2/furnace 3", NASTY, "/", "温度/°C"):
        told = fresh.client.get(f"/api/v1/assets/{quote(name, safe='')}")
        assert told.status_code == 200, told.text
        assert fresh.desk.asked[-1][1][-1] == name
    assert fresh.client.get("/api/v1/assets/a/b/c").status_code == 404


def test_the_console_is_served_whole_and_nothing_beside_it(tmp_path: Path) -> None:
    built = tmp_path / "built"
    (built / "files").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>Andon</title>", encoding="utf-8")
    (built / "files/app-1.js").write_text("1", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    service = make_service(tmp_path, console=built)
    with service.client as client:
        for page in ("/", "/alarms", "/assets/P-1", "/assets/PI-101.PV"):
            assert "<title>Andon" in client.get(page).text
        script = client.get("/files/app-1.js")
        assert "immutable" in script.headers["cache-control"]
        assert script.headers["content-type"].startswith(("text/javascript", "application/javascript"))
        for path in (
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/assets/../../secret.txt",
            "/assets/..%2f..%2fsecret.txt",
            "/gone.js",
            "/files/gone.js",
            "/api/v1/x",
        ):
            told = client.get(path)
            assert "secret" not in told.text.replace("secret.txt", "")
            assert told.status_code in (401, 404)
