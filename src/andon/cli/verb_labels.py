"""`andon labels list | export | import`: what people said of periods, in labels.csv."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.group("labels")
def command() -> None:
    """What people said of periods."""


@command.command("list")
@click.option("--asset", "of_asset")
@options.plant_option
@options.as_json
@click.pass_context
def show(ctx: click.Context, /, of_asset: str | None, plant: str, service_data: str | None, json_out: bool) -> None:
    """Labels, marks of alarms, planned work."""
    from andon.project.live.labelling import all_labels
    from andon.project.live.places import places_of

    rows = [item.to_dict() for item in all_labels(places_of(plant, data=service_data), asset=of_asset)]
    if json_out:
        options.print_json({"labels": rows})
        return
    names = ("asset", "start", "end", "kind", "note", "by", "origin")
    words = [say(f"cli.labels.column.{name}", options.language(ctx)) for name in names]
    options.print_text_table(words, [[row[name] or "–" for name in names] for row in rows])


@command.command("export")
@click.option("-o", "--out", type=click.Path(dir_okay=False), default="labels.csv", show_default=True)
@click.option("--asset", "of_asset")
@options.plant_option
@options.as_json
@click.pass_context
def export(ctx: click.Context, /, out: str, of_asset: str | None, plant: str, service_data: str | None, json_out: bool) -> None:
    """Write labels.csv."""
    from andon.project.live.labelling import export_labels
    from andon.project.live.places import places_of

    count = export_labels(places_of(plant, data=service_data), out, asset=of_asset)
    if json_out:
        options.print_json({"path": out, "labels": count})
    else:
        click.echo(say("cli.labels.exported", options.language(ctx), count=count, path=out))


@command.command("import")
@click.argument("file", type=click.Path(dir_okay=False))
@options.plant_option
@options.as_json
@click.pass_context
def take(ctx: click.Context, /, file: str, plant: str, service_data: str | None, json_out: bool) -> None:
    """Take in labels.csv."""
    from andon.project.live.labelling import import_labels
    from andon.project.live.places import places_of

    new, known = import_labels(places_of(plant, data=service_data), file)
    if json_out:
        options.print_json({"path": file, "new": new, "known": known})
    else:
        click.echo(say("cli.labels.imported", options.language(ctx), new=new, known=known))
