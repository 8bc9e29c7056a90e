"""Which files a user means by files, folders and globs."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path

from andon.plant.errors import At, ReadingError

TABLES: tuple[str, ...] = (".csv", ".txt", ".tsv", ".dat", ".xlsx", ".xlsm", ".xls", ".parquet", ".pq", ".arrow", ".feather", ".ipc")
COMPRESSED: tuple[str, ...] = (".gz", ".zst")
NOT_DATA: tuple[str, ...] = ("labels.csv", "lab.csv", "tags.csv", "readme.txt", "manifest.txt", "license.txt")

PathLike = str | os.PathLike[str]


def is_table(path: Path) -> bool:
    """True where the name says that the file holds a table."""
    name = path.name.lower()
    if name.startswith((".", "~$")) or name in NOT_DATA:
        return False
    for ending in COMPRESSED:
        name = name.removesuffix(ending)
    return name.endswith(TABLES)


def stem(path: PathLike) -> str:
    """The name of a file without its endings."""
    name = Path(path).name
    for ending in COMPRESSED:
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    for ending in TABLES:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name


def find(paths: PathLike | Iterable[PathLike]) -> tuple[Path, ...]:
    """The files, in order of their names within each path; a file named twice counts once.

    A folder stands for every table below it (but labels.csv, lab.csv, tags.csv and readme files). A path with `*`, `?` or `[` that is not
    itself a file is a glob; `**` goes into folders.

    Raises
    ------
    ReadingError : a path does not exist, or a folder or glob holds no table
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not given:
        raise ReadingError("no file was named", do="name one or more files, folders or globs")
    found: dict[Path, None] = {}
    for one in given:
        path = Path(one)
        if path.is_dir():
            below = sorted(item for item in path.rglob("*") if item.is_file() and is_table(item))
            if not below:
                raise ReadingError(
                    "the folder holds no table", at=At(file=str(path)), do="it should hold CSV, xlsx, Parquet or Arrow files"
                )
        elif path.exists():
            below = [path]
        elif any(letter in str(one) for letter in "*?["):
            below = sorted(Path(item) for item in glob.glob(str(one), recursive=True) if Path(item).is_file())
            if not below:
                raise ReadingError("no file fits", at=At(file=str(one)), do="check the folder and the pattern")
        else:
            raise ReadingError("no such file", at=At(file=str(one)), do="check the name")
        found |= dict.fromkeys(below)
    return tuple(found)
