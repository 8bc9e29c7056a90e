"""`andon token add | list | revoke`: what machines sign in with. A secret is shown once; only its hash is kept."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say
from andon.plant.time import parse_duration

SCOPES = ("read", "write", "ingest")


@click.group("token")
def command() -> None:
    """What machines sign in with."""


@command.command("add")
@click.argument("name")
@click.option("--user", required=True)
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), default=("read",), show_default=True)
@click.option("--lasts")
@options.plant_option
@options.as_json
@click.pass_context
def add(
    ctx: click.Context,
    /,
    name: str,
    user: str,
    scopes: tuple[str, ...],
    lasts: str | None,
    plant: str,
    service_data: str | None,
    json_out: bool,
) -> None:
    """A new token of a user."""
    lasting = parse_duration(lasts) if lasts is not None else None
    with options.accounts(plant, service_data) as desk:
        made = desk.add_token(name, user, scopes, lasts=lasting)
    if json_out:
        options.print_json(made)
        return
    language = options.language(ctx)
    scopes_told = ", ".join(made["scopes"])
    click.echo(say("cli.token.added", language, name=name, id=made["id"], user=user, role=made["role"], scopes=scopes_told), err=True)
    click.echo(made["secret"])


@command.command("list")
@options.plant_option
@options.as_json
@click.pass_context
def show(ctx: click.Context, /, plant: str, service_data: str | None, json_out: bool) -> None:
    """Tokens, without their secrets."""
    with options.accounts(plant, service_data) as desk:
        rows = desk.tokens()
    if json_out:
        options.print_json({"tokens": rows})
        return
    language = options.language(ctx)
    words = [say(f"cli.token.column.{name}", language) for name in ("id", "name", "user", "role", "scopes", "used", "expires")]
    table = [
        [row["id"], row["name"], row["user"], row["role"], ", ".join(row["scopes"]), row["last_used"] or "–", row["expires"] or "–"]
        for row in rows
    ]
    options.print_text_table(words, table)


@command.command("revoke")
@click.argument("token")
@options.plant_option
@options.as_json
@click.pass_context
def revoke(ctx: click.Context, /, token: str, plant: str, service_data: str | None, json_out: bool) -> None:
    """End a token."""
    with options.accounts(plant, service_data) as desk:
        gone = desk.revoke_token(token)
    if json_out:
        options.print_json(gone)
    else:
        click.echo(say("cli.token.revoked", options.language(ctx), name=gone["name"], id=gone["id"]))
