"""`andon replay`: recorded history through the live path."""

from __future__ import annotations

import asyncio

import click

from andon.cli import options
from andon.cli.verb_serve import tell
from andon.plant.messages import say


@click.command("replay")
@click.argument("plant", type=click.Path(dir_okay=False))
@click.argument("paths", nargs=-1, required=True)
@click.option("--speed", type=click.FloatRange(0), default=60.0, show_default=True)
@click.option("--data", type=click.Path(file_okay=False))
@click.option("--serve/--no-serve", default=False)
@click.option("--send/--no-send", default=False)
@click.option("--host")
@click.option("--port", type=click.IntRange(0, 65_535))
@options.reading_options
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    plant: str,
    paths: tuple[str, ...],
    speed: float,
    data: str | None,
    serve: bool,
    send: bool,
    host: str | None,
    port: int | None,
    json_out: bool,
    **how: object,
) -> None:
    """History through the live path; nothing is sent to anybody, unless --send says so."""
    from andon.project.live.replaying import open_replay, run_replay

    language = options.language(ctx)
    with open_replay(plant, paths, how, speed=speed, data=data, host=host, port=port, send=send) as running:
        if serve:
            from andon.service.serving import serve as serve_it

            asyncio.run(serve_it(running, on_ready=lambda address, secret: tell(language, address, secret)))
        else:
            asyncio.run(run_replay(running))
        figures = running.figures()
    if json_out:
        options.print_json(figures)
    else:
        click.echo(say("cli.replay.done", language, **figures))
