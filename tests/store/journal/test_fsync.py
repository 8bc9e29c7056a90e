"""The policy is written as people say it."""

from __future__ import annotations

import pytest

from andon.plant.errors import AskUserError
from andon.store.journal import Fsync


@pytest.mark.parametrize(("text", "every"), [("batch", 0), ("never", None), ("100ms", 100_000_000), ("2s", 2_000_000_000)])
def test_there_and_back(text: str, every: int | None) -> None:
    policy = Fsync.parse(text)
    assert policy.every == every
    assert str(policy) == text


@pytest.mark.parametrize(("text", "do"), [("sometimes", '"batch", "never" or a duration'), ("0s", 'write "batch"')])
def test_what_is_no_policy(text: str, do: str) -> None:
    with pytest.raises(AskUserError, match=f"'{text}' is not an fsync policy") as caught:
        Fsync.parse(text)
    assert do in caught.value.do
