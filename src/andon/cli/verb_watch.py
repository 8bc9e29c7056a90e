"""`andon watch`: live alarms in the terminal, through the API; a cut is resumed and nothing is missed."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from andon.cli import options
from andon.plant.errors import UsageError
from andon.plant.messages import say
from andon.plant.secret import read_secret
from andon.plant.time import NS, format_instant, parse_duration, parse_instant

if TYPE_CHECKING:
    from andon.client import Client
    from andon.service.schema import AlarmRow

VARIABLE = "ANDON_TOKEN"
COLOURS = {1: "red", 2: "yellow", 3: "cyan"}


@click.command("watch")
@click.argument("address", default="http://127.0.0.1:8320/")
@click.option("--token-file", type=click.Path(dir_okay=False))
@click.option("--ca", type=click.Path(dir_okay=False, exists=True))
@click.option("--of", "asset", default="")
@click.option("--for", "lasting")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context, /, address: str, token_file: str | None, ca: str | None, asset: str, lasting: str | None, json_out: bool
) -> None:
    """Live alarms in the terminal."""
    from andon.client import Client

    language = options.language(ctx)
    token = os.environ.get(VARIABLE, "") if token_file is None else read_secret("", token_file, key="--token-file") or ""
    if not token:
        raise UsageError("watching needs a token", do=f"make one (andon token add wall --user NAME) and name its file, or set {VARIABLE}")
    ends = time.monotonic() + parse_duration(lasting) / NS if lasting is not None else None
    with Client(address, token=token, verify=ca or True) as client, Client(address, token=token, verify=ca or True) as listener:
        zone = client.session().zone
        if not json_out:
            click.echo(say("cli.watch.begin", language, address=address), err=True)
        try:
            for row in changed_rows(client, listener, ends):
                if asset in ("", row.asset, row.name):
                    _print(row, zone, language, json_out)
        except KeyboardInterrupt:
            return


def changed_rows(client: Client, listener: Client, ends: float | None = None) -> Iterator[AlarmRow]:
    """Alarms that are open now, most urgent first; then each that changes, as it does, in its newest form.

    Parameters
    ----------
    client, listener : one asks for lists, the other listens in a thread of its own
    ends : moment of `time.monotonic`; None: never
    """
    import msgspec

    from andon.service.schema import AlarmRow as Row

    known: dict[str, int] = {}

    def fresh(row: AlarmRow) -> bool:
        new = row.number > known.get(row.id, -1)
        known[row.id] = max(row.number, known.get(row.id, -1))
        return new

    for message in _messages(listener, ends):
        if message is None or message[0] == "reload":
            yield from (row for row in client.every_alarm() if fresh(row))
        elif message[0] == "alarm" and "number" in message[1]:
            row = msgspec.convert(message[1], Row)
            if fresh(row):
                yield row


def _messages(listener: Client, ends: float | None) -> Iterator[tuple[str, dict[str, object]] | None]:
    """None at the beginning; then what the stream says, from its first message on, so that nothing between list and stream is missed."""
    came: queue.Queue[tuple[str, dict[str, object]] | BaseException] = queue.Queue(maxsize=10_000)

    def listen() -> None:
        try:
            for message in listener.live(after=0):
                came.put((message.what, message.data))
        except BaseException as error:
            came.put(error)

    threading.Thread(target=listen, name="live", daemon=True).start()
    yield None
    while True:
        try:
            left = None if ends is None else ends - time.monotonic()
            if left is not None and left <= 0:
                return
            found = came.get(timeout=1.0 if left is None else min(left, 1.0))
        except queue.Empty:
            continue
        if isinstance(found, BaseException):
            raise found
        yield found


def _print(row: AlarmRow, zone: str, language: str, json_out: bool) -> None:
    import msgspec

    if json_out:
        click.echo(json.dumps(msgspec.to_builtins(row), ensure_ascii=not options.spoken(sys.stdout)))
        return
    at = format_instant(parse_instant(row.raised) // NS * NS, zone) if row.raised else ""
    state = say(f"cli.watch.state.{row.state}", language)
    by = f" ({row.acknowledged_by})" if row.acknowledged_by else ""
    click.secho(f"{at}  {row.priority}  {state}{by}  ", fg=COLOURS.get(row.priority), nl=False)
    click.echo(row.text)
