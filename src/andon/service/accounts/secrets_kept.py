"""Secrets that a caller carries: session cookies, API tokens, the one-time link. Only their hashes are kept."""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import sha256

TOKEN_PREFIX = "andon"


def new_secret() -> str:
    """256 random bits, for a cookie or link."""
    return secrets.token_urlsafe(32)


def new_token() -> tuple[str, str]:
    """Id and whole text `andon_<id>_<secret>` of an API token; leaks are found by the prefix."""
    name = secrets.token_hex(4)
    return name, f"{TOKEN_PREFIX}_{name}_{secrets.token_hex(32)}"


def token_id(text: str) -> str | None:
    """The id within the text of a token; None where it is none."""
    parts = text.split("_")
    return parts[1] if len(parts) == 3 and parts[0] == TOKEN_PREFIX and len(parts[2]) == 64 else None


def kept(secret: str) -> str:
    """What is kept of a secret: its SHA-256. It has 256 random bits, so no slow hash is needed."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Equal, in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def csrf_of(session_secret: str) -> str:
    """The CSRF token of a session: bound to its secret, so nothing more is kept."""
    return base64.urlsafe_b64encode(hmac.digest(session_secret.encode("utf-8", "surrogatepass"), b"csrf", "sha256")).decode().rstrip("=")
