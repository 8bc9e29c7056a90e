"""What follows from the secret of a session: its CSRF token, and comparison in constant time."""

from __future__ import annotations

import base64
import hmac


def same(one: str, other: str) -> bool:
    """Equal, in constant time, and not both empty."""
    return bool(other) and hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def csrf_of(session_secret: str) -> str:
    """The CSRF token of a session: bound to its secret, so nothing more is kept."""
    return base64.urlsafe_b64encode(hmac.digest(session_secret.encode("utf-8", "surrogatepass"), b"csrf", "sha256")).decode().rstrip("=")
