"""The MQTT link with a real broker: the laws over both versions, restarts, sign-in, TLS, wildcards, losses."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from andon.plant.backoff import Backoff
from andon.plant.batch import Batch
from andon.plant.clock import SystemClock
from andon.plant.endpoint import Endpoint, SignIn
from andon.plant.errors import AskUserError
from andon.plant.time import NS, format_instant
from andon.reading.link import Connection, DeadLetter
from andon.reading.mapping import Mapping
from andon.reading.mqtt import MqttLink, MqttSettings
from andon.reading.mqtt.settings import BrokerSettings
from tests.reading.links.broker import Broker, needs_broker
from tests.reading.links.certificates import make_certificates
from tests.reading.links.laws import T0, LinkLaws, Rig, Tap, eventually, expected, readings

FAST = Backoff(NS // 50, NS // 10)
TOPICS = ("plant/{asset}/data",)
HASHED = "andon:$7$101$3BcM94oWZVQ5p2RU$3tT3okQlHPKRngyZOt50jeqshUq9Gqc1qhSyLum4EWVHjy2kftpMxaJ7qUzrAHtGk/98riL865wmwPX5R1vXbQ==\n"
pytestmark = needs_broker


def settings(broker: Broker, *, topics: tuple[str, ...] = TOPICS, mapping: Mapping | None = None, **how: Any) -> MqttSettings:
    """Settings of a link to the broker."""
    endpoint = Endpoint(how.pop("scheme", "mqtt"), how.pop("host", "127.0.0.1"), broker.port)
    return MqttSettings(BrokerSettings("line", endpoint, **{"timeout_ns": 5 * NS, **how}), topics, mapping or Mapping())


def link_to(broker: Broker, dead: list[DeadLetter] | None = None, **how: Any) -> MqttLink:
    """A link to the broker."""
    letters = [] if dead is None else dead
    return MqttLink(settings(broker, **how), SystemClock(), on_dead_letter=letters.append, backoff=FAST)


def message(n: int, asset: str = "p1") -> tuple[str, str]:
    """Topic and payload of batch n."""
    quality = {"b": "bad"} if n % 5 == 4 else None
    return f"plant/{asset}/data", json.dumps({"time": format_instant(T0 + n * NS), "a": n, "b": -n, "quality": quality, "sequence": n})


class MqttRig:
    """A mosquitto of its own."""

    window = 20
    repeats = False

    def __init__(self, folder: Path, version: str) -> None:
        self.broker, self.version = Broker(folder), version

    def link(self, dead: list[DeadLetter]) -> MqttLink:
        return link_to(self.broker, dead, version=self.version, window=self.window)

    async def start(self) -> None:
        self.broker.start()
        async with Tap(self.link([])) as tap:  # the broker keeps messages for sessions that it knows
            await eventually(lambda: tap.link.health().connection is Connection.CONNECTED)

    async def stop(self) -> None:
        self.broker.stop()

    async def feed(self, numbers: Iterable[int]) -> None:
        await self.broker.publish(*map(message, numbers))

    async def spoil(self) -> None:
        await self.broker.publish(("plant/p1/data", b'{"time": "2026-03-01T06:00:00Z", "a": '))

    async def cut(self) -> None:
        self.broker.stop()

    async def mend(self) -> None:
        self.broker.start()


class TestMqtt5(LinkLaws):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        return MqttRig(tmp_path, "5")


class TestMqtt311(LinkLaws):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        return MqttRig(tmp_path, "3.1.1")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running broker."""
    one = Broker(tmp_path / "broker")
    one.start()
    yield one
    one.stop()


async def connected(tap: Tap) -> None:
    """Wait for the connection."""
    await eventually(lambda: tap.link.health().connection is Connection.CONNECTED, lambda: tap.link.health())


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_broker_and_link_restart_at_random_and_nothing_is_lost_or_new(broker: Broker, version: str) -> None:
    """The publisher goes on through it all; acknowledged at random moments and out of order; the process is new now and then."""

    async def whole() -> None:
        rng = random.Random(7)
        total, published = 300, 0
        safe: dict[int, Batch] = {}
        async with Tap(link_to(broker, version=version)) as tap:
            await connected(tap)
        while len(safe) < total:
            async with Tap(link_to(broker, version=version)) as tap:
                await connected(tap)
                for _ in range(rng.randint(1, 3)):
                    count = min(rng.randint(1, 40), total - published)
                    await broker.publish(*map(message, range(published, published + count)))
                    published += count
                    await asyncio.sleep(rng.random() * 0.1)
                    ready = [item for item in tap.taken if rng.random() < 0.6]
                    rng.shuffle(ready)
                    if rng.random() < 0.5:
                        broker.stop()
                    for batch, receipt in ready:
                        await tap.link.acknowledge(receipt)
                        safe |= {int(time): batch for time in batch.time}
                    if rng.random() < 0.7:
                        broker.stop()
                        broker.start()
                        await connected(tap)
                    elif broker._process is None:
                        broker.start()
                        await connected(tap)
                if published == total:
                    await asyncio.sleep(0.3)
                    for batch, receipt in tap.taken:
                        await tap.link.acknowledge(receipt)
                        safe |= {int(time): batch for time in batch.time}
                times = [int(time) for batch in tap.batches() for time in batch.time]
                assert len(set(times)) == len(times), "one process was given a message twice"
        assert readings(safe.values()) == expected(range(total))

    asyncio.run(whole())


def test_acknowledged_out_of_order_the_broker_hears_in_order(broker: Broker) -> None:
    async def whole() -> None:
        async with Tap(link_to(broker)) as tap:
            await connected(tap)
            await broker.publish(*map(message, range(4)))
            await tap.until(4)
            for place in (3, 1, 2):
                await tap.link.acknowledge(tap.taken[place][1])
        async with Tap(link_to(broker)) as again:  # the first was never safe, so none was acknowledged to the broker
            await again.until(4)
            for place in (2, 0, 1):
                await again.link.acknowledge(again.taken[place][1])
        async with Tap(link_to(broker)) as last:
            await last.until(1)
            assert readings(last.batches()) == expected([3])
            await last.acknowledge()

    asyncio.run(whole())


def test_a_broker_that_knows_no_window_is_cut_off_and_nothing_is_lost(broker: Broker) -> None:
    """MQTT 3.1.1 has no receive maximum: mosquitto sends 20 messages unacknowledged, we hold 2 × 5."""

    async def whole() -> None:
        async with Tap(link_to(broker, version="3.1.1", window=5)) as tap:
            await connected(tap)
        await broker.publish(*map(message, range(60)))
        link = link_to(broker, version="3.1.1", window=5)
        found: list[Batch] = []
        stream = link.open()
        async for batch, receipt in stream:
            found.append(batch)
            await asyncio.sleep(0.002)
            await link.acknowledge(receipt)
            if len(found) == 60:
                await link.close()
        assert readings(found) == expected(range(60))
        assert "more than 10 messages unacknowledged" in link.health().last_error
        assert link.health().reconnects >= 1
        async with Tap(link_to(broker, version="3.1.1", window=5)) as tap:
            await connected(tap)
            await asyncio.sleep(0.2)
            assert tap.taken == []

    asyncio.run(asyncio.wait_for(whole(), 60))


def test_losses_are_counted_by_the_source_s_own_numbers(broker: Broker) -> None:
    async def whole() -> None:
        async with Tap(link_to(broker)) as tap:
            await connected(tap)
            await broker.publish(*map(message, (1, 2, 5, 6, 6, 20)))
            await tap.until(6)
            assert tap.link.health().lost == 15
            assert tap.link.health().repeated == 1

    asyncio.run(whole())


def test_wildcards_one_topic_per_tag_and_retained_values(broker: Broker) -> None:
    async def whole() -> None:
        dead: list[DeadLetter] = []
        await broker.publish(("site/L1/pump/flow", "1.0"), retain=True)
        mapping = Mapping(payload="number", asset="{line}-{machine}")
        link = link_to(broker, dead, topics=("site/{line}/{machine}/{tag}", "site/{line}/{machine}/{group}/{tag}"), mapping=mapping)
        async with Tap(link) as tap:
            await connected(tap)
            await broker.publish(("site/L1/pump/flow", "2.5"), ("site/L2/fan/motor/current", "7"), ("site/L1/pump/flow", "much"))
            await tap.until(2)
            await eventually(lambda: len(dead) == 2)
        assert [(batch.assets[0], batch.tags[0], float(batch.values[0, 0])) for batch in tap.batches()] == [
            ("L1-pump", "flow", 2.5), ("L2-fan", "current", 7.0),
        ]  # fmt: skip
        assert [(letter.reason, letter.place) for letter in dead] == [
            ("retained", "site/L1/pump/flow"), ("not-number", "site/L1/pump/flow"),
        ]  # fmt: skip

    asyncio.run(whole())


def test_sign_in_and_a_wrong_password(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    # "andon:secret", made once by mosquitto_passwd
    passwords.write_text(HASHED)
    passwords.chmod(0o600)
    broker = Broker(tmp_path / "broker", "allow_anonymous false", f"password_file {passwords}")
    broker.start()

    async def whole() -> None:
        async with Tap(link_to(broker, sign_in=SignIn("andon", "wrong"))) as tap:
            await eventually(lambda: tap.link.health().connection is Connection.WAITING)
            assert "ot authori" in tap.link.health().last_error
            assert "wrong" not in repr(tap.link.__dict__)
        async with Tap(link_to(broker, sign_in=SignIn("andon", "secret"))) as tap:
            await connected(tap)
            await broker.publish(message(1), username="andon", password="secret")
            await tap.until(1)

    try:
        asyncio.run(whole())
    finally:
        broker.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves a socket to the collector where TLS fails
def test_tls_and_a_certificate_of_a_stranger(tmp_path: Path) -> None:
    ours, theirs = make_certificates(tmp_path / "ours"), make_certificates(tmp_path / "theirs")
    broker = Broker(tmp_path / "broker", tls=(ours.cert, ours.key))
    broker.start()

    async def whole() -> None:
        async with Tap(link_to(broker, scheme="mqtts", host="localhost", sign_in=SignIn(ca_file=str(theirs.ca)))) as tap:
            await eventually(lambda: tap.link.health().connection is Connection.WAITING)
            assert tap.link.health().last_error == (
                "the certificate of the server is of an authority that is not trusted here; name it in ca_file"
            )
        async with Tap(link_to(broker, scheme="mqtts", host="localhost", sign_in=SignIn(ca_file=str(ours.ca)))) as tap:
            await connected(tap)

    try:
        asyncio.run(whole())
    finally:
        broker.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_whose_certificate_has_expired_or_is_of_another_host_is_told_in_words(tmp_path: Path) -> None:
    old = make_certificates(tmp_path / "old", days=0)
    broker = Broker(tmp_path / "broker", tls=(old.cert, old.key))
    broker.start()

    async def whole() -> None:
        async with Tap(link_to(broker, scheme="mqtts", host="localhost", sign_in=SignIn(ca_file=str(old.ca)))) as tap:
            await eventually(lambda: tap.link.health().connection is Connection.WAITING)
            assert tap.link.health().last_error == "the certificate of the server has expired; ask those who run it for a new one"
        good = make_certificates(tmp_path / "good")
        broker.stop()
        for kept, fresh in ((old.cert, good.cert), (old.key, good.key)):
            kept.write_bytes(fresh.read_bytes())
        broker.start()
        async with Tap(link_to(broker, scheme="mqtts", host="127.0.0.1", sign_in=SignIn(ca_file=str(good.ca)))) as tap:
            await eventually(lambda: tap.link.health().connection is Connection.WAITING)
            assert tap.link.health().last_error == "the certificate of the server is of another host than the address names"

    try:
        asyncio.run(whole())
    finally:
        broker.stop()


def test_a_topic_that_nobody_publishes_on_is_told_apart(broker: Broker) -> None:
    async def whole() -> None:
        async with Tap(link_to(broker, topics=("plant/{asset}/data", "site/{asset}/nothing"))) as tap:
            await connected(tap)
            assert tap.link.health().heard == (("plant/{asset}/data", None), ("site/{asset}/nothing", None))
            await broker.publish(message(1))
            await tap.until(1)
            (first, at), second = tap.link.health().heard
            assert (first, second) == ("plant/{asset}/data", ("site/{asset}/nothing", None))
            assert at == tap.link.health().last_message_at

    asyncio.run(whole())


def test_a_broker_that_is_not_there_is_tried_for_ever_with_growing_waits(tmp_path: Path) -> None:
    waits: list[int] = []

    class Watched(SystemClock):
        async def sleep(self, duration_ns: int) -> None:
            waits.append(duration_ns)
            await super().sleep(0)

    broker = Broker(tmp_path)

    async def whole() -> None:
        link = MqttLink(settings(broker), Watched(), backoff=Backoff(NS, 8 * NS, jitter=0.0))
        async with Tap(link) as tap:
            await eventually(lambda: len(waits) >= 6)
            assert tap.link.health().connection in (Connection.WAITING, Connection.CONNECTING)
            assert "Connection refused" in tap.link.health().last_error
        assert waits[:6] == [NS, 2 * NS, 4 * NS, 8 * NS, 8 * NS, 8 * NS]

    asyncio.run(whole())


def test_the_callers_clock_is_not_waited_for_when_closing(tmp_path: Path) -> None:
    async def whole() -> None:
        link = MqttLink(settings(Broker(tmp_path)), SystemClock(), backoff=Backoff(3600 * NS, 3600 * NS))
        async with Tap(link):
            await eventually(lambda: link.health().connection is Connection.WAITING)

    asyncio.run(asyncio.wait_for(whole(), 10))


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"topics": ()}, "key link.topics: an MQTT link needs topics\n  do: for example topics = [\"plant/{asset}/data\"]"),
        ({"window": 0}, "key link.window: window is 1 to 65535\n  do: leave it out: 256 messages"),
        ({"topics": ("a/b{c}",)},
         "'a/b{c}' is no pattern\n  do: write whole levels, like \"plant/{asset}/{tag}\"; + is one level, # at the end the rest"),
        ({"topics": ("a/{b}",), "mapping": Mapping(payload="number", asset="{b}")},
         "key link.topics: 'a/{b}' does not name the tag of a payload that is one number\n"
         '  do: put {tag} into the topic, like "plant/{asset}/{tag}"'),
        ({"sign_in": SignIn(ca_file="/no/such.pem")},
         "/no/such.pem, key link.ca_file: cannot read the certificate or key: No such file or directory\n  do: name the file"),
        ({"sign_in": SignIn(cert_file=__file__)},
         "key link.key_file: a certificate and its key are given together\n  do: give both cert_file and key_file, or neither"),
        ({"sign_in": SignIn(cert_file=__file__, key_file=__file__)},
         "key link.address: a certificate needs TLS\n  do: write mqtts:// in the address"),
    ],
)  # fmt: skip
def test_wrong_settings_are_told_before_anything_opens(how: dict[str, Any], text: str, tmp_path: Path) -> None:
    with pytest.raises(AskUserError) as caught:
        link_to(Broker(tmp_path), **how)
    assert str(caught.value) == text
