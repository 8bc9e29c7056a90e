"""`andon audit`: what is in the data, what is wrong with it, what to do about it."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say

SHOWN = 20


@click.command("audit")
@click.argument("paths", nargs=-1, required=True)
@options.reading_options
@click.option("--budget")
@click.option("--labels", type=click.Path(dir_okay=False))
@click.option("--lab", multiple=True, type=click.Path(dir_okay=False))
@click.option("--page", type=click.Path(dir_okay=False))
@click.option("--all", "show_all", is_flag=True)
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    budget: str | None,
    labels: str | None,
    lab: tuple[str, ...],
    page: str | None,
    show_all: bool,
    json_out: bool,
    **how: object,
) -> None:
    """What is in the data, what is wrong with it, and what to do about it."""
    from andon.project import verbs

    language = options.language(ctx)
    with options.progress(ctx, json_out) as progress:
        result = verbs.audit(paths, how, budget=budget, labels=labels, lab=lab, page=page, language=language, progress=progress)
    if json_out:
        options.print_json(result.to_dict())
        return
    options.tell_failed(result.failed, language)
    for sentence in result.told():
        click.echo(sentence)
    for asset, audit in result.audits.items():
        click.secho(asset, bold=True)
        click.echo(result.head(asset, language))
        for problem in result.problems(asset):
            click.echo("  " + say("cli.problem", language, kind=problem.kind, count=problem.count, what=problem.what))
        heads, *rows = audit.to_table(language, together=not show_all)
        if not rows:
            click.echo(say("cli.audit.none", language))
            continue
        shown = rows if show_all else rows[:SHOWN]
        options.print_text_table(heads, shown)
        if len(rows) > len(shown):
            click.echo(say("cli.audit.more", language, count=len(rows) - len(shown)))
    if page:
        click.echo(say("cli.audit.page", language, path=page))
