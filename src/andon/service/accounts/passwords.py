"""Passwords: argon2id, and what may be one.

The only rules are length and not being the name (NIST SP 800-63B-4: no composition rules, no forced change).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from andon.plant.errors import AskUserError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 256


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher, profiles

    return PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)


def check(password: str, user: str) -> None:
    """Refuse what is no good password.

    Raises
    ------
    AskUserError : too short, too long, or the name itself
    """
    if len(password) < SHORTEST:
        raise AskUserError(f"the password has {len(password)} characters", do=f"use at least {SHORTEST}; a sentence is fine")
    if len(password) > LONGEST:
        raise AskUserError(f"the password has {len(password)} characters", do=f"use at most {LONGEST}")
    if password.casefold().replace(" ", "") in {user.casefold(), user.casefold() * 2, user.casefold() * 3}:
        raise AskUserError("the password is the user's name", do="use another")
    if len(set(password)) < 4:
        raise AskUserError("the password repeats very few characters", do="use another")


def hashed(password: str) -> str:
    """The argon2id hash to keep (RFC 9106, second recommended option)."""
    return _hasher().hash(password)


def matches(kept: str, password: str) -> bool:
    """True where it is the password; takes as long for a wrong one, and for a name that does not exist (`kept` empty)."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(kept or _nobody(), password) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def is_old(kept: str) -> bool:
    """True where the hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(kept)


@cache
def _nobody() -> str:
    return _hasher().hash("the password of nobody")
