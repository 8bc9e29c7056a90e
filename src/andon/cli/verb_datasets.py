"""`andon datasets list | fetch | check`: public recordings, where they come from, and whether they are whole."""

from __future__ import annotations

import dataclasses

import click

from andon.cli import options


@click.group("datasets")
def command() -> None:
    """Public recordings: where they come from, licence, checksum."""


@command.command("list")
@options.as_json
def show(json_out: bool) -> None:
    """The catalogue."""
    from andon.datasets import catalogue

    entries = catalogue()
    if json_out:
        options.print_json({"datasets": [dataclasses.asdict(entry) for entry in entries]})
        return
    rows = [[entry.name, entry.title, f"{entry.size / 2**20:.1f} MiB", entry.licence] for entry in entries]
    options.print_text_table(["name", "what", "size", "licence"], rows)


@command.command("fetch")
@click.argument("names", nargs=-1, required=True)
@click.option("--data", type=click.Path(file_okay=False))
@click.option("--source")
@options.as_json
@click.pass_context
def fetch(ctx: click.Context, /, names: tuple[str, ...], data: str | None, source: str | None, json_out: bool) -> None:
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
@click.option("--data", type=click.Path(file_okay=False))
@options.as_json
@click.pass_context
def check(ctx: click.Context, /, data: str | None, json_out: bool) -> None:
    """Is what is there whole and unchanged?"""
    from andon import datasets

    result = datasets.check(datasets.data_folder(data))
    if json_out:
        options.print_json({item.name: {path: str(state) for path, state in item.files} for item in result})
    else:
        rows = []
        for item in result:
            counts = {str(state): item.count(state) for state in datasets.FileState}
            rows.append([item.name, ", ".join(f"{count} {name}" for name, count in counts.items() if count)])
        options.print_text_table(["name", "files"], rows)
    if any(not item.complete and not item.absent for item in result):
        ctx.exit(1)
