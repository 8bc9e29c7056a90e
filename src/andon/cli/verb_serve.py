"""`andon serve`: one process for links, scoring, alarms, store, API and console."""

from __future__ import annotations

import asyncio
import gc
import logging
from dataclasses import replace

import click

from andon.cli import options
from andon.plant.error_words import translated
from andon.plant.messages import say


@click.command("serve")
@click.argument("plant", type=click.Path(dir_okay=False), default="plant.toml")
@click.option("--data", type=click.Path(file_okay=False))
@click.option("--host")
@click.option("--port", type=click.IntRange(0, 65_535))
@click.pass_context
def command(ctx: click.Context, /, plant: str, data: str | None, host: str | None, port: int | None) -> None:
    """Run live until Ctrl-C."""
    gc.disable()  # a start makes some hundred thousand objects that stay: looking through them again and again is a tenth of it
    from andon.project.live.places import places_of
    from andon.project.live.running import Running, open_running
    from andon.service.serving import serve
    from andon.service.waiting_room import WaitingRoom, opened_when_possible
    from andon.store.database.failures import DatabaseAwayError

    language = options.language(ctx)

    def open_() -> Running:
        return open_running(plant, data=data, host=host, port=port)

    def waiting(error: Exception, wait_s: float) -> None:
        gc.collect()
        why = translated(getattr(error, "what", str(error)), language)
        logging.getLogger("andon.live").warning("the database is away", extra={"why": str(error).splitlines()[0], "again_s": wait_s})
        click.secho(say("cli.serve.waiting", language, why=why, seconds=f"{wait_s:.0f}"), err=True, fg="yellow")

    def room() -> WaitingRoom:
        section = places_of(plant, data=data).plant.service
        return WaitingRoom(replace(section, host=host or section.host, port=section.port if port is None else port))

    with opened_when_possible(open_, DatabaseAwayError, waiting, room) as running:
        asyncio.run(serve(running, on_ready=lambda address, secret: _ready(language, address, secret)))
    click.echo(say("cli.serve.bye", language))


def _ready(language: str, address: str, secret: str | None) -> None:
    """It serves, and has frozen what is there now: the collector is wanted again for what comes."""
    gc.enable()
    tell(language, address, secret)


def tell(language: str, address: str, secret: str | None) -> None:
    """Where it serves, where the first administrator signs in, and why there is no console where there is none."""
    click.echo(say("cli.serve.at", language, address=address))
    if secret is not None:
        click.echo(say("cli.serve.first", language, address=f"{address}first-sign-in#{secret}"))
    from andon.service.serving import console_folder

    if console_folder() is None:
        click.echo(say("cli.serve.no_console", language))
