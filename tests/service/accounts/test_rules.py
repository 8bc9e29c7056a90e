"""The rules of signing in: passwords, CSRF tokens."""

from __future__ import annotations

import pytest

from andon.plant.errors import AskUserError
from andon.service.accounts import passwords, secrets_kept


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


def test_the_csrf_token_follows_from_the_session_and_nothing_else_passes() -> None:
    one, other = secrets_kept.csrf_of("one"), secrets_kept.csrf_of("other")
    assert one != other
    assert "one" not in one
    assert secrets_kept.same(one, secrets_kept.csrf_of("one"))
    assert not secrets_kept.same(one, other)
    assert not secrets_kept.same("", "")
    assert not secrets_kept.same("\udcff", one)
