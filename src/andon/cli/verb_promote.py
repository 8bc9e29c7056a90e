"""`andon promote`: make a version the champion of its assets, or go back one step."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("promote")
@click.argument("model")
@click.option("--back", is_flag=True)
@click.option("--why", default="")
@options.models_folder
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, model: str, back: bool, why: str, models: str, json_out: bool) -> None:
    """Make a version the champion, or go back one step."""
    from andon.project import verbs

    language = options.language(ctx)
    changed = verbs.promote(model, models=models, back=back, why=why)
    if json_out:
        options.print_json(changed)
        return
    for asset, version in changed.items():
        click.echo(say("cli.promote.done", language, asset=asset, version=version))
