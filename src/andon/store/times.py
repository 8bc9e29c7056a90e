"""Instants as text that keeps every nanosecond, for files that people and programs read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from andon.plant.time import NS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_text(ns: int) -> str:
    """ISO 8601, UTC, with as many decimals as the instant has (0 to 9)."""
    seconds, rest = divmod(int(ns), NS)
    whole = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    whole = whole if len(whole) == 19 else whole.rjust(19, "0")  # strftime does not pad years before 1000
    return f"{whole}{f'.{rest:09d}'.rstrip('0') if rest else ''}Z"


def from_text(text: str) -> int:
    """ns UTC of what `to_text` wrote.

    Raises
    ------
    ValueError : anything else
    """
    try:
        whole, _, rest = text.removesuffix("Z").partition(".")
        delta = datetime.fromisoformat(whole + "+00:00") - _EPOCH
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{text!r} is not a time in UTC") from error
    if not text.endswith("Z") or len(rest) > 9 or (rest and not rest.isdigit()):
        raise ValueError(f"{text!r} is not a time in UTC")
    return (delta.days * 86_400 + delta.seconds) * NS + int(rest.ljust(9, "0") if rest else 0)
