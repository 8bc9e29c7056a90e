"""Whether the files of a folder are what the catalogue says."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from andon.datasets.listing import Dataset, DatasetFile, catalogue, dataset
from andon.plant.progress import Progress, silent

_CHUNK = 1 << 20


class FileState(StrEnum):
    """What was found in the place of a file."""

    RIGHT = "right"
    MISSING = "missing"
    WRONG = "wrong"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class SetState:
    """What a folder holds of one set.

    Attributes
    ----------
    files : (path, state) of each file of the set
    """

    name: str
    files: tuple[tuple[str, FileState], ...]

    def count(self, state: FileState) -> int:
        """How many files are in that state."""
        return sum(found == state for _, found in self.files)

    @property
    def complete(self) -> bool:
        """True where every file is right."""
        return all(found == FileState.RIGHT for _, found in self.files)

    @property
    def absent(self) -> bool:
        """True where nothing of the set is here."""
        return all(found == FileState.MISSING for _, found in self.files)


def sha256_of(path: Path) -> str:
    """Checksum of a file, in bounded memory."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def state_of(folder: Path, one: Dataset, file: DatasetFile) -> FileState:
    """The state of one file below `folder`/`one.name`."""
    place = folder / one.name / file.path
    if not place.is_file():
        return FileState.PARTIAL if partial(place).is_file() else FileState.MISSING
    if place.stat().st_size != file.size or sha256_of(place) != file.sha256:
        return FileState.WRONG
    return FileState.RIGHT


def partial(place: Path) -> Path:
    """Where the begun download of a file lies."""
    return place.with_name(place.name + ".part")


def check(folder: str | os.PathLike[str], names: tuple[str, ...] = (), progress: Progress = silent) -> tuple[SetState, ...]:
    """Compare a folder with the catalogue.

    Parameters
    ----------
    folder : the folder that holds one folder per set
    names : only these sets; all where empty

    Raises
    ------
    AskUserError : no such set
    """
    chosen = tuple(dataset(name) for name in names) or catalogue()
    total = max(sum(one.size for one in chosen), 1)
    done, out = 0, []
    for one in chosen:
        states = []
        for file in one.files:
            states.append((file.path, state_of(Path(folder), one, file)))
            done += file.size
            progress(f"check {one.name}", done / total)
        out.append(SetState(one.name, tuple(states)))
    return tuple(out)
