"""The post office: what is said is kept before it is sent, once, over restarts and a database that is down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from andon.plant.errors import StoreError
from andon.plant.time import DAY_NS, NS
from andon.project.live.post import FORGET_NS, Post
from andon.sending import Message, Sent, Text
from andon.sending.delivery import Limits
from andon.sending.message import Route
from andon.store.database import outbox
from andon.store.database.database import Database

NOON = 1_790_000_000 * NS


class Watch:
    """A clock that runs a second each time somebody waits."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> int:
        return self.time

    async def sleep(self, duration_ns: int) -> None:
        await asyncio.sleep(0.002)
        self.time += duration_ns


class Way:
    """An outlet that is up or down."""

    def __init__(self, name: str, *what: str, up: bool = True) -> None:
        self.name, self.route, self.up, self.got = name, Route(what), up, list[str]()

    async def send(self, message: Message) -> Sent:
        if not self.up:
            return Sent(False, True, "nobody answers")
        self.got.append(message.id)
        return Sent(True)

    async def close(self) -> None:
        pass


def message(name: str, what: str = "alarms") -> Message:
    return Message(name, what, NOON, "P-1", {"en": Text(name, "")}, 1, {"deep": [1, None]})


def run(post: Post, until: Callable[[], bool], say: Callable[[], None] | None = None) -> None:
    """Run the post until it has come to that; `say` is called in another thread meanwhile."""

    async def whole() -> None:
        task = asyncio.create_task(post.run())
        if say is not None:
            await asyncio.to_thread(say)
        for _ in range(3_000):
            if until():
                break
            await asyncio.sleep(0.002)
        else:
            raise AssertionError("it did not come to that")
        post.close()
        await asyncio.wait_for(task, 10)

    asyncio.run(whole())


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "andon.sqlite", at=NOON)


def test_what_is_said_is_kept_and_sent_once_however_often_it_is_said(database: Database) -> None:
    one, other = Way("one", "alarms"), Way("other", "digest", "alarms")
    post = Post([one, other], {}, database, Watch())
    post.say([message("a"), message("d", "digest"), message("s", "scores")])
    post.say([message("a")])
    assert database.read(outbox.waiting) == {"one": 1, "other": 2}
    run(post, lambda: post.idle, lambda: post.say([message("b"), message("a")]))
    assert (one.got, other.got) == (["a", "b"], ["a", "d", "b"])
    assert database.read(outbox.waiting) == {}
    again = Post([one, other], {}, database, Watch())
    again.say([message("a"), message("b")])
    assert again.idle
    database.close()


def test_a_receiver_that_is_down_gets_it_after_a_restart_with_its_tries(database: Database) -> None:
    watch, way = Watch(), Way("one", "alarms", "scores", up=False)
    post = Post([way], {}, database, watch)
    post.say([message("a"), message("s", "scores")])
    run(post, lambda: post.health()[0].failed >= 3)
    assert post.health()[0].waiting == 2
    (row,) = database.read(outbox.every_waiting)
    assert (row.failures, row.error) == (post._delivery.waiting[0].tries, "nobody answers")
    post.flush()  # a checkpoint: what waited in memory alone is kept too
    assert database.read(outbox.waiting) == {"one": 2}
    way.up = True
    again = Post([way], {}, database, watch)
    run(again, lambda: again.idle)
    assert way.got == ["a", "s"]
    assert database.read(outbox.waiting) == {}
    database.close()


def test_what_is_too_old_is_given_up_with_its_reason_and_forgotten_a_month_later(database: Database) -> None:
    watch, way = Watch(), Way("one", "alarms", up=False)
    post = Post([way], {"one": Limits(10, 60 * NS)}, database, watch)
    post.say([message("a")])
    run(post, lambda: post.health()[0].given_up == 1)
    assert database.read(outbox.every_waiting) == []
    post.sweep()
    watch.time += FORGET_NS + DAY_NS
    post.say([message("a")])
    assert post.idle, "it is known still"
    post.sweep()
    post.say([message("a")])
    assert not post.idle
    database.close()


def test_a_database_that_is_down_says_so_and_nothing_was_said(database: Database) -> None:
    way = Way("one", "alarms")
    post = Post([way], {}, database, Watch())
    database.close()
    with pytest.raises(StoreError):
        post.say([message("a")])
    assert post.idle


def test_nothing_is_kept_where_nobody_listens(database: Database) -> None:
    post = Post([], {}, database, Watch())
    assert not post.wants("alarms")
    post.say([message("a")])
    post.flush()
    post.sweep()
    asyncio.run(asyncio.wait_for(post.run(), 5))
    assert database.read(outbox.every_waiting) == []
    database.close()
