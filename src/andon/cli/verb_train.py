"""`andon train`: prepare, train, calibrate, choose, evaluate once."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("train")
@click.argument("plant", type=click.Path(dir_okay=False))
@click.option("--time-limit")
@click.option("--seed", type=int)
@click.option("--no-network", is_flag=True)
@click.option("--key", type=click.Path(dir_okay=False, exists=True))
@click.option("--resume/--no-resume", default=True, show_default=True)
@click.option("--tensorboard", type=click.Path(file_okay=False))
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    plant: str,
    time_limit: str | None,
    seed: int | None,
    no_network: bool,
    key: str | None,
    resume: bool,
    tensorboard: str | None,
    json_out: bool,
) -> None:
    """Prepare, train, calibrate, choose, evaluate once; writes models/<model>/<version>.andon and a report."""
    from andon.project import verbs

    language = options.language(ctx)
    with options.progress(ctx, json_out) as progress:
        trained = verbs.train(
            plant, time_limit=time_limit, seed=seed, network=not no_network, key=key, resume=resume, tensorboard=tensorboard,
            language=language, progress=progress,
        )  # fmt: skip
    if json_out:
        options.print_json({"models": [item.to_dict() for item in trained]})
        return
    options.tell_failed(trained[0].failed, language)
    for item in trained:
        for sentence in item.sentences(language):
            click.echo(sentence)
        click.echo(say("cli.train.done", language, version=item.version, asset=item.asset, path=item.path))
        if item.champion == item.version:
            click.echo(say("cli.train.champion", language, asset=item.asset))
        else:
            click.echo(say("cli.train.notchampion", language, version=item.champion))
        click.echo(say("cli.report.at", language, path=item.report))
