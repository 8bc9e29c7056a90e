"""The rules of signing in: waiting after failures, passwords, secrets."""

from __future__ import annotations

import pytest
from andon.service.accounts.lock_out import FORGET_NS, FREE, LONGEST_NS, Failures, after_failure, waits_until
from hypothesis import given
from hypothesis import strategies as st

from andon.plant.errors import AskUserError
from andon.plant.time import NS
from andon.service.accounts import passwords, secrets_kept


def test_the_first_failures_are_free_then_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    failures, now, waits = Failures(), 10**18, []
    for _ in range(20):
        failures = after_failure(failures, now)
        waits.append(max(0, waits_until(failures) - now))
    assert waits[: FREE - 1] == [0] * (FREE - 1)
    assert waits[FREE - 1 : FREE + 3] == [NS, 2 * NS, 4 * NS, 8 * NS]
    assert waits[-1] == LONGEST_NS


@given(st.lists(st.integers(0, 3 * FORGET_NS), min_size=1, max_size=50))
def test_nobody_waits_longer_than_a_quarter_of_an_hour_after_the_last_try(gaps: list[int]) -> None:
    failures, now = Failures(), 10**18
    for gap in gaps:
        now += gap
        failures = after_failure(failures, now)
        assert waits_until(failures) <= now + LONGEST_NS
        if gap > FORGET_NS:
            assert failures.count == 1


@pytest.mark.parametrize(
    ("password", "user", "told"),
    [
        ("short", "kim", "has 5 characters"),
        ("x" * 300, "kim", "has 300 characters"),
        ("Administrator", "administrator", "is the user's name"),
        ("kimberly kimberly", "kimberly", "is the user's name"),
        ("abababababababab", "kim", "repeats very few"),
    ],
)
def test_what_is_no_good_password_is_refused_with_the_reason(password: str, user: str, told: str) -> None:
    with pytest.raises(AskUserError, match=told):
        passwords.check(password, user)


def test_a_sentence_is_a_password_and_only_its_hash_is_kept() -> None:
    sentence = "der Ofen drei läuft 好"
    passwords.check(sentence, "kim")
    kept = passwords.hashed(sentence)
    assert kept.startswith("$argon2id$")
    assert sentence not in kept
    assert passwords.matches(kept, sentence)
    assert not passwords.matches(kept, sentence + " ")
    assert not passwords.is_old(kept)


def test_a_name_that_does_not_exist_never_matches() -> None:
    assert not passwords.matches("", "the password of nobody")
    assert not passwords.matches("no hash", "anything at all")


def test_tokens_and_cookies_are_known_by_hash_alone() -> None:
    name, text = secrets_kept.new_token()
    assert secrets_kept.token_id(text) == name
    assert secrets_kept.token_id("andon_x_y") is None
    assert secrets_kept.token_id(text.replace("_", "")) is None
    assert text not in secrets_kept.kept(text)
    one, other = secrets_kept.new_secret(), secrets_kept.new_secret()
    assert secrets_kept.csrf_of(one) != secrets_kept.csrf_of(other)
    assert secrets_kept.same(secrets_kept.csrf_of(one), secrets_kept.csrf_of(one))
