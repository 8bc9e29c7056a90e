"""The way back from a backup, verified: a service's folder, its models and its plant file, all of it or nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from andon.plant.errors import AskUserError, At, RefusedError, StoreError
from andon.store.backup_file import SPACE, TABLES, Backup, copy_member, manifest, opened
from andon.store.checkpoint import Checkpoints
from andon.store.durable_write import sync_folder
from andon.store.journal.frames import segment_numbers
from andon.store.ledger_export import verify_ledger
from andon.store.live_folder import LiveFolder

if TYPE_CHECKING:
    from andon.store.database import Database


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
    with opened(source) as archive:
        found = manifest(archive, source)
        if any(name.startswith("models/") for name in found.members) and models is None:
            raise AskUserError("the backup holds models", at=At(file=str(source)), do="name a folder for them")
        if TABLES in found.members and database is None:
            raise AskUserError("the backup is one of PostgreSQL", at=At(file=str(source)), do="name the database that takes the tables")
        parts = {kind: target.with_name(f".{target.name}.restoring") for kind, target in targets.items() if target is not None}
        plant_part = plant_file.with_name(f".{plant_file.name}.restoring") if plant_file is not None else None
        try:
            for part in parts.values():
                shutil.rmtree(part, ignore_errors=True)
                part.mkdir(parents=True)
            for name, facts in found.members.items():
                kind, _, rest = name.partition("/")
                copy_member(archive, name, facts, parts[kind] / rest if kind in parts else plant_part, source)
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
            raise StoreError(f"cannot restore: {error.strerror or error}", at=At(file=str(live.path)), do=SPACE) from error
        finally:
            for part in parts.values():
                shutil.rmtree(part, ignore_errors=True)
            if plant_part is not None:
                plant_part.unlink(missing_ok=True)
    return found


def _check(live: LiveFolder, found: Backup) -> None:
    """What was restored can be used."""
    if live.ledger.exists() and (broken := [one for one in verify_ledger(live.ledger).breaks if one.kind != "torn"]):
        raise StoreError(f"the ledger in the backup does not hold: {broken[0].kind}, line {broken[0].line}", do="name another backup")
    if found.position is not None:
        checkpoint = Checkpoints(live.checkpoints).latest()
        if checkpoint is None or checkpoint.position is None or checkpoint.position.segment not in segment_numbers(live.journal):
            raise StoreError("checkpoint and journal in the backup do not fit", do="name another backup")
    if live.database.exists():
        from andon.store.database.looking import damage_of

        if answer := damage_of(live.database, thorough=True):
            raise StoreError(f"the database in the backup is damaged: {answer}", do="name another backup")
