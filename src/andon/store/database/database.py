"""The database: one writer thread, many readers, SQLite or PostgreSQL.

A job is a function of a connection. Jobs that write are queued and run one after the other in the writer's thread; those that
wait together are committed together, each in a savepoint of its own, so that one that fails takes back only itself.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from andon.plant.errors import AskUserError
from andon.store.database.failures import is_lost, refusal, translated
from andon.store.database.migrating import bring_up_to_date
from andon.store.group_commit import take_together

T = TypeVar("T")
_TOGETHER = 64
_WRITER_LOCK = 0x616E646F  # "ando": whoever writes to PostgreSQL holds this lock, so that sequences become visible in order


class Database:
    """An open database whose tables are those that this Andon knows.

    Parameters
    ----------
    url : "sqlite:///folder/andon.sqlite", a path of a file, or "postgresql://user@host:port/name"
    password : of PostgreSQL; never part of an error
    backups : folder for the backup that is made before tables are changed; beside the file of SQLite by default
    at : ns UTC, now; names the backup
    busy_s : how long SQLite waits for another process that writes
    readers : how many may read at once

    Raises
    ------
    AskUserError : no address of a database that Andon knows
    StoreError : the database is down, read-only or full; opening may succeed later
    RefusedError : its tables are those of a newer Andon, or of something else
    """

    def __init__(
        self,
        url: str | os.PathLike[str],
        *,
        password: str | None = None,
        backups: str | os.PathLike[str] | None = None,
        at: int = 0,
        busy_s: float = 5.0,
        readers: int = 4,
    ) -> None:
        self._url = address_of(url, password)
        self.where = told_address(self._url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.file = Path(str(self._url.database)) if self.is_sqlite else None
        folder = Path(backups) if backups is not None else self.file.parent if self.file is not None else Path()
        self._writing = self._engine(busy_s, 1, writes=True)
        self._reading = self._engine(busy_s, readers, writes=False)
        try:
            with translated(self.where):
                if self.file is not None:
                    self.file.parent.mkdir(parents=True, exist_ok=True)
                self.backup_file = bring_up_to_date(self._writing, self.where, folder, at)
        except BaseException as error:
            self._dispose()
            if isinstance(error, OSError):
                raise refusal(self.where, error.strerror or str(error)) from error
            raise
        self._jobs: queue.Queue[tuple[Callable[[Connection], Any], Future[Any]] | None] = queue.Queue(maxsize=10_000)
        self._closed = False
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._write_all, name="database-writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job in a transaction and have it committed before returning its answer.

        Raises
        ------
        ConflictError : someone else was first
        StoreError : the database refuses; nothing was written
        and whatever the job raises; then it wrote nothing
        """
        return self.submit(job).result()

    def submit(self, job: Callable[[Connection], T]) -> Future[T]:
        """Queue a job; its answer comes when it is committed. A full queue makes the caller wait."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a job may not queue another one and wait: call its function")
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise refusal(self.where, "it was closed")
            self._jobs.put((job, future))
        return future

    def read(self, job: Callable[[Connection], T]) -> T:
        """Run a job that only reads, in the caller's thread, on one consistent state.

        Raises
        ------
        StoreError : the database refuses
        """
        with translated(self.where):
            try:
                with self._reading.connect() as connection:
                    return job(connection)
            except BaseException as error:
                if is_lost(error) and not self.is_sqlite:
                    self._reading.dispose()
                raise

    def check(self) -> None:
        """Ask the database for an answer.

        Raises
        ------
        StoreError : it gives none
        """
        self.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())

    def close(self) -> None:
        """Write what is queued, and end."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self._dispose()

    def _dispose(self) -> None:
        self._reading.dispose()
        if self.is_sqlite:
            with suppress(Exception), self._writing.connect() as connection:
                connection.exec_driver_sql("PRAGMA optimize")
        self._writing.dispose()

    def _write_all(self) -> None:
        ended = False
        while not ended:
            together, ended = take_together(self._jobs, _TOGETHER)
            if together:
                self._commit(together)

    def _commit(self, together: list[tuple[Callable[[Connection], Any], Future[Any]]]) -> None:
        """Run jobs in one transaction, and tell each caller what became of his."""
        answers: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with translated(self.where), self._writing.begin() as connection:
                if not self.is_sqlite:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
                for job, future in together:
                    alone = connection.begin_nested()
                    try:
                        answer = job(connection)
                        alone.commit()
                        answers.append((future, answer, None))
                    except Exception as error:
                        if is_lost(error):
                            raise  # the disk or the connection: nothing of this transaction can be kept
                        alone.rollback()
                        answers.append((future, None, self._ours(error)))
        except BaseException as error:
            if not self.is_sqlite:
                self._writing.dispose()
            for _, future in together:
                future.set_exception(error)
            return
        for future, answer, problem in answers:
            if problem is not None:
                future.set_exception(problem)
            else:
                future.set_result(answer)

    def _ours(self, error: Exception) -> Exception:
        try:
            with translated(self.where):
                raise error
        except Exception as translation:
            return translation

    def _engine(self, busy_s: float, size: int, *, writes: bool) -> Engine:
        arguments: dict[str, Any] = (
            {"timeout": busy_s, "check_same_thread": False} if self.is_sqlite else {"timeout": 30, "application_name": "andon"}
        )
        try:
            engine = create_engine(
                self._url,
                connect_args=arguments,
                poolclass=QueuePool,
                pool_size=size,
                max_overflow=0,
                pool_timeout=30,
                pool_pre_ping=not self.is_sqlite,
                isolation_level=None if self.is_sqlite else "READ COMMITTED" if writes else "REPEATABLE READ",
            )
        except ImportError as error:
            raise AskUserError("PostgreSQL needs a driver that is not installed", do="pip install 'andon[postgres]'") from error
        if self.is_sqlite:

            def prepare(connection: Any, _: object) -> None:
                connection.isolation_level = None  # transactions begin where we say, below
                for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", *(() if writes else ("query_only=ON",))):
                    connection.execute(f"PRAGMA {pragma}")

            def begin(connection: Connection) -> None:
                connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

            event.listen(engine, "connect", prepare)
            event.listen(engine, "begin", begin)
        return engine


def address_of(url: str | os.PathLike[str], password: str | None) -> URL:
    """The address of a database as SQLAlchemy takes it.

    Raises
    ------
    AskUserError : no address of a database that Andon knows
    """
    text = os.fspath(url)
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        address = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise AskUserError("not the address of a database", do='write "sqlite:///file" or "postgresql://user@host:port/name"') from error
    backend = address.get_backend_name()
    if backend == "sqlite" and address.database and address.database != ":memory:":
        return address
    if backend != "postgresql" or not address.database:
        raise AskUserError(
            f"{backend!r} is no database that Andon can use here", do='write "sqlite:///file" or "postgresql://user@host:port/name"'
        )
    address = address.set(drivername="postgresql+pg8000")
    return address if password is None else address.set(password=password)


def told_address(url: URL) -> str:
    """An address as people write it, without its password: for messages."""
    return url.render_as_string(hide_password=True).replace("postgresql+pg8000", "postgresql")
