"""`andon ledger verify | export`: every act and every event in a chain of hashes, checked without the service."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.group("ledger")
def command() -> None:
    """Every act and every event, in a chain of hashes."""


@command.command("verify")
@click.argument("file", type=click.Path(dir_okay=False), required=False)
@click.option("--trust", multiple=True)
@click.option("--head", default="")
@options.plant_option
@options.as_json
@click.pass_context
def verify(
    ctx: click.Context, /, file: str | None, trust: tuple[str, ...], head: str, plant: str, service_data: str | None, json_out: bool
) -> None:
    """Find any changed, removed or reordered entry."""
    from andon.project.live.ledgers import verify as verified

    if file is None:
        from andon.project.live.places import places_of

        file = str(places_of(plant, data=service_data).models.ledger.path)
    found = verified(file, trusted=trust, known_head=head)
    if json_out:
        breaks = [{"line": item.line, "kind": item.kind} for item in found.breaks]
        options.print_json({"file": file, "holds": found.holds, "entries": found.entries, "head": f"{found.head[0]}:{found.head[1]}",
                            "signed": found.signed, "keys": list(found.keys), "trusted": found.trusted, "breaks": breaks})  # fmt: skip
    else:
        language = options.language(ctx)
        for item in found.breaks:
            kind = item.kind.replace("-", "_")
            click.secho(say(f"cli.ledger.{kind}", language, line=item.line), fg="red")
        click.echo(say("cli.ledger.holds" if found.holds else "cli.ledger.broken", language, entries=found.entries, file=file))
        click.echo(say("cli.ledger.head", language, head=f"{found.head[0]}:{found.head[1]}"))
        key = "trusted" if found.trusted else "signed" if found.keys else "unsigned"
        click.echo(say(f"cli.ledger.{key}", language, number=found.signed, keys=", ".join(found.keys)))
    if not found.holds:
        ctx.exit(1)


@command.command("export")
@click.option("-o", "--out", type=click.Path(dir_okay=False), default="ledger.jsonl", show_default=True)
@options.plant_option
@options.as_json
@click.pass_context
def export(ctx: click.Context, /, out: str, plant: str, service_data: str | None, json_out: bool) -> None:
    """One file that can be verified anywhere."""
    from andon.project.live.ledgers import export as exported
    from andon.project.live.places import places_of

    count = exported(places_of(plant, data=service_data), out)
    if json_out:
        options.print_json({"path": out, "entries": count})
    else:
        click.echo(say("cli.ledger.exported", options.language(ctx), count=count, path=out))
