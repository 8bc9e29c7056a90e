"""Signed heads: now and then the last entry is signed, so that whoever has the public key sees what was changed before it.

The key (Ed25519, PEM) stays with the service; its public half, `ed25519:` and 64 hex digits, goes to whoever verifies. Heads stand
in `<ledger>.heads`, a JSON object a line. A forger without the key cannot make the ledger say something else below a signed head; he
can still cut off what came after the last one, and this shows in `.head` and in any head that was kept elsewhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from andon.plant.errors import At, StoreError
from andon.store.ledger import Ledger

_TAIL = 8_192  # some twenty heads: a torn one may stand behind the last

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class SignedHead:
    """One signed head.

    Attributes
    ----------
    number, hash : of the last entry when it was signed
    at : ns UTC
    key : public key, "ed25519:" and 64 hex digits
    signature : 128 hex digits, over `signed_bytes`
    """

    number: int
    hash: str
    at: int
    key: str
    signature: str

    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        return json.dumps(["andon-ledger-head", self.number, self.hash, self.at], separators=(",", ":")).encode("ascii")

    def holds(self) -> bool:
        """Whether the signature is that of the key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.key.removeprefix("ed25519:")))
            public.verify(bytes.fromhex(self.signature), self.signed_bytes())
        except (InvalidSignature, ValueError):
            return False
        return self.key.startswith("ed25519:")


def heads_file(ledger: Ledger) -> Path:
    """Where the heads of a ledger stand."""
    return ledger.path.with_name(ledger.path.name + ".heads")


def sign_head(ledger: Ledger, key_file: str | os.PathLike[str], *, at: int) -> SignedHead | None:
    """Sign the last entry and keep the head; None where it is signed already, or the ledger is empty.

    Parameters
    ----------
    key_file : PEM without a passphrase; made where absent, readable by its owner alone

    Raises
    ------
    StoreError : the key cannot be read or made, or the disk refuses
    """
    number, hash_ = ledger.head()
    path = heads_file(ledger)
    before = _last_head(path)
    if not number or (before is not None and (before.number, before.hash) == (number, hash_)):
        return None
    key = _key(Path(key_file))
    public = "ed25519:" + key.public_key().public_bytes_raw().hex()
    head = SignedHead(number, hash_, at, public, "")
    head = SignedHead(number, hash_, at, public, key.sign(head.signed_bytes()).hex())
    size = -1
    try:
        with open(path, "a+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
            torn = bool(size) and file.read(1) != b"\n"
            file.write((b"\n" if torn else b"") + head_line(head))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            if size >= 0:
                os.truncate(path, size)
        what = f"cannot write the signed heads: {error.strerror or error}"
        raise StoreError(what, at=At(file=str(path)), do="free some space and try again") from error
    return head


def read_heads(path: Path) -> list[SignedHead]:
    """The heads of a file, oldest first; what is no head is left out.

    Raises
    ------
    StoreError : the disk refuses
    """
    try:
        return [head for text in path.read_bytes().splitlines() if (head := parse_head(text)) is not None]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(path)), do="check the folder") from error


def _last_head(path: Path) -> SignedHead | None:
    """The last head of a file, read from its end; None where there is none there.

    Raises
    ------
    StoreError : the disk refuses
    """
    try:
        with open(path, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            heads = [head for text in file.read().splitlines() if (head := parse_head(text)) is not None]
            return heads[-1] if heads else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(path)), do="check the folder") from error


def head_line(head: SignedHead) -> bytes:
    """The line of a head."""
    row = {"number": head.number, "hash": head.hash, "at": head.at, "key": head.key, "signature": head.signature}
    return (json.dumps({"head": row}) + "\n").encode("ascii")


def parse_head(text: bytes) -> SignedHead | None:
    """The head of a line; None of anything else. Fields that a later Andon adds are passed over."""
    with suppress(ValueError, KeyError, TypeError):
        row = json.loads(text)["head"]
        head = SignedHead(row["number"], row["hash"], row["at"], row["key"], row["signature"])
        if all(isinstance(value, int) for value in (head.number, head.at)) and all(
            isinstance(value, str) for value in (head.hash, head.key, head.signature)
        ):
            return head
    return None


def forged(heads: Iterable[SignedHead]) -> list[SignedHead]:
    """Heads whose signature does not hold."""
    return [head for head in heads if not head.holds()]


def _key(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        if not path.exists():
            key = Ed25519PrivateKey.generate()
            pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            return key
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise StoreError(f"cannot use the key: {error.strerror or error}", at=At(file=str(path)), do="check the path") from error
    except (ValueError, TypeError) as error:
        raise StoreError("not a private key without a passphrase", at=At(file=str(path)), do="name another file") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise StoreError("not an Ed25519 key", at=At(file=str(path)), do="name another file")
    return found
