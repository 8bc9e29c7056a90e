"""`andon ledger`: verify the ledger of a plant or an exported file, without the service; export it with its signed heads."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from andon.plant.errors import AskUserError, At, UsageError
from andon.project.live.places import Places
from andon.scoring.signing import read_public
from andon.store.ledger_export import Verified, export_ledger, verify_ledger


def verify(path: str | os.PathLike[str], *, trusted: Sequence[str] = (), known_head: str = "") -> Verified:
    """Every changed, removed or reordered entry of a ledger in its folder, or of an exported file.

    Parameters
    ----------
    path : ledger.jsonl, or an export
    trusted : public keys, each `ed25519:…` or a file that holds one; signed heads must be of them
    known_head : "NUMBER:HASH" of an entry that was written down elsewhere

    Raises
    ------
    AskUserError : there is no such file, or a key cannot be read
    StoreError : the file is no ledger
    UsageError : `known_head` is none
    """
    source = Path(path)
    if not source.is_file():
        raise AskUserError(
            "there is no ledger", at=At(file=str(source)), do="name ledger.jsonl in the folder of models, or an export of it"
        )
    keys = [read_public(item) if item.startswith("ed25519:") else _key(item) for item in trusted]
    return verify_ledger(source, trusted=keys, known_head=_head(known_head) if known_head else None)


def export(places: Places, path: str | os.PathLike[str]) -> int:
    """Write entries and signed heads into one file; the number of entries. The service may run meanwhile.

    Raises
    ------
    AskUserError : there is no ledger yet
    StoreError : the disk refuses
    """
    ledger = places.models.ledger
    if not ledger.path.exists():
        raise AskUserError("there is no ledger yet", at=At(file=str(ledger.path)), do=f"train a model first: andon train {places.file}")
    return export_ledger(ledger, path, at=time.time_ns())


def _key(file: str) -> str:
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise AskUserError(
            f"cannot read the key: {reason}", at=At(file=file), do="name a public key, ed25519:… or a file with one"
        ) from error
    return read_public(text)


def _head(text: str) -> tuple[int, str]:
    number, _, hash_ = text.partition(":")
    if not number.isdigit() or len(hash_) != 64:
        raise UsageError(f"{text[:80]!r} is no head", do="write NUMBER:HASH as andon ledger verify prints it")
    return int(number), hash_
