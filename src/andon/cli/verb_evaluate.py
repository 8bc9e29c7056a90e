"""`andon evaluate`: how a model would have done on labelled history, beside the baselines; no training."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("evaluate")
@click.argument("model")
@click.argument("paths", nargs=-1, required=True)
@click.option("--labels", type=click.Path(dir_okay=False), required=True)
@click.option("--lab", multiple=True, type=click.Path(dir_okay=False))
@options.models_folder
@options.reading_options
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: str,
    paths: tuple[str, ...],
    labels: str,
    lab: tuple[str, ...],
    models: str,
    json_out: bool,
    **how: object,
) -> None:
    """Caught, missed, lead time and false alarms per week on labelled history, beside the baselines."""
    from andon.project import verbs

    language = options.language(ctx)
    with options.progress(ctx, json_out) as progress:
        table = verbs.evaluate(model, paths, how, labels=labels, lab=lab, models=models, progress=progress)
    if json_out:
        options.print_json(table.to_dict())
        return
    names = ("method", "caught", "missed", "false_per_week", "delay", "vus_pr")
    for sentence in table.sentences(language):
        click.echo(sentence)
    options.print_table([say(f"cli.table.{name}", language) for name in names], table.rows())
