"""One writer, many readers, and a database that fails at every moment."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from andon.plant.errors import AskUserError, ConflictError, RefusedError, StoreError
from andon.store.database import Database, settings
from tests.postgres_server import PASSWORD, PostgresServer


def put(key: str, value: object = 1) -> Callable[[Connection], settings.Setting]:
    return lambda connection: settings.put(connection, key, value, by="ana", at=5)


def keys(database: Database) -> list[str]:
    return list(database.read(settings.every))


def test_what_was_written_is_read_and_stays(opened: Callable[[], Database]) -> None:
    with opened() as database:
        assert database.write(put("a")).version == 1
        assert keys(database) == ["a"]
        database.check()
    with opened() as database:
        assert keys(database) == ["a"]
    with pytest.raises(StoreError, match="it was closed"):
        database.write(put("b"))


def test_a_job_that_fails_takes_back_only_itself(database: Database) -> None:
    hold = threading.Event()
    database.submit(lambda _: hold.wait(10))  # the others wait together behind it

    def bad(connection: Connection) -> None:
        put("bad")(connection)
        raise KeyError("mine")

    def twice(connection: Connection) -> None:
        for _ in range(2):
            connection.execute(text("INSERT INTO marks VALUES ('e', 'true', 'ana', 1)"))

    jobs: list[Callable[[Connection], object]] = [put("a"), bad, put("b"), twice, put("c")]
    futures = [database.submit(job) for job in jobs]
    hold.set()
    futures[4].result(10)
    with pytest.raises(KeyError, match="mine"):
        futures[1].result(10)
    with pytest.raises(ConflictError, match="someone else was first"):
        futures[3].result(10)
    assert keys(database) == ["a", "b", "c"]
    assert database.read(lambda c: c.execute(text("SELECT count(*) FROM marks")).scalar()) == 0


def test_many_threads_write_and_read(database: Database) -> None:
    def work(name: str) -> None:
        for number in range(20):
            database.write(put(f"{name}{number}"))
            assert f"{name}{number}" in keys(database)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys(database)) == 80


def test_a_reader_cannot_write_and_a_job_cannot_wait_for_another(database: Database) -> None:
    if database.is_sqlite:
        with pytest.raises(StoreError, match="readonly"):
            database.read(put("a"))

    def waits(_: Connection) -> None:
        database.write(put("b"))

    with pytest.raises(RuntimeError, match="a job may not queue another one"):
        database.write(waits)
    assert keys(database) == []


def test_a_value_that_does_not_fit(database: Database) -> None:
    for key in ("\ud800", "nul\x00"):
        with pytest.raises(RefusedError, match="cannot hold a value"):
            database.write(put(key))
    database.write(put("温度 <b>&\"'", {"text": "\ud800 nul\x00"}))
    assert database.read(settings.every)["温度 <b>&\"'"].value == {"text": "\ud800 nul\x00"}


def test_readers_see_one_state(database: Database) -> None:
    database.write(put("a"))

    def twice(connection: Connection) -> tuple[int, int]:
        first = len(settings.every(connection))
        database.write(put(f"more {time.monotonic_ns()}"))
        return first, len(settings.every(connection))

    assert database.read(twice) == (1, 1)
    assert len(keys(database)) == 2


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("mysql://x/y", "'mysql' is no database that Andon can use here"),
        ("sqlite://", "'sqlite' is no database that Andon can use here"),
        ("postgresql://host", "'postgresql' is no database that Andon can use here"),
        ("://", "not the address of a database"),
    ],
)
def test_what_is_no_address(url: str, what: str) -> None:
    with pytest.raises(AskUserError, match=what) as caught:
        Database(url)
    assert 'write "sqlite:///file"' in caught.value.do


def test_sqlite_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "andon.sqlite", tmp_path):
        with pytest.raises(StoreError, match="the database refuses"):
            Database(path)
    (tmp_path / "other").write_bytes(b"something else" * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        Database(tmp_path / "other")


def test_sqlite_that_another_program_holds(tmp_path: Path, empty_file: Path) -> None:
    path = tmp_path / "andon.sqlite"
    path.write_bytes(empty_file.read_bytes())
    with Database(path, busy_s=0.05) as database:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked") as caught:
            database.write(put("a"))
        assert "may succeed later" in caught.value.do
        assert keys(database) == []  # readers go on
        other.execute("ROLLBACK")
        other.close()
        database.write(put("a"))
        assert keys(database) == ["a"]


def test_sqlite_on_a_full_disk(tmp_path: Path, empty_file: Path) -> None:
    path = tmp_path / "andon.sqlite"
    path.write_bytes(empty_file.read_bytes())
    with Database(path) as database:
        pages = database.write(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar())
        database.write(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={pages}").scalar())
        with pytest.raises(StoreError, match="database or disk is full"):
            database.write(put("a", "x" * 1_000_000))
        database.write(put("small"))
        database.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count=1000000").scalar())
        database.write(put("a", "x" * 1_000_000))
        assert keys(database) == ["a", "small"]


def test_postgresql_that_goes_away_and_comes_back() -> None:
    server = PostgresServer()
    try:
        with pytest.raises(StoreError, match="password authentication failed") as caught:
            Database(server.url("postgres"), password="wrong secret")
        assert caught.value.do == "check user and password of the database"
        assert "wrong secret" not in str(caught.value) + repr(caught.value.as_dict())
        with pytest.raises(StoreError, match="does not exist") as caught:
            Database(server.url("none"), password=PASSWORD)
        assert caught.value.do == "create the database, or name the right one"
        with Database(server.url("postgres"), password=PASSWORD) as database:
            database.write(put("a"))
            assert keys(database) == ["a"]
            server.stop()
            for _ in range(2):
                with pytest.raises(StoreError, match="the database refuses"):
                    database.write(put("b"))
                with pytest.raises(StoreError, match="the database refuses"):
                    keys(database)
            with pytest.raises(StoreError, match="the database refuses"):
                Database(server.url("postgres"), password=PASSWORD)
            server.start()
            database.write(put("c"))
            assert keys(database) == ["a", "c"]
            server.run_sql("ALTER DATABASE postgres SET default_transaction_read_only = on")
            server.run_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'andon'")
            for _ in range(2):  # the cut connection shows with the first, the rule with the next
                with pytest.raises(StoreError, match="the database refuses") as caught:
                    database.write(put("d"))
            assert "read-only" in caught.value.do
            assert keys(database) == ["a", "c"]
    finally:
        server.remove()
