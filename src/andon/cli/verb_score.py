"""`andon score`: verdicts, events, quality predictions, report."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("score")
@click.argument("model")
@click.argument("paths", nargs=-1, required=True)
@click.option("-o", "--out", type=click.Path(file_okay=False), default="out", show_default=True, help="Folder of the results.")
@click.option("--lab", multiple=True, type=click.Path(dir_okay=False), help="Laboratory results that are known.")
@click.option("--labels", type=click.Path(dir_okay=False), help="labels.csv: planned work is not judged; faults are drawn in the report.")
@options.models_folder
@options.reading_options
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: str,
    paths: tuple[str, ...],
    out: str,
    lab: tuple[str, ...],
    labels: str | None,
    models: str,
    json_out: bool,
    **how: object,
) -> None:
    """Verdicts, events and quality predictions of new data, and a report.

    MODEL is a path, a model's name (its champion) or an asset.

    \b
    Examples
      andon score reactor new/*.csv -o out
      andon score models/reactor/20260301T060000Z-1a2b3c4d.andon new.parquet --lab lab.csv
    """
    from andon import project

    language = options.language(ctx)
    with options.progress(ctx, json_out) as progress:
        done = project.score(model, paths, how, out=out, lab=lab, labels=labels, models=models, language=language, progress=progress)
    if json_out:
        options.print_json(done.to_dict())
        return
    options.tell_failed(done.failed, language)
    for sentence in done.sentences(language):
        click.echo(sentence)
    click.echo(say("cli.score.done", language, path=out))
    click.echo(say("cli.report.at", language, path=done.report))
