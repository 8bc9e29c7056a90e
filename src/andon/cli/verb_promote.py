"""`andon promote`: make a version the champion of its assets, or go back one step."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("promote")
@click.argument("model")
@click.option("--back", is_flag=True, help="Go back to the champion before this one.")
@click.option("--why", default="", help="Why, for the ledger.")
@options.models_folder
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, model: str, back: bool, why: str, models: str, json_out: bool) -> None:
    """Make a version the champion, or go back one step.

    \b
    Examples
      andon promote models/reactor/20260301T060000Z-1a2b3c4d.andon
      andon promote reactor            the newest version
      andon promote reactor --back
    """
    from andon import project

    language = options.language(ctx)
    changed = project.promote(model, models=models, back=back, why=why)
    if json_out:
        options.print_json(changed)
        return
    for asset, version in changed.items():
        click.echo(say("cli.promote.done", language, asset=asset, version=version))
