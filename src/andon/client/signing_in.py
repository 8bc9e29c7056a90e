"""Sign in and out; who am I; my language."""

from __future__ import annotations

from andon.client.connection import Connection
from andon.service.schema import FirstSignIn, Language, NewPassword, Session, SignIn


class SigningIn(Connection):
    """A session in place of a token: the cookie and its CSRF token are kept here."""

    def sign_in(self, user: str, password: str) -> Session:
        """Sign in with name and password."""
        return self._enter(self._ask(Session, "POST", ["sign-in"], body=SignIn(user=user, password=password), once=True))

    def first_sign_in(self, token: str, user: str, password: str, language: str = "en") -> Session:
        """The first administrator, by the one-time link that the service printed."""
        given = FirstSignIn(token=token, user=user, password=password, language=language)
        return self._enter(self._ask(Session, "POST", ["first-sign-in"], body=given, once=True))

    def new_password(self, token: str, password: str) -> Session:
        """Choose a password by the one-time link of `andon user`; every session of before ends."""
        return self._enter(self._ask(Session, "POST", ["new-password"], body=NewPassword(token=token, password=password), once=True))

    def sign_out(self) -> None:
        """End this session."""
        self._ask(type(None), "POST", ["sign-out"])
        self._csrf = ""
        self.http.cookies.clear()

    def session(self) -> Session:
        """Who is signed in."""
        return self._ask(Session, "GET", ["session"])

    def set_language(self, language: str, *, key: str | None = None) -> Session:
        """Speak this language to me from now on."""
        return self._ask(Session, "PUT", ["session", "language"], body=Language(language=language), key=key)

    def _enter(self, session: Session) -> Session:
        self._csrf = session.csrf
        return session
