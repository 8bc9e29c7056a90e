"""`andon report`: one offline HTML file of a folder of results."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("report")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("-o", "--out", type=click.Path(dir_okay=False))
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, folder: str, out: str | None, json_out: bool) -> None:
    """One offline HTML file of a folder of results, in the language of --lang."""
    from andon.project import verbs

    language = options.language(ctx)
    path = verbs.report(folder, out=out, language=language)
    if json_out:
        options.print_json({"report": str(path)})
    else:
        click.echo(say("cli.report.at", language, path=path))
