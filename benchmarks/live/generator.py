"""The gateways of a large plant in a process of their own, so that their processor time is not the service's.

python -m benchmarks.live.generator SETTINGS.json

Each gateway sends one message a second of the plant's time, with one row of each of its assets; gateways are spread over the second, and a
row's time is the moment at which it is sent. Values are of a steady plant. It prints what was sent and taken.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from andon.reading.payload.packed import pack
from benchmarks.live.fast_clock import FastClock


class Job(msgspec.Struct):
    """What to send.

    Attributes
    ----------
    way : "mqtt" or "http"
    payload : "packed" or "json"
    address : port of the broker, or address of the service
    token : for pushes
    gateways : assets of each
    table : .npy with (N, C) values of a steady plant
    start, speed : of the clock
    seconds : of ours
    """

    way: str
    payload: str
    address: str
    token: str
    gateways: list[list[str]]
    tags: list[str]
    table: str
    start: int
    speed: float
    seconds: float


@dataclass
class Counted:
    """What became of the messages."""

    sent: int = 0
    taken: int = 0
    refused: int = 0
    behind_ms: float = 0.0


def rows_of(table: NDArray[np.float32], count: int, seed: int) -> NDArray[np.int64]:
    """(count,) where each asset stands in the recording at the first second: all live the same plant, each at its own moment."""
    return np.random.default_rng(seed).integers(0, len(table), count)


class Bodies:
    """Message bodies."""

    def __init__(self, job: Job) -> None:
        self._table = np.load(job.table).astype(np.float32)
        self._job = job
        self._begin = [rows_of(self._table, len(assets), number) for number, assets in enumerate(job.gateways)]

    def body(self, gateway: int, second: int, moment: int) -> bytes:
        """The message of a gateway at a moment (ns)."""
        rows = self._table[(self._begin[gateway] + second) % len(self._table)]
        assets, tags = self._job.gateways[gateway], self._job.tags
        if self._job.payload == "packed":
            return pack(assets, tags, np.array([moment]), rows[None])
        told = {"time": moment, "asset": assets, "tag": tags, "value": np.round(rows.astype(np.float64), 3).tolist()}
        return msgspec.json.encode(told)


class Mqtt:
    """Publishes with QoS 1 from one connection."""

    def __init__(self, job: Job, counted: Counted) -> None:
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion

        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="generator", protocol=mqtt.MQTTv5)
        self._client.max_inflight_messages_set(65_535)
        self._client.connect("127.0.0.1", int(job.address))
        self._client.on_publish = lambda *_: setattr(counted, "taken", counted.taken + 1)
        self._client.loop_start()

    def send(self, gateway: int, body: bytes) -> None:
        """One message."""
        self._client.publish(f"load/{gateway}", body, qos=1)

    def end(self, counted: Counted) -> None:
        """Wait for the broker."""
        end = time.monotonic() + 30
        while counted.taken < counted.sent and time.monotonic() < end:
            time.sleep(0.05)
        self._client.disconnect()
        self._client.loop_stop()


class Http:
    """Pushes over as many connections as are needed; an answer that says "come again" is obeyed."""

    def __init__(self, job: Job, counted: Counted) -> None:
        import queue

        self._job, self._counted = job, counted
        self._queue: Any = queue.Queue()
        self._threads = [threading.Thread(target=self._push, daemon=True) for _ in range(48)]
        self._lock = threading.Lock()
        for thread in self._threads:
            thread.start()

    def send(self, gateway: int, body: bytes) -> None:
        """One message."""
        self._queue.put(body)

    def _push(self) -> None:
        host = self._job.address.removeprefix("http://").rstrip("/")
        kind = "application/vnd.andon.packed" if self._job.payload == "packed" else "application/json"
        headers = {"Authorization": f"Bearer {self._job.token}", "Content-Type": kind}
        connection = http.client.HTTPConnection(host, timeout=30)
        while (body := self._queue.get()) is not None:
            for _ in range(600):
                try:
                    connection.request("POST", "/api/v1/ingest/load", body, headers)
                    answer = connection.getresponse()
                    answer.read()
                    status = answer.status
                except OSError:
                    connection.close()
                    status = 0
                with self._lock:
                    self._counted.taken += status == 200
                    self._counted.refused += status not in (0, 200)
                if status in (200, 400):
                    break
                time.sleep(0.05)

    def end(self, counted: Counted) -> None:
        """Wait for the answers."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(60)


def main() -> None:
    """Send, and print what became of it."""
    job = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Job)
    bodies, counted, clock = Bodies(job), Counted(), FastClock(job.start, job.speed)
    way = Mqtt(job, counted) if job.way == "mqtt" else Http(job, counted)
    print("ready", flush=True)
    sys.stdin.readline()
    count = len(job.gateways)
    every = 1.0 / job.speed / count
    began = time.monotonic()
    number = 0
    while number < job.seconds * job.speed * count:
        due = began + number * every
        wait = due - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        else:
            counted.behind_ms = max(counted.behind_ms, -1e3 * wait)
        gateway, turn = number % count, number // count
        way.send(gateway, bodies.body(gateway, turn, clock.now()))
        counted.sent += 1
        number += 1
    way.end(counted)
    print(json.dumps({"sent": counted.sent, "taken": counted.taken, "refused": counted.refused, "behind_ms": counted.behind_ms,
                      "cpu_s": time.process_time()}), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
