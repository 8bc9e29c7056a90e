"""A zip that is nothing but a list of plain files: no links, no folders, no tricks with names, sizes or offsets."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping

from andon.plant.errors import At, BundleError

MOST_CONTENT_BYTES = 1 << 30
MOST_MEMBERS = 256
_BOMB_BYTES, _BOMB_RATIO = 64 << 20, 100  # more content than this may not come from so little file
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,3}\.(json|onnx|safetensors)")
_COPY = "the file is damaged or was changed; copy it again or take another version"


def pack_zip(files: Mapping[str, bytes]) -> bytes:
    """Bytes of a zip with the files in that order; a file is deflated where that saves a tenth, and carries no date."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # the same bytes on every system
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED if len(zlib.compress(data, 1)) < 0.9 * len(data) else zipfile.ZIP_STORED
            archive.writestr(entry, data)
    return out.getvalue()


def unpack_zip(data: bytes, file: str) -> dict[str, bytes]:
    """Name -> bytes of a zip that is nothing but a list of plain files.

    Parameters
    ----------
    file : what messages call it

    Raises
    ------
    BundleError : damaged, or anything but plain files of moderate size with plain names, each once
    """
    at = At(file=file)
    # A bundle begins with its first member and ends with an end record without comment: nothing hides around it.
    if data[:4] != b"PK\x03\x04" or data[-22:-18] != b"PK\x05\x06":
        what = "cut off in the middle" if data[:4] == b"PK\x03\x04" else "not a model file (no zip)"
        raise BundleError(what, at=at, do=_COPY)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_MEMBERS:
                raise BundleError(f"{len(entries)} members, at most {MOST_MEMBERS} are allowed", at=at, do=_COPY)
            seen: set[str] = set()
            for entry in entries:
                check_name(entry.filename, file)
                if entry.filename != entry.orig_filename:
                    raise BundleError(f"member {entry.filename!r} hides another name", at=at, do=_COPY)
                if entry.filename.lower() in seen:
                    raise BundleError(f"member {entry.filename!r} stands twice", at=at, do=_COPY)
                seen.add(entry.filename.lower())
                kind = stat.S_IFMT(entry.external_attr >> 16)
                if kind not in (0, stat.S_IFREG) or entry.external_attr & 0x10:
                    raise BundleError(f"member {entry.filename!r} is a link or a folder", at=at, do=_COPY)
                if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise BundleError(f"member {entry.filename!r} is packed in an unknown way", at=at, do=_COPY)
            if entries and (
                min(entry.header_offset for entry in entries) != 0 or sum(entry.compress_size for entry in entries) > len(data)
            ):
                raise BundleError("members overlap, or something stands before the first", at=at, do=_COPY)
            check_sizes(sum(entry.file_size for entry in entries), len(data), file)
            return {entry.filename: _read(archive, entry) for entry in entries}
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        IndexError,
        OverflowError,
    ) as error:
        raise BundleError(f"the zip is damaged: {error}", at=at, do=_COPY) from error


def check_name(name: str, file: str) -> None:
    """Refuse a name that could leave its folder or that no bundle has.

    Raises
    ------
    BundleError
    """
    if len(name) > 128 or not _NAME.fullmatch(name) or ".." in name:
        raise BundleError(
            f"a member may not be named {name[:80]!r}",
            at=At(file=file or None),
            do="names are plain and end in .json, .onnx or .safetensors",
        )


def check_sizes(content: int, packed: int | None, file: str) -> None:
    """Refuse more content than a model has, or than so small a file can honestly hold.

    Parameters
    ----------
    content : bytes unpacked
    packed : bytes of the file; None where not known yet

    Raises
    ------
    BundleError
    """
    at = At(file=file or None)
    if content > MOST_CONTENT_BYTES:
        raise BundleError(
            f"{content:,} bytes of content, at most {MOST_CONTENT_BYTES:,} are allowed", at=at, do="this is not a model of Andon"
        )
    if packed is not None and content > _BOMB_BYTES and content > _BOMB_RATIO * packed:
        raise BundleError(f"{content:,} bytes of content out of a file of {packed:,}", at=at, do="this is a zip bomb, not a model of Andon")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The declared size bounds what is unpacked: a longer stream is never expanded, and fails its checksum."""
    with archive.open(entry) as stream:
        return stream.read(entry.file_size)
