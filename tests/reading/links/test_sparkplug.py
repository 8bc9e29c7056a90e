"""The Sparkplug link: the protobuf against Google's runtime, the state machine, the laws with a real broker, rebirths."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.clock import SystemClock
from andon.plant.endpoint import Endpoint
from andon.plant.errors import ReadingError
from andon.plant.status import Status
from andon.plant.time import NS
from andon.reading.link import Connection, DeadLetter
from andon.reading.mapping import Mapping
from andon.reading.mqtt.settings import BrokerSettings
from andon.reading.payload import REASONS, Unreadable
from andon.reading.sparkplug import SparkplugLink, SparkplugSettings
from andon.reading.sparkplug.births import Births
from andon.reading.sparkplug.parse import SparkplugReader
from andon.reading.sparkplug.settings import ANY
from andon.reading.sparkplug.wire import (
    BOOLEAN,
    DATETIME,
    DOUBLE,
    FLOAT,
    INT8,
    INT16,
    INT32,
    INT64,
    STRING,
    UINT32,
    UINT64,
    Metric,
    Payload,
    number_of,
    read_payload,
    rebirth,
    write_payload,
)
from tests.reading.links.broker import Broker, needs_broker
from tests.reading.links.laws import T0, LinkLaws, Rig, Tap, eventually, expected, readings
from tests.reading.links.test_mqtt import FAST

MS = T0 // 1_000_000


class EdgeNode:
    """An edge node "n1" of group "g" with a device "p1" that has the metrics a and b."""

    def __init__(self) -> None:
        self.seq = -1

    def message(self, kind: str, metrics: list[Metric], ms: int = MS, device: str = "p1") -> tuple[str, bytes]:
        self.seq = 0 if kind == "NBIRTH" else (self.seq + 1) % 256
        end = f"/{device}" if kind[0] == "D" else ""
        return f"spBv1.0/g/{kind}/n1{end}", write_payload(Payload(ms, self.seq, metrics))

    def births(self, *, values: bool = False, number: int = 0) -> list[tuple[str, bytes]]:
        value = 1.5 if values else None
        return [
            self.message(
                "NBIRTH", [Metric("bdSeq", datatype=INT64, value=number), Metric("Node Control/Rebirth", datatype=BOOLEAN, value=False)]
            ),
            self.message("DBIRTH", [Metric("a", 1, MS, DOUBLE, value=value), Metric("b", 2, MS, FLOAT, value=value)]),
        ]  # fmt: skip

    def data(self, n: int) -> tuple[str, bytes]:
        quality = 0 if n % 5 == 4 else None
        return self.message(
            "DDATA", [Metric(alias=1, value=float(n)), Metric(alias=2, datatype=FLOAT, value=float(-n), quality=quality)], MS + 1000 * n
        )

    def death(self, number: int = 0) -> tuple[str, bytes]:
        return "spBv1.0/g/NDEATH/n1", write_payload(Payload(MS, None, [Metric("bdSeq", datatype=INT64, value=number)]))


def reader(paths: tuple[str, ...] = ANY, **mapping: Any) -> SparkplugReader:
    """A reader that knows nothing yet."""
    return SparkplugReader(paths, Mapping(**mapping), "line", Births())


def test_births_data_and_aliases() -> None:
    node, one = EdgeNode(), reader()
    told = [one.parse(topic, data, 1) for topic, data in [*node.births(values=True), node.data(1), node.data(4)]]
    assert [len(each.batches) for each in told] == [0, 1, 1, 1]
    assert [each.births for each in told] == [True, True, False, False]
    assert all(each.faults == () and each.rebirth is None and each.lost == 0 for each in told)
    assert readings([told[1].batches[0]]) == [("p1", 0, "a", 1.5, Status.GOOD), ("p1", 0, "b", 1.5, Status.GOOD)]
    assert readings([each.batches[0] for each in told[2:]]) == expected([1, 4])


def test_a_gap_a_repetition_and_an_unknown_alias() -> None:
    node, one = EdgeNode(), reader()
    for message in node.births():
        one.parse(*message, 1)
    one.parse(*node.data(0), 1)
    node.seq += 3
    told = one.parse(*node.data(1), 1)
    assert (told.lost, told.rebirth, len(told.batches)) == (3, ("g", "n1"), 1)
    assert one.parse(*node.data(2), 1).rebirth is None
    node.seq -= 1
    assert one.parse(*node.data(2), 1).lost == -1
    told = one.parse(*node.message("DDATA", [Metric(alias=7, value=1.0), Metric(alias=1, value=2.0)]), 1)
    assert told.rebirth == ("g", "n1")
    assert [(fault.reason, fault.detail) for fault in told.faults] == [("unknown-alias", "g/n1/p1: alias 7")]
    assert len(told.batches) == 1


def test_numbers_wrap_from_255_to_0() -> None:
    node, one = EdgeNode(), reader()
    for message in node.births():
        one.parse(*message, 1)
    assert sum(one.parse(*node.data(n), 1).lost for n in range(600)) == 0


def test_data_before_its_birth_asks_for_it() -> None:
    told = reader().parse(*EdgeNode().data(0), 1)
    assert told.rebirth == ("g", "n1")
    assert told.faults[0].reason == "before-birth"
    assert not told.batches


def test_deaths_make_stale_what_was_born() -> None:
    node, one = EdgeNode(), reader()
    for message in node.births(number=3):
        one.parse(*message, 1)
    assert one.parse(*node.death(2), T0).batches == (), "the death of an earlier connection"
    (batch,) = one.parse(*node.death(3), T0 + 5 * NS).batches
    assert readings([batch]) == [("p1", 5, "a", 0.0, Status.BAD), ("p1", 5, "b", 0.0, Status.BAD)]
    for message in node.births(number=4):
        one.parse(*message, 1)
    (batch,) = one.parse(*node.message("DDEATH", [], MS + 7000), T0).batches
    assert readings([batch]) == [("p1", 7, "a", 0.0, Status.BAD), ("p1", 7, "b", 0.0, Status.BAD)]


def test_history_and_null() -> None:
    node, one = EdgeNode(), reader()
    for message in node.births():
        one.parse(*message, 1)
    metrics = [
        Metric(alias=1, timestamp=MS - 60_000, value=1.0, historical=True),
        Metric(alias=1, timestamp=MS, value=2.0),
        Metric(alias=2, timestamp=MS, null=True),
    ]
    now, old = one.parse(*node.message("DDATA", metrics), 1).batches
    assert (now.history, old.history) == (False, True)
    assert readings([now]) == [("p1", 0, "a", 2.0, Status.GOOD)]
    assert now.status[0, now.tags.index("b")] == Status.MISSING
    assert readings([old]) == [("p1", -60, "a", 1.0, Status.GOOD)]


def test_names_by_group_node_device_and_folders() -> None:
    one = reader(("g/{node}/{device}",), asset="{node}-{device}-{folder}", tag="{leaf}")
    node = EdgeNode()
    metrics = [Metric("Pump 1/Temp", 5, MS, DOUBLE, value=3.0), Metric("When", 6, MS, DATETIME, value=MS)]
    for message in [node.births()[0], node.message("DBIRTH", metrics)]:
        told = one.parse(*message, 1)
    assert readings(told.batches) == [("n1-p1-Pump 1", 0, "Temp", 3.0, Status.GOOD)]
    assert one.parse("spBv1.0/other/NBIRTH/n1", write_payload(Payload(1, 0)), 1).births is False, "a group that is not asked for"


def test_births_go_through_the_position() -> None:
    node, one = EdgeNode(), reader()
    for message in node.births():
        one.parse(*message, 1)
    again = SparkplugReader(ANY, Mapping(), "line", Births.from_position(one.births.position()))
    told = again.parse(*node.data(1), 1)
    assert told.rebirth is None
    assert readings(told.batches) == expected([1])
    with pytest.raises(ReadingError, match="'x' is no position of a Sparkplug link"):
        Births.from_position("x")


@pytest.mark.parametrize(
    ("value", "datatype", "is_"),
    [(0xFF, INT8, -1), (0xFFFFFFFF, INT8, -1), (0xFFFF, INT16, -1), (2**31, INT32, -(2**31)), (2**64 - 5, INT64, -5), (5, INT64, 5),
     (2**32 - 1, UINT32, 2**32 - 1), (2**64 - 1, UINT64, 2**64 - 1), (1, BOOLEAN, True), (1.5, FLOAT, 1.5), ("x", STRING, "x")],
)  # fmt: skip
def test_integers_by_their_type(value: Any, datatype: int, is_: Any) -> None:
    assert number_of(value, datatype) == is_


def google() -> Any:
    """The message class of Google's runtime, described here anew from the specification."""
    protobuf = pytest.importorskip("google.protobuf", reason="Google's protobuf runtime is not installed")
    descriptor_pb2, descriptor_pool, message_factory = (
        importlib.import_module(f"google.protobuf.{name}") for name in ("descriptor_pb2", "descriptor_pool", "message_factory")
    )

    assert protobuf
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_test.proto", package="t", syntax="proto2")
    kinds = descriptor_pb2.FieldDescriptorProto
    u32, u64, text, flag = kinds.TYPE_UINT32, kinds.TYPE_UINT64, kinds.TYPE_STRING, kinds.TYPE_BOOL

    def add(name: str, *fields: tuple[str, int, int, str, bool]) -> None:
        message = file.message_type.add(name=name)
        for label, number, kind, of, many in fields:
            message.field.add(
                name=label, number=number, type=kind, label=kinds.LABEL_REPEATED if many else kinds.LABEL_OPTIONAL, type_name=of or None
            )

    add("Value", ("type", 1, u32, "", False), ("int_value", 3, u32, "", False))
    add("Set", ("keys", 1, text, "", True), ("values", 2, kinds.TYPE_MESSAGE, ".t.Value", True))
    add(
        "Metric", ("name", 1, text, "", False), ("alias", 2, u64, "", False), ("timestamp", 3, u64, "", False),
        ("datatype", 4, u32, "", False),
        ("is_historical", 5, flag, "", False), ("is_null", 7, flag, "", False), ("properties", 9, kinds.TYPE_MESSAGE, ".t.Set", False),
        ("int_value", 10, u32, "", False), ("long_value", 11, u64, "", False), ("float_value", 12, kinds.TYPE_FLOAT, "", False),
        ("double_value", 13, kinds.TYPE_DOUBLE, "", False), ("boolean_value", 14, flag, "", False), ("string_value", 15, text, "", False),
    )  # fmt: skip
    add("Payload", ("timestamp", 1, u64, "", False), ("metrics", 2, kinds.TYPE_MESSAGE, ".t.Metric", True), ("seq", 3, u64, "", False))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Payload"))


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
metrics = st.builds(
    Metric, texts, st.none() | st.integers(0, 2**63), st.none() | st.integers(0, 2**50), st.sampled_from([0, INT32, UINT64, FLOAT]),
    st.booleans(), st.booleans(), st.none() | st.booleans() | texts | st.floats(width=32, allow_nan=False), st.none() | st.integers(0, 500),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.builds(Payload, st.none() | st.integers(0, 2**50), st.none() | st.integers(0, 255), st.lists(metrics, max_size=4)))
def test_there_and_back_and_as_google_reads_it(payload: Payload) -> None:
    data = write_payload(payload)
    assert read_payload(data) == payload
    theirs = google()()
    theirs.ParseFromString(data)
    assert theirs.seq == (payload.seq or 0)
    for mine, other in zip(payload.metrics, theirs.metrics, strict=True):
        assert (mine.name, mine.alias or 0, mine.timestamp or 0, mine.datatype) == (
            other.name,
            other.alias,
            other.timestamp,
            other.datatype,
        )
        assert (mine.historical, mine.null) == (other.is_historical, other.is_null)
        assert (mine.quality is not None) == other.HasField("properties")
        if isinstance(mine.value, bool):
            assert other.boolean_value == mine.value
        elif isinstance(mine.value, str):
            assert other.string_value == mine.value
        elif isinstance(mine.value, float):
            assert mine.value in (other.float_value, other.double_value)
    assert read_payload(theirs.SerializeToString()) == payload


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120) | st.lists(metrics, max_size=3).map(lambda some: write_payload(Payload(MS, 1, some))),
       st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 255)), max_size=4),
       st.sampled_from(["NBIRTH/n1", "DBIRTH/n1/p1", "DDATA/n1/p1", "NDATA/n1", "NDEATH/n1", "DDEATH/n1/p1", "X/n1"]))  # fmt: skip
def test_any_bytes_are_a_batch_or_a_reason(data: bytes, damage: list[tuple[int, int]], topic: str) -> None:
    spoilt = bytearray(data)
    for place, byte in damage:
        if spoilt:
            spoilt[place % len(spoilt)] = byte
    node, one = EdgeNode(), reader()
    for message in node.births():
        one.parse(*message, 1)
    told = one.parse(f"spBv1.0/g/{topic}", bytes(spoilt), 1)
    for fault in told.faults:
        assert fault.reason in REASONS
        assert fault.reason != "unreadable", fault
    for batch in told.batches:
        assert not np.isinf(batch.values).any()
        assert np.isnan(batch.values[batch.status == Status.MISSING]).all()


def test_long_numbers_and_cut_fields() -> None:
    for data in (b"\x08" + b"\xff" * 11, b"\x12\x05ab", b"\x0b", b"\x09\x01"):
        with pytest.raises(Unreadable):
            read_payload(data)


class SparkplugRig:
    """A broker and an edge node."""

    window = 20
    repeats = False

    def __init__(self, folder: Path) -> None:
        self.broker, self.node = Broker(folder), EdgeNode()

    def link(self, dead: list[DeadLetter]) -> SparkplugLink:
        broker = BrokerSettings("line", Endpoint("mqtt", "127.0.0.1", self.broker.port), window=self.window, timeout_ns=5 * NS)
        return SparkplugLink(SparkplugSettings(broker), SystemClock(), on_dead_letter=dead.append, backoff=FAST)

    async def start(self) -> None:
        self.broker.start()
        async with Tap(self.link([])) as tap:
            await eventually(lambda: tap.link.health().connection is Connection.CONNECTED)
        await self.broker.publish(*self.node.births())

    async def stop(self) -> None:
        self.broker.stop()

    async def feed(self, numbers: Iterable[int]) -> None:
        await self.broker.publish(*map(self.node.data, numbers))

    async def spoil(self) -> None:
        await self.broker.publish(("spBv1.0/g/DDATA/n1/p1", b"\x12\xff"))

    async def cut(self) -> None:
        self.broker.stop()

    async def mend(self) -> None:
        self.broker.start()


@needs_broker
class TestSparkplug(LinkLaws):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        return SparkplugRig(tmp_path)


@needs_broker
def test_a_node_is_asked_for_its_birth_once(tmp_path: Path) -> None:
    import aiomqtt

    rig = SparkplugRig(tmp_path)

    async def whole() -> None:
        rig.broker.start()
        try:
            async with Tap(rig.link([])) as tap, aiomqtt.Client("127.0.0.1", rig.broker.port) as listener:
                await listener.subscribe("spBv1.0/g/NCMD/#")
                await eventually(lambda: tap.link.health().connection is Connection.CONNECTED)
                await rig.broker.publish(rig.node.data(0), rig.node.data(1))
                command = await asyncio.wait_for(anext(aiter(listener.messages)), 10)
                assert str(command.topic) == "spBv1.0/g/NCMD/n1"
                (metric,) = read_payload(command.payload).metrics
                assert (metric.name, metric.value) == ("Node Control/Rebirth", True)
                await eventually(lambda: tap.link.health().dead == 2)
                await rig.broker.publish(*rig.node.births(values=True), rig.node.data(2))
                await tap.until(2)
                assert len(listener.messages) == 0
                assert tap.taken[0][1].position
        finally:
            rig.broker.stop()

    asyncio.run(whole())


def test_the_command() -> None:
    assert read_payload(rebirth(5_000_000)).metrics[0].timestamp == 5
