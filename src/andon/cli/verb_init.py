"""`andon init`: a commented plant file, filled in from the audit."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("init")
@click.argument("paths", nargs=-1, required=True)
@click.option("-o", "--out", type=click.Path(dir_okay=False), default="plant.toml", show_default=True)
@click.option("--lab", multiple=True, type=click.Path(dir_okay=False))
@click.option("--tags", type=click.Path(dir_okay=False))
@click.option("--labels", type=click.Path(dir_okay=False))
@click.option("--budget", default="1/week", show_default=True)
@click.option("--site", default="")
@click.option("--force", is_flag=True)
@options.reading_options
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    out: str,
    lab: tuple[str, ...],
    tags: str | None,
    labels: str | None,
    budget: str,
    site: str,
    force: bool,
    json_out: bool,
    **how: object,
) -> None:
    """A commented plant file, filled in from the audit."""
    from andon.project import verbs

    language = options.language(ctx)
    with options.progress(ctx, json_out) as progress:
        done = verbs.init(
            paths,
            how,
            out=out,
            lab=lab,
            labels=labels,
            tags=tags,
            budget=budget,
            site=site,
            force=force,
            language=language,
            progress=progress,
        )
    if json_out:
        options.print_json(done.to_dict())
    else:
        options.tell_failed(done.failed, language)
        for sentence in done.told:
            click.echo(sentence)
        if kinds := sorted({item.kind for item in done.problems}):
            click.echo(say("cli.init.problems", language, kinds=", ".join(kinds)))
        click.echo(say("cli.init.done", language, path=out))
