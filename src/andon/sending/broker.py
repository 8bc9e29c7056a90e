"""Messages to an MQTT broker."""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING

from andon.plant.endpoint import Endpoint, SignIn, certificate_words
from andon.plant.errors import AskUserError
from andon.plant.time import NS
from andon.sending.message import Message, Route, Sent

if TYPE_CHECKING:
    import aiomqtt

_MEANING = re.compile(r"[/+#$%\x00-\x1f\x7f-\x9f]")
FIELDS = ("{what}", "{asset}", "{id}")


def level(text: str) -> str:
    """Text as one level of a topic: what has a meaning in topics (`/ + # $ %`) and control letters are written as %XX."""
    return _MEANING.sub(lambda found: f"%{ord(found[0]):02X}", text)[:1_000] or "-"


def check_topic(template: str) -> None:
    """The topic can be published to, whatever the names are.

    Raises
    ------
    AskUserError : it has a wildcard, or braces that are none of `FIELDS`
    """
    plain = template
    for name in FIELDS:
        plain = plain.replace(name, "x")
    if not plain or any(letter in plain for letter in "{}+#\0"):
        raise AskUserError(f"{template!r} is no topic to publish to", do=f"use whole levels and {', '.join(FIELDS)}, no + or #")


def topic_of(template: str, message: Message) -> str:
    """The topic of a message. Names are put in once and never read as a template."""
    parts = {"{what}": level(message.what), "{asset}": level(message.asset), "{id}": level(message.id)}
    out, at = "", 0
    while at < len(template):
        name = next((field for field in FIELDS if template.startswith(field, at)), None)
        out += template[at] if name is None else parts[name]
        at += 1 if name is None else len(name)
    return out


class BrokerOutlet:
    """Publishes messages with QoS 1, over one connection that is made anew when it is lost.

    Parameters
    ----------
    topic : template, see `topic_of`
    retain : the broker keeps the last message of a topic
    version : "5" or "3.1.1"
    tls : certificates, for mqtts
    timeout_ns : longest wait for an answer of the broker
    """

    def __init__(
        self, name: str, route: Route, endpoint: Endpoint, *, topic: str, sign_in: SignIn, language: str = "en", retain: bool = False,
        version: str = "5", client_id: str = "", tls: ssl.SSLContext | None = None, timeout_ns: int = 10 * NS,
    ) -> None:  # fmt: skip
        check_topic(topic)
        self.name, self.route = name, route
        self._endpoint, self._topic, self._sign_in, self._language = endpoint, topic, sign_in, language
        self._retain, self._version, self._tls = retain, version, tls
        self._timeout_s = timeout_ns / NS
        self._client_id = client_id or f"andon-send-{name}"
        self._client: aiomqtt.Client | None = None

    async def send(self, message: Message) -> Sent:
        """See `Outlet.send`."""
        import aiomqtt

        try:
            client = await self._connected()
            await client.publish(
                topic_of(self._topic, message), message.to_json(self._language), qos=1, retain=self._retain, timeout=self._timeout_s
            )
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            await self.close()
            return Sent(False, not isinstance(error, ValueError), certificate_words(error) or str(error)[:200] or type(error).__name__)
        return Sent(True)

    async def _connected(self) -> aiomqtt.Client:
        import aiomqtt

        if self._client is None:
            client = aiomqtt.Client(
                self._endpoint.host, self._endpoint.port, username=self._sign_in.user or None, password=self._sign_in.password,
                identifier=self._client_id, timeout=self._timeout_s, tls_context=self._tls,
                protocol=aiomqtt.ProtocolVersion.V5 if self._version == "5" else aiomqtt.ProtocolVersion.V311,
            )  # fmt: skip
            await client.__aenter__()
            self._client = client
        return self._client

    async def close(self) -> None:
        """See `Outlet.close`."""
        import aiomqtt

        client, self._client = self._client, None
        if client is not None:
            try:
                await client.__aexit__(None, None, None)
            except (aiomqtt.MqttError, OSError):
                return
