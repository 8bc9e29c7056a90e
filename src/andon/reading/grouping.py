"""Which file belongs to which asset."""

from __future__ import annotations

import os.path
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from andon.plant.errors import AskUserError
from andon.plant.status import is_valid
from andon.reading.finding import stem
from andon.reading.ordering import Piece

_ALIKE = 0.5


def group(pieces: Sequence[Piece], asset: str | None = None) -> dict[str, list[Piece]]:
    """Pieces by asset.

    Rules, in this order:

    1. An asset column names the asset of each row; `asset` then picks one.
    2. `asset` given: all files belong to it.
    3. Folders whose files hold the same tags are sister assets, named after the folder; folders with different tags are
       components of one asset, and a tag that two components share is called "component/tag".
    4. Files of one folder with the same tags over the same time, but other values, are sister assets named after the file;
       else all files of a folder are parts of one asset, named after what their names share, or the folder.

    Raises
    ------
    AskUserError : `asset` is not among the names that the files hold
    """
    named: dict[str, list[Piece]] = {}
    for piece in pieces:
        if piece.owner:
            named.setdefault(piece.owner, []).append(piece)
    nameless = [_with_own_tag(piece) for piece in pieces if not piece.owner]
    if named and asset is not None and not nameless:
        if asset in named:
            return {asset: named[asset]}
        if len(named) > 1:
            raise AskUserError(f"the files hold no asset {asset!r}", do=f"they hold {', '.join(sorted(named)[:12])}")
        return {asset: next(iter(named.values()))}
    if not nameless:
        return named
    folders: dict[str, list[Piece]] = {}
    for piece in nameless:
        folders.setdefault(str(Path(piece.file).parent), []).append(piece)
    out: dict[str, list[Piece]] = dict(named)
    if asset is not None:
        out.setdefault(asset, []).extend(_components(folders))
    elif len(folders) > 1 and _sisters(folders):
        for folder, inside in folders.items():
            out.setdefault(_folder_name(folder), []).extend(inside)
    elif len(folders) > 1:
        out.setdefault(_folder_name(os.path.commonpath(list(folders))), []).extend(_components(folders))
    else:
        inside = nameless
        if _sister_files(inside):
            for piece in inside:
                out.setdefault(stem(piece.file), []).append(piece)
        else:
            out.setdefault(_common_name(inside), []).extend(inside)
    return out


def _with_own_tag(piece: Piece) -> Piece:
    return piece.renamed({piece.tags[0]: stem(piece.file)}) if piece.anonymous and len(piece.tags) == 1 else piece


def _folder_name(folder: str) -> str:
    return Path(folder).resolve().name or "asset"


def _common_name(pieces: Sequence[Piece]) -> str:
    names = list(dict.fromkeys(stem(piece.file) for piece in pieces))
    if len(names) == 1:
        return names[0]
    shared = re.sub(r"[\W\d_]+$", "", _common_start(names))
    anonymous = all(piece.anonymous for piece in pieces)
    return shared if len(shared) >= 3 and not anonymous else _folder_name(str(Path(pieces[0].file).parent))


def _common_start(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    return first[: next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), min(len(first), len(last)))]


def _tags_of(pieces: Sequence[Piece]) -> set[str]:
    return {tag for piece in pieces for tag in piece.tags}


def _sisters(folders: dict[str, list[Piece]]) -> bool:
    sets = [_tags_of(inside) for inside in folders.values()]
    first = sets[0]
    return all(len(first & other) >= _ALIKE * len(first | other) for other in sets[1:])


def _components(folders: dict[str, list[Piece]]) -> list[Piece]:
    holders: dict[str, set[str]] = {}
    for folder, inside in folders.items():
        for tag in _tags_of(inside):
            holders.setdefault(tag, set()).add(folder)
    out: list[Piece] = []
    for folder, inside in folders.items():
        shared = {tag: f"{Path(folder).name}/{tag}" for tag in _tags_of(inside) if len(holders[tag]) > 1}
        out += [piece.renamed(shared) if shared else piece for piece in inside]
    return out


def _by_file(pieces: Sequence[Piece]) -> dict[str, list[Piece]]:
    out: dict[str, list[Piece]] = {}
    for piece in pieces:
        out.setdefault(piece.file, []).append(piece)
    return out


def _sister_files(pieces: Sequence[Piece]) -> bool:
    files = list(_by_file(pieces).values())
    if len(files) < 2:
        return False
    first = _tags_of(files[0])
    if any(_tags_of(other) != first for other in files[1:]):
        return False
    one = files[0][0]
    two = next(piece for piece in files[1] if one.tags[0] in piece.tags)
    if not len(one.time) or not len(two.time):
        return False
    low, high = max(one.time[0], two.time[0]), min(one.time[-1], two.time[-1])
    shorter = min(one.time[-1] - one.time[0], two.time[-1] - two.time[0])
    if high - low < 0.5 * shorter or high < low:
        return False
    common, left, right = np.intersect1d(one.time, two.time, assume_unique=True, return_indices=True)
    if not common.size:
        return True
    shared = [tag for tag in one.tags if tag in two.tags]
    mine, other = [one.tags.index(tag) for tag in shared], [two.tags.index(tag) for tag in shared]
    a, b = one.values[left][:, mine], two.values[right][:, other]
    both = is_valid(one.status[left][:, mine]) & is_valid(two.status[right][:, other])
    return bool(both.any()) and float((a != b)[both].mean()) > 0.1
