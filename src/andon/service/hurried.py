"""HTTP that does not wait for ever: a client has so long to send the head of a request, from the connection or its first byte on.

What comes after the head has its limit in `limits`; what comes between requests has uvicorn's.
"""

from __future__ import annotations

import asyncio
from typing import Any


def hurried(head_s: float) -> type[asyncio.Protocol]:
    """The protocol of uvicorn, with a limit of `head_s` seconds for the head of a request.

    References
    ----------
    CWE-400; "Slowloris", Hansen 2009: connections held open by heads that never end.
    """
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Hurried(HttpToolsProtocol):
        _head: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait_for_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_came()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            self._wait_for_head()
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._head_came()
            super().on_headers_complete()

        def _wait_for_head(self) -> None:
            if self._head is None:
                self._head = self.loop.call_later(head_s, self._hang_up)

        def _head_came(self) -> None:
            if self._head is not None:
                self._head.cancel()
                self._head = None

        def _hang_up(self) -> None:
            self._head = None
            if not self.transport.is_closing():
                self.transport.close()

    return Hurried
