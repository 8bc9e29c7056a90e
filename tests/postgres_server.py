"""A real PostgreSQL for tests, on a free port of the loopback, with files of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

PASSWORD = "line & 'pump'"


def _programs() -> Path | None:
    """The folder of `initdb` and `postgres`."""
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *(Path(p) for p in os.environ.get("PATH", "").split(":"))]
    return next((folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def _memory() -> str | None:
    """A folder in memory, where there is one with enough room: a cluster is two thousand small files."""
    try:
        return "/dev/shm" if shutil.disk_usage("/dev/shm").free > 1 << 30 and os.access("/dev/shm", os.W_OK) else None
    except OSError:
        return None


class PostgresServer:
    """A cluster that can be started, stopped and killed; stopped by its process id alone."""

    def __init__(self) -> None:
        programs = _programs()
        if programs is None:
            pytest.skip("PostgreSQL is not installed")
        self._programs = programs
        self._as: list[str] = []
        self._folder = Path(tempfile.mkdtemp(prefix="andon-postgres-", dir=_memory()))
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            try:
                account = pwd.getpwnam("postgres")
            except KeyError:
                pytest.skip("PostgreSQL needs the user postgres")
            if shutil.which("setpriv") is None:
                pytest.skip("PostgreSQL needs setpriv to run as another user")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
            self._as = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        secret = self._folder / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        self._run("initdb", "-D", str(self._folder / "data"), "-U", "andon", "-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8",
                  "--locale", "C", "--no-sync")  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def url(self, name: str) -> str:
        """The address of a database, without the password."""
        return f"postgresql://andon@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = [
            *self._as, str(self._programs / "postgres"), "-D", str(self._folder / "data"), "-p", str(self.port), "-c",
            "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=60",
        ]  # fmt: skip
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log)
        end = time.monotonic() + 60
        while True:
            try:
                self.run_sql("SELECT 1")
                return
            except Exception:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop at once; connections are cut, and what runs is taken back."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def remove(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop(signal.SIGQUIT)  # without writing anything more
        shutil.rmtree(self._folder, ignore_errors=True)

    def run_sql(self, sql: str, database: str = "postgres") -> None:
        """One statement outside of any transaction."""
        import pg8000.native

        connection = pg8000.native.Connection("andon", "127.0.0.1", database, self.port, PASSWORD, timeout=30)
        try:
            connection.run(sql)
        finally:
            connection.close()

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run([*self._as, str(self._programs / program), *arguments], cwd="/", capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
