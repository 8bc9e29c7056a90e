"""`andon demo`: the whole job on the recording in the package."""

from __future__ import annotations

import time

import click

from andon.cli import options
from andon.plant.messages import say


@click.command("demo")
@click.option("-o", "--out", type=click.Path(file_okay=False), default="demo", show_default=True)
@click.option("--time-limit", default="60s", show_default=True)
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, out: str, time_limit: str, json_out: bool) -> None:
    """The whole job on the recording in the package: audit, plant file, training, scoring, report."""
    from andon import project

    began = time.monotonic()
    language = options.language(ctx)
    with options.progress(ctx, json_out) as progress:
        steps = project.demo(out, time_limit=time_limit, language=language, progress=progress)
        for step in steps:
            if not json_out:
                progress.clear()
                click.echo(step)
    took = time.monotonic() - began
    if json_out:
        options.print_json({"report": str(steps.report), "seconds": round(took, 1), **steps.figures})
    else:
        click.echo(say("cli.demo.took", language, time=f"{took:.0f} s"))
        click.echo(say("cli.demo.open", language, path=steps.report))
