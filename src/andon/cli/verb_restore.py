"""`andon restore`: a plant's folder again from a backup."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--to", required=True, type=click.Path(file_okay=False))
@click.option("--database")
@click.option("--database-password-from", default="")
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, file: str, to: str, database: str | None, database_password_from: str, json_out: bool) -> None:
    """A plant's folder again from a backup."""
    from andon.project.live.backing import restore

    done = restore(file, to, database=database, password_from=database_password_from)
    if json_out:
        options.print_json(done.to_dict())
        return
    language = options.language(ctx)
    click.echo(say("cli.restore.done", language, plant=done.plant or "–", data=done.data, models=done.models))
    for note in done.notes:
        click.secho(say(f"cli.restore.{note}", language, data=done.data, models=done.models), fg="yellow")
    if done.plant:
        click.echo(say("cli.restore.next", language, plant=done.plant))
