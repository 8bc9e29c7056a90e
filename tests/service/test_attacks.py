"""Attacks on the service: each would work without its defence."""

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.service.limits import MIB
from andon.service.schema import Role
from andon.service.serving import server_settings
from andon.service.settings import ServiceSettings
from tests.service.on_a_port import on_a_port
from tests.service.running import PASSWORD, Service, make_service

INJECTIONS = (
    "'; DROP TABLE users; --", "1 OR 1=1", "x' UNION SELECT password_hash FROM users --", "{{7*7}}", "${7*7}", "{site.__class__}", "%s%n",
    "__import__('os').system('id')", "\x00", "\r\nSet-Cookie: andon=evil", "../../etc/passwd", "<script>alert(1)</script>", "\u202etxt.exe",
)  # fmt: skip


# Bodies and connections.


def test_a_body_that_grows_past_its_limit_is_refused_with_a_key_as_without(fresh: Service) -> None:
    """The key makes the whole body be read below the router: there as well it is counted, and refused in the one shape."""
    fresh.sign_in("operator")

    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * (MIB // 20)

    for headers in ({}, {"Idempotency-Key": "k-large"}):
        told = fresh.client.post("/api/v1/alarms/a1/acts", content=pieces(), headers=headers)
        assert (told.status_code, told.json()["type"]) == (413, "too-large"), headers
        assert "default-src 'none'" in told.headers["content-security-policy"]


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[Service, str]]:
    """A service on a port as `serve` runs it, which waits a quarter of a second for a request."""
    service = make_service(tmp_path, ServiceSettings(body_s=0.5))
    with service.client, on_a_port(service.client.app, lifespan="off", **server_settings(head_s=0.5)) as address:
        yield service, address


def _answer(connection: socket.socket) -> bytes:
    connection.settimeout(10)
    out = b""
    while piece := connection.recv(65_536):
        out += piece
    return out


def test_a_client_that_never_ends_its_head_is_hung_up_on(slow: tuple[Service, str]) -> None:
    host, port = urlsplit(slow[1]).hostname, urlsplit(slow[1]).port
    began = time.monotonic()
    with socket.create_connection((str(host), int(port or 0))) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        _answer(connection)  # ends only because the other side hangs up
    assert time.monotonic() - began < 8


def test_a_client_that_drips_its_body_is_told_that_it_took_too_long(slow: tuple[Service, str]) -> None:
    host, port = urlsplit(slow[1]).hostname, urlsplit(slow[1]).port
    began = time.monotonic()
    with socket.create_connection((str(host), int(port or 0))) as connection:
        connection.sendall(b"POST /api/v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            try:
                connection.sendall(b" ")
            except OSError:
                break
            time.sleep(0.05)
            if time.monotonic() - began > 1.5:
                break
        answer = _answer(connection)
    assert b"408" in answer.split(b"\r\n", 1)[0]
    assert b"too-slow" in answer
    with httpx.Client(base_url=slow[1]) as other:
        assert other.get("/healthz").status_code == 200


def test_a_length_that_is_no_length_is_refused(slow: tuple[Service, str]) -> None:
    host, port = urlsplit(slow[1]).hostname, urlsplit(slow[1]).port
    for length in ("-1", "1e9", "0x10", str(10**12)):
        connection = http.client.HTTPConnection(str(host), port, timeout=10)
        connection.putrequest("POST", "/api/v1/sign-in", skip_accept_encoding=True)
        connection.putheader("Content-Length", length)
        connection.endheaders()
        assert connection.getresponse().status in (400, 413), length
        connection.close()


# Names that want to be something else.


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_name_is_a_name_whatever_it_looks_like(fresh: Service, text: str) -> None:
    """As asset, tag, comment, note, search and user: it comes to the desk as it is, or is refused; nothing else happens."""
    fresh.sign_in("administrator")
    users = {user["user"] for user in fresh.client.get("/api/v1/users").json()}
    for method, path, body in (
        ("POST", "/alarms/a1/acts", {"kind": "comment", "text": text + "."}), ("PUT", "/handover", {"note": text}),
        ("POST", "/out-of-service", {"tag": text, "why": text + "."}), ("PUT", "/budgets/key", {"budget": text, "why": text}),
        ("PATCH", "/users/nobody", {"name": text}),
    ):  # fmt: skip
        told = fresh.client.request(method, f"/api/v1{path}", json=body)
        assert told.status_code < 500, (path, told.text)
        assert "49" not in told.text or "49" in text
    for query in ({"q": text}, {"asset": text}, {"state": text}, {"after": text}):
        told = fresh.client.get("/api/v1/alarms", params=query)
        assert told.status_code == 200
        assert "set-cookie" not in told.headers
    assert text in [value for _, values in fresh.desk.asked for value in values] or text in str(fresh.desk.asked).encode().decode(
        "unicode_escape"
    )
    assert {user["user"] for user in fresh.client.get("/api/v1/users").json()} == users


def test_sign_in_cannot_be_talked_into_anything_by_sql(fresh: Service) -> None:
    for text in INJECTIONS[:3]:
        assert fresh.sign_in(text, text).status_code in (401, 429)
        assert fresh.sign_in("viewer", text).status_code in (401, 429)
    assert len(fresh.accounts.everyone()) == len(Role)


def test_no_header_of_an_answer_holds_what_the_caller_wrote(fresh: Service) -> None:
    fresh.sign_in("operator")
    wild = "k\u00e9y\u0085Set-Cookie: andon=evil"
    told = fresh.client.post("/api/v1/alarms/a1/acts", json={"kind": "acknowledge"}, headers={"Idempotency-Key": wild.encode("latin-1")})  # type: ignore[arg-type]
    assert told.status_code == 200
    assert not any("evil" in value for value in told.headers.values())
    told = fresh.client.get("/api/v1/assets/x%0d%0aSet-Cookie:%20andon=evil/trend?start=0&end=9")
    assert not any("evil" in value for value in told.headers.values())


@pytest.mark.parametrize(
    "path",
    ["..%2f..%2f..%2fetc%2fpasswd", "....//....//etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "..\\..\\etc\\passwd", "files/..%5c..%5cx"],
)
def test_no_path_leads_out_of_the_console(tmp_path: Path, path: str) -> None:
    built = tmp_path / "built"
    (built / "files").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>Andon</title>", encoding="utf-8")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("root:x:0:0", encoding="utf-8")
    service = make_service(tmp_path, console=built)
    with (
        service.client as client,
        on_a_port(client.app, lifespan="off") as address,
        socket.create_connection((urlsplit(address).hostname or "", urlsplit(address).port or 0)) as raw,
    ):
        raw.sendall(f"GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = _answer(raw)
    assert b"root:" not in answer
    assert re.match(rb"HTTP/1.1 (200|404) ", answer)


# Sessions and tokens.


def test_a_cookie_from_before_signing_in_is_not_taken_over(fresh: Service) -> None:
    """Session fixation: whoever plants a cookie knows nothing of the session that follows."""
    fresh.client.cookies.set("andon", "planted")
    told = fresh.sign_in("viewer")
    cookie = re.findall(r"andon=([^;]+)", told.headers["set-cookie"])[0]
    assert cookie != "planted"
    fresh.client.cookies.clear()
    fresh.client.cookies.set("andon", "planted")
    assert fresh.client.get("/api/v1/session").status_code == 401
    first, second = fresh.sign_in("viewer"), fresh.sign_in("viewer")
    assert first.headers["set-cookie"] != second.headers["set-cookie"], "each sign-in has a session of its own"


@pytest.mark.parametrize("scopes", [["read"], ["write"], ["ingest"], ["read", "ingest"]])
def test_a_token_does_no_more_than_its_scopes(fresh: Service, scopes: list[str]) -> None:
    _, text = fresh.accounts.add_token("t", "administrator", scopes, None)
    bearer = {"Authorization": f"Bearer {text}"}
    more = {"name": "more", "role": "administrator", "scopes": ["read", "write"]}
    for scope, method, path, body in (
        ("read", "GET", "/api/v1/overview", None), ("read", "GET", "/api/v1/users", None), ("read", "GET", "/api/v1/live?after=-1", None),
        ("write", "PUT", "/api/v1/handover", {"note": "x"}), ("write", "POST", "/api/v1/tokens", more),
        ("ingest", "POST", "/api/v1/ingest/line", {"x": 1}),
    ):  # fmt: skip
        if path.startswith("/api/v1/live") and scope in scopes:
            continue
        told = fresh.client.request(method, path, json=body, headers=bearer)
        assert (told.status_code == 403) == (scope not in scopes), (scope, path, told.status_code)


def test_a_token_loses_what_its_user_loses_and_cannot_be_more_than_him(fresh: Service) -> None:
    fresh.sign_in("administrator")
    fresh.client.post("/api/v1/users", json={"user": "temp", "role": "engineer", "password": PASSWORD + "9"})
    _, text = fresh.accounts.add_token("t", "temp", ["read", "write"], None)
    fresh.sign_out()
    bearer = {"Authorization": f"Bearer {text}"}
    assert fresh.client.get("/api/v1/ledger", headers=bearer).status_code == 200
    assert fresh.client.get("/api/v1/users", headers=bearer).status_code == 403
    fresh.accounts.change_user("temp", role=Role.VIEWER)
    assert fresh.client.get("/api/v1/ledger", headers=bearer).status_code == 403
    fresh.accounts.change_user("temp", enabled=False)
    assert fresh.client.get("/api/v1/overview", headers=bearer).status_code == 401
    fresh.accounts.remove_user("temp")
    assert fresh.client.get("/api/v1/overview", headers=bearer).status_code == 401


def test_guessing_costs_ever_more_time_and_a_stranger_locks_out_nobody_else(fresh: Service) -> None:
    waits = []
    for _ in range(40):
        told = fresh.sign_in("engineer", "not this one at all")
        if told.status_code == 429:
            wait = int(told.headers["retry-after"])
            waits.append(wait)
            fresh.watch.time += (wait + 1) * 10**9
        if len(waits) == 5:
            break
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]
    assert fresh.sign_in("operator").status_code == 200


def test_who_was_known_stays_known_while_the_database_is_down_and_no_longer(fresh: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    from andon.plant.errors import StoreError

    fresh.sign_in("viewer")
    assert fresh.client.get("/api/v1/overview").status_code == 200

    def down(_: Any) -> Any:
        raise StoreError("the database is down", do="start it")

    monkeypatch.setattr(fresh.accounts._database, "read", down)
    fresh.watch.time += 60 * 10**9
    assert fresh.client.get("/api/v1/overview").status_code == 200
    fresh.client.cookies.clear()
    fresh.client.cookies.set("andon", "somebody new")
    told = fresh.client.get("/api/v1/overview")
    assert (told.status_code, told.json()["type"], told.headers["retry-after"]) == (503, "StoreError", "5")


# Bodies of any kind: no answer of ours is 500.


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(str.encode),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        ).map(lambda value: repr(value).encode()),
    )
)
def test_no_body_makes_the_service_fail(fresh: Service, body: bytes) -> None:
    if "X-CSRF-Token" not in fresh.client.headers:
        fresh.sign_in("administrator")
    for method, path in (
        ("POST", "/alarms/a1/acts"),
        ("POST", "/alarms/acts"),
        ("POST", "/maintenance"),
        ("PATCH", "/users/nobody"),
        ("PUT", "/handover"),
    ):
        told = fresh.client.request(method, f"/api/v1{path}", content=body, headers={"Content-Type": "application/json"})
        assert told.status_code < 500, (path, told.text)
        fresh.watch.time += 10**9
