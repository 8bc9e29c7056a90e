"""The OPC UA link with asyncua's server in this process: the laws, status codes and times, history, security."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from andon.plant.backoff import Backoff
from andon.plant.clock import SystemClock
from andon.plant.endpoint import Endpoint, SignIn
from andon.plant.errors import AskUserError, ReadingError
from andon.plant.status import Status
from andon.plant.time import NS
from andon.reading.link import Connection, DeadLetter
from andon.reading.mapping import Mapping
from andon.reading.opcua.settings import OpcUaSettings
from tests.reading.links.broker import free_port
from tests.reading.links.laws import T0, LinkLaws, Rig, Tap, eventually, expected, readings

asyncua = pytest.importorskip("asyncua", reason="asyncua is not installed")

from asyncua import ua  # noqa: E402
from asyncua.server import Server  # noqa: E402

from andon.reading.opcua import OpcUaLink  # noqa: E402
from andon.reading.opcua.browse import describe, find_nodes  # noqa: E402
from andon.reading.opcua.connect import read_position  # noqa: E402
from andon.reading.opcua.parse import NO_VALUE_YET, Change, change_of, lost_before, to_batch, to_moment, to_ns  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # asyncua leaves sockets when it is cut off
FAST = Backoff(NS // 20, NS // 10)


def certificate(folder: Path, name: str) -> tuple[str, str]:
    """A certificate and a key of an OPC UA application."""
    from asyncua.crypto.cert_gen import setup_self_signed_certificate
    from cryptography.x509.oid import ExtendedKeyUsageOID

    folder.mkdir(exist_ok=True)
    key, cert = folder / f"{name}.key.pem", folder / f"{name}.der"
    asyncio.run(
        setup_self_signed_certificate(
            key, cert, f"urn:test:{name}", "localhost", [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH],
            {"commonName": name},
        )
    )  # fmt: skip
    return str(cert), str(key)


class Host:
    """One server for all tests of this file, in a thread of its own: asyncua takes a second to build its standard nodes."""

    def __init__(self, folder: Path) -> None:
        self.port, self.count = free_port(), 0
        self.certificate = certificate(folder, "server")
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server: Any = self.call(self._start())

    def call(self, task: Coroutine[Any, Any, Any]) -> Any:
        """Run it there, and wait."""
        return asyncio.run_coroutine_threadsafe(task, self.loop).result(60)

    async def _start(self) -> Any:
        server = Server()
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}")
        kinds = ua.SecurityPolicyType
        server.set_security_policy([kinds.NoSecurity, kinds.Basic256Sha256_SignAndEncrypt, kinds.Basic256Sha256_Sign])
        await server.load_certificate(self.certificate[0])
        await server.load_private_key(self.certificate[1])
        await server.start()
        return server

    def stop(self) -> None:
        """End server and thread."""
        self.call(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)
        self.loop.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """The server."""
    one = Host(tmp_path_factory.mktemp("opcua"))
    yield one
    one.stop()


class Plant:
    """Objects/<name>/p1/{a,b} on the server, and a wire to it that can be cut."""

    def __init__(self, host: Host | None = None) -> None:
        self.host, self.port, self.name = host, free_port(), "Plant"
        self.nodes: dict[str, Any] = {}
        self._wire: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def there(self, task: Coroutine[Any, Any, Any]) -> Any:
        """Run it where the server is."""
        assert self.host is not None
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(task, self.host.loop))

    async def start(self, *, history: bool = True) -> None:
        """Make the nodes and lay the wire."""
        assert self.host is not None
        self.host.count += 1
        self.name = f"Plant{self.host.count}"
        await self.there(self._build(self.host.server, history))
        await self.mend()

    async def _build(self, server: Any, history: bool) -> None:
        machine = await (await server.nodes.objects.add_object(2, self.name)).add_object(2, "p1")
        for name in ("a", "b"):
            self.nodes[name] = await machine.add_variable(2, name, 0.0)
            await self._write(name, 0.0, T0 - 1000 * NS, NO_VALUE_YET)
        await machine.add_variable(2, "recipe", "A7")
        if history:
            for name in ("a", "b"):
                await server.historize_node_data_change(self.nodes[name], period=None, count=0)

    async def mend(self) -> None:
        """Lay the wire."""
        assert self.host is not None
        inner = self.host.port

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                while data := await reader.read(65_536):
                    writer.write(data)
                    await writer.drain()
            writer.close()

        async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far, out = await asyncio.open_connection("127.0.0.1", inner)
            self._open |= {writer, out}
            await asyncio.gather(carry(reader, out), carry(far, writer))
            self._open -= {writer, out}

        self._wire = await asyncio.start_server(joined, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Cut the wire."""
        assert self._wire is not None
        self._wire.close()
        for writer in tuple(self._open):
            writer.transport.abort()
        await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Take the wire away."""
        await self.cut()

    async def write(self, name: str, value: Any, time: int, code: int = 0) -> None:
        """The server has a value."""
        await self.there(self._write(name, value, time, code))

    async def _write(self, name: str, value: Any, time: int, code: int = 0) -> None:
        moment = to_moment(time)
        variant = ua.Variant(value, ua.VariantType.Double)
        await self.nodes[name].write_value(ua.DataValue(variant, ua.StatusCode(code), SourceTimestamp=moment, ServerTimestamp=moment))


def link_to(plant: Plant, dead: list[DeadLetter] | None = None, **how: Any) -> OpcUaLink:
    """A link to the server."""
    letters = [] if dead is None else dead
    paths = how.pop("paths", (f"{plant.name}/{{asset}}/{{tag}}",))
    settings = OpcUaSettings(
        "line", Endpoint("opc.tcp", "127.0.0.1", plant.port), paths, how.pop("mapping", Mapping(ignore=frozenset({"recipe"}))),
        **{"security": "none", "every_ns": NS // 50, "timeout_ns": 3 * NS, **how},
    )  # fmt: skip
    return OpcUaLink(settings, SystemClock(), on_dead_letter=letters.append, backoff=FAST)


class OpcUaRig:
    """A server that keeps a history."""

    window = 20
    repeats = True

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.current: OpcUaLink | None = None

    def link(self, dead: list[DeadLetter]) -> OpcUaLink:
        self.current = link_to(self.plant, dead, window=self.window)
        return self.current

    async def start(self) -> None:
        await self.plant.start()

    async def stop(self) -> None:
        await self.plant.stop()

    async def feed(self, numbers: Iterable[int]) -> None:
        if self.current is not None:  # a server without a client keeps nothing but its history
            link = self.current
            await eventually(lambda: link.health().connection is Connection.CONNECTED, lambda: link.health())
        for n in numbers:
            await self.plant.write("a", float(n), T0 + n * NS)
            await self.plant.write("b", float(-n), T0 + n * NS, ua.StatusCodes.BadSensorFailure if n % 5 == 4 else 0)

    async def spoil(self) -> None:
        pass

    async def cut(self) -> None:
        await self.plant.cut()

    async def mend(self) -> None:
        await self.plant.mend()


class TestOpcUa(LinkLaws):
    skip: ClassVar[dict[str, str]] = {"malformed": "the protocol is typed; wrong values are in a test of their own"}

    @pytest.fixture
    def rig(self, host: Host) -> Rig:
        return OpcUaRig(Plant(host))


@contextlib.asynccontextmanager
async def running(host: Host, **how: Any) -> AsyncIterator[Plant]:
    """Nodes on the server."""
    plant = Plant(host)
    await plant.start(**how)
    try:
        yield plant
    finally:
        await plant.stop()


def test_status_codes_and_both_times() -> None:
    def change(value: Any, code: int, source: int | None, server: int | None) -> Change:
        return Change("p1", "a", value, code, source, server)

    batch, faults = to_batch(
        [
            change(1.0, 0, T0, T0 + 5), change(2, 0x40000000, None, T0 + NS), change(3.0, 0x80000000, T0 + 2 * NS, None),
            change(True, 0, T0 + 3 * NS, None), change(None, 0x80310000, T0 + 4 * NS, None), change(float("nan"), 0, T0 + 5 * NS, None),
            change(4.0, 0, None, None), change([1, 2], 0, T0 + 6 * NS, None), change("green", 0, T0 + 7 * NS, None),
        ],
        "line", 1, 100,
    )  # fmt: skip
    assert batch is not None
    assert [Status(int(mark)) for mark in batch.status[:, 0]] == [
        Status.GOOD, Status.UNCERTAIN, Status.BAD, Status.GOOD, Status.BAD, Status.MISSING, Status.BAD, Status.BAD,
    ]  # fmt: skip
    assert batch.time.tolist() == [T0 + n * NS for n in range(8)]
    assert sorted((fault.reason, fault.count) for fault in faults) == [("no-time", 1), ("wrong-value", 2)]
    assert lost_before(change(1.0, 0x480, 1, 1))
    assert not lost_before(change(1.0, 0x80, 1, 1))
    assert to_ns(to_moment(T0 + 123_456_000)) == T0 + 123_456_000
    assert change_of("p", "t", ua.DataValue()).time is None


def test_a_gap_is_filled_from_the_history_in_order(host: Host) -> None:
    async def whole() -> None:
        async with running(host) as plant:
            rig = OpcUaRig(plant)
            async with Tap(link_to(plant)) as tap:
                await eventually(lambda: tap.link.health().connection is Connection.CONNECTED)
                await rig.feed([0, 1])
                await eventually(lambda: readings(tap.batches()) == expected([0, 1]))
                await plant.cut()
                await eventually(lambda: tap.link.health().connection is Connection.WAITING)
                await rig.feed(range(2, 30))
                await plant.mend()
                await eventually(lambda: readings(tap.batches()) == expected(range(30)), lambda: readings(tap.batches()))
                times = [int(time) for batch in tap.batches() for time in batch.time]
                assert times == sorted(times)

    asyncio.run(whole())


def test_without_a_history_the_gap_stays_and_the_rest_comes(host: Host) -> None:
    async def whole() -> None:
        async with running(host, history=False) as plant:
            rig = OpcUaRig(plant)
            async with Tap(link_to(plant)) as tap:
                await eventually(lambda: tap.link.health().connection is Connection.CONNECTED)
                await rig.feed([0])
                await eventually(lambda: readings(tap.batches()) == expected([0]))
                await plant.cut()
                await rig.feed([1, 2])
                await plant.mend()
                await eventually(lambda: tap.link.health().reconnects == 1)
                await rig.feed([3])
                await eventually(lambda: readings(tap.batches()) == expected([0, 2, 3]), lambda: readings(tap.batches()))

    asyncio.run(whole())


def test_browse_to_tags_and_what_the_server_knows_of_them(host: Host) -> None:
    async def whole() -> None:
        async with running(host) as plant:
            unit = ua.EUInformation(DisplayName=ua.LocalizedText("bar"))
            await plant.there(plant.nodes["a"].add_property(2, "EngineeringUnits", unit))
            await plant.there(plant.nodes["a"].add_property(2, "InstrumentRange", ua.Range(0.0, 16.0)))
            async with asyncua.Client(f"opc.tcp://127.0.0.1:{plant.port}") as client:
                found = await find_nodes(client, (f"{plant.name}/{{asset}}/{{tag}}",), Mapping(rename={"b": "FIC-101.PV"}))
                assert [(one.asset, one.tag, one.path) for one in found] == [
                    ("p1", "a", f"{plant.name}/p1/a"),
                    ("p1", "FIC-101.PV", f"{plant.name}/p1/b"), ("p1", "recipe", f"{plant.name}/p1/recipe"),
                ]  # fmt: skip
                tag = await describe(found[0])
                assert (tag.id, tag.unit, tag.low, tag.high) == ("a", "bar", 0.0, 16.0)
                deep = await find_nodes(client, (f"{plant.name}/{{rest...}}",), Mapping(asset="all", tag="{rest}"))
                assert "p1/a" in {one.tag for one in deep}

    asyncio.run(whole())


def test_nothing_fits_is_told_and_tried_again(host: Host) -> None:
    async def whole() -> None:
        async with running(host) as plant, Tap(link_to(plant, paths=("Other/{asset}/{tag}",))) as tap:
            await eventually(lambda: tap.link.health().connection is Connection.WAITING)
            assert tap.link.health().last_error == "no variable of the server fits Other/{asset}/{tag}"

    asyncio.run(whole())


def test_a_slow_caller_loses_the_oldest_and_it_is_counted() -> None:
    link = link_to(Plant(), most_waiting=3)
    for n in range(5):
        link.heard(Change("p1", "a", float(n), 0, T0 + n * NS, None))
    assert link.health().lost == 2


@pytest.mark.parametrize("security", ["sign", "sign-and-encrypt"])
def test_signed_and_encrypted_and_a_server_that_is_another(security: str, host: Host, tmp_path: Path) -> None:
    theirs, ours, other = host.certificate, certificate(tmp_path, "client"), certificate(tmp_path, "other")

    async def whole() -> None:
        async with running(host) as plant:
            good = SignIn(cert_file=ours[0], key_file=ours[1], ca_file=theirs[0])
            async with Tap(link_to(plant, security=security, sign_in=good)) as tap:
                await plant.write("a", 7.0, T0)
                await eventually(lambda: ("p1", 0, "a", 7.0, Status.GOOD) in readings(tap.batches()), lambda: tap.link.health())
            wrong = SignIn(cert_file=ours[0], key_file=ours[1], ca_file=other[0])
            async with Tap(link_to(plant, security=security, sign_in=wrong, timeout_ns=NS)) as tap:
                await eventually(lambda: tap.link.health().connection is Connection.WAITING, lambda: tap.link.health())
                assert tap.link.health().last_error
                assert tap.taken == []

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"paths": ()}, 'key link.topics: an OPC UA link needs paths\n  do: for example topics = ["Plant/{asset}/{tag}"]'),
        ({"security": "sign"}, 'key link.security: security = "sign" needs certificates\n  do: give cert_file and key_file (ours) and '
                               'ca_file (the server\'s); without protection, say so: security = "none"'),
        ({"security": "tls"}, "key link.security: 'tls' is no security\n  do: use one of none, sign, sign-and-encrypt"),
        ({"sign_in": SignIn("u", "p")},
         'key link.security: a password must not travel unprotected\n  do: use security = "sign-and-encrypt"'),
    ],
)  # fmt: skip
def test_wrong_settings(how: dict[str, Any], text: str) -> None:
    with pytest.raises(AskUserError) as caught:
        link_to(Plant(), **how)
    assert str(caught.value) == text


def test_a_position_of_something_else_is_refused() -> None:
    assert read_position("") is None
    with pytest.raises(ReadingError, match="'x' is no position of an OPC UA link"):
        read_position("x")
