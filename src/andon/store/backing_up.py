"""A backup of a running service in one file.

Nothing is stopped. What makes the copy consistent is the order: first the checkpoints, then everything that may be ahead of them
(database, samples, ledger), last the journal from where the oldest of these checkpoints needs it. After a restore the service
reads the journal from the checkpoint on and writes what it finds again, which changes nothing where it is there already.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from andon.plant.errors import AskUserError, At, StoreError
from andon.store.backup_file import MANIFEST, PIECE, PLANT, SCHEMA_VERSION, SPACE, TABLES, Backup
from andon.store.checkpoint import Checkpoints, position_of
from andon.store.durable_write import durable_write
from andon.store.journal.frames import Position, segment_numbers, segment_path
from andon.store.live_folder import LiveFolder
from andon.store.locking import only_writer

if TYPE_CHECKING:
    from andon.store.database import Database

_TRIES = 5


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
            raise StoreError(f"cannot copy: {error.strerror or error}", at=At(file=str(error.filename or target)), do=SPACE) from error
    raise StoreError("the service lets the journal go faster than it can be copied", at=At(file=str(target)), do="use a faster disk")


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
            archive.writestr(MANIFEST, json.dumps(about, ensure_ascii=True))
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
        _add(archive, TABLES, scratch, members)
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
    while left > 0 and (data := source.read(min(PIECE, left))):
        left -= len(data)
        yield data
