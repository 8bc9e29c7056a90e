"""Secrets that are made here, long and random: only their hash is kept, so that whoever reads the database cannot use them."""

from __future__ import annotations

import secrets
from hashlib import sha256


def new_secret(prefix: str = "") -> tuple[str, str]:
    """A new secret of 256 random bits and the hash to keep.

    Parameters
    ----------
    prefix : in front of it, so that people and scanners recognise what leaked, such as "andon_"
    """
    text = prefix + secrets.token_urlsafe(32)
    return text, hash_secret(text)


def hash_secret(text: str) -> str:
    """The hash under which a secret is kept. Fit for random secrets only; passwords need argon2."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
