"""What the service keeps: database, journal, checkpoints, samples, models, ledger. Read, never changed, also while the service runs."""

from __future__ import annotations

from collections.abc import Iterator

from andon.plant.errors import AndonError, At, BundleError, StoreError
from andon.plant.time import NS, format_instant
from andon.project.live.doctor.finding import Finding, of_error, ok, skipped, warning, wrong
from andon.project.live.places import Places
from andon.project.promises import open_model
from andon.scoring.bundle import inspect_bundle
from andon.store.checkpoint import Checkpoints
from andon.store.journal.frames import HEADER_SIZE, Damage, Position, frames, header, segment_numbers, segment_path
from andon.store.ledger_export import verify_ledger

NEWEST_FILES = 200


def database(places: Places) -> Iterator[Finding]:
    """It answers, its tables are those of this Andon, and SQLite's file is whole."""
    from andon.store.database.looking import damage_of, revision_at
    from andon.store.database.tables import HEAD

    if places.is_sqlite and not places.live.database.exists():
        yield skipped("database", "none_yet", file=places.file)
        return
    try:
        revision = revision_at(places.database_address, password=places.database_password)
        if places.is_sqlite and (told := damage_of(places.live.database)):
            file, do = places.live.database, "stop the service and restore a backup"
            raise StoreError(f"SQLite finds it damaged: {told}", at=At(file=str(file)), do=do)
    except AndonError as error:
        yield of_error("database", error)
        return
    if revision != HEAD:
        yield warning("database", "database.revision", revision=revision, head=HEAD)
    else:
        yield ok("database", "database", where="SQLite" if places.is_sqlite else "PostgreSQL", revision=revision)


def journal(places: Places) -> Iterator[Finding]:
    """Every frame has its checksum. The end of the last segment may be on its way."""
    folder = places.live.journal
    try:
        numbers = segment_numbers(folder)
    except OSError:
        numbers = []
    if not numbers:
        yield skipped("journal", "none_yet", file=places.file)
        return
    count = size = 0
    try:
        for number in numbers:
            path = segment_path(folder, number)
            length = path.stat().st_size
            with open(path, "rb") as file:
                if file.read(HEADER_SIZE) != header(number):
                    yield wrong("journal", "journal.foreign", path=path)
                    continue
                for item in frames(file, number, HEADER_SIZE, length):
                    if isinstance(item, Damage):
                        yield wrong("journal", "journal.damaged", path=path, place=str(Position(number, item.start)))
                        continue
                    count += 1
            size += length
    except FileNotFoundError:
        yield ok("journal", "journal.moving")  # the service let a segment go meanwhile
        return
    except OSError as error:
        yield wrong("journal", "unreadable", path=folder, reason=error.strerror or str(error))
        return
    yield ok("journal", "journal", segments=len(numbers), entries=count, size=f"{size / 2**20:,.1f} MiB")


def checkpoints(places: Places) -> Iterator[Finding]:
    """The newest can be read, and the journal has what it needs."""
    if not places.live.checkpoints.is_dir():
        yield skipped("checkpoints", "none_yet", file=places.file)
        return
    kept = Checkpoints(places.live.checkpoints)
    files = kept.files()
    try:
        latest = kept.latest(put_aside=False)
    except AndonError as error:
        yield of_error("checkpoints", error)
        return
    if latest is None:
        yield skipped("checkpoints", "none_yet", file=places.file)
        return
    if latest.position is not None and latest.position.segment not in segment_numbers(places.live.journal):
        yield wrong("checkpoints", "checkpoints.journal", position=str(latest.position))
        return
    yield ok("checkpoints", "checkpoints", count=len(files), at=format_instant(latest.at // NS * NS))


def samples(places: Places) -> Iterator[Finding]:
    """The newest Parquet files have their end, without which nothing in them can be read."""
    import polars as pl

    checked = 0
    for folder in (places.live.samples, places.live.verdicts, places.live.quality):
        newest = sorted(folder.rglob("*.parquet"), key=lambda path: path.name)[-NEWEST_FILES:]
        for path in newest:
            try:
                pl.read_parquet_schema(path)
                checked += 1
            except FileNotFoundError:
                continue  # packed by the service meanwhile
            except (OSError, pl.exceptions.PolarsError) as error:
                yield wrong("samples", "unreadable", path=path, reason=str(error).splitlines()[0])
    yield ok("samples", "samples", count=checked) if checked else skipped("samples", "none_yet", file=places.file)


def models(places: Places) -> Iterator[Finding]:
    """Every champion can be loaded; whether it is signed."""
    store = places.models
    try:
        champions = store.state().champions
    except AndonError as error:
        yield of_error("models", error)
        return
    if not champions:
        yield wrong("models", "models.none", file=places.file)
        return
    for name in sorted({f"{champion.model}@{champion.version}" for champion in champions.values()}):
        assets = ", ".join(sorted(asset for asset, one in champions.items() if f"{one.model}@{one.version}" == name))
        try:
            open_model(store, name)
            signature = inspect_bundle(store.resolve(name))["signature"]
        except (BundleError, AndonError) as error:
            yield of_error("models", error)
            continue
        if signature is None:
            yield ok("models", "models.unsigned", model=name, assets=assets)
        else:
            yield ok("models", "models", model=name, assets=assets, signer=signature["key_id"])


def ledger(places: Places) -> Iterator[Finding]:
    """The chain holds."""
    path = places.models.ledger.path
    if not path.exists():
        yield skipped("ledger", "none_yet", file=places.file)
        return
    try:
        found = verify_ledger(path)
    except AndonError as error:
        yield of_error("ledger", error)
        return
    bad = [item for item in found.breaks if item.kind != "torn"]
    if bad:
        yield wrong("ledger", "ledger.broken", kind=bad[0].kind, line=bad[0].line)
    elif found.breaks:
        yield warning("ledger", "ledger.torn", line=found.breaks[0].line)
    else:
        yield ok("ledger", "ledger", entries=found.entries, signed=found.signed)
