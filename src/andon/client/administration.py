"""Users and tokens, for administrators. Nothing here is sent twice: the service keeps no answer of what holds a secret."""

from __future__ import annotations

from collections.abc import Sequence

from andon.client.connection import Connection, Moment, moment
from andon.service.schema import ChangedUser, NewToken, NewUser, Role, Token, TokenMade, User


class Administration(Connection):
    """Who may do what."""

    def users(self) -> list[User]:
        """Everyone."""
        return self._ask(list[User], "GET", ["users"])

    def add_user(self, user: str, role: Role | str, password: str, name: str = "", language: str = "en") -> User:
        """A new user."""
        given = NewUser(user=user, role=Role(role), password=password, name=name, language=language)
        return self._ask(User, "POST", ["users"], body=given, once=True)

    def change_user(
        self, user: str, *, role: Role | str | None = None, password: str | None = None, locked: bool | None = None, name: str | None = None
    ) -> User:
        """Another role or password; locked or not. What is None stays."""
        given = ChangedUser(role=None if role is None else Role(role), password=password, locked=locked, name=name)
        return self._ask(User, "PATCH", ["users", user], body=given, once=True)

    def remove_user(self, user: str) -> None:
        """Remove a user with sessions and tokens."""
        self._ask(type(None), "DELETE", ["users", user], once=True)

    def tokens(self) -> list[Token]:
        """Tokens that hold."""
        return self._ask(list[Token], "GET", ["tokens"])

    def add_token(self, name: str, role: Role | str, scopes: Sequence[str] = (), expires: Moment = "") -> TokenMade:
        """A new token of the caller; its secret is shown this once."""
        given = NewToken(name=name, role=Role(role), scopes=list(scopes), expires=moment(expires))
        return self._ask(TokenMade, "POST", ["tokens"], body=given, once=True)

    def revoke_token(self, key: str) -> None:
        """End a token."""
        self._ask(type(None), "DELETE", ["tokens", key], once=True)
