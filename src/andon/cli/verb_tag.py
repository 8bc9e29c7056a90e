"""`andon tag out | in`: a tag out of service at once, without training."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.group("tag")
def command() -> None:
    """Take a tag out of service at once, or back in; no training."""


@command.command("out")
@click.argument("asset")
@click.argument("tag")
@click.option("--until")
@click.option("--why", required=True)
@options.models_folder
@options.as_json
@click.pass_context
def out(ctx: click.Context, /, asset: str, tag: str, until: str | None, why: str, models: str, json_out: bool) -> None:
    """Take TAG of ASSET out of service."""
    from andon.project import verbs

    language = options.language(ctx)
    done = verbs.tag_out(asset, tag, until=until, why=why, models=models)
    if json_out:
        options.print_json(done)
    else:
        click.echo(say("cli.tag.out", language, tag=tag, asset=asset, until=until or say("cli.tag.forever", language)))


@command.command("in")
@click.argument("asset")
@click.argument("tag")
@click.option("--why", default="")
@options.models_folder
@options.as_json
@click.pass_context
def back(ctx: click.Context, /, asset: str, tag: str, why: str, models: str, json_out: bool) -> None:
    """Put TAG of ASSET back into service."""
    from andon.project import verbs

    done = verbs.tag_in(asset, tag, why=why, models=models)
    if json_out:
        options.print_json(done)
    else:
        click.echo(say("cli.tag.in", options.language(ctx), tag=tag, asset=asset))
