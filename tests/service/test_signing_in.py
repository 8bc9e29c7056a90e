"""Signing in: cookies, CSRF, lock-out, the one-time link, tokens; sessions end when they must."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.plant.time import DAY_NS, HOUR_NS, NS
from andon.service.accounts.accounts import Accounts
from andon.service.schema import Role
from andon.service.settings import ServiceSettings
from andon.store.database.database import Database
from tests.service.running import PASSWORD, Service, Watch, make_service


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(fresh: Service) -> None:
    told = fresh.sign_in("operator")
    cookie = told.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert told.json()["role"] == "operator"
    assert PASSWORD not in told.text


def test_with_tls_the_cookie_is_secure_and_of_this_host(tmp_path: Path) -> None:
    service = make_service(tmp_path, ServiceSettings(certificate="c.pem", key="k.pem"))
    with service.client as client:
        cookie = client.post("/api/v1/sign-in", json={"user": "viewer", "password": PASSWORD}).headers["set-cookie"]
    assert cookie.startswith("__Host-andon=")
    assert "Secure" in cookie


def test_a_change_without_the_csrf_token_or_from_another_site_is_refused(fresh: Service) -> None:
    fresh.sign_in("operator")
    body = {"kind": "acknowledge"}
    token = fresh.client.headers.pop("X-CSRF-Token")
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": token[:-1]}, {"X-CSRF-Token": token, "Origin": "https://elsewhere.example"}):
        told = fresh.client.post("/api/v1/alarms/a1/acts", json=body, headers=headers)
        assert (told.status_code, told.json()["type"]) == (403, "not-from-our-pages"), headers
    same = {"X-CSRF-Token": token, "Origin": "http://testserver.local"}
    assert fresh.client.post("/api/v1/alarms/a1/acts", json=body, headers=same).status_code == 200


def test_a_wrong_password_and_an_unknown_name_look_alike_and_then_cost_time(fresh: Service) -> None:
    answers = {fresh.sign_in(name, "not this one at all").text for name in ("viewer", "nobody")}
    assert len(answers) == 1
    for _ in range(8):
        told = fresh.sign_in("viewer", "not this one at all")
    assert told.status_code == 429
    wait = int(told.headers["retry-after"])
    assert wait >= 1
    assert fresh.sign_in("viewer").status_code == 429, "the right password has to wait as well"
    fresh.watch.time += (wait + 1) * NS
    assert fresh.sign_in("viewer").status_code == 200


def test_a_session_ends_when_idle_when_old_when_signed_out_and_with_a_new_password(fresh: Service) -> None:
    def works() -> bool:
        return fresh.client.get("/api/v1/session").status_code == 200

    fresh.sign_in("viewer")
    fresh.watch.time += 11 * HOUR_NS
    assert works()
    fresh.watch.time += 13 * HOUR_NS
    assert not works()
    fresh.sign_in("viewer")
    for _ in range(30):
        assert works()
        for _ in range(3):
            fresh.watch.time += 8 * HOUR_NS
            fresh.client.get("/api/v1/session")
    assert not works()
    fresh.sign_in("viewer")
    cookie = fresh.client.cookies["andon"]
    assert fresh.client.post("/api/v1/sign-out").status_code == 200
    fresh.client.cookies.set("andon", cookie)
    assert not works()
    fresh.sign_out()
    fresh.sign_in("viewer")
    fresh.accounts.change_user("viewer", password=PASSWORD + "!")
    assert not works()
    fresh.accounts.change_user("viewer", password=PASSWORD)


def test_when_somebody_was_seen_last_is_known_also_after_signing_out(fresh: Service) -> None:
    fresh.sign_in("viewer")
    assert fresh.client.post("/api/v1/sign-out").status_code == 200
    fresh.sign_in("administrator")
    seen = {row["user"]: row["last_seen"] for row in fresh.client.get("/api/v1/users").json()}
    assert (seen["viewer"] != "", seen["administrator"] != "", seen["engineer"]) == (True, True, "")


def test_the_one_time_link_makes_one_administrator_once(tmp_path: Path) -> None:
    watch = Watch()
    with Database(tmp_path / "a.sqlite", at=watch.now()) as database:
        accounts = Accounts(database, watch)
        old, secret = accounts.first_link(), accounts.first_link()
        assert old
        assert secret
        from andon.service.problems import Refusal

        with pytest.raises(Refusal):
            accounts.first_sign_in("guess", "kim", PASSWORD, "zh-CN")
        _, caller = accounts.first_sign_in(secret, " kim ", PASSWORD, "zh-CN")
        assert (caller.name, caller.role, caller.language) == ("kim", Role.ADMINISTRATOR, "zh-CN")
        for again in (secret, old):
            with pytest.raises(Refusal):
                accounts.first_sign_in(again, "eve", PASSWORD, "en")
        assert accounts.first_link() is None
        assert [user.name for user in accounts.everyone()] == ["kim"]


def test_the_one_time_link_expires(tmp_path: Path) -> None:
    from andon.service.problems import Refusal

    watch = Watch()
    with Database(tmp_path / "a.sqlite", at=watch.now()) as database:
        accounts = Accounts(database, watch)
        secret = accounts.first_link()
        assert secret
        watch.time += 2 * HOUR_NS
        with pytest.raises(Refusal, match="used or has expired"):
            accounts.first_sign_in(secret, "kim", PASSWORD, "en")


def test_tokens_do_what_their_scope_says_and_end(fresh: Service) -> None:
    fresh.sign_in("administrator")
    made = fresh.client.post("/api/v1/tokens", json={"name": "gateway", "role": "administrator", "scopes": ["ingest"]}).json()
    listed = fresh.client.get("/api/v1/tokens").text
    assert made["secret"] not in listed
    assert made["id"] in listed
    fresh.sign_out()
    bearer = {"Authorization": f"Bearer {made['secret']}"}
    assert fresh.client.post("/api/v1/ingest/line", content=b"x", headers=bearer).json()["accepted"] == 3
    assert fresh.client.get("/api/v1/overview", headers=bearer).status_code == 403
    assert fresh.client.post("/api/v1/ingest/line", content=b"x", headers={"Authorization": "Bearer andon_guess"}).status_code == 401
    fresh.accounts.revoke_token(made["id"])
    assert fresh.client.post("/api/v1/ingest/line", content=b"x", headers=bearer).status_code == 401
    key, text = fresh.accounts.add_token("short", "engineer", ["read", "write"], fresh.watch.now() + DAY_NS)
    bearer = {"Authorization": f"Bearer {text}"}
    assert fresh.client.put("/api/v1/budgets/key", json={"budget": "1/week"}, headers=bearer).status_code == 200
    fresh.watch.time += 2 * DAY_NS
    assert fresh.client.get("/api/v1/overview", headers=bearer).status_code == 401
    assert key


def test_a_token_is_at_hand_for_two_seconds_and_never_once_it_is_revoked(fresh: Service) -> None:
    number, text = fresh.accounts.add_token("gateway", "engineer", ["ingest"], None)
    assert fresh.accounts.at_hand(text) is None, "nobody has asked yet"
    bearer = {"Authorization": f"Bearer {text}"}
    assert fresh.client.post("/api/v1/ingest/line", content=b"x", headers=bearer).status_code == 200
    known = fresh.accounts.at_hand(text)
    assert known is not None
    assert known[0] is not None
    assert known[0].token == number
    fresh.watch.time += 2 * NS
    assert fresh.accounts.at_hand(text) is None, "it may have ended meanwhile"
    assert fresh.client.post("/api/v1/ingest/line", content=b"x", headers=bearer).status_code == 200
    fresh.accounts.revoke_token(number)
    assert fresh.accounts.at_hand(text) is None
    assert fresh.client.post("/api/v1/ingest/line", content=b"x", headers=bearer).status_code == 401
    assert fresh.accounts.at_hand(text) == (None,), "that it holds no more is known as well"


def test_the_last_administrator_stays(fresh: Service) -> None:
    fresh.sign_in("administrator")
    for change in ({"role": "viewer"}, {"locked": True}):
        told = fresh.client.patch("/api/v1/users/administrator", json=change)
        assert (told.status_code, "last administrator" in told.json()["title"]) == (409, True)
    assert fresh.client.delete("/api/v1/users/administrator").status_code == 409


def test_what_is_done_stands_in_the_ledger_and_no_password_does(fresh: Service) -> None:
    fresh.sign_in("administrator")
    fresh.client.post("/api/v1/users", json={"user": "new one", "role": "operator", "password": PASSWORD + "2"})
    fresh.client.patch("/api/v1/users/new one", json={"password": PASSWORD + "3"})
    fresh.client.delete("/api/v1/users/new one")
    notes = [values[1] for name, values in fresh.desk.asked if name == "note"]
    assert notes == ["signed-in", "user-added", "user-changed", "user-removed"]
    assert PASSWORD not in str(fresh.desk.asked)
