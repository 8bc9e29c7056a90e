"""Each outlet against a real receiver, names that mean something to somebody, and settings that are wrong."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.clock import SystemClock
from andon.plant.endpoint import Endpoint, SignIn
from andon.plant.errors import AskUserError
from andon.plant.file.link_settings import SEND_KINDS
from andon.plant.file.parse import parse_plant_text
from andon.plant.time import NS
from andon.plant.verdict import Verdict
from andon.sending import Message, Sent, Text, lookout_line, make_outlets, outlets
from andon.sending.broker import BrokerOutlet, check_topic, level, topic_of
from andon.sending.lines import Lines, file_name
from andon.sending.message import Route, one_line
from andon.sending.notification import Notification
from andon.sending.outlets import MAKERS
from andon.sending.webhook import Webhook, signature
from tests.reading.links.broker import Broker, free_port, needs_broker

T0 = 1_772_344_800 * NS
EVIL = "{asset}%s${x}/../#+\r\nBcc: x@y <b>&\"'温度 °C</b>\0{{7*7}}"
MESSAGE = Message("id-1", "alarms", T0, "p1", {"en": Text("Pump 1", "too hot"), "zh-CN": Text("泵 1", "过热")}, 1, {"tag": "T1"})


def names(**changes: Any) -> Message:
    """A message whose names are evil."""
    return Message("i/d#1", "alarms", T0, EVIL, {"en": Text(EVIL, EVIL)}, 1, {"tag": EVIL, **changes})


class Receiver:
    """An HTTP server that keeps what it gets and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, dict(self.headers), body))
                code, headers = outer.answers.pop(0) if outer.answers else (204, {})
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A running receiver."""
    one = Receiver()
    yield one
    one.stop()


def send(outlet: Any, *messages: Message) -> list[Sent]:
    """Send and close."""

    async def whole() -> list[Sent]:
        try:
            return [await outlet.send(one) for one in messages]
        finally:
            await outlet.close()

    return asyncio.run(whole())


def test_a_webhook_is_signed_and_says_who_it_is(receiver: Receiver) -> None:
    outlet = Webhook("hook", Route(), receiver.url, SystemClock(), secret="k3y", language="zh-CN")
    assert send(outlet, MESSAGE, MESSAGE) == [Sent(True), Sent(True)]
    (path, headers, body), (_, again, _) = receiver.got
    assert path == "/hook"
    assert json.loads(body) == {
        "schema_version": 1, "id": "id-1", "what": "alarms", "time": "2026-03-01T06:00:00Z", "asset": "p1", "title": "泵 1", "text": "过热",
        "priority": 1, "data": {"tag": "T1"},
    }  # fmt: skip
    assert headers["Andon-Signature"] == signature("k3y", int(headers["Andon-Timestamp"]), body)
    assert headers["Andon-Signature"] != signature("other", int(headers["Andon-Timestamp"]), body)
    assert headers["Idempotency-Key"] == again["Idempotency-Key"]


def test_the_signature_by_hand() -> None:
    import hashlib
    import hmac

    assert signature("k", 5, b"{}") == "v1=" + hmac.new(b"k", b"5.{}", hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("code", "headers", "sent"),
    [
        (503, {"Retry-After": "7"}, Sent(False, True, "the receiver answers 503", 7 * NS)),
        (429, {"Retry-After": "never"}, Sent(False, True, "the receiver answers 429")),
        (404, {}, Sent(False, False, "the receiver answers 404")),
        (302, {"Location": "http://127.0.0.1:9/"}, Sent(False, False, "the receiver answers 302")),
        (200, {}, Sent(True)),
    ],
)
def test_answers_of_a_webhook(code: int, headers: dict[str, str], sent: Sent, receiver: Receiver) -> None:
    receiver.answers = [(code, headers)]
    assert send(Webhook("hook", Route(), receiver.url, SystemClock()), MESSAGE) == [sent]


def test_a_receiver_that_is_away_and_a_secret_address_is_not_told() -> None:
    url = f"http://127.0.0.1:{free_port()}/s3cret-token"
    (sent,) = send(Webhook("hook", Route(), url, SystemClock()), MESSAGE)
    assert (sent.ok, sent.again) == (False, True)
    assert "s3cret" not in sent.error


def test_evil_names_in_a_webhook_are_data(receiver: Receiver) -> None:
    assert send(Webhook("hook", Route(), receiver.url, SystemClock()), names())[0].ok
    _, headers, body = receiver.got[0]
    assert json.loads(body)["data"]["tag"] == EVIL
    assert not any("Bcc" in name or "Bcc" in value for name, value in headers.items())


@needs_broker
@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_broker_that_restarts(version: str, tmp_path: Path) -> None:
    import aiomqtt

    broker = Broker(tmp_path)
    broker.start()
    outlet = BrokerOutlet(
        "out",
        Route(),
        Endpoint("mqtt", "127.0.0.1", broker.port),
        topic="andon/{what}/{asset}",
        sign_in=SignIn(),
        version=version,
        timeout_ns=NS,
    )

    async def whole() -> None:
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.subscribe("andon/#", qos=1)
            assert await outlet.send(MESSAGE) == Sent(True)
            assert await outlet.send(names()) == Sent(True)
            stream = aiter(client.messages)
            first, second = [await asyncio.wait_for(anext(stream), 10) for _ in range(2)]
            assert str(first.topic) == "andon/alarms/p1"
            assert json.loads(first.payload)["title"] == "Pump 1"
            assert str(second.topic) == f"andon/alarms/{level(EVIL)}"
            assert json.loads(second.payload)["asset"] == EVIL
        broker.stop()
        sent = await outlet.send(MESSAGE)
        assert (sent.ok, sent.again) == (False, True)
        assert sent.error
        broker.start()
        assert await outlet.send(MESSAGE) == Sent(True)
        await outlet.close()

    try:
        asyncio.run(whole())
    finally:
        broker.stop()


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_name_is_one_level_of_a_topic_and_one_part_of_a_path(name: str) -> None:
    message = Message("x", "alarms", T0, name)
    topic = topic_of("andon/{what}/{asset}/{id}", message)
    assert topic.count("/") == 3
    assert not set(topic) & set("+#\0\r\n")
    part = file_name(name)
    assert part not in ("", ".", "..")
    assert "/" not in part
    assert "\0" not in part
    assert len(part.encode()) <= 150
    said = one_line(name)
    assert "\n" not in said
    assert "\r" not in said


def test_names_are_not_filled_in_twice() -> None:
    assert topic_of("{asset}/{id}", Message("i", "alarms", 0, "{id}")) == "{id}/i"


@pytest.mark.parametrize("topic", ["", "a/+/b", "a/#", "a/{tag}", "a/{what"])
def test_topics_that_cannot_be_published_to(topic: str) -> None:
    with pytest.raises(AskUserError, match="is no topic to publish to"):
        check_topic(topic)


class Apprise:
    """What apprise's sender is asked."""

    def __init__(self, answer: bool | Exception = True) -> None:
        self.answer, self.urls, self.asked = answer, [], []  # type: ignore[var-annotated]

    def add(self, url: str) -> bool:
        self.urls.append(url)
        return url != "wrong"

    def notify(self, **said: Any) -> bool:
        self.asked.append(said)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_notifications_are_plain_text() -> None:
    sender = Apprise()
    assert send(Notification("mail", Route(), ["a"], make=lambda: sender), names()) == [Sent(True)]
    (asked,) = sender.asked
    assert asked["body_format"] == "text"
    assert not asked["interpret_escapes"]
    assert "\n" not in asked["title"]
    assert "\r" not in asked["title"]
    assert asked["body"] == EVIL


def test_a_notification_that_fails_does_not_tell_the_address() -> None:
    refused = Notification("mail", Route(), ["mailto://u:s3cret@h"], make=lambda: Apprise(False))
    failed = Notification("mail", Route(), ["mailto://u:s3cret@h"], make=lambda: Apprise(ValueError("s3cret")))
    for outlet in (refused, failed):
        (sent,) = send(outlet, MESSAGE)
        assert sent.again
        assert "s3cret" not in sent.error
    with pytest.raises(AskUserError) as caught:
        Notification("mail", Route(), ["a", "wrong"], make=Apprise)
    assert (
        str(caught.value)
        == 'address 2 of 2 is none that can be notified\n  do: write it as apprise does, like "mailto://user:password@host"'
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # apprise's own
def test_apprise_itself_sends_json(receiver: Receiver) -> None:
    pytest.importorskip("apprise", reason="apprise is not installed")
    url = receiver.url.replace("http://", "json://")
    assert send(Notification("chat", Route(), [url], language="zh-CN"), MESSAGE) == [Sent(True)]
    assert json.loads(receiver.got[0][2])["title"] == "泵 1"


def test_lines_and_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    outlet = Lines("out", Route(), str(tmp_path / "out"))
    score = Message("s", "scores", T0, "../p1", data=lookout_line("p1", T0, Verdict.ANOMALOUS, 0.75, [("T1", 0.5)]))
    assert send(outlet, MESSAGE, score, score) == [Sent(True)] * 3
    assert json.loads((tmp_path / "out/alarms/p1/2026-03-01.jsonl").read_text())["title"] == "Pump 1"
    lines = (tmp_path / "out/scores/%2E.%2Fp1/2026-03-01.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"timestamp": "2026-03-01T06:00:00.000000", "prediction": 1, "prediction_reason": "ANOMALY_DETECTED", "anomaly_score": 0.75,
         "diagnostics": [{"name": "p1\\T1", "value": 0.5}]}
    ] * 2  # fmt: skip
    (tmp_path / "file").write_text("")
    (sent,) = send(Lines("out", Route(), str(tmp_path / "file")), MESSAGE)
    assert (sent.again, sent.error) == (True, "cannot write: Not a directory")


def test_a_line_that_the_disk_cut_off_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outlet = Lines("out", Route(), str(tmp_path))
    send(outlet, MESSAGE)
    whole = outlet.path(MESSAGE).read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:10]))
    assert send(outlet, MESSAGE)[0].error == "cannot write: No space left on device"
    monkeypatch.undo()
    assert outlet.path(MESSAGE).read_bytes() == whole


def test_lookout_lines() -> None:
    assert lookout_line("p", T0, Verdict.NORMAL, 0.1) == {
        "timestamp": "2026-03-01T06:00:00.000000", "prediction": 0, "prediction_reason": "NO_ANOMALY_DETECTED", "anomaly_score": 0.1,
    }  # fmt: skip
    assert lookout_line("p", T0, Verdict.CANNOT_JUDGE, 0.0, machine_off=True)["prediction_reason"] == "MACHINE_OFF"


def test_outlets_of_a_plant_file(tmp_path: Path) -> None:
    plant = parse_plant_text(f"""
[site]
language = "zh-CN"
[[send]]
name = "bus"
kind = "mqtt"
address = "mqtt://broker.example"
what = ["alarms", "scores"]
[[send]]
name = "hook"
kind = "webhook"
url_env = "HOOK"
secret_env = "KEY"
priority = 2
[[send]]
name = "files"
kind = "folder"
address = "{tmp_path}"
what = ["scores"]
most = 5
give_up = "1h"
""")
    made, limits = make_outlets(plant, environment={"HOOK": "https://h.example/t0ken", "KEY": "k3y"})
    assert [outlet.name for outlet in made] == ["bus", "hook", "files"]
    assert made[1].route == Route(("alarms",), (), 2)
    assert (limits["files"].most, limits["files"].give_up_ns) == (5, 3600 * NS)
    assert set(MAKERS) == set(SEND_KINDS)


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ('kind = "webhook"\naddress = "ftp://x"', "key send[1].address: 'ftp://x' is no address for this\n"
                                                  "  do: write it like https://host:443, http://host:80"),
        ('kind = "webhook"\nurl_env = "HOOK"', "key send[1].url: the secret address is no https://host/path\n"
                                               "  do: write it like https://host:443, http://host:80"),
        ('kind = "webhook"\nurl_env = "PLAIN"', "key send[1].address: a password or secret address must not travel unprotected\n"
                                                "  do: use https"),
        ('kind = "webhook"\nurl_env = "TWO"', "key send[1].url: a webhook has one address\n  do: make one [[send]] for each"),
        ('kind = "webhook"\nurl_env = "NONE"', "key send[1].url: the environment variable NONE is not set\n"
                                               "  do: set NONE before starting, or name a file"),
        ('kind = "mqtt"\naddress = "mqtt://x"\ntopic = "a/#"', "key send[1]: 'a/#' is no topic to publish to\n"
                                                               "  do: use whole levels and {what}, {asset}, {id}, no + or #"),
    ],
)  # fmt: skip
def test_wrong_outlets_are_told_at_start(section: str, text: str) -> None:
    plant = parse_plant_text(f'[[send]]\nname = "a"\n{section}\n')
    environment = {"HOOK": "s3cret", "PLAIN": "http://h.example/s3cret", "TWO": "https://a/\nhttps://b/"}
    with pytest.raises(AskUserError) as caught:
        make_outlets(plant, environment=environment)
    assert str(caught.value) == text
    assert "s3cret" not in text


@pytest.mark.parametrize(
    ("section", "package", "extra"),
    [
        ('kind = "mqtt"\naddress = "mqtt://x"', "aiomqtt", "mqtt"),
        ('kind = "webhook"\naddress = "https://x"', "httpx", "serve"),
        ('kind = "notify"\nurl_env = "X"', "apprise", "serve"),
    ],
)
def test_a_missing_package_is_told_at_start(section: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "find_spec", lambda name: None)
    with pytest.raises(AskUserError, match=f"needs the package {package}") as caught:
        make_outlets(parse_plant_text(f'[[send]]\nname = "a"\n{section}\n'))
    assert caught.value.do == f'pip install "andon[{extra}]"'
