"""`andon budget`: another promise, no training and no data; prints what it costs in delay and misses."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.errors import AskUserError, UsageError
from andon.plant.messages import say


@click.command("budget")
@click.argument("model")
@click.argument("budget")
@click.option("--dry-run", is_flag=True)
@click.option("--why", default="")
@options.models_folder
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, model: str, budget: str, dry_run: bool, why: str, models: str, json_out: bool) -> None:
    """Another promise of false alarms; needs no training and no data."""
    from andon.plant.budget import parse_budget
    from andon.project import verbs

    language = options.language(ctx)
    try:
        parse_budget(budget)
    except AskUserError as error:
        raise UsageError(error.what, do=error.do) from error
    done = verbs.budget(model, budget, models=models, dry_run=dry_run, why=why)
    if json_out:
        options.print_json(done.to_dict())
        return
    for sentence in done.sentences(language):
        click.echo(sentence)
    options.print_table([say(f"cli.table.{name}", language) for name in ("fault", "found", "delay")], done.rows(language))
    if not dry_run:
        click.echo(say("cli.budget.done", language, asset=done.asset, budget=done.budget))
