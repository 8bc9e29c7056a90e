"""Signing in and out, tokens, users: the rules, over the database that keeps the records."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from andon.plant.clock import Clock
from andon.plant.errors import AskUserError, TryAgainError
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, NS
from andon.service.accounts import passwords
from andon.service.accounts.secrets_kept import csrf_of
from andon.service.callers import Caller
from andon.service.problems import Refusal
from andon.service.schema import Role
from andon.store.database import lock_outs, sessions, tokens, users
from andon.store.database.database import Database
from andon.store.database.secret_hashes import hash_secret, new_secret

TOKEN_PREFIX = "andon_"
FIRST_SIGN_IN = "first-sign-in"
NEW_PASSWORD = "new-password"
SCOPES: tuple[str, ...] = ("read", "write", "ingest")
SEEN = "seen"
"""Of a user's data: ns UTC, when a session was ended."""
REMEMBERED_NS = 2 * NS
TRUSTED_NS = HOUR_NS
"""So long a caller stays known while the database gives no answer."""
MOST_REMEMBERED = 4096
LINK_LASTS_NS = HOUR_NS


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """How long a session lasts.

    Attributes
    ----------
    idle : ns without a request, after which it ends
    whole : ns after which it ends in any case
    """

    idle: int = 12 * HOUR_NS
    whole: int = 30 * DAY_NS


class Accounts:
    """Everything about who may sign in.

    Parameters
    ----------
    database : keeps users, sessions, tokens
    clock : what time it is
    times : of sessions
    """

    def __init__(self, database: Database, clock: Clock, times: SessionTimes | None = None) -> None:
        self._database, self._clock, self._times = database, clock, times or SessionTimes()
        self._known: OrderedDict[str, tuple[int, Caller | None]] = OrderedDict()

    # The first start.

    def first_link(self) -> str | None:
        """A new secret for the one-time link of the first administrator; None where there are users already."""
        now = self._clock.now()
        secret, hashed = new_secret()

        def make(connection: Any) -> bool:
            if users.count(connection):
                return False
            sessions.add_link(connection, hashed, FIRST_SIGN_IN, at=now, expires=now + LINK_LASTS_NS)
            return True

        return secret if self._database.write(make) else None

    def first_sign_in(self, secret: str, name: str, password: str, language: str) -> tuple[str, Caller]:
        """Make the first administrator with a one-time link, and sign him in.

        Raises
        ------
        Refusal : 403, the link is unknown, was used or has expired, or there are users already
        AskUserError : the name or the password will not do
        """
        name = _clean_name(name)
        passwords.check(password, name)
        hashed, now = passwords.hashed(password), self._clock.now()

        def make(connection: Any) -> bool:
            if users.count(connection) or sessions.use_link(connection, hash_secret(secret), FIRST_SIGN_IN, now=now) is None:
                return False
            users.add(connection, name, Role.ADMINISTRATOR.value, hashed, at=now, data={"language": language})
            return True

        if not self._database.write(make):
            raise Refusal(403, "link-used", "this link was used or has expired", do="start the service again: it prints a new one")
        return self._open(name, now)

    # A password for somebody who has none, or lost it.

    def password_link(self, name: str, lasts: int = DAY_NS) -> str:
        """A secret with which a user chooses a password, once and within `lasts` (ns). Links made before are good no more.

        Raises
        ------
        AskUserError : no such user, or he may not sign in
        """
        now = self._clock.now()
        secret, hashed = new_secret()

        def make(connection: Any) -> None:
            user = users.get(connection, name)
            if user is None:
                raise AskUserError(f"there is no user {name!r}", do="see the users: andon user list")
            if not user.enabled:
                raise AskUserError(f"{name!r} is disabled", do=f"let him in again first: andon user enable {name}")
            sessions.drop_links(connection, NEW_PASSWORD, {"user": name})
            sessions.add_link(connection, hashed, NEW_PASSWORD, at=now, expires=now + lasts, data={"user": name})

        self._database.write(make)
        return secret

    def choose_password(self, secret: str, password: str) -> tuple[str, Caller]:
        """Choose a password with a one-time link, which ends all sessions of before, and sign in.

        Raises
        ------
        Refusal : 403, the link is unknown, was used or has expired, or its user is gone
        AskUserError : the password will not do; the link is still good
        """
        passwords.check(password, "")
        hashed, now = passwords.hashed(password), self._clock.now()

        def choose(connection: Any) -> str:
            data = sessions.use_link(connection, hash_secret(secret), NEW_PASSWORD, now=now)
            user = users.get(connection, str(data["user"])) if data is not None else None
            if user is None or not user.enabled:
                return ""
            passwords.check(password, user.name)
            users.change(connection, user.name, at=now, password_hash=hashed)
            return user.name

        name = self._database.write(choose)
        if not name:
            raise Refusal(403, "link-used", "this link was used or has expired", do="ask an administrator for a new one")
        self._known.clear()
        return self._open(name, now)

    # Sessions.

    def sign_in(self, name: str, password: str, address: str) -> tuple[str, Caller]:
        """Sign in; the secret for the cookie and who it is.

        Raises
        ------
        Refusal : 401 wrong name or password, 429 too many tries
        """
        now = self._clock.now()
        # Name and address together: a stranger elsewhere cannot lock out a shift. One address alone is held back by its rate.
        subject = f"{name.casefold()[:200]} from {address}"
        until = self._database.read(lambda connection: lock_outs.locked_until(connection, subject, now=now))
        if until > now:
            wait = -(-(until - now) // NS)
            raise Refusal(429, "too-many-tries", f"too many tries: wait {wait} s", do="then try again", headers={"Retry-After": str(wait)})
        user = self._database.read(lambda connection: users.get(connection, name))
        right = passwords.matches(user.password_hash if user is not None and user.enabled else "", password)
        if user is None or not right:
            self._database.write(lambda connection: lock_outs.failed(connection, subject, now=now))
            raise Refusal(401, "wrong-password", "the name or the password is wrong")
        renewed = passwords.hashed(password) if passwords.is_old(user.password_hash) else None

        def note(connection: Any) -> None:
            lock_outs.succeeded(connection, subject)
            if renewed is not None:
                users.change(connection, name, at=now, password_hash=renewed)

        self._database.write(note)
        return self._open(name, now)

    def sign_out(self, caller: Caller) -> None:
        """End the caller's session; the user was seen now, which the session can no longer tell."""
        now = self._clock.now()

        def end(connection: Any) -> None:
            sessions.close(connection, caller.session)
            user = users.get(connection, caller.name)
            if user is not None:
                users.change(connection, caller.name, at=now, data={**user.data, SEEN: now})

        self._database.write(end)
        self._known.clear()

    def of_session(self, secret: str) -> Caller | None:
        """Who a cookie belongs to; None where it holds no more."""
        return self._remember(hash_secret(secret), lambda hashed, now: self._find_session(secret, hashed, now))

    def of_token(self, text: str) -> Caller | None:
        """Who a bearer token belongs to; None where it holds no more."""
        if not text.startswith(TOKEN_PREFIX):
            return None
        return self._remember(hash_secret(text), self._find_token)

    def at_hand(self, text: str) -> tuple[Caller | None] | None:
        """Who a bearer token belongs to where that was asked a moment ago, and nothing waits; None where it must be looked up."""
        known = self._known.get(hash_secret(text))
        return (known[1],) if known is not None and 0 <= self._clock.now() - known[0] < REMEMBERED_NS else None

    # Users and tokens.

    def everyone(self) -> list[users.User]:
        """All users."""
        return self._database.read(users.everyone)

    def last_seen(self) -> dict[str, int]:
        """user -> ns UTC at which a person was seen last, as far as known."""
        kept = self._database.read(sessions.last_seen)
        told = {user.name: int(user.data.get(SEEN, 0)) for user in self.everyone()}
        return {name: max(at, kept.get(name, 0)) for name, at in told.items() if at or name in kept}

    def add_user(self, name: str, role: Role, password: str | None, data: Mapping[str, Any]) -> users.User:
        """Make a user; without a password he cannot sign in before he chose one by a link.

        Raises
        ------
        AskUserError, ConflictError : the name or the password will not do
        """
        name = _clean_name(name)
        if password is not None:
            passwords.check(password, name)
        hashed, now = passwords.hashed(password) if password is not None else "", self._clock.now()
        return self._database.write(lambda connection: users.add(connection, name, role.value, hashed, at=now, data=data))

    def change_user(
        self,
        name: str,
        *,
        role: Role | None = None,
        password: str | None = None,
        enabled: bool | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> users.User:
        """Change a user; a new password or being disabled ends the sessions.

        Raises
        ------
        AskUserError, RefusedError : no such user, or the last administrator would be gone
        """
        if password is not None:
            passwords.check(password, name)
        hashed = passwords.hashed(password) if password is not None else None
        told = role.value if role is not None else None
        now = self._clock.now()

        def change(connection: Any) -> users.User:
            before = users.get(connection, name)
            merged = None if data is None else {**(before.data if before is not None else {}), **data}
            return users.change(connection, name, at=now, role=told, password_hash=hashed, enabled=enabled, data=merged)

        self._known.clear()
        return self._database.write(change)

    def remove_user(self, name: str) -> None:
        """Remove a user with his sessions and tokens.

        Raises
        ------
        AskUserError, RefusedError : no such user, or the last administrator would be gone
        """
        now = self._clock.now()
        self._known.clear()
        self._database.write(lambda connection: users.remove(connection, name, at=now))

    def every_token(self, user: str | None = None) -> list[tokens.Token]:
        """All tokens, of one user where named."""
        return self._database.read(lambda connection: tokens.every(connection, user))

    def add_token(self, name: str, user: str, scopes: Sequence[str], expires: int | None) -> tuple[str, str]:
        """Make a token; its id, and its whole text, which is shown once.

        Raises
        ------
        AskUserError : no such scope
        """
        wrong = sorted(set(scopes) - set(SCOPES))
        if wrong or not scopes:
            what = f"{wrong[0]!r} is no scope" if wrong else "a token needs a scope"
            raise AskUserError(what, do=f"use one or more of {', '.join(SCOPES)}")
        text, hashed = new_secret(TOKEN_PREFIX)
        key, now = hash_secret(text)[:12], self._clock.now()
        self._database.write(lambda connection: tokens.add(connection, key, hashed, name, user, scopes, at=now, expires=expires))
        return key, text

    def revoke_token(self, key: str) -> bool:
        """End a token; whether it held until now."""
        now = self._clock.now()
        self._known.clear()
        return self._database.write(lambda connection: tokens.revoke(connection, key, at=now))

    # How it works.

    def _open(self, name: str, now: int) -> tuple[str, Caller]:
        secret, hashed = new_secret()
        self._database.write(lambda connection: sessions.open_session(connection, hashed, name, at=now, expires=now + self._times.idle))
        caller = self._find_session(secret, hashed, now)
        assert caller is not None
        return secret, caller

    def _find_session(self, secret: str, hashed: str, now: int) -> Caller | None:
        session = self._database.read(lambda connection: sessions.find(connection, hashed, now=now))
        if session is None or now - session.created > self._times.whole:
            return None
        user = self._database.read(lambda connection: users.get(connection, session.user))
        if user is None:
            return None
        if now - session.seen > MINUTE_NS:
            expires = min(now + self._times.idle, session.created + self._times.whole)
            with suppress(TryAgainError):  # a database that only reads ends the session early, and shuts nobody out now
                self._database.write(lambda connection: sessions.touch(connection, hashed, at=now, expires=expires))
        language = str(user.data.get("language", "en"))
        return Caller(session.user, Role(session.role), None, csrf_of(secret), hashed, "", language)

    def _find_token(self, hashed: str, now: int) -> Caller | None:
        token = self._database.read(lambda connection: tokens.find(connection, hashed, now=now))
        if token is None:
            return None
        if token.seen is None or now - token.seen > MINUTE_NS:
            with suppress(TryAgainError):
                self._database.write(lambda connection: tokens.touch(connection, token.id, at=now))
        return Caller(token.user, Role(token.role), token.scopes, "", "", token.id)

    def _remember(self, hashed: str, find: Any) -> Caller | None:
        """What is known of a secret for two seconds, so that a push of samples does not ask the database each time."""
        now = self._clock.now()
        known = self._known.get(hashed)
        if known is not None and 0 <= now - known[0] < REMEMBERED_NS:
            return known[1]
        try:
            caller: Caller | None = find(hashed, now)
        except TryAgainError:  # nobody can be shut out meanwhile either: who was known a moment ago is known still
            if known is None or not 0 <= now - known[0] < TRUSTED_NS:
                raise
            return known[1]
        self._known[hashed] = (now, caller)
        self._known.move_to_end(hashed)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return caller


def with_language(caller: Caller, language: str) -> Caller:
    """The caller as he wants to be spoken to."""
    return replace(caller, language=language)


def _clean_name(name: str) -> str:
    """A name that can be a user's.

    Raises
    ------
    AskUserError : empty, too long, or with characters that cannot be seen
    """
    clean = name.strip()
    if not clean or len(clean) > 100 or not clean.isprintable():
        raise AskUserError(f"{name[:100]!r} cannot be the name of a user", do="use 1 to 100 visible characters")
    return clean
