"""Delivery: in order, again with growing waits, bounded, kept over a restart, nothing without configuration."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.backoff import Backoff
from andon.plant.errors import RefusedError
from andon.plant.file.schema import PlantFile
from andon.plant.time import NS
from andon.sending import Delivery, Message, Pending, Sent, Text, make_outlets
from andon.sending.delivery import Limits, admit
from andon.sending.message import Route
from tests.fresh_process import loaded


class Fake:
    """A clock that jumps where it is told to wait."""

    def __init__(self) -> None:
        self.time = 1_772_344_800 * NS
        self.waits: list[int] = []

    def now(self) -> int:
        return self.time

    async def sleep(self, duration_ns: int) -> None:
        self.waits.append(duration_ns)
        await asyncio.sleep(0)
        self.time += max(duration_ns, 0)


class Recorder:
    """An outlet that answers as it is told, and in the end well."""

    def __init__(self, name: str, *answers: Sent | Exception, route: Route | None = None) -> None:
        self.name, self.route = name, route or Route(("alarms", "scores"))
        self.answers, self.got, self.closed = list(answers), [], False  # type: ignore[var-annotated]

    async def send(self, message: Message) -> Sent:
        answer = self.answers.pop(0) if self.answers else Sent(True)
        if isinstance(answer, Exception):
            raise answer
        if answer.ok:
            self.got.append(message.id)
        return answer

    async def close(self) -> None:
        self.closed = True


def message(n: int, what: str = "alarms", **more: object) -> Message:
    """Message n."""
    return Message(f"m{n}", what, n * NS, "p1", {"en": Text(f"title {n}", f"text {n}")}, **more)  # type: ignore[arg-type]


def run(delivery: Delivery, until: Callable[[], bool]) -> None:
    """Run until it is true."""

    async def whole() -> None:
        task = asyncio.create_task(delivery.run())
        for _ in range(20_000):
            if until():
                break
            await asyncio.sleep(0)
        else:
            raise AssertionError("it did not come to that")
        delivery.close()
        await asyncio.wait_for(task, 10)

    asyncio.run(whole())


DOWN = Sent(False, True, "down")


def test_in_order_and_again_with_growing_waits() -> None:
    clock, outlet = Fake(), Recorder("a", DOWN, DOWN, DOWN)
    delivery = Delivery([outlet], clock, backoff=Backoff(NS, 60 * NS, jitter=0.0))
    for n in range(3):
        assert delivery.post(message(n)) == 1
    run(delivery, lambda: not delivery.waiting)
    assert outlet.got == ["m0", "m1", "m2"]
    assert clock.waits == [NS, 2 * NS, 4 * NS]
    assert outlet.closed
    (health,) = delivery.health()
    assert (health.sent, health.failed, health.given_up, health.waiting, health.last_error) == (3, 3, 0, 0, "down")


def test_the_receivers_wish_to_wait_is_heard() -> None:
    clock, outlet = Fake(), Recorder("a", Sent(False, True, "busy", 30 * NS))
    delivery = Delivery([outlet], clock, backoff=Backoff(NS, NS, jitter=0.0))
    delivery.post(message(1))
    run(delivery, lambda: not delivery.waiting)
    assert clock.waits == [30 * NS]


def test_what_is_not_worth_trying_again_or_too_old_is_given_up_and_said() -> None:
    clock, gone = Fake(), []  # type: ignore[var-annotated]
    outlet = Recorder("a", Sent(False, False, "no such address"), *[DOWN] * 6)
    delivery = Delivery(
        [outlet], clock, limits={"a": Limits(10, 10 * NS)}, on_given_up=gone.append, backoff=Backoff(NS, 60 * NS, jitter=0.0)
    )
    delivery.post(message(1))
    delivery.post(message(2))
    run(delivery, lambda: not delivery.waiting)
    assert [(one.message.id, one.error) for one in gone] == [("m1", "no such address"), ("m2", "down")]
    assert sum(clock.waits) <= 10 * NS
    assert delivery.health()[0].given_up == 2


def test_an_outlet_that_breaks_its_promise_stops_nothing() -> None:
    outlet, other = Recorder("a", RuntimeError("secret words")), Recorder("b")
    delivery = Delivery([outlet, other], Fake(), backoff=Backoff(NS, NS))
    delivery.post(message(1))
    run(delivery, lambda: not delivery.waiting)
    assert outlet.got == other.got == ["m1"]
    assert delivery.health()[0].last_error == "RuntimeError"


def test_one_that_is_down_does_not_hold_up_the_other() -> None:
    down, well = Recorder("down", *[DOWN] * 500), Recorder("well")
    delivery = Delivery([down, well], Fake(), backoff=Backoff(3600 * NS, 3600 * NS))
    for n in range(5):
        delivery.post(message(n))
    run(delivery, lambda: len(well.got) == 5)
    assert [one.message.id for one in delivery.waiting if one.outlet == "down"] == [f"m{n}" for n in range(5)]


def test_what_waits_is_kept_over_a_restart() -> None:
    kept: dict[str, Pending] = {}
    heard: list[int] = []

    def keep(before: Pending, after: Pending | None) -> None:
        heard.append(before.tries)
        if after is None:
            kept.pop(before.message.id)
        else:
            kept[before.message.id] = after

    first = Delivery([Recorder("a", *[DOWN] * 9)], Fake(), on_moved=keep, backoff=Backoff(NS, NS, jitter=0.0))
    first.post(message(1))
    first.post(message(2))
    run(first, lambda: len(heard) >= 4)
    assert kept["m1"].tries > 0
    assert tuple(kept.values()) == first.waiting
    saved = json.loads(json.dumps([one.to_dict() for one in kept.values()]))
    again = Recorder("a")
    second = Delivery([again], Fake(), kept=[*map(Pending.from_dict, saved), Pending("gone", message(3), 0)])
    assert second.waiting == tuple(kept.values())
    run(second, lambda: not second.waiting)
    assert again.got == ["m1", "m2"]
    for wrong in ({}, {**saved[0], "message": 5}, {**saved[0], "since": "x"}):
        with pytest.raises(RefusedError, match="this is no message that waits"):
            Pending.from_dict(wrong)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["alarms", "scores"]), st.none() | st.integers(1, 4)), max_size=30), st.integers(1, 5))
def test_a_full_queue_lets_scores_go_first_and_never_grows(kinds: list[tuple[str, int | None]], most: int) -> None:
    queue: list[Pending] = []
    for n, (what, priority) in enumerate(kinds):
        new = Pending("a", message(n, what, priority=priority), n)
        before = [*queue, new]
        queue, gone = admit(queue, new, most)
        assert len(queue) <= most
        assert len(before) == len(queue) + (gone is not None)
        assert [one.since for one in queue] == sorted(one.since for one in queue)
        if gone is not None and gone.message.what == "alarms":
            assert all(one.message.what == "alarms" for one in before)
            assert (gone.message.priority or 99) == max(one.message.priority or 99 for one in before)


def test_routes() -> None:
    route = Route(("alarms", "digest"), ("p1",), 2)
    assert route.takes(message(1, priority=2))
    assert not route.takes(message(1, priority=3))
    assert not route.takes(message(1, "scores"))
    assert route.takes(Message("d", "digest", 0))
    assert not route.takes(Message("d", "alarms", 0, "p2"))


def test_nothing_is_sent_that_nobody_configured() -> None:
    """Contract 9: no outlet, no package that could send, no socket."""
    outlets, limits = make_outlets(PlantFile())
    assert (outlets, limits) == ((), {})
    delivery = Delivery(outlets, Fake())
    assert delivery.post(message(1)) == 0
    asyncio.run(asyncio.wait_for(delivery.run(), 5))
    code = (
        "import socket\n"
        "def no(*_, **__): raise AssertionError('a socket was opened')\nsocket.socket.connect = no\n"
        "from andon.sending import Delivery, make_outlets\nfrom andon.plant.file.schema import PlantFile\n"
        "from andon.plant.clock import SystemClock\n"
        "import asyncio\nasyncio.run(Delivery(make_outlets(PlantFile())[0], SystemClock()).run())"
    )
    assert loaded(code, ("httpx", "apprise", "aiomqtt", "requests")) == []


def test_words_in_a_language_that_is_missing() -> None:
    one = Message("x", "alarms", 0, texts={"zh-CN": Text("标题", "正文")})
    assert one.text("en") == Text("标题", "正文")
    assert Message("x", "alarms", 0).text("en") == Text("x", "")
