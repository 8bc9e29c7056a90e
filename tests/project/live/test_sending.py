"""The small line's fault goes out: to a real broker, to a real HTTP receiver, to a folder; and nothing where nobody asked."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from andon.plant.errors import AndonError, PlantFileError
from andon.project.live.replaying import open_replay, run_replay
from andon.project.live.running import open_running
from tests.reading.links.broker import Broker, needs_broker
from tests.small_plant import ASSET, Line


class Receiver:
    """An HTTP server that is busy for a while, then takes what comes."""

    def __init__(self, busy: int) -> None:
        self.got: list[dict[str, Any]] = []
        self.keys: list[str] = []
        receiver, left = self, [busy]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                left[0] -= 1
                if left[0] < 0:
                    receiver.got.append(json.loads(body))
                    receiver.keys.append(self.headers["Idempotency-Key"])
                self.send_response(200 if left[0] < 0 else 503)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(10)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path / "broker")
    made.start()
    yield made
    made.stop()


def plant_with(line: Line, folder: Path, *sections: str) -> Path:
    """A copy of the small line's folder whose plant file says more."""
    shutil.copytree(line.folder, folder, ignore=shutil.ignore_patterns("train.csv", "andon-*"))
    plant = folder / "plant.toml"
    text = plant.read_text(encoding="utf-8").replace("[alarms]\n", "[alarms]\nfirst_fortnight = false\n", 1)
    plant.write_text(text + "\n" + "\n".join(sections), encoding="utf-8")
    return plant


ALARMS = '[[response]]\ncheck = ["the valve"]\naction = "close <b>PV-101</b>"\n'


@needs_broker
def test_an_alarm_reaches_a_broker_an_http_receiver_and_a_folder_once_each(
    line: Line, new_export: Path, broker: Broker, tmp_path: Path
) -> None:
    with Receiver(busy=2) as receiver:
        plant = plant_with(
            line, tmp_path / "plant", ALARMS,
            f'[[send]]\nname = "bus"\nkind = "mqtt"\naddress = "mqtt://127.0.0.1:{broker.port}"\nretain = true\nwhat = ["alarms"]',
            f'[[send]]\nname = "hook"\nkind = "webhook"\naddress = "http://127.0.0.1:{receiver.port}/in"\nwhat = ["alarms"]',
            '[[send]]\nname = "lines"\nkind = "folder"\naddress = "out"\nwhat = ["alarms", "scores"]\nmost = 100000',
        )  # fmt: skip
        data = str(tmp_path / "data")
        with open_replay(str(plant), [str(new_export)], {"asset": ASSET}, speed=0.0, data=data, send=True) as running:
            asyncio.run(asyncio.wait_for(run_replay(running), 240))
            health = {item.outlet: item for item in running.post.health()}
            events = running.figures()["events"]
            judged = running.keeping.traces.trace(ASSET, 0, 2**62, 10_000, columns=("evidence",)).count.sum()
        changes = [message["data"]["change"] for message in receiver.got]
        assert health["hook"].failed == 2
        assert len(receiver.keys) == len(set(receiver.keys)) == health["hook"].sent
        raised = [message for message in receiver.got if message["data"]["change"] == "raised"]
        assert 1 <= len(raised) <= events
        assert changes.count("over") == len(raised), "each that came up is over"
        fault = next(message for message in raised if "PIC-101" in message["data"]["tags"])
        assert fault["data"]["action"] == "close <b>PV-101</b>"
        assert "To do: close <b>PV-101</b>" in fault["text"]
        assert fault["what"] == "alarms"
        assert sum(fault["data"]["event"]["shares"].values()) == pytest.approx(1.0, abs=0.02)
        lines = [
            json.loads(text) for path in (tmp_path / "plant" / "out" / "scores" / ASSET).iterdir() for text in path.read_text().splitlines()
        ]
        assert len(lines) == len({item["timestamp"] for item in lines}) == judged
        assert sum(item["prediction"] for item in lines) > 60
        named = [item["diagnostics"][0]["name"] for item in lines if item["prediction"] and item["diagnostics"]]
        assert len(named) > 40
        assert all(name.startswith(f"{ASSET}\\") for name in named)

        async def kept() -> dict[str, Any]:
            import aiomqtt

            async with aiomqtt.Client("127.0.0.1", broker.port) as client:
                await client.subscribe("andon/#", qos=1)
                async for told in client.messages:
                    found: dict[str, Any] = json.loads(told.payload)
                    return found | {"topic": str(told.topic)}
            raise AssertionError("nothing came")

        last = asyncio.run(asyncio.wait_for(kept(), 30))
        assert (last["topic"], last["id"]) == (f"andon/alarms/{ASSET}", receiver.got[-1]["id"])
        # The same history once more over the same folder: everything is known.
        with open_replay(str(plant), [str(new_export)], {"asset": ASSET}, speed=0.0, data=data, send=True) as running:
            running.announcer.look(running.clock.now())
            assert running.post._delivery.waiting == ()
            assert running.post.idle


def test_a_replay_sends_nothing_unless_asked(line: Line, new_export: Path, tmp_path: Path) -> None:
    plant = plant_with(
        line, tmp_path / "plant", '[[send]]\nname = "lines"\nkind = "folder"\naddress = "out"\nwhat = ["alarms", "notifications"]'
    )
    with open_replay(str(plant), [str(new_export)], {"asset": ASSET}, speed=0.0, data=str(tmp_path / "data")) as running:
        asyncio.run(asyncio.wait_for(run_replay(running), 240))
        assert running.figures()["events"]
        assert running.post.health() == ()
    assert not (tmp_path / "plant" / "out").exists()


@pytest.mark.parametrize(
    ("section", "line_of", "wrong"),
    [
        ('[[send]]\nname = "x"\nkind = "pigeon"', 3, "'pigeon' is no way to send"),
        ('[[send]]\nname = "x"\nkind = "notify"\nurl_env = "ANDON_TEST_NOTHING"', 1, "ANDON_TEST_NOTHING"),
        ('[[send]]\nname = "x"\nkind = "mqtt"\naddress = "mqtt://127.0.0.1"\ntopic = "andon/#"', 1, "is no topic to publish to"),
    ],
)
def test_a_wrong_outlet_is_found_at_start_with_file_and_line(line: Line, tmp_path: Path, section: str, line_of: int, wrong: str) -> None:
    plant = plant_with(line, tmp_path / "plant", section)
    before = plant.read_text(encoding="utf-8").splitlines().index("[[send]]")
    with pytest.raises(AndonError, match=wrong) as found:
        open_running(plant, links=(), data=tmp_path / "data")
    assert found.value.at.file == str(plant)
    assert isinstance(found.value, PlantFileError) or "send[1]" in (found.value.at.key or "")
    assert found.value.at.line == before + line_of
    assert not (tmp_path / "data").exists()
