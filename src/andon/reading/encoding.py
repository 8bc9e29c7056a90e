"""Any text file as UTF-8: unpacked, its encoding found from all of its bytes."""

from __future__ import annotations

import codecs
import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from andon.plant.errors import At, ReadingError

_CHUNK = 1 << 22
_IN_MEMORY = 64 << 20
_SAMPLE = 1 << 20


@dataclass(frozen=True, slots=True)
class Text:
    """UTF-8 text of a file, in memory or on disk.

    Attributes
    ----------
    source : the bytes, or a path of a file that is UTF-8
    encoding : what it was
    compression : "", "gz" or "zst"
    size : bytes of the source
    """

    source: bytes | Path
    encoding: str
    compression: str
    size: int

    def start(self, size: int = 1 << 18) -> str:
        """The first `size` bytes as text, to the last whole line."""
        if isinstance(self.source, bytes):
            raw = self.source[:size]
        else:
            with self.source.open("rb") as file:
                raw = file.read(size)
        raw = raw.removeprefix(codecs.BOM_UTF8)
        if self.size > size:
            raw = raw[: raw.rfind(b"\n") + 1] or raw
        return raw.decode("utf-8", errors="replace")

    def whole(self) -> str:
        """All of the text. For small files."""
        return (self.source if isinstance(self.source, bytes) else self.source.read_bytes()).decode("utf-8-sig", errors="replace")


def _open(path: Path) -> tuple[IO[bytes], str]:
    with path.open("rb") as file:
        magic = file.read(4)
    if magic[:2] == b"\x1f\x8b":
        return cast(IO[bytes], gzip.open(path, "rb")), "gz"
    if magic == b"\x28\xb5\x2f\xfd":
        try:
            import zstandard
        except ImportError as error:
            raise ReadingError(
                "zst files need the package zstandard", at=At(file=str(path)), do="install it, or unpack the file"
            ) from error
        return cast(IO[bytes], zstandard.open(path, "rb")), "zst"
    return path.open("rb"), ""


def find_encoding(sample: bytes, valid_utf8: bool) -> str:
    """The encoding of a text: "utf-8", "utf-16-le", "utf-16-be", "gb18030" or "cp1252".

    Parameters
    ----------
    sample : the first bytes; those with the high bit set decide between GB18030 and cp1252
    valid_utf8 : whether all bytes of the file are valid UTF-8

    Notes
    -----
    In GB18030 bytes with the high bit come in pairs whose characters lie in the common planes (GB 2312, 0xB0-0xF7);
    in cp1252 they stand alone between ASCII letters (a degree sign, an umlaut).
    """
    if sample.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if sample.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    head = sample[:4096]
    if len(head) >= 4:
        odd, even = head[1::2].count(0) / (len(head) // 2), head[::2].count(0) / (len(head) // 2)
        if odd > 0.3 and even < 0.05:
            return "utf-16-le"
        if even > 0.3 and odd < 0.05:
            return "utf-16-be"
    if valid_utf8:
        return "utf-8"
    high = pairs = common = 0
    at = 0
    while at < len(sample):
        if sample[at] < 0x80:
            at += 1
            continue
        if at + 1 < len(sample) and sample[at + 1] >= 0x80:
            pairs += 1
            common += 0xB0 <= sample[at] <= 0xF7 and sample[at + 1] >= 0xA1
            high += 2
            at += 2
        else:
            high += 1
            at += 1
    return "gb18030" if 2 * pairs > 0.5 * high and common > 0.5 * pairs else "cp1252"


def _high_bytes(path: Path) -> tuple[bytes, bool, int, str]:
    """A sample that holds the bytes with the high bit, whether all is UTF-8, the size, the compression."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    sample, size, valid = b"", 0, True
    stream, compression = _open(path)
    with stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if len(sample) < _SAMPLE and (not sample or not chunk.isascii()):
                sample += chunk if not sample else chunk[:_SAMPLE]
            if valid:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    valid = False
                    # Two-byte encodings need the parity of each byte, so the piece begins at an even place.
                    low = max(0, error.start - 2000) // 2 * 2
                    sample += b" " * (len(sample) % 2) + chunk[low : error.start + 2000]
        if valid:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                valid = False
    return sample, valid, size, compression


@contextmanager
def open_text(path: Path) -> Iterator[Text]:
    """The file as UTF-8 text for the length of the block; unpacked copies vanish with it.

    Raises
    ------
    ReadingError : the file is empty, cannot be opened, or its archive is damaged
    """
    at = At(file=str(path))
    try:
        sample, valid, size, compression = _high_bytes(path)
    except (OSError, EOFError, zlib.error) as error:
        raise ReadingError(f"cannot be read: {getattr(error, 'strerror', None) or error}", at=at, do="check the file") from error
    except Exception as error:
        if type(error).__name__ != "ZstdError":
            raise
        raise ReadingError(f"cannot be unpacked: {error}", at=at, do="copy the file again") from error
    if not sample.strip():
        raise ReadingError("the file is empty", at=at, do="export it again, or leave it out")
    encoding = find_encoding(sample, valid)
    if encoding == "utf-8" and not compression:
        yield Text(path, encoding, compression, size)
        return
    with tempfile.TemporaryDirectory(prefix="andon-") as folder:
        copy = Path(folder) / "text"
        stream, _ = _open(path)
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        with stream, copy.open("wb") as out:
            first = True
            while True:
                chunk = stream.read(_CHUNK)
                text = decoder.decode(chunk, final=not chunk)
                out.write(text.removeprefix("\ufeff").encode("utf-8") if first else text.encode("utf-8"))
                first = False
                if not chunk:
                    break
        size = copy.stat().st_size
        yield Text(copy.read_bytes() if size <= _IN_MEMORY else copy, encoding, compression, size)
