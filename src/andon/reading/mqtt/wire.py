"""One connection to an MQTT broker: paho's protocol engine, driven by the event loop. It lives once, and is not made again.

aiomqtt drives paho as well, but acknowledges by itself and drops messages when its queue is full; see decision 0231.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from andon.plant.endpoint import tls_context
from andon.plant.time import NS
from andon.reading.mqtt.settings import BrokerSettings

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessage

MISC_S = 1.0  # how often paho looks after pings


class Wire:
    """One connection.

    Parameters
    ----------
    settings : the broker
    on_message : called in the event loop with every message; what it does not `acknowledge` comes again
    on_lost : called in the event loop once, when the connection is gone
    """

    def __init__(self, settings: BrokerSettings, on_message: Callable[[MQTTMessage], None], on_lost: Callable[[], None]) -> None:
        self._settings, self._on_message, self._on_lost = settings, on_message, on_lost
        self._client: Any = None
        self._loop = asyncio.get_running_loop()
        self._connected: asyncio.Future[None] = self._loop.create_future()
        self._subscribed: dict[int, asyncio.Future[list[int]]] = {}
        self._attached: Any = None  # the socket that the loop watches
        self._misc: asyncio.Task[None] | None = None
        self.lost = ""  # why the connection is gone; empty while it stands

    async def connect(self) -> None:
        """Connect, and wait for the broker's word.

        Raises
        ------
        OSError : nobody is there, TLS fails, or the broker refuses or does not answer
        """
        client = self._client = self._make()
        endpoint, settings = self._settings.endpoint, self._settings
        more: dict[str, Any] = {}
        if settings.version == "5":
            from paho.mqtt.packettypes import PacketTypes
            from paho.mqtt.properties import Properties

            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = min(settings.keep_ns // NS, 0xFFFFFFFE)
            properties.ReceiveMaximum = settings.window
            more = {"clean_start": False, "properties": properties}
        seconds = max(1, settings.keep_alive_ns // NS)
        await self._loop.run_in_executor(None, lambda: client.connect(endpoint.host, endpoint.port, seconds, **more))
        self._attach()
        try:
            await asyncio.wait_for(asyncio.shield(self._connected), settings.timeout_ns / NS)
        except TimeoutError as error:
            raise ConnectionError("the broker does not answer") from error

    def _make(self) -> Any:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

        settings = self._settings
        five = settings.version == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.session_id,
            clean_session=None if five else False,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = settings.timeout_ns / NS
        if settings.sign_in.user:
            client.username_pw_set(settings.sign_in.user, settings.sign_in.password)
        if settings.endpoint.scheme == "mqtts":
            client.tls_set_context(tls_context(settings.sign_in, key=settings.name))
        client.on_connect = self._paho_connected
        client.on_disconnect = self._paho_disconnected
        client.on_subscribe = self._paho_subscribed
        client.on_message = lambda _client, _userdata, message: self._on_message(message)
        client.on_socket_close = self._paho_socket_closed
        client.on_socket_register_write = lambda *_: self._want_write(True)
        client.on_socket_unregister_write = lambda *_: self._want_write(False)
        return client

    # The loop watches the socket from `_attach` on. Before, paho works in a thread, and touches nothing of the loop.

    def _attach(self) -> None:
        socket = self._client.socket()
        if socket is None:
            raise ConnectionError("the broker closed the connection")
        self._attached = socket
        self._loop.add_reader(socket.fileno(), self._readable)
        if self._client.want_write():
            self._want_write(True)
        self._misc = self._loop.create_task(self._look_after())

    def _want_write(self, wanted: bool) -> None:
        if self._attached is not None and self._attached.fileno() >= 0:
            if wanted:
                self._loop.add_writer(self._attached.fileno(), self._writable)
            else:
                self._loop.remove_writer(self._attached.fileno())

    def _readable(self) -> None:
        try:
            while self._client.loop_read() == 0:
                socket = self._client.socket()
                if not hasattr(socket, "pending") or not socket.pending():  # TLS may hold more than the system tells
                    return
        except Exception as error:
            self._lose(f"{type(error).__name__}: {error}")

    def _writable(self) -> None:
        try:
            self._client.loop_write()
        except Exception as error:
            self._lose(f"{type(error).__name__}: {error}")

    async def _look_after(self) -> None:
        while not self.lost:
            await asyncio.sleep(MISC_S)
            self._client.loop_misc()

    def _paho_connected(self, _client: Any, _userdata: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if self._connected.done():
            return
        if getattr(code, "is_failure", bool(code)):
            self._connected.set_exception(ConnectionError(f"the broker refuses: {code}"))
        else:
            self._connected.set_result(None)

    def _paho_disconnected(self, _client: Any, _userdata: Any, _flags: Any, code: Any, _properties: Any) -> None:
        self._lose(f"the connection to the broker is lost: {code}")

    def _paho_subscribed(self, _client: Any, _userdata: Any, number: int, codes: list[Any], _properties: Any) -> None:
        waiting = self._subscribed.pop(number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result([int(code.value) for code in codes])

    def _paho_socket_closed(self, _client: Any, _userdata: Any, _socket: Any) -> None:
        self._detach()

    def _detach(self) -> None:
        if self._attached is not None and self._attached.fileno() >= 0:
            self._loop.remove_reader(self._attached.fileno())
            self._loop.remove_writer(self._attached.fileno())
        self._attached = None

    def _lose(self, why: str) -> None:
        if self.lost:
            return
        self.lost = why
        futures: list[asyncio.Future[Any]] = [self._connected, *self._subscribed.values()]
        for waiting in futures:
            if not waiting.done():
                waiting.set_exception(ConnectionError(why))
        self._on_lost()

    async def subscribe(self, filters: tuple[str, ...]) -> None:
        """Subscribe with QoS 1.

        Raises
        ------
        OSError : the broker refuses one of them or does not answer, or the connection is lost
        """
        wanted: list[tuple[str, Any]] = [(text, 1) for text in filters]
        if self._settings.version == "5":
            from paho.mqtt.subscribeoptions import SubscribeOptions

            wanted = [(text, SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)) for text in filters]
        code, number = self._client.subscribe(wanted)
        if code != 0 or number is None:
            raise ConnectionError(self.lost or "the subscription could not be sent")
        answer: asyncio.Future[list[int]] = self._loop.create_future()
        self._subscribed[number] = answer
        try:
            codes = await asyncio.wait_for(answer, self._settings.timeout_ns / NS)
        except TimeoutError as error:
            raise ConnectionError("the broker does not answer the subscription") from error
        for text, answered in zip(filters, codes, strict=False):
            if answered >= 128:
                raise ConnectionError(f"the broker refuses the subscription to {text!r} (code {answered})")

    def acknowledge(self, packet: int) -> bool:
        """Acknowledge a message of QoS 1; False where the connection is gone."""
        return not self.lost and int(self._client.ack(packet, 1)) == 0

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message of QoS 0; False where the connection is gone."""
        return not self.lost and int(self._client.publish(topic, payload, 0).rc) == 0

    async def close(self) -> None:
        """Say good-bye where the connection stands, and let go of the socket."""
        if self._misc is not None:
            self._misc.cancel()
            await asyncio.gather(self._misc, return_exceptions=True)
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.disconnect()
                for _ in range(100):
                    if not self._client.want_write():
                        break
                    self._client.loop_write()
            self._detach()
            socket = self._client.socket()
            if socket is not None:
                with contextlib.suppress(OSError):
                    socket.close()
        self.lost = self.lost or "closed"
        if self._connected.done() and not self._connected.cancelled():
            self._connected.exception()
        else:
            self._connected.cancel()
