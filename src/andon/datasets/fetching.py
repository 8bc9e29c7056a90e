"""Fetching a set: from its origin, a mirror or a local folder; resumed, verified, whole or absent."""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlparse

from andon.datasets.checking import FileState, partial, sha256_of, state_of
from andon.datasets.listing import Dataset, DatasetFile, dataset
from andon.plant.errors import At, RefusedError, StoreError, TryAgainError
from andon.plant.progress import Progress, silent

_CHUNK = 1 << 18
_TIMEOUT_S = 30


def fetch(
    name: str, to: str | os.PathLike[str], source: str | os.PathLike[str] | None = None, progress: Progress = silent
) -> tuple[Path, ...]:
    """Get all files of a set; those that are here and right stay as they are.

    Parameters
    ----------
    name : of the set
    to : folder that holds one folder per set
    source : a mirror (http or https address) or a local folder with the same layout, one folder per set; by default the
        repository of origin, which has no converted files

    Returns
    -------
    the files

    Raises
    ------
    AskUserError : no such set
    RefusedError : the set holds converted files, which the origin does not have; or a file is not what the catalogue says
    TryAgainError : the network failed; the next call goes on where this one stopped
    StoreError : the folder cannot be written
    """
    one = dataset(name)
    folder = Path(to)
    needed = [file for file in one.files if state_of(folder, one, file) != FileState.RIGHT]
    if source is None:
        converted = [file for file in needed if file.converted]
        if converted:
            raise RefusedError(
                f"{len(converted)} files of {name} were converted from their origin ({one.origin_text}) and are not there",
                at=At(file=converted[0].path), do="name a mirror or a local folder that has them: --from",
            )  # fmt: skip
    total, done = max(sum(file.size for file in needed), 1), 0
    for file in needed:
        for size in _get(one, file, folder, source):
            progress(f"fetch {name}", min(1.0, (done + size) / total))
        done += file.size
    progress(f"fetch {name}", 1.0)
    return tuple(folder / one.name / file.path for file in one.files)


def _get(one: Dataset, file: DatasetFile, folder: Path, source: str | os.PathLike[str] | None) -> Iterator[int]:
    """Bring one file; yields the bytes that are here so far."""
    place = folder / one.name / file.path
    part = partial(place)
    at = At(file=str(place))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, str) and urlparse(source).scheme in ("http", "https"):
            yield from _download(f"{source.rstrip('/')}/{quote(one.name)}/{quote(file.path)}", part, file.size, at)
        elif source is None:
            address = one.url(file)
            assert address is not None
            yield from _download(address, part, file.size, at)
        else:
            yield from _copy(Path(source) / one.name / file.path, part)
        wrong = part.stat().st_size != file.size or sha256_of(part) != file.sha256
        if wrong:
            size = part.stat().st_size
            part.unlink()
            raise RefusedError(
                f"not the file of the catalogue: {size:,} of {file.size:,} bytes, or another checksum",
                at=at, do="the origin has changed; name a mirror or a local folder that has the right one",
            )  # fmt: skip
        os.replace(part, place)
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}", at=at, do="free some space, or choose another folder") from error


def _copy(origin: Path, part: Path) -> Iterator[int]:
    if not origin.is_file():
        raise TryAgainError("the file is not in the folder", at=At(file=str(origin)), do="check the folder: it holds one folder per set")
    size = 0
    with origin.open("rb") as source, part.open("wb") as out:
        while chunk := source.read(_CHUNK):
            out.write(chunk)
            size += len(chunk)
            yield size


def _download(address: str, part: Path, size: int, at: At) -> Iterator[int]:
    """Append what is missing of a file; starts anew where the server cannot go on."""
    begun = part.stat().st_size if part.is_file() else 0
    if begun > size:
        part.unlink()
        begun = 0
    if begun == size:
        yield size
        return
    request = urllib.request.Request(address, headers={"Range": f"bytes={begun}-"} if begun else {})
    do = "try again: it goes on where it stopped; or name a mirror or a local folder"
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            if begun and answer.status != 206:
                begun = 0
            with part.open("ab" if begun else "wb") as out:
                while chunk := answer.read(_CHUNK):
                    out.write(chunk)
                    begun += len(chunk)
                    yield begun
                    if begun > size:
                        break
    except urllib.error.HTTPError as error:
        raise TryAgainError(f"the server answered {error.code} {error.reason} for {address}", at=at, do=do) from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise TryAgainError(f"the network failed: {reason} ({address})", at=at, do=do) from error
    if begun < size:
        raise TryAgainError(f"the connection ended after {begun:,} of {size:,} bytes ({address})", at=at, do=do)
