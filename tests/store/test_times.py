"""Times as text keep every nanosecond."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.store.times import from_text, to_text


@settings(deadline=None)
@given(st.integers(-(2**62), 2**62))
def test_round_trip(ns: int) -> None:
    assert from_text(to_text(ns)) == ns


def test_by_hand() -> None:
    assert to_text(0) == "1970-01-01T00:00:00Z"
    assert to_text(1_500_000_001) == "1970-01-01T00:00:01.500000001Z"
    assert to_text(-1) == "1969-12-31T23:59:59.999999999Z"
    assert to_text(1_790_000_000_000_000_000) == "2026-09-21T14:13:20Z"


@pytest.mark.parametrize("text", ["", "now", "2026-09-21T14:13:20", "2026-09-21T14:13:20.1234567890Z", "2026-09-21T14:13:20.x1Z", None])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time in UTC"):
        from_text(text)
