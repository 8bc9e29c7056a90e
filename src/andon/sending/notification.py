"""E-mail, chat and the like, through apprise: it knows more than a hundred services by their addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from andon.plant.errors import AskUserError
from andon.sending.message import Message, Route, Sent, one_line

MOST_LETTERS = 3_000  # of a text; chats refuse longer ones


class Notification:
    """Sends a title and a text to the addresses.

    Parameters
    ----------
    urls : addresses of apprise, like "mailto://…" or "slack://…"; they hold passwords and are never told
    make : makes apprise's sender, for tests

    Raises
    ------
    AskUserError : apprise does not know an address; which one is told by its number, and the package where it is missing
    """

    def __init__(
        self, name: str, route: Route, urls: Sequence[str], *, language: str = "en", make: Callable[[], Any] | None = None
    ) -> None:
        self.name, self.route, self._language = name, route, language
        self._apprise = (make or _apprise)()
        for number, url in enumerate(urls, start=1):
            if not self._apprise.add(url):
                raise AskUserError(
                    f"address {number} of {len(urls)} is none that can be notified",
                    do='write it as apprise does, like "mailto://user:password@host"',
                )
        if not urls:
            raise AskUserError("there is no address", do="write one address a line")

    async def send(self, message: Message) -> Sent:
        """See `Outlet.send`. Texts are sent as plain text, so that names are never read as markup."""
        said = message.text(self._language)
        try:
            arrived = await asyncio.get_running_loop().run_in_executor(
                None,
                lambda: self._apprise.notify(
                    body=said.body[:MOST_LETTERS] or said.title, title=one_line(said.title), body_format="text", interpret_escapes=False
                ),
            )
        except Exception as error:  # a plugin of apprise; its words may hold the address
            return Sent(False, True, f"the notification failed: {type(error).__name__}")
        return Sent(True) if arrived else Sent(False, True, "the service refused the notification or did not answer")

    async def close(self) -> None:
        """See `Outlet.close`."""


def _apprise() -> Any:
    import apprise

    return apprise.Apprise()
