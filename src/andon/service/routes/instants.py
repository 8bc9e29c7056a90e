"""Moments in requests and answers: ISO 8601 text at the edge, ns inside."""

from __future__ import annotations

from datetime import UTC, datetime

from andon.plant.errors import AskUserError, At
from andon.plant.time import NS


def to_ns(text: str, name: str) -> int:
    """ns UTC of ISO 8601 text with an offset or Z, or of Unix seconds.

    Raises
    ------
    AskUserError : it is neither
    """
    try:
        if text.replace(".", "", 1).removeprefix("-").isdigit():
            return round(float(text) * NS)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * NS + moment.microsecond * 1000
    except (ValueError, OverflowError) as error:
        raise AskUserError(f"{text[:60]!r} is no moment", at=At(key=name), do='write it like "2026-11-24T10:15:00Z"') from error


def to_text(ns: int | None) -> str:
    """ISO 8601 text, UTC, to the ms where there are any; empty for None."""
    if ns is None:
        return ""
    whole, rest = divmod(ns, NS)
    text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest // 10**6:03d}Z" if rest >= 10**6 else f"{text}Z"
