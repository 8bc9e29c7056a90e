"""`andon demo`: the whole job on the recording in the package; then, where asked, the recorded plant once more, live."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import click

from andon.cli import options
from andon.cli.verb_serve import tell
from andon.plant.messages import say
from andon.plant.time import NS, parse_duration

if TYPE_CHECKING:
    from andon.project.demo import Stage


@click.command("demo")
@click.option("-o", "--out", type=click.Path(file_okay=False), default="demo", show_default=True)
@click.option("--time-limit", default="60s", show_default=True)
@click.option("--serve", is_flag=True)
@click.option("--speed", type=click.FloatRange(1), default=60.0, show_default=True)
@click.option("--host")
@click.option("--port", type=click.IntRange(0, 65_535))
@click.option("--until-acknowledged", is_flag=True)
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    out: str,
    time_limit: str,
    serve: bool,
    speed: float,
    host: str | None,
    port: int | None,
    until_acknowledged: bool,
    json_out: bool,
) -> None:
    """The whole job on the recording in the package: audit, plant file, training, scoring, report."""
    from andon.project import verbs

    began = time.monotonic()
    language = options.language(ctx)
    with options.progress(ctx, json_out) as progress:
        steps = verbs.demo(out, time_limit=time_limit, language=language, progress=progress)
        for step in steps:
            if not json_out:
                progress.clear()
                click.echo(step)
    took = time.monotonic() - began
    answer: dict[str, Any] = {"report": str(steps.report), "seconds": round(took, 1), **steps.figures}
    if not json_out:
        click.echo(say("cli.demo.took", language, time=f"{took:.0f} s"))
        click.echo(say("cli.demo.open", language, path=steps.report))
    if (serve or until_acknowledged) and steps.stage is not None:
        answer |= live(steps.stage, language, speed=speed, host=host, port=port, until_acknowledged=until_acknowledged, quiet=json_out)
    if json_out:
        options.print_json(answer)


def live(
    stage: Stage,
    language: str,
    *,
    speed: float,
    host: str | None = None,
    port: int | None = None,
    until_acknowledged: bool = False,
    patience: str = "3min",
    lead: str = "25min",
    quiet: bool = False,
) -> dict[str, Any]:
    """Serve the recorded plant until Ctrl-C, or until somebody acknowledged an alarm through the API; what came of it.

    Parameters
    ----------
    patience : how long to wait for an alarm
    lead : of the recording, before its first event
    quiet : tell nothing
    """
    from andon.project.live.demonstration import open_demonstration
    from andon.project.live.first_user import FirstUser
    from andon.service.serving import serve

    def told(key: str, **what: object) -> None:
        if not quiet:
            click.echo(say(key, language, **what))

    user: FirstUser | None = None

    async def run() -> None:
        nonlocal user
        ended, events = asyncio.Event(), asyncio.get_running_loop()

        def done() -> None:
            events.call_soon_threadsafe(ended.set)

        def ready(address: str, secret: str | None) -> None:
            nonlocal user
            if not until_acknowledged:
                tell(language, address, secret)
                told("cli.demo.live", speed=f"{speed:g}")
                return
            told("cli.serve.at", address=address)
            told("cli.demo.user")
            patience_s = parse_duration(patience) / NS
            user = FirstUser(address, secret or "", patience_s, done)
            user.start()

        await serve(running, on_ready=ready, ended=ended)

    told("cli.demo.run_up")
    with open_demonstration(stage, speed=speed, host=host, port=port, lead=parse_duration(lead)) as running:
        asyncio.run(run())
        figures = running.figures()
    if user is not None:
        user.stop()
        if user.error is not None:
            raise user.error
        if user.acknowledged:
            told("cli.demo.acknowledged", text=user.acknowledged["text"], by=user.acknowledged["acknowledged_by"])
    told("cli.serve.bye")
    return {"live": figures} | ({"acknowledged": user.acknowledged["id"]} if user is not None and user.acknowledged else {})
