"""`andon inspect`: manifest, report card and signature of a model; never runs anything from the file."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("inspect")
@click.argument("model")
@click.option("--trust", multiple=True, type=click.Path(dir_okay=False, exists=True))
@options.models_folder
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, model: str, trust: tuple[str, ...], models: str, json_out: bool) -> None:
    """Manifest, report card and signature; runs nothing from the file."""
    from andon.project import verbs

    language = options.language(ctx)
    seen = verbs.inspect(model, models=models, trusted=trust)
    if json_out:
        options.print_json(seen)
        return
    for name, value in verbs.flat(seen):
        click.echo(f"{name:32} {value}")
    key = seen.get("signed_by")
    click.echo(say("cli.inspect.signed", language, key=key) if key else say("cli.inspect.unsigned", language))
