"""The language of whoever asks: that of the signed-in user, else what the browser prefers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.plant.messages import choose_language


def language_of(scope: Mapping[str, Any]) -> str:
    """The language of a request, from its ASGI scope."""
    known = getattr(scope.get("user"), "language", "")
    if known:
        return str(known)
    preferred = next((value for name, value in scope.get("headers", ()) if name == b"accept-language"), b"")
    return choose_language(preferred.decode("latin-1").strip() or "en")
