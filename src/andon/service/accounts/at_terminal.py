"""Users and tokens from the terminal of the machine, beside a running service or without one; each act is in the ledger.

Whoever may write the service's database may do all this: no sign-in is asked. A running service heeds it within two seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from andon.plant.clock import Clock, SystemClock
from andon.plant.errors import AskUserError
from andon.plant.time import DAY_NS, format_instant
from andon.project.live.places import Places
from andon.service.accounts.accounts import Accounts
from andon.service.schema import Role
from andon.store.database.tokens import Token
from andon.store.database.users import User
from andon.store.models import ModelStore


class AtTerminal:
    """The accounts of a plant, as somebody at its machine handles them.

    Parameters
    ----------
    accounts : over the plant's database
    models : its ledger
    address : of the console, for links
    """

    def __init__(self, accounts: Accounts, models: ModelStore, address: str, clock: Clock) -> None:
        self._accounts, self._models, self._address, self._clock = accounts, models, address, clock

    def add_user(
        self, name: str, role: str, *, password: str | None = None, full_name: str = "", language: str = "en", lasts: int = DAY_NS
    ) -> dict[str, Any]:
        """Make a user. Without a password: and a link by which he chooses one, good once and for `lasts` (ns).

        Raises
        ------
        AskUserError, ConflictError : name, role or password will not do
        """
        made = self._accounts.add_user(name, Role(role), password, {"language": language, "name": full_name})
        self._note("user-added", {"user": made.name, "role": made.role})
        return user_row(made) | ({} if password is not None else {"link": self._link(made.name, lasts)})

    def users(self) -> list[dict[str, Any]]:
        """Everyone, by name."""
        return [user_row(user) for user in self._accounts.everyone()]

    def change_user(self, name: str, *, role: str | None = None, enabled: bool | None = None) -> dict[str, Any]:
        """Another role; may sign in or not: being disabled ends sessions and tokens at once.

        Raises
        ------
        AskUserError : no such user
        RefusedError : the last administrator would be gone
        """
        changed = self._accounts.change_user(name, role=Role(role) if role is not None else None, enabled=enabled)
        what = {"user": name, "role": role, "locked": None if enabled is None else not enabled}
        self._note("user-changed", {key: value for key, value in what.items() if value is not None})
        return user_row(changed)

    def reset_link(self, name: str, *, lasts: int = DAY_NS) -> dict[str, Any]:
        """A link by which a user chooses a new password. Until then the old one is good.

        Raises
        ------
        AskUserError : no such user, or he is disabled
        """
        link = self._link(name, lasts)
        self._note("password-link-made", {"user": name})
        return {"user": name, "link": link, "until": format_instant(self._clock.now() + lasts)}

    def add_token(self, name: str, user: str, scopes: Sequence[str], *, lasts: int | None = None) -> dict[str, Any]:
        """Make a token of a user, whose role it has; its secret is in the answer and nowhere else.

        Raises
        ------
        AskUserError : no such user or scope, or he is disabled
        """
        owner = next((known for known in self._accounts.everyone() if known.name == user), None)
        if owner is None or not owner.enabled:
            what = f"there is no user {user!r}" if owner is None else f"{user!r} is disabled"
            raise AskUserError(what, do="see the users: andon user list")
        now = self._clock.now()
        expires = None if lasts is None else now + lasts
        key, secret = self._accounts.add_token(name, user, scopes, expires)
        self._note("token-made", {"token": key, "name": name, "user": user, "scopes": list(scopes)})
        return {
            "id": key, "name": name, "user": user, "role": owner.role, "scopes": list(scopes), "expires": _instant(expires),
            "secret": secret,
        }  # fmt: skip

    def tokens(self) -> list[dict[str, Any]]:
        """All tokens that were not revoked, newest first, without their secrets."""
        now = self._clock.now()
        return [token_row(token, now) for token in self._accounts.every_token() if token.revoked is None]

    def revoke_token(self, key: str) -> dict[str, Any]:
        """End a token.

        Parameters
        ----------
        key : its id, or the name of the only token of that name

        Raises
        ------
        AskUserError : no token of that id or name holds, or several have the name
        """
        held = [token for token in self._accounts.every_token() if token.revoked is None]
        found = [token for token in held if token.id == key] or [token for token in held if token.name == key]
        if len(found) != 1:
            what = f"there is no token {key!r}" if not found else f"{len(found)} tokens are called {key!r}"
            raise AskUserError(what, do="name its id: andon token list")
        self._accounts.revoke_token(found[0].id)
        self._note("token-revoked", {"token": found[0].id})
        return {"id": found[0].id, "name": found[0].name, "user": found[0].user}

    def _link(self, name: str, lasts: int) -> str:
        return f"{self._address}new-password#{self._accounts.password_link(name, lasts)}"

    def _note(self, what: str, data: dict[str, Any]) -> None:
        self._models.record(what, data | {"at_terminal": True}, at=self._clock.now())


@contextmanager
def at_terminal(places: Places, *, address: str = "", make: bool = False) -> Iterator[AtTerminal]:
    """The accounts of a plant, opened.

    Parameters
    ----------
    address : of the console as users reach it; default: as this machine does
    make : make the database where there is none yet

    Raises
    ------
    AskUserError : there is no database yet
    StoreError : it is down or locked
    """
    clock = SystemClock()
    shown = address or places.address
    with places.open_database(make=make) as database:
        yield AtTerminal(Accounts(database, clock), places.models, shown if shown.endswith("/") else f"{shown}/", clock)


def user_row(user: User) -> dict[str, Any]:
    """A user, for a list."""
    data = user.data
    return {
        "user": user.name, "name": str(data.get("name") or user.name), "role": user.role, "language": str(data.get("language", "en")),
        "enabled": user.enabled, "has_password": bool(user.password_hash), "created": format_instant(user.created),
    }  # fmt: skip


def token_row(token: Token, now: int) -> dict[str, Any]:
    """A token, for a list."""
    return {
        "id": token.id, "name": token.name, "user": token.user, "role": token.role, "scopes": list(token.scopes),
        "created": format_instant(token.created), "last_used": _instant(token.seen), "expires": _instant(token.expires),
        "expired": token.expires is not None and token.expires <= now,
    }  # fmt: skip


def _instant(at: int | None) -> str:
    return "" if at is None else format_instant(at)
