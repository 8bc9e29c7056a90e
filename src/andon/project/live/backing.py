"""`andon backup` and `andon restore`: a whole plant in one file, taken while its service runs, and the way back."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from andon.plant.errors import RefusedError
from andon.plant.file.parse import parse_plant_text
from andon.plant.file.schema import PlantFile
from andon.plant.secret import read_secret
from andon.plant.time import NS, format_instant
from andon.project.live.places import places_of
from andon.store.backing_up import backup as copy_out
from andon.store.backup_file import Backup, read_backup, read_plant_text
from andon.store.restoring import restore as copy_back

SUFFIX = ".andon-backup"


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup or a restore did.

    Attributes
    ----------
    path : the backup
    about : what it holds
    plant, data, models : of a restore, where things lie now; empty of a backup
    notes : of a restore: "moved", the plant file names folders that are not below its own, and data or models lie elsewhere now;
        "database", the plant file names a database, which may be the one of the plant that still runs
    """

    path: Path
    about: Backup
    plant: str = ""
    data: str = ""
    models: str = ""
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        answer: dict[str, Any] = {
            "path": str(self.path), "at": format_instant(self.about.at), "bytes": self.about.size, "files": len(self.about.members),
            "database": self.about.database, "position": str(self.about.position) if self.about.position is not None else None,
        }  # fmt: skip
        return (
            answer if not self.data else answer | {"plant": self.plant, "data": self.data, "models": self.models, "notes": list(self.notes)}
        )


def backup(plant: str | Path, *, out: str | None = None, data: str | None = None) -> Copied:
    """Copy plant file, models, ledger, and all that the service keeps into one file, and read it back; the service may run meanwhile.

    Parameters
    ----------
    plant : plant.toml
    out : the file; default: named after the plant file and the time, in this folder
    data : in place of the plant file's folder of the service

    Raises
    ------
    AskUserError : there is nothing to copy
    StoreError : the disk or the database refuses; nothing is left
    """
    places, now = places_of(plant, data=data), time.time_ns()
    stamp = datetime.fromtimestamp(now // NS, tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    target = Path(out or f"{places.file.stem}-{stamp}{SUFFIX}")
    with ExitStack() as stack:
        database = None if places.is_sqlite else stack.enter_context(places.open_database())
        copy_out(places.live.path, target, at=now, models=places.plant.files.models, plant=places.file, database=database)
    return Copied(target, read_backup(target))


def restore(
    path: str | os.PathLike[str], to: str | os.PathLike[str], *, database: str | None = None, password_from: str = ""
) -> Copied:  # fmt: skip
    """Make a plant's folder again from a backup: all of it, or nothing.

    Parameters
    ----------
    to : folder; absent, or without anything of a plant
    database : of a backup of PostgreSQL: the empty one that takes the tables
    password_from : environment variable with its password

    Raises
    ------
    RefusedError : there is a plant in the folder already
    AskUserError : the backup is one of PostgreSQL and no database is named
    StoreError : the backup is damaged, or the disk refuses
    """
    folder, now = Path(to), time.time_ns()
    text = read_plant_text(path)
    plant = parse_plant_text(text, file="plant.toml") if text is not None else PlantFile()
    data, data_moved = _inside(folder, plant.service.data, "andon-data")
    models, models_moved = _inside(folder, plant.files.models, "models")
    if data == models or data in models.parents or models in data.parents:
        raise RefusedError(
            "data and models of this backup would lie in one another", do="correct [service] data or [files] models in the plant"
        )
    with ExitStack() as stack:
        opened = None
        if database is not None:
            from andon.store.database.database import Database

            password = read_secret(password_from, "", key="--database-password-from")
            opened = stack.enter_context(Database(database, password=password, backups=folder, at=now))
        file = folder / "plant.toml" if text is not None else None
        about = copy_back(path, data, models=models, plant=file, database=opened)
    notes = [note for note, holds in (("moved", data_moved or models_moved), ("database", bool(plant.service.database))) if holds]
    return Copied(Path(path), about, str(file or ""), str(data), str(models), tuple(notes))


def _inside(folder: Path, name: str, otherwise: str) -> tuple[Path, bool]:
    """The folder that a plant file names, where that is below its own; else another one below, and True."""
    wanted = Path(name)
    if not name or wanted.is_absolute() or ".." in wanted.parts or wanted == Path():
        return folder / otherwise, True
    return folder / wanted, False
