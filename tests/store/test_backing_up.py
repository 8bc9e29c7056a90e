"""A backup made while everything is being written restores to a state from which the service goes on as if nothing had been."""

from __future__ import annotations

import json
import os
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.plant.errors import AskUserError, RefusedError, StoreError
from andon.store.backing_up import backup
from andon.store.backup_file import read_backup
from andon.store.database import Database
from andon.store.live_folder import LiveFolder
from andon.store.models import ModelStore
from andon.store.restoring import restore
from andon.store.signed_heads import sign_head
from tests.postgres_server import PASSWORD, PostgresServer
from tests.store.small_service import Service


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Addresses of a database for the service and of an empty one for the restored service; empty texts for SQLite."""
    if request.param == "sqlite":
        yield "", ""
        return
    running: PostgresServer = request.getfixturevalue("server")
    for name in ("backup_from", "backup_to"):
        running.run_sql(f"CREATE DATABASE {name} TEMPLATE empty")
    yield running.url("backup_from"), running.url("backup_to")


def opened(folder: LiveFolder, url: str) -> Database:
    return Database(url, password=PASSWORD, backups=folder.path) if url else Database(folder.database)


def test_a_backup_during_writes_restores_to_a_state_that_goes_on(tmp_path: Path, places: tuple[str, str]) -> None:
    live, models = LiveFolder.at(tmp_path / "live"), ModelStore(tmp_path / "models")
    models.save("pump", "v1", b"one", ["p"], at=1)
    service = Service(live, opened(live, places[0]))
    stop = threading.Event()
    errors: list[BaseException] = []

    def write() -> None:
        try:
            while not stop.is_set():
                service.work(service.done)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    backups: list[tuple[Path, int]] = []
    while len(backups) < 2 and not errors:
        if service.done > 15 * (1 + len(backups)):
            to = tmp_path / f"backup {len(backups)}.zip"
            before = service.done
            made = backup(live.path, to, at=5, models=models.folder, database=service.database if places[0] else None)
            backups.append((to, before))
            assert read_backup(to) == made
            models.save("pump", f"v{before}", b"two", ["p"], at=2)
    stop.set()
    thread.join()
    assert not errors
    service.close()
    for number, (to, before) in enumerate(backups[: None if not places[0] else 1]):
        there = LiveFolder.at(tmp_path / f"restored {number}")
        target = Database(places[1], password=PASSWORD, backups=tmp_path) if places[1] else None
        restore(to, there.path, models=tmp_path / f"models {number}", database=target)
        again = Service(there, target or opened(there, ""))
        again.go_on()
        assert again.done >= before
        again.check()
        for more in range(again.done, again.done + 12):
            again.work(more)
        again.check()
        again.close()
        kept = ModelStore(tmp_path / f"models {number}")
        assert kept.champion("p").version in [version.version for version in models.versions("pump")]
        assert all(kept.path(version).exists() for version in kept.versions("pump"))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A backup of a small service with a signed ledger."""
    live = LiveFolder.at(tmp_path / "live")
    service = Service(live, opened(live, ""))
    for number in range(12):
        service.work(number)
    sign_head(service.ledger.ledger, live.ledger_key, at=1)
    service.close()
    backup(live.path, tmp_path / "backup.zip", at=7)
    return tmp_path / "backup.zip"


def test_what_a_backup_holds(made: Path) -> None:
    found = read_backup(made)
    assert (found.at, found.database) == (7, "sqlite")
    assert found.position is not None
    assert found.size < made.stat().st_size
    names = set(found.members)
    assert {"live/andon.sqlite", "live/ledger.jsonl", "live/ledger.jsonl.heads", "live/samples/sisters/family.json"} <= names
    assert not [name for name in names if "key" in name or "lock" in name]
    assert sorted(path.name for path in made.parent.iterdir()) == ["backup.zip", "live"]


def test_every_damage_is_found(made: Path, tmp_path: Path) -> None:
    whole = made.read_bytes()
    wrong = tmp_path / "wrong.zip"
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        changed = bytearray(whole)
        changed[place] ^= 0x55
        wrong.write_bytes(changed)
        try:
            found = read_backup(wrong)
        except StoreError:
            continue
        assert found == read_backup(made)  # a byte of the zip that says nothing, such as a date
    for size in (0, 100, len(whole) // 2, len(whole) - 1):
        wrong.write_bytes(whole[:size])
        with pytest.raises(StoreError):
            restore(wrong, tmp_path / "there")
        assert not (tmp_path / "there").exists()


def rewritten(made: Path, to: Path, change: dict[str, object], drop: str = "") -> Path:
    """The same backup with another manifest."""
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "manifest.json":
                data = json.dumps(json.loads(data) | change).encode()
            if name != drop:
                new.writestr(name, data)
    return to


def test_what_is_no_backup(made: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.zip"
    with pytest.raises(StoreError, match="a backup of schema version 2, this Andon knows 1"):
        read_backup(rewritten(made, wrong, {"schema_version": 2}))
    with pytest.raises(StoreError, match="not a backup: other"):
        read_backup(rewritten(made, wrong, {"kind": "other"}))
    for name in ("live/../../x", "/etc/x", "other/x", "live", "live/..\\x", "live/c:x"):
        with pytest.raises(StoreError, match="a member named"):
            restore(rewritten(made, wrong, {"members": {name: [0, ""]}}), tmp_path / "there")
    with pytest.raises(StoreError, match=r"the backup is damaged at live/andon\.sqlite"):
        restore(rewritten(made, wrong, {}, drop="live/andon.sqlite"), tmp_path / "there")
    with pytest.raises(StoreError, match="cannot read"):
        read_backup(tmp_path / "none.zip")
    with pytest.raises(AskUserError, match="there is no folder of a service"):
        backup(tmp_path / "none", tmp_path / "b.zip", at=1)
    assert not (tmp_path / "there").exists()


def test_nothing_is_overwritten(made: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="there is something already"):
        restore(made, made.parent / "live")
    (tmp_path / "file").touch()
    with pytest.raises(RefusedError, match="there is something already"):
        restore(made, tmp_path / "file")
    (tmp_path / "empty").mkdir()
    restore(made, tmp_path / "empty")
    assert (tmp_path / "empty" / "andon.sqlite").exists()


def test_a_full_disk_leaves_nothing(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = made.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        backup(made.parent / "live", made, at=8)
    with pytest.raises(StoreError, match="No space left on device"):
        restore(made, tmp_path / "there")
    assert made.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.zip", "live"]
