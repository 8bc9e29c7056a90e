"""A trial: a recorded stream through a real broker and over HTTP into a real service, disturbed or not; and what it kept."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from andon.plant.file.value import toml_text
from andon.plant.recording import Recording
from andon.reading.payload.packed import pack
from benchmarks.live.folder import PlantFolder
from benchmarks.live.gateway import Gateway, HttpGateway, MqttGateway
from benchmarks.live.kept import Kept, read_kept
from benchmarks.live.process import CLOCK, KILL, POINTS, Service
from tests.reading.links.broker import Broker

TOPIC = "recorded/gateway"
PUSH = "push"
CONNECTED = ("live", "catching_up")


@dataclass(frozen=True, slots=True)
class Stream:
    """Recordings of sister assets cut into messages: the first assets come over MQTT, the last one over HTTP.

    Attributes
    ----------
    recordings : with the same times
    rows_a_message : of each asset
    closing : rows at the end that are there to close the ticks before them; what they lead to is not compared
    """

    recordings: Sequence[Recording]
    rows_a_message: int = 6
    closing: int = 6

    @property
    def assets(self) -> tuple[str, ...]:
        """Names."""
        return tuple(recording.asset for recording in self.recordings)

    @property
    def tags(self) -> tuple[str, ...]:
        """Ids."""
        return self.recordings[0].tags

    @property
    def last(self) -> int:
        """ns of the last tick that is compared."""
        return int(self.recordings[0].time[-1 - self.closing])

    def messages(self, over_http: bool) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
        """Messages of one link, and those that close."""
        mine = self.recordings[-1:] if over_http else self.recordings[:-1]
        topic, rows = PUSH if over_http else TOPIC, len(mine[0].time)
        cuts = [*range(0, rows - self.closing, self.rows_a_message), rows - self.closing]
        out = []
        for number, (low, high) in enumerate([*pairwise(cuts), (rows - self.closing, rows)], start=1):
            values = np.stack([recording.values[low:high] for recording in mine], axis=1).astype(np.float32)
            status = np.stack([recording.status[low:high] for recording in mine], axis=1)
            body = pack([recording.asset for recording in mine], self.tags, mine[0].time[low:high], values, status, sequence=number)
            out.append((topic, body))
        return out[:-1], out[-1:]


def settings(port: int, more: str = "", checkpoint: str = "1s") -> str:
    """A plant file with both links.

    Parameters
    ----------
    port : of the broker
    more : sections
    """
    return (
        f'[service]\ncheckpoint = "{checkpoint}"\n\n'
        f'[[link]]\nname = "gateway"\nkind = "mqtt"\naddress = "mqtt://127.0.0.1:{port}"\n'
        f'topics = [{toml_text(TOPIC)}]\npayload = "packed"\n\n'
        f'[[link]]\nname = "{PUSH}"\nkind = "push"\npayload = "packed"\n\n{more}'
    )


@dataclass
class Trial:
    """One run of a stream.

    Parameters
    ----------
    made : the folder that is copied
    path : of this run
    more : sections of the plant file
    """

    made: PlantFolder
    stream: Stream
    path: Path
    more: str = ""
    kills: int = 0
    broker_restarts: int = 0
    restart_s: list[float] = field(default_factory=list)
    broker: Broker = field(init=False)
    folder: PlantFolder = field(init=False)
    service: Service = field(init=False)
    _address: str = ""

    def __post_init__(self) -> None:
        self.broker = Broker(self.path / "broker")
        self.folder = self.made.copy(self.path / "plant", settings(self.broker.port, self.more))
        (self.path / "clock").write_text("0")

    def begin(self, faults: Mapping[str, str] | None = None) -> bool:
        """Start the service; whether it serves."""
        self._address = ""
        self.service = Service(self.folder, faults)
        self._address = self.service.address
        if self._address:
            self.restart_s.append(time.monotonic() - self.service.began)
        return bool(self._address)

    def run(self, pause_s: float, disturb: Callable[[Trial], None] | None = None, timeout_s: float = 120.0) -> Kept:
        """The whole stream.

        Parameters
        ----------
        pause_s : between messages
        disturb : called once both gateways send; when it returns the service runs

        Raises
        ------
        TimeoutError : something never came
        """
        mqtt, mqtt_end = self.stream.messages(False)
        push, push_end = self.stream.messages(True)
        self.broker.start()

        def pair(of_mqtt: list[tuple[str, bytes]], of_push: list[tuple[str, bytes]], name: str) -> list[Gateway]:
            return [
                MqttGateway(of_mqtt, pause_s, port=self.broker.port, client_id=name),
                HttpGateway(of_push, pause_s, address=lambda: self._address, token=self.folder.token),
            ]

        gateways, ends = pair(mqtt, push, "recorded"), pair(mqtt_end, push_end, "recorded-end")
        try:
            assert self.begin(), (self.folder.path / "service.log").read_text()[-2000:]
            self._connected()
            for gateway in gateways:
                gateway.start()
            if disturb is not None:
                disturb(self)
            for gateway in (*gateways, *ends):
                if gateway in ends:
                    gateway.start()
                gateway.wait(timeout_s)
            self.service.wait_until_judged(self.stream.last / 1e9, timeout_s)
            code = self.service.stop()
            assert code == 0, f"exit {code}: {(self.folder.path / 'service.log').read_text()[-2000:]}"
        finally:
            for gateway in (*gateways, *ends):
                gateway.stop()
                if isinstance(gateway, MqttGateway):
                    gateway.hang_up()
            if self.service.process.poll() is None:
                self.service.kill()
            self.broker.stop()
        return read_kept(self.folder, self.stream.assets, self.stream.tags, self.stream.last)

    def _connected(self) -> None:
        """Wait until the broker knows the service's session, and the watermark of both links: from then on nothing is missed or late."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            page = self.service.ask("api/v1/overview")
            if page and any(source["name"] == "gateway" and source["state"] in CONNECTED for source in page.get("sources", ())):
                time.sleep(1.5)  # a moment of the clock, which comes each second, has told of both links
                return
            time.sleep(0.05)
        raise TimeoutError("the link never connected")

    # Disturbances.

    def live(self, seconds: float, faults: Mapping[str, str]) -> None:
        """The process dies when so much time has passed, or before at a fault; another one takes its place.

        Parameters
        ----------
        faults : of the next process
        """
        end = time.monotonic() + seconds
        while self.service.process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        self.service.kill()
        self.kills += 1
        while not self.begin({**faults, CLOCK: str(self.path / "clock")}):  # it may die before it serves
            self.service.kill()
            self.kills += 1
            faults = {}

    def restart_broker(self, seconds: float) -> None:
        """The broker goes, keeping its sessions, and comes back."""
        self.broker.stop()
        time.sleep(seconds)
        self.broker.start()
        self.broker_restarts += 1


def random_kills(kills: int, restarts: int, seed: int, most_s: float) -> Callable[[Trial], None]:
    """A disturbance: kills at seeded moments and calls, with restarts of the broker among them.

    Parameters
    ----------
    most_s : longest life of a process after it serves
    """

    def disturb(trial: Trial) -> None:
        rng = random.Random(seed)
        restart_at = set(rng.sample(range(kills), restarts))
        while trial.kills < kills:
            if trial.kills in restart_at:
                restart_at.discard(trial.kills)
                trial.restart_broker(rng.uniform(0.0, 0.3))
            at_a_call = rng.random() < 0.5 and trial.kills + 1 < kills
            faults = {KILL: f"{rng.choice(POINTS)}:{rng.randrange(10, 120)}"} if at_a_call else {}
            trial.live(rng.uniform(0.0, most_s), faults)

    return disturb
