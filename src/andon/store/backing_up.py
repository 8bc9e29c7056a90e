"""A backup of a running service in one file, and the way back, verified.

Nothing is stopped. What makes the copy consistent is the order: first the checkpoints, then everything that may be ahead of them
(database, samples, ledger), last the journal from where the oldest of these checkpoints needs it. After a restore the service
reads the journal from the checkpoint on and writes what it finds again, which changes nothing where it is there already.

The file is a plain zip, not compressed, with `manifest.json` last: size and SHA-256 of every member. It holds no private key.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from andon.plant.errors import AskUserError, At, RefusedError, StoreError
from andon.store.checkpoint import Checkpoints, position_of
from andon.store.durable_write import durable_write, sync_folder
from andon.store.journal.frames import Position, segment_numbers, segment_path
from andon.store.ledger_export import verify_ledger
from andon.store.live_folder import LiveFolder
from andon.store.locking import only_writer

if TYPE_CHECKING:
    from andon.store.database import Database

SCHEMA_VERSION = 1
_MANIFEST = "manifest.json"
_TABLES = "live/tables.jsonl"
PLANT = "plant/plant.toml"
_TRIES = 5
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds.

    Attributes
    ----------
    at : ns UTC, when it was made
    members : name in the file -> (size, SHA-256)
    position : of the journal, from where a restored service reads; None where there was no checkpoint
    database : "sqlite", "postgresql" or ""
    """

    at: int
    members: dict[str, tuple[int, str]]
    position: Position | None
    database: str

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(size for size, _ in self.members.values())


def _path(item: str | os.PathLike[str] | None) -> Path | None:
    return None if item is None else Path(item)


class _Moved(Exception):
    """The service let something go while it was copied: begin again."""


def backup(
    folder: str | os.PathLike[str],
    to: str | os.PathLike[str],
    *,
    at: int,
    models: str | os.PathLike[str] | None = None,
    plant: str | os.PathLike[str] | None = None,
    database: Database | None = None,
) -> Backup:
    """Copy a service's folder into one file while the service runs.

    Parameters
    ----------
    folder : of the service, see `LiveFolder`
    to : the file; it takes the place of one that is there when all is well
    at : ns UTC, now
    models : folder of the `ModelStore`, where it is to be in the backup
    plant : the plant file, where it is to be in the backup
    database : an open one where it is PostgreSQL

    Raises
    ------
    StoreError : the disk refuses, or the service is faster than the copy; nothing is left
    AskUserError : there is no such folder
    """
    live, target = LiveFolder.at(folder), Path(to)
    if not live.path.is_dir():
        raise AskUserError("there is no folder of a service", at=At(file=str(live.path)), do="name the folder that andon serve writes")
    for _ in range(_TRIES):
        try:
            return _backup(live, target, at, _path(models), _path(plant), database)
        except _Moved:
            continue
        except OSError as error:
            raise StoreError(f"cannot copy: {error.strerror or error}", at=At(file=str(error.filename or target)), do=_SPACE) from error
    raise StoreError("the service lets the journal go faster than it can be copied", at=At(file=str(target)), do="use a faster disk")


def read_backup(path: str | os.PathLike[str]) -> Backup:
    """Read what a backup says of itself, and verify every byte of it.

    Raises
    ------
    StoreError : it cannot be read, is no backup, is damaged, or of a newer Andon
    """
    with _opened(Path(path)) as archive:
        found = _manifest(archive, Path(path))
        for name in found.members:
            _copy_member(archive, name, found.members[name], None, Path(path))
        return found


def restore(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    models: str | os.PathLike[str] | None = None,
    plant: str | os.PathLike[str] | None = None,
    database: Database | None = None,
) -> Backup:
    """Make the folder of a service again from a backup, verified: all of it, or nothing.

    Parameters
    ----------
    folder, models : where to; absent, or empty. `models` where the backup has some
    plant : the plant file to write, where the backup has one and it is wanted; absent
    database : an open PostgreSQL with empty tables, where the backup was made of one; or of SQLite that is to go there

    Raises
    ------
    RefusedError : a folder is not empty
    AskUserError : the backup needs `models` or `database`
    StoreError : the backup is damaged, or the disk refuses
    """
    source, live = Path(path), LiveFolder.at(folder)
    targets = {"live": live.path, "models": Path(models) if models is not None else None}
    plant_file = Path(plant) if plant is not None else None
    for target in (*targets.values(), plant_file):
        if target is not None and target.exists() and (target is plant_file or not target.is_dir() or any(target.iterdir())):
            raise RefusedError("there is something already", at=At(file=str(target)), do="name a folder that is absent or empty")
    with _opened(source) as archive:
        found = _manifest(archive, source)
        if any(name.startswith("models/") for name in found.members) and models is None:
            raise AskUserError("the backup holds models", at=At(file=str(source)), do="name a folder for them")
        if _TABLES in found.members and database is None:
            raise AskUserError("the backup is one of PostgreSQL", at=At(file=str(source)), do="name the database that takes the tables")
        parts = {kind: target.with_name(f".{target.name}.restoring") for kind, target in targets.items() if target is not None}
        plant_part = plant_file.with_name(f".{plant_file.name}.restoring") if plant_file is not None else None
        try:
            for part in parts.values():
                shutil.rmtree(part, ignore_errors=True)
                part.mkdir(parents=True)
            for name, facts in found.members.items():
                kind, _, rest = name.partition("/")
                _copy_member(archive, name, facts, parts[kind] / rest if kind in parts else plant_part, source)
            _check(LiveFolder.at(parts["live"]), found)
            if database is not None and (tables := parts["live"] / "tables.jsonl").exists():
                from andon.store.database.export import import_tables

                database.write(lambda connection: import_tables(connection, tables))
                tables.unlink()
            for kind, part in parts.items():
                target = targets[kind]
                assert target is not None
                if target.exists():
                    target.rmdir()
                os.replace(part, target)
                sync_folder(target.parent)
            if plant_file is not None and plant_part is not None and plant_part.exists():
                os.replace(plant_part, plant_file)
                sync_folder(plant_file.parent)
        except OSError as error:
            raise StoreError(f"cannot restore: {error.strerror or error}", at=At(file=str(live.path)), do=_SPACE) from error
        finally:
            for part in parts.values():
                shutil.rmtree(part, ignore_errors=True)
            if plant_part is not None:
                plant_part.unlink(missing_ok=True)
    return found


def read_plant_text(path: str | os.PathLike[str]) -> str | None:
    """The plant file in a backup; None where it has none.

    Raises
    ------
    StoreError : it cannot be read, is no backup, or is damaged
    """
    with _opened(Path(path)) as archive:
        found = _manifest(archive, Path(path))
        if PLANT not in found.members:
            return None
        _copy_member(archive, PLANT, found.members[PLANT], None, Path(path))
        return archive.read(PLANT).decode("utf-8-sig", "replace")


_SPACE = "free some space, or choose another folder"


def _backup(live: LiveFolder, target: Path, at: int, models: Path | None, plant: Path | None, database: Database | None) -> Backup:
    members: dict[str, tuple[int, str]] = {}
    scratch = target.with_name(f".{target.name}.database")
    try:
        with durable_write(target) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            position = _add_checkpoints(archive, live.checkpoints, members)
            kind = _add_database(archive, live, scratch, members, database)
            _add_segments(archive, live.samples, "live/samples", members)
            _add_segments(archive, live.verdicts, "live/verdicts", members)
            _add_segments(archive, live.quality, "live/quality", members)
            _add_ledger(archive, live.ledger, "live", members)
            if models is not None:
                _add_models(archive, models, members)
            if plant is not None:
                _add(archive, PLANT, plant, members)
            _add_journal(archive, live.journal, position, members)
            about = {"kind": "andon-backup", "schema_version": SCHEMA_VERSION, "at": at, "database": kind,
                     "position": str(position) if position is not None else None,
                     "members": {name: list(facts) for name, facts in members.items()}}  # fmt: skip
            archive.writestr(_MANIFEST, json.dumps(about, ensure_ascii=True))
        return Backup(at, members, position, kind)
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def _add_database(
    archive: zipfile.ZipFile, live: LiveFolder, scratch: Path, members: dict[str, tuple[int, str]], database: Database | None
) -> str:
    if database is not None and not database.is_sqlite:
        from andon.store.database.export import export_tables

        database.read(lambda connection: export_tables(connection, scratch))
        _add(archive, _TABLES, scratch, members)
        return "postgresql"
    file = database.file if database is not None and database.file is not None else live.database
    if not file.exists():
        return ""
    from andon.store.database.migrating import copy_sqlite

    copy_sqlite(file, scratch)
    _add(archive, f"live/{live.database.name}", scratch, members)
    return "sqlite"


def _add_checkpoints(archive: zipfile.ZipFile, folder: Path, members: dict[str, tuple[int, str]]) -> Position | None:
    """The position in the journal that the oldest of them needs."""
    positions = []
    for path in Checkpoints(folder).files():
        try:
            positions.append(position_of(path))
            _add(archive, f"live/checkpoints/{path.name}", path, members)
        except FileNotFoundError as error:
            raise _Moved from error
    return min((position for position in positions if position is not None), default=None)


def _add_segments(archive: zipfile.ZipFile, folder: Path, into: str, members: dict[str, tuple[int, str]]) -> None:
    """Parquet files are whole from their first moment, and what was in one stands in others before it goes.

    So they are listed over again until none was missed. What says which tags and assets they hold only grows, and comes last.
    """
    for _ in range(100):
        missed = False
        for path in sorted(folder.rglob("*.parquet")):
            name = f"{into}/{path.relative_to(folder).as_posix()}"
            try:
                if name not in members:
                    _add(archive, name, path, members)
            except FileNotFoundError:
                missed = True
        if not missed:
            break
    else:
        raise _Moved
    for path in sorted(folder.rglob("family.json")):
        _add(archive, f"{into}/{path.relative_to(folder).as_posix()}", path, members)


def _add_ledger(archive: zipfile.ZipFile, ledger: Path, into: str, members: dict[str, tuple[int, str]]) -> None:
    if not ledger.exists():
        return
    with only_writer(ledger.parent):
        for path in (ledger, ledger.with_name(ledger.name + ".head"), ledger.with_name(ledger.name + ".heads")):
            if path.exists():
                _add(archive, f"{into}/{path.name}", path, members)


def _add_models(archive: zipfile.ZipFile, folder: Path, members: dict[str, tuple[int, str]]) -> None:
    """The ledger first: a model is in its place before the ledger names it, and stays."""
    _add_ledger(archive, folder / "ledger.jsonl", "models", members)
    for path in sorted(folder.rglob("*.andon")):
        _add(archive, f"models/{path.relative_to(folder).as_posix()}", path, members)


def _add_journal(archive: zipfile.ZipFile, folder: Path, position: Position | None, members: dict[str, tuple[int, str]]) -> None:
    numbers = [number for number in segment_numbers(folder) if position is None or number >= position.segment]
    if position is not None and position.segment not in numbers:
        raise _Moved
    for number in numbers:
        path = segment_path(folder, number)
        try:
            _add(archive, f"live/journal/{path.name}", path, members)
        except FileNotFoundError as error:
            raise _Moved from error


def _add(archive: zipfile.ZipFile, name: str, path: Path, members: dict[str, tuple[int, str]]) -> None:
    """Copy a file as long as it is now."""
    digest, done = sha256(), 0
    with open(path, "rb") as source:
        size = os.fstat(source.fileno()).st_size
        with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as target:
            for data in _pieces(source, size):
                digest.update(data)
                target.write(data)
                done += len(data)
    members[name] = (done, digest.hexdigest())


def _pieces(source: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left > 0 and (data := source.read(min(_PIECE, left))):
        left -= len(data)
        yield data


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(path)), do="check the path") from error
    except zipfile.BadZipFile as error:
        raise StoreError("not a backup, or one that was cut off", at=At(file=str(path)), do="name another backup") from error


def _manifest(archive: zipfile.ZipFile, path: Path) -> Backup:
    try:
        about = json.loads(archive.read(_MANIFEST))
        if about["kind"] != "andon-backup":
            raise ValueError(about["kind"])
        if about["schema_version"] != SCHEMA_VERSION:
            what = f"a backup of schema version {about['schema_version']!r}, this Andon knows {SCHEMA_VERSION}"
            raise StoreError(what, at=At(file=str(path)), do="update Andon on this machine")
        members = {str(name): (int(size), str(digest)) for name, (size, digest) in about["members"].items()}
        position = Position.parse(about["position"]) if about["position"] is not None else None
        _check_names(members)
        return Backup(int(about["at"]), members, position, str(about["database"]))
    except (KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile, OSError) as error:
        raise StoreError(f"not a backup: {error}", at=At(file=str(path)), do="name another backup") from error


def _check_names(members: Iterable[str]) -> None:
    """No name leads out of the folders that are restored."""
    for name in members:
        parts = PurePosixPath(name).parts
        if len(parts) < 2 or (parts[0] not in ("live", "models") and name != PLANT) or ".." in parts or "\\" in name or ":" in parts[1]:
            raise ValueError(f"a member named {name!r}")


def _copy_member(archive: zipfile.ZipFile, name: str, facts: tuple[int, str], to: Path | None, path: Path) -> None:
    """Read a member whole, and write it where `to` is named."""
    digest, done = sha256(), 0
    try:
        with archive.open(name) as source:
            if to is not None:
                to.parent.mkdir(parents=True, exist_ok=True)
            target = open(to, "wb") if to is not None else None  # noqa: SIM115
            try:
                while data := source.read(_PIECE):
                    digest.update(data)
                    done += len(data)
                    if target is not None:
                        target.write(data)
                if target is not None:
                    target.flush()
                    os.fsync(target.fileno())
            finally:
                if target is not None:
                    target.close()
    except (KeyError, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise StoreError(f"the backup is damaged at {name}", at=At(file=str(path)), do="name another backup") from error
    if (done, digest.hexdigest()) != facts:
        raise StoreError(f"the backup is damaged at {name}", at=At(file=str(path)), do="name another backup")


def _check(live: LiveFolder, found: Backup) -> None:
    """What was restored can be used."""
    if live.ledger.exists() and (broken := [one for one in verify_ledger(live.ledger).breaks if one.kind != "torn"]):
        raise StoreError(f"the ledger in the backup does not hold: {broken[0].kind}, line {broken[0].line}", do="name another backup")
    if found.position is not None:
        checkpoint = Checkpoints(live.checkpoints).latest()
        if checkpoint is None or checkpoint.position is None or checkpoint.position.segment not in segment_numbers(live.journal):
            raise StoreError("checkpoint and journal in the backup do not fit", do="name another backup")
    if live.database.exists():
        import sqlite3

        try:
            with sqlite3.connect(live.database) as connection:
                answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
            connection.close()
        except sqlite3.Error as error:
            answer = str(error)
        if answer != "ok":
            raise StoreError(f"the database in the backup is damaged: {answer}", do="name another backup")
