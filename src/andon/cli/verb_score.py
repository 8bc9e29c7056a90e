"""`andon score`: verdicts, events, quality predictions, report."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("score")
@click.argument("model")
@click.argument("paths", nargs=-1, required=True)
@click.option("-o", "--out", type=click.Path(file_okay=False), default="out", show_default=True)
@click.option("--lab", multiple=True, type=click.Path(dir_okay=False))
@click.option("--labels", type=click.Path(dir_okay=False))
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

    MODEL is a path, a model's name (its champion) or an asset."""
    from andon.project import verbs

    language = options.language(ctx)
    with options.progress(ctx, json_out) as progress:
        done = verbs.score(model, paths, how, out=out, lab=lab, labels=labels, models=models, language=language, progress=progress)
    if json_out:
        options.print_json(done.to_dict())
        return
    options.tell_failed(done.failed, language)
    for sentence in done.sentences(language):
        click.echo(sentence)
    click.echo(say("cli.score.done", language, path=out))
    click.echo(say("cli.report.at", language, path=done.report))
