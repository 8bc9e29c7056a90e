"""The catalogue of public recordings, as data in the package."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from andon.plant.errors import AskUserError

ORIGIN = "https://raw.githubusercontent.com"


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """One file of a set.

    Attributes
    ----------
    path : below the folder of the set
    size : bytes
    sha256 : of its bytes, hexadecimal
    origin_path : path in the repository of origin; None where the file was converted, so that only a mirror has it
    """

    path: str
    size: int
    sha256: str
    origin_path: str | None

    @property
    def converted(self) -> bool:
        """True where the file is no byte-for-byte copy of its origin."""
        return self.origin_path is None


@dataclass(frozen=True, slots=True)
class Dataset:
    """One public recording.

    Attributes
    ----------
    name : also the name of its folder
    title, what, sampling, target, split : in plain words
    repository, commit : where its files come from
    origin_text : the same in the words of the manifest
    licence : what is known of it
    licence_known : how sure: "stated in the repository", "from memory" or "not stated"
    here : what was left out or changed
    """

    name: str
    title: str
    what: str
    sampling: str
    target: str
    split: str
    repository: str
    commit: str
    origin_text: str
    licence: str
    licence_known: str
    here: str
    files: tuple[DatasetFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def converted(self) -> int:
        """How many files only a mirror or a local folder has."""
        return sum(file.converted for file in self.files)

    def url(self, file: DatasetFile) -> str | None:
        """Address of a file at its origin; None where it was converted."""
        if file.origin_path is None:
            return None
        return f"{ORIGIN}/{self.repository}/{self.commit}/{quote(file.origin_path)}"


@cache
def catalogue() -> tuple[Dataset, ...]:
    """All known sets, in order of their names."""
    raw = json.loads((files("andon.datasets") / "catalogue.json").read_text(encoding="utf-8"))
    out = []
    for entry in raw["sets"]:
        repository, commit = entry["origin"].split("@")
        out.append(
            Dataset(
                entry["name"], entry["title"], entry["what"], entry["sampling"], entry["target"], entry["split"], repository, commit,
                entry["origin_text"], entry["licence"], entry["licence_known"], entry["here"],
                tuple(DatasetFile(*file) for file in entry["files"]),
            )
        )  # fmt: skip
    return tuple(sorted(out, key=lambda one: one.name))


def dataset(name: str) -> Dataset:
    """The set of that name.

    Raises
    ------
    AskUserError : no such set
    """
    for one in catalogue():
        if one.name == name:
            return one
    raise AskUserError(f"no data set {name!r}", do=f"the catalogue has {', '.join(one.name for one in catalogue())}")
