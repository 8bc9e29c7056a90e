"""`andon serve`: one process for links, scoring, alarms, store, API and console."""

from __future__ import annotations

import asyncio
import gc

import click

from andon.cli import options
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
    from andon.project.live.running import open_running
    from andon.service.serving import serve

    language = options.language(ctx)
    with open_running(plant, data=data, host=host, port=port) as running:
        asyncio.run(serve(running, on_ready=lambda address, secret: _ready(language, address, secret)))
    click.echo(say("cli.serve.bye", language))


def _ready(language: str, address: str, secret: str | None) -> None:
    """It serves: what is there now stays, and is never looked through for garbage again, which would make ticks late."""
    gc.freeze()
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
