"""The client has a method for every operation of the OpenAPI document, which asks exactly that and answers with its shape."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_type_hints

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.client import Client, ServiceError, shape_of
from andon.client.connection import address_of, moment
from andon.client.stream import messages
from andon.service import schema
from andon.service.schema import Act, Live, Tile
from tests.fresh_process import loaded
from tests.service.on_a_port import on_a_port
from tests.service.running import PASSWORD, Service, make_service
from tests.service.stand_in_desk import NASTY, example

ROOT = Path(__file__).resolve().parents[2]
DAY = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
GIVEN: dict[str, dict[str, Any]] = {
    "sign_in": {"user": "administrator", "password": PASSWORD},
    "set_language": {"language": "en"},
    "asset_page": {"asset": NASTY},
    "trend": {"asset": "line 2/furnace 3", **DAY, "points": 100, "tags": ["a", NASTY]},
    "shares": {"asset": "P-1", "at": datetime(2026, 1, 1, tzinfo=UTC)},
    "status_map": {"asset": "P-1", **DAY},
    "alarms": {"state": "open", "priority": 2, "q": NASTY, "limit": 5},
    "act": {"alarm": "a1", "act": Act(kind="acknowledge")},
    "act_on_many": {"ids": ["a1"], "act": Act(kind="comment", text=NASTY)},
    "case_page": {"case": "c/1"},
    "kpi": DAY,
    "set_handover": {"note": NASTY},
    "budget": {"group": NASTY},
    "set_budget": {"group": "key", "budget": "1/week"},
    "promote": {"model": "m", "version": "v"},
    "rollback": {"model": "m"},
    "add_maintenance": {**DAY, "why": "filter", "assets": [NASTY]},
    "end_maintenance": {"window": "w"},
    "take_out": {"tag": NASTY, "why": "calibration"},
    "put_back": {"tag": NASTY, "asset": "a"},
    "ledger": {"before": 9, "limit": 5},
    "add_user": {"user": "new", "role": "viewer", "password": PASSWORD},
    "change_user": {"user": "viewer", "role": "viewer"},
    "remove_user": {"user": "new"},
    "add_token": {"name": "gateway", "role": "administrator", "scopes": ["read"]},
    "results": {"results": [schema.LabResult(target="purity", sample_time="2026-03-01T06:00:00Z", value=97.5)]},
    "ingest": {"source": "line 1", "body": b"m t=1", "content_type": "text/plain"},
}
"""Words of each call that needs some. `live` streams; `first_sign_in`, `new_password`, `revoke_token` and `sign_out` have
tests of their own."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = make_service(tmp_path_factory.mktemp("service"))
    with made.client:
        yield made


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    service.sign_out()
    service.desk.asked.clear()
    service.desk.unknown.clear()
    service.watch.time += 3600 * 10**9
    made = Client(http=service.client, wait=lambda _: None)
    made.sign_in("administrator", PASSWORD)
    yield made
    service.sign_out()


@pytest.fixture(scope="module")
def operations(service: Service) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Name -> method, path, its part of the document."""
    schema_of = service.litestar.openapi_schema.to_schema()
    return {
        told["operationId"]: (method.upper(), path, told)
        for path, item in schema_of["paths"].items()
        for method, told in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def shape_name(told: dict[str, Any]) -> str:
    """The shape of an operation's answer, as the document has it."""
    answer = next(value for status, value in told["responses"].items() if status.startswith("2"))
    node = next(iter(answer.get("content", {"": {}}).values())).get("schema", {})
    for option in node.get("oneOf", []):
        if "$ref" in option:
            node = option
    if node.get("type") == "array":
        return f"list[{node['items']['$ref'].rpartition('/')[2]}]"
    return str(node.get("$ref", "")).rpartition("/")[2]


def test_every_operation_has_a_method_that_says_what_it_answers(operations: dict[str, tuple[str, str, dict[str, Any]]]) -> None:
    wrong = []
    for name, (_, _, told) in operations.items():
        method = getattr(Client, name, None)
        if method is None:
            wrong.append((name, "no method"))
            continue
        wanted, said = shape_name(told), get_type_hints(method)["return"]
        text = f"list[{said.__args__[0].__name__}]" if getattr(said, "__origin__", None) is list else said.__name__
        if wanted and text != wanted:
            wrong.append((name, f"{text} is not {wanted}"))
    assert wrong == []
    assert set(GIVEN) <= set(operations)


def test_no_method_asks_what_the_document_does_not_have(operations: dict[str, tuple[str, str, dict[str, Any]]]) -> None:
    own = {"close", "every_alarm", "every_ledger_entry"}
    methods = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    assert methods - own == set(operations)


def test_every_method_asks_its_operation_and_gets_its_shape(
    client: Client, service: Service, operations: dict[str, tuple[str, str, dict[str, Any]]]
) -> None:
    asked: list[httpx.Request] = []
    service.client.event_hooks["request"].append(asked.append)
    wrong = []
    for name, (method, path, told) in operations.items():
        if name in ("live", "first_sign_in", "new_password", "revoke_token", "sign_out", "ledger_export"):
            continue
        if name == "budget":
            service.desk.__dict__["budgets"] = lambda caller: [msgspec.structs.replace(example(schema.BudgetPage), group=NASTY)]
        asked.clear()
        answer = getattr(client, name)(**GIVEN.get(name, {}))
        request = asked[-1]
        pattern = path.split("/")
        found = request.url.raw_path.decode().partition("?")[0].split("/")
        fits = len(found) == len(pattern) and all(part.startswith("{") or part == got for part, got in zip(pattern, found, strict=True))
        if request.method != method or not fits:
            wrong.append((name, request.method, str(request.url)))
        shape, first = shape_name(told), answer[:1] if isinstance(answer, list) else [answer]
        if shape and first and type(first[0]).__name__ != shape.removeprefix("list[").rstrip("]"):
            wrong.append((name, type(answer).__name__, shape))
    service.client.event_hooks["request"].clear()
    service.desk.__dict__.pop("budgets", None)
    assert wrong == []
    assert b"".join(client.ledger_export()) == b'{"number":1}\n{"number":2}\n'


def test_names_arrive_as_they_are(service: Service) -> None:
    with on_a_port(service.client.app, lifespan="off") as address, Client(address) as client:
        client.sign_in("viewer", PASSWORD)
        names_arrive(client, service)


def names_arrive(client: Client, service: Service) -> None:
    for name in (NASTY, "line 2/furnace 3", "a?b#c&d=e", "..", "温度%2F"):
        client.asset_page(name)
        assert service.desk.asked[-1][1][-1] == name
        client.trend(name, DAY["start"], datetime(2026, 1, 2, 9, tzinfo=timezone(timedelta(hours=8))), tags=[name, "x"])
        said = service.desk.asked[-1][1]
        assert (said[1], said[3], said[5]) == (name, 1_767_315_600 * 10**9, [name, "x"])


def test_a_refusal_is_one_error_with_what_where_and_what_to_do(client: Client, service: Service) -> None:
    service.desk.unknown.add("gone")
    with pytest.raises(ServiceError, match="there is no 'gone'") as caught:
        client.asset_page("gone")
    assert (caught.value.status, caught.value.problem.type, caught.value.exit_code) == (404, "not-found", 1)
    with pytest.raises(ServiceError) as caught:
        client.trend("P-1", "now", "then")
    assert (caught.value.status, str(caught.value)) == (
        400, 'key key start: \'now\' is no moment\n  do: write it like "2026-11-24T10:15:00Z"',
    )  # fmt: skip
    with pytest.raises(ServiceError, match="nothing of the body could be read") as caught:
        client.ingest("line", b"")
    assert caught.value.problem.errors == [{"reason": "empty"}]


def test_a_token_signs_in_and_a_session_carries_its_csrf_token(client: Client, service: Service) -> None:
    made = client.add_token("script", "administrator", ["read"])
    client.set_handover("quiet")
    client.sign_out()
    with pytest.raises(ServiceError) as caught:
        client.overview()
    assert caught.value.status == 401
    script = Client(http=service.client, token=made.secret)
    assert script.overview().tiles
    with pytest.raises(ServiceError, match="has not this scope"):
        script.set_handover("loud")
    client.sign_in("administrator", PASSWORD)
    client.revoke_token(made.id)
    service.sign_out()
    with pytest.raises(ServiceError) as caught:
        script.overview()
    assert caught.value.status == 401


def test_all_pages_are_read(client: Client, service: Service) -> None:
    rows = [msgspec.structs.replace(example(schema.AlarmRow), id=str(number)) for number in range(5)]

    def page(_: object, which: Any) -> schema.AlarmList:
        at = int(which.after or -1) + 1
        return schema.AlarmList(rows=rows[at : at + 2], total=5, next=str(at + 1) if at + 2 < 5 else "", counts={})

    service.desk.__dict__["alarms"] = page
    assert [row.id for row in client.every_alarm()] == ["0", "1", "2", "3", "4"]
    del service.desk.__dict__["alarms"]


class Line(httpx.MockTransport):
    """A link that breaks: each request meets the next of `meets`."""

    def __init__(self, *meets: httpx.Response | Exception) -> None:
        self.meets, self.requests = list(meets), list[httpx.Request]()
        super().__init__(self.meet)

    def meet(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        met = self.meets.pop(0)
        if isinstance(met, Exception):
            raise met
        return met


def over(line: Line, waits: list[float] | None = None) -> Client:
    return Client(http=httpx.Client(base_url="http://andon", transport=line), wait=(waits if waits is not None else []).append)


def said(shape: type[msgspec.Struct], **headers: str) -> httpx.Response:
    return httpx.Response(200, content=msgspec.json.encode(example(shape)), headers=headers)


def test_what_breaks_is_sent_again_with_the_same_key_and_waits_as_told() -> None:
    busy = httpx.Response(503, content=b"{}", headers={"retry-after": "7"})
    line, waits = Line(httpx.ReadError("cut"), busy, httpx.ConnectError("refused"), said(schema.ActResult)), list[float]()
    over(line, waits).act("a1", Act(kind="acknowledge"))
    assert len({request.headers["idempotency-key"] for request in line.requests}) == 1
    assert waits[1] == 7.0
    line = Line(*[httpx.ReadError("cut")] * 4)
    with pytest.raises(ServiceError, match="gives no answer") as caught:
        over(line).overview()
    assert (caught.value.status, len(line.requests)) == (0, 4)


def test_what_holds_a_secret_is_not_sent_again_once_it_may_have_arrived() -> None:
    line = Line(httpx.ReadError("cut"), said(schema.TokenMade))
    with pytest.raises(ServiceError):
        over(line).add_token("x", "viewer")
    assert len(line.requests) == 1
    line = Line(httpx.ConnectError("refused"), said(schema.TokenMade))
    over(line).add_token("x", "viewer")


def test_a_refusal_that_is_no_problem_and_an_answer_that_is_no_shape_are_errors_too() -> None:
    with pytest.raises(ServiceError, match="answered 502 Bad Gateway"):
        over(Line(httpx.Response(502, text="<html>"))).overview()
    with pytest.raises(ServiceError, match="the service's answer is no"):
        over(Line(httpx.Response(200, json={"tiles": 7}))).overview()


def test_a_trend_that_has_not_changed_is_taken_from_memory() -> None:
    line = Line(said(schema.Trend, etag='"1"'), httpx.Response(304), said(schema.Trend, etag='"2"'))
    client = over(line)
    first, again, changed = (client.trend("P-1", "1", "2") for _ in range(3))
    assert first == again == changed
    assert [request.headers.get("if-none-match") for request in line.requests] == [None, '"1"', '"1"']


def event(number: int, what: str = "behind") -> str:
    return f"id: {number}\r\nevent: {what}\r\ndata: {{}}\r\n\r\n"


def test_the_stream_resumes_after_a_cut_with_the_last_number() -> None:
    def cut() -> Iterator[bytes]:
        yield f": here\r\nid: 6\r\n\r\n{event(7)}{event(8)}".encode()
        raise httpx.ReadError("cut")

    line = Line(
        httpx.Response(200, content=cut()), httpx.ConnectError("refused"), httpx.Response(503, content=b"{}"),
        httpx.Response(200, content=event(9, "tile").encode()), httpx.Response(401, content=b"{}"),
    )  # fmt: skip
    stream = over(line).live()
    assert [(message.id, message.what) for message in (next(stream), next(stream), next(stream))] == [
        (7, "behind"),
        (8, "behind"),
        (9, "tile"),
    ]
    with pytest.raises(ServiceError):
        next(stream)
    assert [request.headers.get("last-event-id") for request in line.requests] == [None, "8", "8", "8", "9"]


def test_the_stream_of_the_service_is_understood(service: Service) -> None:
    service.desk.__dict__["told"] = lambda caller, what, data: msgspec.to_builtins(example(Tile)) if what == "tile" else data
    with on_a_port(service.client.app, lifespan="off") as address, Client(address) as listener:
        listener.sign_in("viewer", PASSWORD)
        stream = listener.live(service.feed.number)
        service.feed.publish("tile", {"asset": "P-1"})
        service.feed.publish("behind", {"behind_s": 9.0})
        first, second = next(stream), next(stream)
        stream.close()
    del service.desk.__dict__["told"]
    assert (first.what, second.data) == ("tile", {"behind_s": 9.0})
    assert shape_of(first) == example(Tile)
    assert shape_of(second) == {"behind_s": 9.0}


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(["tile", "alarm", "x"]), st.text("ab \u2028:", max_size=8)), max_size=6))
def test_messages_are_read_as_they_were_written(written: list[tuple[int, str, str]]) -> None:
    lines = [line for number, what, data in written for line in (":c", f"id:{number}", f"event: {what}", f"data: x{data}", "")]
    assert [(number, what, data[1:]) for number, what, data in messages(lines)] == written


NAMES = st.text(st.characters(codec="utf-8"), min_size=1)


@given(st.lists(NAMES, min_size=1, max_size=3), st.lists(NAMES, max_size=3))
def test_any_name_makes_an_address_that_means_it(parts: list[str], tags: list[str]) -> None:
    url = httpx.URL("http://x" + address_of(parts, {"tags": tags}))
    assert [httpx.URL(f"http://x/?{part}").params for part in url.query.decode().split("&") if part] == [
        httpx.QueryParams({"tags": tag}) for tag in tags
    ]
    assert url.raw_path.decode().partition("?")[0].count("/") == 2 + len(parts)


def test_a_moment_without_a_zone_is_no_moment() -> None:
    assert moment(datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))) == "2026-01-01T00:00:00Z"
    with pytest.raises(ValueError, match="no zone"):
        moment(datetime(2026, 1, 1))


def test_the_client_needs_no_service_beside_it() -> None:
    assert loaded("import andon.client.client", ("litestar", "sqlalchemy", "polars", "onnxruntime", "numpy")) == []


def test_a_live_message_is_what_it_says() -> None:
    assert shape_of(Live(id=1, what="reload", data={})) == {}
