"""One process that serves: the loop, the API and the console in one event loop, until a signal ends it cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from andon.plant.clock import SystemClock
from andon.plant.errors import AskUserError
from andon.project.live.running import Running
from andon.service.accounts.accounts import Accounts
from andon.service.app import create_app
from andon.service.hurried import hurried
from andon.service.live import Feed
from andon.service.plant_desk import PlantDesk
from andon.service.repeated import Answers
from andon.service.settings import ServiceSettings
from andon.service.watching import watch

GRACE_S = 10


def settings_of(running: Running) -> ServiceSettings:
    """The service's settings, from the plant file."""
    section = running.plant.service
    return ServiceSettings(host=section.host, port=section.port, certificate=section.certificate, key=section.key)


def server_settings(head_s: float) -> dict[str, Any]:
    """How uvicorn is set: it says nothing of itself, and waits for no client for ever."""
    return {"server_header": False, "http": hurried(head_s)}


def console_folder() -> Path | None:
    """The built console in the package; None where it was not built."""
    folder = Path(__file__).with_name("console")
    return folder if (folder / "index.html").is_file() else None


async def serve(running: Running, *, on_ready: Callable[[str, str | None], None], ended: asyncio.Event | None = None) -> None:
    """Serve until SIGINT or SIGTERM, or until `ended`; then finish what is in the journal.

    Parameters
    ----------
    on_ready : told the address, and the secret of the one-time link where there is no user yet

    Raises
    ------
    AskUserError : the port is taken, or a file of TLS is wrong
    """
    import uvicorn

    settings = settings_of(running)
    events = asyncio.get_running_loop()
    desk, feed, clock = PlantDesk(running), Feed(), SystemClock()
    desk.events = events
    accounts = Accounts(running.database, clock, settings.sessions)

    def tell(what: str, data: dict[str, Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop has ended
            events.call_soon_threadsafe(feed.publish, what, data)

    running.listeners.append(tell)
    app, _ = create_app(
        desk, accounts, clock=clock, answers=Answers(running.database, clock), settings=settings, feed=feed, console=console_folder()
    )
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, ssl_certfile=settings.certificate or None, ssl_keyfile=settings.key or None,
        log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_S, lifespan="on", **server_settings(settings.head_s),
    )  # fmt: skip
    server = _server(config)
    settling = threading.Thread(target=running.settle, name="settle", daemon=True)
    settling.start()
    threading.Thread(target=running.watch, name="surroundings", daemon=True).start()
    threading.Thread(target=desk.warm, name="warm", daemon=True).start()
    looping = asyncio.create_task(running.loop.run(), name="loop")
    serving = asyncio.create_task(server.serve(), name="api")
    sending = asyncio.create_task(running.post.run(), name="post")
    stop = ended or asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, ValueError):  # another system, or not the main thread
            events.add_signal_handler(number, stop.set)
    waiting = asyncio.create_task(stop.wait())
    watching = asyncio.create_task(watch(desk, feed), name="watch")
    try:
        while not server.started and not serving.done() and not looping.done():
            await asyncio.sleep(0.02)
        if server.started:
            gc.freeze()  # models and routes stay for good: the collector need not walk through them again and again
            scheme = "https" if settings.tls else "http"
            port = server.servers[0].sockets[0].getsockname()[1]
            on_ready(f"{scheme}://{settings.host}:{port}/", await asyncio.to_thread(accounts.first_link))
        done, _ = await asyncio.wait({looping, serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        feed.close()
        server.should_exit = True
        running.loop.stop()
        await asyncio.gather(serving, looping, return_exceptions=True)
        running.post.close()
        await asyncio.gather(sending, return_exceptions=True)
        waiting.cancel()
        watching.cancel()
    if server.refused:
        raise AskUserError(
            f"cannot listen on {settings.host}:{settings.port}", do="is another service running? name another port in [service]"
        )
    for task in done - {waiting}:
        if not task.cancelled():
            task.result()


def _server_class() -> type:
    import uvicorn

    class Server(uvicorn.Server):
        """uvicorn's server, which leaves signals to us and tells when it cannot listen."""

        refused = False

        @contextlib.contextmanager
        def capture_signals(self) -> Any:
            yield

        async def startup(self, sockets: Any = None) -> None:
            try:
                await super().startup(sockets)
            except SystemExit:
                self.refused = True
                self.should_exit = True

    return Server


def _server(config: Any) -> Any:
    return _server_class()(config)
