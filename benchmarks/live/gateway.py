"""Gateways: a recorded stream sent over MQTT with QoS 1, and over HTTP; each sends a message until it was taken, and never skips one."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class Gateway:
    """Sends messages in order from a thread of its own.

    Attributes
    ----------
    messages : (topic, body)
    pause_s : between two of them
    sent : how many were taken
    """

    messages: Sequence[tuple[str, bytes]]
    pause_s: float = 0.0
    sent: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def send(self, topic: str, body: bytes) -> bool:
        """Whether it was taken."""
        raise NotImplementedError

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float) -> None:
        """Until everything was taken.

        Raises
        ------
        TimeoutError : it takes longer
        """
        assert self._thread is not None
        self._thread.join(timeout_s)
        if self.sent < len(self.messages):
            raise TimeoutError(f"{self.sent} of {len(self.messages)} messages were taken")

    def stop(self) -> None:
        """End, whatever is left."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(30)

    def _run(self) -> None:
        for topic, body in self.messages[self.sent :]:
            while not self.send(topic, body):
                if self._stop.wait(0.05):
                    return
            self.sent += 1
            if self._stop.wait(self.pause_s):
                return


@dataclass
class MqttGateway(Gateway):
    """A gateway of a broker: a message is taken when the broker says so."""

    port: int = 0
    client_id: str = "recorded-gateway"
    _client: object = None

    def send(self, topic: str, body: bytes) -> bool:
        """Publish with QoS 1 and wait for the broker; after a cut once more, so that a message may come twice."""
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion

        if self._client is None:
            client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self.client_id, protocol=mqtt.MQTTv311)
            try:
                client.connect("127.0.0.1", self.port)
            except OSError:
                return False
            client.loop_start()
            self._client = client
        with suppress(RuntimeError, ValueError):  # the connection is gone
            told = self._client.publish(topic, body, qos=1)  # type: ignore[attr-defined]
            told.wait_for_publish(1.0)
            if told.is_published():
                return True
        self.hang_up()
        return False

    def hang_up(self) -> None:
        """Leave the broker."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()  # type: ignore[attr-defined]
            client.loop_stop()  # type: ignore[attr-defined]


@dataclass
class HttpGateway(Gateway):
    """A gateway that pushes: a message is taken when the service says so; without an answer it pushes again."""

    address: Callable[[], str] = str
    token: str = ""
    content_type: str = "application/vnd.andon.packed"
    refused: int = 0

    def send(self, topic: str, body: bytes) -> bool:
        """POST it."""
        address = self.address()
        if not address:
            return False
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": self.content_type}
        request = urllib.request.Request(f"{address}api/v1/ingest/{topic}", data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            if error.code == 400:
                self.refused += 1
                return True
            return False
        except OSError:
            return False
