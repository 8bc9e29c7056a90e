"""`andon user add | list | role | disable | enable | reset-link`: who may sign in, from the terminal of the machine."""

from __future__ import annotations

from typing import Any

import click

from andon.cli import options
from andon.plant.messages import LANGUAGES, say
from andon.plant.time import parse_duration

ROLES = ("viewer", "operator", "engineer", "administrator")


@click.group("user")
def command() -> None:
    """Who may sign in."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True)
@click.option("--full-name", default="")
@click.option("--speaks", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--password-file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--lasts", default="24h", show_default=True)
@click.option("--address", default="")
@options.plant_option
@options.as_json
@click.pass_context
def add(
    ctx: click.Context,
    /,
    name: str,
    role: str,
    full_name: str,
    speaks: str,
    password_file: str | None,
    lasts: str,
    address: str,
    plant: str,
    service_data: str | None,
    json_out: bool,
) -> None:
    """A new user."""
    password, lasting = options.password_of(password_file), parse_duration(lasts)
    with options.accounts(plant, service_data, address=address, make=True) as desk:
        made = desk.add_user(name, role, password=password, full_name=full_name, language=speaks, lasts=lasting)
    if json_out:
        options.print_json(made)
        return
    language = options.language(ctx)
    click.echo(say("cli.user.added", language, user=made["user"], role=made["role"]))
    if "link" in made:
        click.echo(say("cli.user.link", language, lasts=lasts, link=made["link"]))


@command.command("list")
@options.plant_option
@options.as_json
@click.pass_context
def show(ctx: click.Context, /, plant: str, service_data: str | None, json_out: bool) -> None:
    """Everyone."""
    with options.accounts(plant, service_data) as desk:
        rows = desk.users()
    if json_out:
        options.print_json({"users": rows})
        return
    language = options.language(ctx)
    words = [say(f"cli.user.column.{name}", language) for name in ("user", "name", "role", "state")]
    options.print_text_table(words, [[row["user"], row["name"], row["role"], say(_state(row), language)] for row in rows])


@command.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@options.plant_option
@options.as_json
@click.pass_context
def role(ctx: click.Context, /, name: str, role: str, plant: str, service_data: str | None, json_out: bool) -> None:
    """Another role."""
    _change(ctx, plant, service_data, json_out, name, "cli.user.role", role=role)


@command.command("disable")
@click.argument("name")
@options.plant_option
@options.as_json
@click.pass_context
def disable(ctx: click.Context, /, name: str, plant: str, service_data: str | None, json_out: bool) -> None:
    """May not sign in any more."""
    _change(ctx, plant, service_data, json_out, name, "cli.user.disabled", enabled=False)


@command.command("enable")
@click.argument("name")
@options.plant_option
@options.as_json
@click.pass_context
def enable(ctx: click.Context, /, name: str, plant: str, service_data: str | None, json_out: bool) -> None:
    """May sign in again."""
    _change(ctx, plant, service_data, json_out, name, "cli.user.enabled", enabled=True)


@command.command("reset-link")
@click.argument("name")
@click.option("--lasts", default="24h", show_default=True)
@click.option("--address", default="")
@options.plant_option
@options.as_json
@click.pass_context
def reset_link(ctx: click.Context, /, name: str, lasts: str, address: str, plant: str, service_data: str | None, json_out: bool) -> None:
    """A link for a new password."""
    lasting = parse_duration(lasts)
    with options.accounts(plant, service_data, address=address) as desk:
        made = desk.reset_link(name, lasts=lasting)
    if json_out:
        options.print_json(made)
    else:
        click.echo(say("cli.user.link", options.language(ctx), lasts=lasts, link=made["link"]))


def _change(ctx: click.Context, plant: str, data: str | None, json_out: bool, name: str, told: str, **what: Any) -> None:
    with options.accounts(plant, data) as desk:
        changed = desk.change_user(name, **what)
    if json_out:
        options.print_json(changed)
    else:
        click.echo(say(told, options.language(ctx), user=changed["user"], role=changed["role"]))


def _state(row: dict[str, Any]) -> str:
    if not row["enabled"]:
        return "cli.user.state.disabled"
    return "cli.user.state.enabled" if row["has_password"] else "cli.user.state.invited"
