"""What answers at the service's address while its database is away at the start: that it is there, and what it waits for.

`/healthz` says that the process lives, everything else answers 503 with the reason, to people as a page that looks again by itself.
"""

from __future__ import annotations

import contextlib
import html
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

from andon.plant.backoff import Backoff
from andon.plant.error_words import translated
from andon.plant.file.service_settings import ServiceSection
from andon.plant.messages import choose_language, say
from andon.plant.time import NS

T = TypeVar("T")
AGAIN_S = 5
SLOW_S = 5.0
BACKOFF = Backoff(NS, 30 * NS)


def opened_when_possible(
    open_: Callable[[], T], away: type[Exception], on_waiting: Callable[[Exception, float], None], room: Callable[[], WaitingRoom],
    sleep: Callable[[float], None] = time.sleep, backoff: Backoff = BACKOFF,
) -> T:  # fmt: skip
    """Open, and where that is not possible now, try again for ever with growing waits; meanwhile a waiting room answers.

    Parameters
    ----------
    open_ : raises `away` where it may be possible later; anything else ends the waiting
    on_waiting : told each time: why, and how many seconds until the next try
    room : makes the waiting room
    """
    failures = 0
    with contextlib.ExitStack() as stack:
        answering: WaitingRoom | None = None
        while True:
            try:
                return open_()
            except away as error:
                failures += 1
                wait_s = backoff.wait_ns(failures) / NS
                on_waiting(error, wait_s)
                if answering is None:
                    answering = stack.enter_context(room())
                answering.why = getattr(error, "what", str(error))
                sleep(wait_s)


class WaitingRoom:
    """Answers at an address until it is left. Where it cannot listen, it says nothing: the service itself will say why.

    Attributes
    ----------
    why : what is waited for
    port : where it listens; 0 where it does not
    """

    def __init__(self, service: ServiceSection) -> None:
        self._service = service
        self.why = ""
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> WaitingRoom:
        service = self._service
        with contextlib.suppress(OSError):
            server = ThreadingHTTPServer((service.host, service.port), _handler(self))
            server.daemon_threads = True
            if service.certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(service.certificate, service.key)
                server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            self._server, self.port = server, server.server_port
            threading.Thread(target=server.serve_forever, args=(0.1,), name="waiting-room", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _handler(room: WaitingRoom) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SLOW_S

        def version_string(self) -> str:
            return "andon"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _answer(self) -> None:
            if self.path.partition("?")[0] == "/healthz":
                self._send(200, "application/json", b'{"status":"ok"}')
                return
            language = choose_language(self.headers.get("Accept-Language", "").strip() or "en")
            why = translated(room.why, language)
            if "text/html" in self.headers.get("Accept", ""):
                self._send(503, "text/html; charset=utf-8", "".join(_page(language, why)).encode())
                return
            title, do = say("service.waiting.title", language), say("service.waiting.do", language)
            problem = {"type": "starting", "title": title, "status": 503, "detail": why, "at": "", "do": do, "errors": []}
            self._send(503, "application/problem+json", json.dumps(problem, ensure_ascii=False).encode())

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", "default-src 'none'")
            self.send_header("Connection", "close")
            if status == 503:
                self.send_header("Retry-After", str(AGAIN_S))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    return Handler


def _page(language: str, why: str) -> Iterator[str]:
    title, do = (html.escape(say(f"service.waiting.{key}", language)) for key in ("title", "do"))
    yield f'<!doctype html><html lang="{language}"><meta charset="utf-8"><meta http-equiv="refresh" content="{AGAIN_S}">'
    yield f"<title>Andon</title><h1>{title}</h1><p>{html.escape(why)}</p><p>{do}</p></html>"
