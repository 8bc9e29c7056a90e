"""Settings of an MQTT link, checked before anything is opened."""

from __future__ import annotations

from dataclasses import dataclass, field

from andon.plant.endpoint import Endpoint, SignIn, check_files
from andon.plant.errors import AskUserError, At
from andon.plant.time import DAY_NS, MINUTE_NS, NS
from andon.reading.mapping import Mapping, Pattern
from andon.reading.payload import PayloadReader

PORTS = {"mqtt": 1883, "mqtts": 8883}
VERSIONS = ("5", "3.1.1")


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """How to reach a broker and keep a session there.

    Attributes
    ----------
    name : name of the link
    endpoint : scheme mqtt or mqtts
    sign_in : user, password, certificates
    client_id : names the session at the broker; two programs with the same id throw each other out
    version : "5" or "3.1.1"
    window : messages not acknowledged, at most; MQTT 5's receive maximum
    keep_ns : how long the broker keeps what we missed, MQTT 5 only
    keep_alive_ns : longest silence before a ping
    timeout_ns : longest wait for an answer of the broker
    """

    name: str
    endpoint: Endpoint
    sign_in: SignIn = field(default_factory=SignIn)
    client_id: str = ""
    version: str = "5"
    window: int = 256
    keep_ns: int = 7 * DAY_NS
    keep_alive_ns: int = MINUTE_NS
    timeout_ns: int = 10 * NS

    def check(self, key: str) -> None:
        """Raise AskUserError where a setting cannot be used."""
        check_files(self.sign_in, key=key)
        if self.sign_in.cert_file and self.endpoint.scheme != "mqtts":
            raise AskUserError("a certificate needs TLS", at=At(key=f"{key}.address"), do="write mqtts:// in the address")
        if not 1 <= self.window <= 65_535:
            raise AskUserError("window is 1 to 65535", at=At(key=f"{key}.window"), do="leave it out: 256 messages")

    @property
    def session_id(self) -> str:
        """The client id, else one made of the link's name."""
        return self.client_id or f"andon-{self.name}"


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """Settings of an MQTT link.

    Attributes
    ----------
    broker : the connection
    topics : patterns like "plant/{asset}/data"; of two that fit a topic, the first is taken
    mapping : how payloads are read
    """

    broker: BrokerSettings
    topics: tuple[str, ...]
    mapping: Mapping = field(default_factory=Mapping)

    def check(self, key: str = "link") -> None:
        """Raise AskUserError where a setting cannot be used, or two contradict each other."""
        self.broker.check(key)
        if not self.topics:
            raise AskUserError("an MQTT link needs topics", at=At(key=f"{key}.topics"), do='for example topics = ["plant/{asset}/data"]')
        for topic in self.topics:
            names = Pattern(topic).names
            if self.mapping.payload == "number" and not {*self.mapping.tag_template.names} <= {*names}:
                raise AskUserError(
                    f"{topic!r} does not name the tag of a payload that is one number",
                    at=At(key=f"{key}.topics"),
                    do='put {tag} into the topic, like "plant/{asset}/{tag}"',
                )
        PayloadReader(self.mapping, self.broker.name)
