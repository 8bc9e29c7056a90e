"""A backup as a file: what its manifest says, and every byte of it verified.

It is a plain zip, not compressed, with `manifest.json` last: size and SHA-256 of every member. It holds no private key.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from andon.plant.errors import At, StoreError
from andon.store.journal.frames import Position

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
TABLES = "live/tables.jsonl"
PLANT = "plant/plant.toml"
SPACE = "free some space, or choose another folder"
PIECE = 1 << 20


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


def read_backup(path: str | os.PathLike[str]) -> Backup:
    """Read what a backup says of itself, and verify every byte of it.

    Raises
    ------
    StoreError : it cannot be read, is no backup, is damaged, or of a newer Andon
    """
    with opened(Path(path)) as archive:
        found = manifest(archive, Path(path))
        for name in found.members:
            copy_member(archive, name, found.members[name], None, Path(path))
        return found


def read_plant_text(path: str | os.PathLike[str]) -> str | None:
    """The plant file in a backup; None where it has none.

    Raises
    ------
    StoreError : it cannot be read, is no backup, or is damaged
    """
    with opened(Path(path)) as archive:
        found = manifest(archive, Path(path))
        if PLANT not in found.members:
            return None
        copy_member(archive, PLANT, found.members[PLANT], None, Path(path))
        return archive.read(PLANT).decode("utf-8-sig", "replace")


def opened(path: Path) -> zipfile.ZipFile:
    """The zip.

    Raises
    ------
    StoreError : it cannot be read, or is none
    """
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(path)), do="check the path") from error
    except zipfile.BadZipFile as error:
        raise StoreError("not a backup, or one that was cut off", at=At(file=str(path)), do="name another backup") from error


def manifest(archive: zipfile.ZipFile, path: Path) -> Backup:
    """What the backup says of itself.

    Raises
    ------
    StoreError : it is no backup, or one of a newer Andon
    """
    try:
        about = json.loads(archive.read(MANIFEST))
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


def copy_member(archive: zipfile.ZipFile, name: str, facts: tuple[int, str], to: Path | None, path: Path) -> None:
    """Read a member whole, and write it where `to` is named.

    Raises
    ------
    StoreError : it is not what the manifest says
    """
    digest, done = sha256(), 0
    try:
        with archive.open(name) as source:
            if to is not None:
                to.parent.mkdir(parents=True, exist_ok=True)
            target = open(to, "wb") if to is not None else None  # noqa: SIM115
            try:
                while data := source.read(PIECE):
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
