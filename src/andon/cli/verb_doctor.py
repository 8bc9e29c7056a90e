"""`andon doctor`: everything that a support engineer would ask about this machine, each with what to do."""

from __future__ import annotations

import click

from andon.cli import options
from andon.plant.messages import say

COLOURS = {"ok": "green", "skipped": "bright_black", "warning": "yellow", "wrong": "red"}


@click.command("doctor")
@click.argument("plant", type=click.Path(dir_okay=False), default="plant.toml")
@click.option("--data", "service_data", type=click.Path(file_okay=False))
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, plant: str, service_data: str | None, json_out: bool) -> None:
    """What works, what does not, and what to do."""
    from andon.project.live.doctor import examine

    found = examine(plant, data=service_data)
    if json_out:
        options.print_json(found.to_dict())
    else:
        language = options.language(ctx)
        for finding in found.findings:
            what, do = finding.told(language)
            health = say(f"project.doctor.health.{finding.health.value}", language)
            click.secho(f"{health:8}", fg=COLOURS[finding.health.value], nl=False)
            click.echo(f" {say(f'project.doctor.check.{finding.check}', language)}: {what}")
            if do and finding.health.value in ("warning", "wrong"):
                click.echo(f"         {say('cli.do', language)}: {do}")
        counts = found.to_dict()["counts"]
        click.echo(
            say("cli.doctor.healthy" if found.healthy else "cli.doctor.ill", language, wrong=counts["wrong"], warning=counts["warning"])
        )
    if not found.healthy:
        ctx.exit(1)
