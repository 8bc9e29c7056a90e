"""`andon datasets list | fetch | check`: public recordings, where they come from, and whether they are whole."""

from __future__ import annotations

import click

from andon.cli import options


@click.group("datasets")
def command() -> None:
    """Public recordings: where they come from, licence, checksum.

    \b
    Examples
      andon datasets list
      andon datasets fetch skab
      andon datasets fetch tep --source /mnt/mirror --data ./data
      andon datasets check --data ./data
    """


@command.command("list")
@options.as_json
def show(json_out: bool) -> None:
    """The catalogue."""
    from andon.datasets import catalogue

    entries = catalogue()
    if json_out:
        options.print_json([entry.to_dict() for entry in entries])
        return
    rows = [[entry.name, entry.title, f"{entry.size_bytes / 2**20:.1f} MiB", entry.licence] for entry in entries]
    options.print_text_table(["name", "what", "size", "licence"], rows)


@command.command("fetch")
@click.argument("names", nargs=-1, required=True)
@click.option("--data", type=click.Path(file_okay=False), help="Folder to write to; default ANDON_DATA, else the user's data folder.")
@click.option("--source", help="A mirror's address or a local folder instead of the origin.")
@options.as_json
@click.pass_context
def fetch(ctx: click.Context, names: tuple[str, ...], data: str | None, source: str | None, json_out: bool) -> None:
    """Fetch and verify; resumes where it stopped."""
    from andon import datasets

    folder = datasets.data_folder(data)
    done = {}
    with options.progress(ctx, json_out) as progress:
        for name in names:
            done[name] = str(datasets.fetch(name, folder, source=source, progress=progress))
    if json_out:
        options.print_json(done)
    else:
        for name, path in done.items():
            click.echo(f"{name}: {path}")


@command.command("check")
@click.option("--data", type=click.Path(file_okay=False), help="Folder to check; default ANDON_DATA, else the user's data folder.")
@options.as_json
@click.pass_context
def check(ctx: click.Context, data: str | None, json_out: bool) -> None:
    """Is what is there whole and unchanged?"""
    from andon import datasets

    result = datasets.check(datasets.data_folder(data))
    if json_out:
        options.print_json({name: item.to_dict() for name, item in result.items()})
    else:
        options.print_text_table(["name", "state"], [[name, str(item)] for name, item in result.items()])
    if any(not item.whole for item in result.values()):
        ctx.exit(1)
