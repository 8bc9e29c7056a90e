"""The ledger in one file, and its verification without the service.

    {"kind": "andon-ledger", "schema_version": 1, "at": ..., "entries": N}
    the entries, a line each, byte for byte as in the ledger
    {"head": {...}} a line each, the signed heads

What `verify_ledger` needs stands in the file, but for the one thing that must come from elsewhere: the public key that is trusted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from andon.plant.errors import At, StoreError
from andon.store.durable_write import durable_write
from andon.store.ledger import START, Break, Entry, Ledger, check_chain, parse_line
from andon.store.signed_heads import SignedHead, head_line, heads_file, parse_head, read_heads

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found.

    Attributes
    ----------
    entries : how many there are
    head : number and hash of the last one; compare it with one that was kept elsewhere
    breaks : every place where it does not hold; empty when all is well. Kinds beside those of the chain: "forged" (a head whose signature
        does not hold), "foreign" (signed with a key that is not trusted)
    signed : number of the last entry below a head that holds; what follows is not protected by a signature yet
    keys : public keys that signed
    trusted : True where the caller named trusted keys and every head is signed with one of them
    """

    entries: int
    head: tuple[int, str]
    breaks: tuple[Break, ...]
    signed: int
    keys: tuple[str, ...]
    trusted: bool

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.breaks


def export_ledger(ledger: Ledger, path: str | os.PathLike[str], *, at: int) -> int:
    """Write entries and signed heads into one file; the number of entries. Appending may go on meanwhile.

    Raises
    ------
    StoreError : the disk refuses
    """
    number, _ = ledger.head()
    heads = [head for head in read_heads(heads_file(ledger)) if head.number <= number]
    with durable_write(path) as file:
        file.write(
            (json.dumps({"kind": "andon-ledger", "schema_version": SCHEMA_VERSION, "at": at, "entries": number}) + "\n").encode("ascii")
        )
        for _, text, entry in ledger.lines():
            if entry is not None and entry.number > number:
                break
            file.write(text if text.endswith(b"\n") else text + b"\n")
        for head in heads:
            file.write(head_line(head))
    return number


def verify_ledger(path: str | os.PathLike[str], *, trusted: Iterable[str] = (), known_head: tuple[int, str] | None = None) -> Verified:
    """Verify an exported file, or the ledger of a folder with the heads beside it.

    Parameters
    ----------
    path : of either kind
    trusted : public keys; where none is named, a head only shows that its own key signed it
    known_head : one that was kept elsewhere; it must be in the chain

    Raises
    ------
    StoreError : the file cannot be read, or is neither
    """
    source, wanted = Path(path), list(trusted)
    about, lines, heads = _open(source)
    known = [(head.number, head.hash) for head in heads if head.holds()]
    extra = [known_head] if known_head is not None else []
    last, count = (0, START), 0

    def counted() -> Iterator[tuple[int, bytes, Entry | None]]:
        nonlocal last, count
        for item in lines:
            if item[2] is not None:
                last, count = (item[2].number, item[2].hash), count + 1
            yield item

    breaks = list(check_chain(counted(), [*known, *extra]))
    if about is not None and not breaks and count != about:
        breaks.append(Break(0, "cut-off"))
    breaks += [Break(0, "forged") for head in heads if not head.holds()]
    breaks += [Break(0, "foreign") for head in heads if wanted and head.holds() and head.key not in wanted]
    sure = [head for head in heads if head.holds() and (not wanted or head.key in wanted)]
    keys = tuple(dict.fromkeys(head.key for head in heads))
    signed = max((head.number for head in sure), default=0)
    return Verified(count, last, tuple(breaks), signed, keys, bool(wanted) and bool(heads) and len(sure) == len(heads))


def _open(path: Path) -> tuple[int | None, list[tuple[int, bytes, Entry | None]], list[SignedHead]]:
    """Entries that the file says it has (None of a ledger in its folder), lines, heads."""
    try:
        texts = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(path)), do="check the path") from error
    first: object = None
    with suppress(ValueError):
        first = json.loads(texts[0]) if texts else None
    if not isinstance(first, dict):
        raise StoreError("neither a ledger nor an export of one", at=At(file=str(path)), do="name the right file")
    if "kind" not in first:
        ledger = Ledger(path)
        return None, list(ledger.lines()), read_heads(heads_file(ledger))
    if first["kind"] != "andon-ledger" or first.get("schema_version") != SCHEMA_VERSION:
        what = f"{first['kind']!r} of schema version {first.get('schema_version')!r}, this Andon knows 'andon-ledger' of 1"
        raise StoreError(what, at=At(file=str(path)), do="name the right file, or update Andon")
    lines: list[tuple[int, bytes, Entry | None]] = []
    heads: list[SignedHead] = []
    for line, text in enumerate(texts[1:], start=2):
        head = parse_head(text)
        if head is not None:
            heads.append(head)
        else:
            lines.append((line, text, parse_line(text)))
    entries = first.get("entries")
    return entries if isinstance(entries, int) else -1, lines, heads
