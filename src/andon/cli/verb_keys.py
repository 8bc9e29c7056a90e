"""`andon keys new`: the keys that sign models."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.group("keys")
def command() -> None:
    """Keys that sign models (Ed25519)."""


@command.command("new")
@click.option("-o", "--out", default="andon", show_default=True)
@options.as_json
@click.pass_context
def new(ctx: click.Context, /, out: str, json_out: bool) -> None:
    """Make a new pair; refuses to overwrite one."""
    from andon.project import verbs

    private, public = verbs.new_keys(out)
    if json_out:
        options.print_json({"private": str(private), "public": str(public)})
    else:
        click.echo(say("cli.keys.done", options.language(ctx), private=private, public=public))
