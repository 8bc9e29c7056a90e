"""Every route as every role, and as nobody: what may pass is in one table, and the table names every route."""

from __future__ import annotations

import pytest
from litestar.handlers import HTTPRouteHandler

from andon.service.callers import ANYONE
from andon.service.schema import Role
from tests.service.running import Service

VIEW, OPERATE, ENGINEER, ADMIN = Role.VIEWER, Role.OPERATOR, Role.ENGINEER, Role.ADMINISTRATOR
TIMES = "start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z"
ACT = {"kind": "acknowledge"}
TABLE: tuple[tuple[str, str, Role | str, object], ...] = (
    ("POST", "/sign-in", ANYONE, {"user": "nobody at all", "password": "wrong wrong wrong"}),
    ("POST", "/first-sign-in", ANYONE, {"token": "x", "user": "x", "password": "a long enough one"}),
    ("POST", "/new-password", ANYONE, {"token": "x", "password": "a long enough one"}),
    ("POST", "/sign-out", VIEW, None),
    ("GET", "/session", VIEW, None),
    ("PUT", "/session/language", VIEW, {"language": "en"}),
    ("GET", "/overview", VIEW, None),
    ("GET", "/assets/P-1", VIEW, None),
    ("GET", f"/assets/P-1/trend?{TIMES}", VIEW, None),
    ("GET", "/assets/P-1/shares?at=2026-01-01T00:00:00Z", VIEW, None),
    ("GET", f"/assets/P-1/status-map?{TIMES}", VIEW, None),
    ("GET", "/data", VIEW, None),
    ("GET", "/alarms", VIEW, None),
    ("POST", "/alarms/a1/acts", OPERATE, ACT),
    ("POST", "/alarms/acts", OPERATE, {"ids": ["a1"], "act": ACT}),
    ("GET", "/cases/a1", VIEW, None),
    ("GET", f"/kpi?{TIMES}", VIEW, None),
    ("GET", "/handover", VIEW, None),
    ("PUT", "/handover", OPERATE, {"note": "all quiet"}),
    ("GET", "/budgets", VIEW, None),
    ("GET", "/budgets/key", VIEW, None),
    ("PUT", "/budgets/key", ENGINEER, {"budget": "1/week"}),
    ("GET", "/models", VIEW, None),
    ("POST", "/models/m/v/promote", ENGINEER, None),
    ("POST", "/models/m/rollback", ENGINEER, None),
    ("GET", "/maintenance", VIEW, None),
    ("POST", "/maintenance", OPERATE, {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z", "why": "filter"}),
    ("DELETE", "/maintenance/w1", OPERATE, None),
    ("GET", "/out-of-service", VIEW, None),
    ("POST", "/out-of-service", OPERATE, {"tag": "T", "why": "calibration"}),
    ("DELETE", "/out-of-service?tag=T", OPERATE, None),
    ("POST", "/lab", OPERATE, [{"target": "density", "sample_time": "2026-01-01T00:00:00Z", "value": 1.0}]),
    ("GET", "/ledger", ENGINEER, None),
    ("GET", "/ledger/export", ENGINEER, None),
    ("GET", "/users", ADMIN, None),
    ("POST", "/users", ADMIN, {"user": "", "role": "viewer", "password": "a long enough one"}),
    ("PATCH", "/users/nobody", ADMIN, {}),
    ("DELETE", "/users/nobody", ADMIN, None),
    ("GET", "/tokens", ADMIN, None),
    ("POST", "/tokens", ADMIN, {"name": "x", "role": "administrator", "scopes": ["nonsense"]}),
    ("DELETE", "/tokens/none", ADMIN, None),
)
OF_MACHINES = {
    "/api/v1/live",
    "/api/v1/ingest/{source}",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/v1/schema",
    "/api/v1/schema/openapi.json",
}


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role.value if role else "nobody")
def test_who_may_ask_what(fresh: Service, role: Role | None) -> None:
    order = list(Role)
    if role is not None:
        assert fresh.sign_in(role.value).status_code == 200
    wrong = []
    for method, path, wanted, body in TABLE:
        told = fresh.client.request(method, f"/api/v1{path}", json=body)
        if wanted == ANYONE:
            right = told.status_code in (200, 401, 403) and told.json().get("type") != "not-signed-in"
        elif role is None:
            right = told.status_code == 401
        elif order.index(role) < order.index(Role(wanted)):
            right = told.status_code == 403
        else:
            right = told.status_code not in (401, 403, 405, 500) and told.status_code < 500
        if not right:
            wrong.append((method, path, told.status_code, told.text[:200]))
        if path == "/sign-out" and role is not None:
            assert fresh.sign_in(role.value).status_code == 200
    assert wrong == []


def test_the_table_names_every_route(fresh: Service) -> None:
    named = {(method, path.split("?")[0]) for method, path, *_ in TABLE}
    found = set()
    for route in fresh.litestar.routes:
        template = route.path_format
        if template in OF_MACHINES or template.startswith("/api/v1/schema"):
            continue
        for method in getattr(route, "methods", ()):
            if method in ("OPTIONS", "HEAD"):
                continue
            found.add((method, template.removeprefix("/api/v1")))
    pattern = {
        (method, path.replace("P-1", "{asset}").replace("/a1/", "/{alarm}/").replace("cases/a1", "cases/{case}").replace("/key", "/{group}")
         .replace("/m/v/", "/{model}/{version}/").replace("/m/rollback", "/{model}/rollback").replace("/w1", "/{window}")
         .replace("/nobody", "/{user}").replace("/none", "/{key}"))
        for method, path in named
    }  # fmt: skip
    assert found == pattern


def test_every_route_says_who_may_use_it(fresh: Service) -> None:
    silent = [
        (handler.paths, handler.name, sorted(handler.http_methods))
        for route in fresh.litestar.routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler) and "role" not in handler.opt and handler.http_methods != {"OPTIONS"}
    ]
    assert silent == []


def test_engineers_alone_take_alarms_out_of_service(fresh: Service) -> None:
    for name, wanted in (("operator", 403), ("engineer", 200)):
        fresh.sign_out()
        fresh.sign_in(name)
        told = fresh.client.post("/api/v1/alarms/a1/acts", json={"kind": "out_of_service", "reason": "calibration"})
        assert told.status_code == wanted
