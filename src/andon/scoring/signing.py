"""Ed25519 keys and signatures: who made this model.

A private key is PEM (PKCS 8), optionally locked with a passphrase; a public key is one line, `ed25519:` and 64 hex
digits, that people can read to each other. `cryptography` is imported only here, inside functions.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.plant.errors import AskUserError, At, BundleError, StoreError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "ed25519"
_PUBLIC = re.compile(r"ed25519:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Keys:
    """A new pair.

    Attributes
    ----------
    private : PEM; keep it secret
    public : "ed25519:" and 64 hex digits; give it to whoever loads models
    """

    private: bytes
    public: str

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Keys(public={self.public!r})"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that was verified.

    Attributes
    ----------
    public : the public key that made it
    trusted : True where the caller named that key as trusted
    """

    public: str
    trusted: bool

    @property
    def key_id(self) -> str:
        """Short name of the key, as `key_id` gives it."""
        return key_id(self.public)


def new_keys(passphrase: str | None = None) -> Keys:
    """Make a pair from the operating system's randomness."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    lock: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase.encode("utf-8")) if passphrase else serialization.NoEncryption()
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    return Keys(private, _public_text(key))


def write_keys(keys: Keys, path: str | os.PathLike[str], public_path: str | os.PathLike[str] | None = None) -> tuple[Path, Path]:
    """Write `path` (private, readable by its owner alone) and `public_path`, else `path`.pub; never over an existing file.

    Returns
    -------
    private, public : the two paths

    Raises
    ------
    AskUserError : one of the files exists
    StoreError : the folder refuses
    """
    private, public = Path(path), Path(public_path if public_path is not None else f"{os.fspath(path)}.pub")
    for existing in (private, public):
        if existing.exists():
            raise AskUserError(
                "a key stands there already", at=At(file=str(existing)), do="choose another name; an overwritten key is lost"
            )
    try:
        private.parent.mkdir(parents=True, exist_ok=True)
        for file, text, mode in ((private, keys.private, 0o600), (public, keys.public.encode() + b"\n", 0o644)):
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode), "wb") as out:
                out.write(text)
    except OSError as error:
        raise StoreError(
            f"cannot write the key: {error.strerror or error}", at=At(file=str(private)), do="choose another folder"
        ) from error
    return private, public


def sign(data: bytes, private: bytes, passphrase: str | None = None) -> dict[str, str]:
    """Sign `data`.

    Returns
    -------
    {"algorithm", "public_key", "signature"}, texts

    Raises
    ------
    AskUserError : not an Ed25519 private key, or a wrong passphrase
    """
    key = _private_key(private, passphrase)
    return {"algorithm": ALGORITHM, "public_key": _public_text(key), "signature": key.sign(data).hex()}


def verify(data: bytes, signature: object) -> str:
    """The public key that signed `data`.

    Parameters
    ----------
    signature : what `sign` returned, or whatever a file held in its place

    Raises
    ------
    BundleError : not a signature, or it does not fit the data
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    again = "the file was changed after signing; get it again from whoever made it"
    if not isinstance(signature, dict) or set(signature) != {"algorithm", "public_key", "signature"}:
        raise BundleError("the signature has an unknown shape", do=again)
    public, raw = signature["public_key"], signature["signature"]
    if signature["algorithm"] != ALGORITHM or not isinstance(public, str) or not _PUBLIC.fullmatch(public):
        raise BundleError("the signature is not of a known kind", do=again)
    if not isinstance(raw, str) or not re.fullmatch(r"[0-9a-f]{128}", raw):
        raise BundleError("the signature has an unknown shape", do=again)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public.removeprefix("ed25519:"))).verify(bytes.fromhex(raw), data)
    except (InvalidSignature, ValueError) as error:
        raise BundleError("the signature does not fit the content", do=again) from error
    return public


def read_public(text: str) -> str:
    """A public key from its text, with spaces and a final newline allowed.

    Raises
    ------
    AskUserError : not a public key
    """
    key = text.strip()
    if not _PUBLIC.fullmatch(key):
        raise AskUserError(f"{text.strip()[:80]!r} is not a public key", do='it reads "ed25519:" and 64 hex digits, as the .pub file holds')
    return key


def key_id(public: str) -> str:
    """Eight hex digits that name a public key in tables and ledgers."""
    return sha256(public.encode("ascii")).hexdigest()[:8]


def _private_key(private: bytes, passphrase: str | None) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        key: Any = serialization.load_pem_private_key(private, passphrase.encode("utf-8") if passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AskUserError(
            "the private key cannot be read", do="check the file and its passphrase; make one with: andon keys new"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise AskUserError("the private key is not an Ed25519 key", do="make one with: andon keys new")
    return key


def _public_text(key: Ed25519PrivateKey) -> str:
    from cryptography.hazmat.primitives import serialization

    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"ed25519:{raw.hex()}"
