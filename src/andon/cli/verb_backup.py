"""`andon backup`: the whole plant in one file, while its service runs."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("backup")
@click.argument("plant", type=click.Path(dir_okay=False), default="plant.toml")
@click.option("-o", "--out", type=click.Path(dir_okay=False))
@click.option("--data", "service_data", type=click.Path(file_okay=False))
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, plant: str, out: str | None, service_data: str | None, json_out: bool) -> None:
    """The whole plant in one file."""
    from andon.project.live.backing import backup

    done = backup(plant, out=out, data=service_data)
    if json_out:
        options.print_json(done.to_dict())
        return
    language = options.language(ctx)
    click.echo(say("cli.backup.done", language, path=done.path, files=len(done.about.members), size=f"{done.about.size / 2**20:,.1f} MiB"))
    click.echo(say("cli.backup.without", language))
