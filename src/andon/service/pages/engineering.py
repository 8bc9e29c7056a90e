"""Models, data, maintenance, tags out of service, the ledger."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from andon.alarms.pausing import lift, pause
from andon.plant.alarm import SuppressedBy
from andon.plant.errors import AskUserError
from andon.plant.messages import say
from andon.plant.time import DAY_NS
from andon.project.live.running import Running
from andon.project.live.troubles import not_ready
from andon.service.callers import Caller
from andon.service.pages.audits import Audits
from andon.service.pages.model_cards import Cards
from andon.service.pages.now import sources
from andon.service.pages.trends import status_map
from andon.service.problems import UnknownName
from andon.service.routes.instants import to_text
from andon.service.schema import (
    DataPage,
    DeadLetter,
    LedgerEntry,
    LedgerPage,
    Maintenance,
    Models,
    ModelVersion,
    Outlet,
    OutOfService,
    StatusMap,
)
from andon.store.ledger_export import export_ledger
from andon.store.ledger_view import LedgerView
from andon.streaming.control import EndPlanned, Planned, PutBack, TakeOut

SAMPLE = 200
"""Bytes of a message that could not be read, as they are shown."""


def models(running: Running, cards: Cards) -> Models:
    """Every version: champion, past or waiting."""
    state = running.models.state()
    serving = {(item.model, item.version) for item in state.champions.values()}
    rows = []
    for name, versions in state.models.items():
        newest_serving = max((at for at, item in enumerate(versions) if (name, item.version) in serving), default=-1)
        for at, item in reversed(list(enumerate(versions))):
            waits = "shadow" if at > newest_serving else "past"  # made after the champion: it can be promoted
            card = cards.of(running.models, item)
            rows.append(
                ModelVersion(
                    model=name, version=item.version, state="champion" if (name, item.version) in serving else waits,
                    trained=to_text(item.at), method=card.method, assets=list(item.assets), card=dict(card.lines), signed=card.signed,
                )
            )  # fmt: skip
    return Models(versions=rows)


def promote(running: Running, caller: Caller, cards: Cards, model: str, version: str) -> Models:
    """Make a version the champion: it takes over after the last tick that is closed."""
    if not any(item.version == version for item in running.models.versions(model)):
        raise UnknownName(f"{model} {version}")
    running.models.promote(model, version, by=caller.name, at=running.clock.now())
    running.follow()
    return models(running, cards)


def rollback(running: Running, caller: Caller, cards: Cards, model: str) -> Models:
    """Back to the champion before, at once."""
    running.models.rollback(model, by=caller.name, at=running.clock.now())
    running.follow()
    return models(running, cards)


def data_page(running: Running, caller: Caller, audits: Audits) -> DataPage:
    """Sources, the statuses of the last day of the asset that is worst off, messages set aside."""
    now = running.clock.now()
    asset = next(iter(running.monitors), "")
    found = status_map(running, asset, now - DAY_NS, now) if asset else StatusMap(tags=[], time=[], share=[])
    letters = [
        DeadLetter(
            source=item.source, reason=_reason(item.reason, caller.language), at=to_text(item.at), detail=item.detail,
            sample=item.payload[:SAMPLE].decode("utf-8", "backslashreplace"),
        )
        for item in running.letters.recent(100)
    ]  # fmt: skip
    return DataPage(
        sources=sources(running, caller.language),
        map=found,
        findings=audits.of(running, asset, caller.language),
        dead_letters=letters,
        outlets=outlets(running),
    )


def outlets(running: Running) -> list[Outlet]:
    """The ways out, with what waits and what failed last."""
    kinds = {send.name: send.kind for send in running.plant.sends}
    return [
        Outlet(
            name=item.outlet, kind=kinds.get(item.outlet, ""), sent=item.sent, failed=item.failed, given_up=item.given_up,
            waiting=item.waiting, text=item.last_error if item.waiting else "", last_sent=to_text(item.last_sent_at),
        )
        for item in running.post.health()
    ]  # fmt: skip


def _reason(reason: str, language: str) -> str:
    """Why a message could not be read, in words; a link of one's own may have reasons that the catalogue does not know."""
    try:
        return say(f"links.dead.{reason}", language)
    except KeyError:
        return reason


def maintenance(running: Running) -> list[Maintenance]:
    """Windows in force or to come."""
    now = running.clock.now()
    return [
        Maintenance(id=key, assets=list(item.assets), start=to_text(item.start), end=to_text(item.end), why=item.why, by=item.by)
        for key, item in _planned(running).items()
        if item.end > now
    ]


def _planned(running: Running) -> dict[str, Planned]:
    """Windows of all fleets, by id: each fleet knows of all."""
    return {key: item for served in running.loop.heart.served for key, item in served.planned.items()}


def add_maintenance(running: Running, caller: Caller, assets: list[str], start: int, end: int, why: str) -> Maintenance:
    """Planned work: not judged, and no alarm of it, at once."""
    unknown = [asset for asset in assets if asset not in running.monitors]
    if unknown:
        raise UnknownName(unknown[0])
    now = running.clock.now()
    made = [pause(SuppressedBy.MAINTENANCE, start, end, asset=asset, why=why, by=caller.name, at=now) for asset in (assets or [""])]
    key = made[0][0].id
    running.loop.tell(Planned(key, start, end, tuple(assets), why.strip(), caller.name))
    for paused, entry in made:
        running.alarms.pause(paused, now)
        running.models.record(entry.what, entry.data, at=entry.at, by=entry.by)
    return Maintenance(id=key, assets=assets, start=to_text(start), end=to_text(end), why=why, by=caller.name)


def end_maintenance(running: Running, caller: Caller, window: str) -> None:
    """End a window now."""
    now = running.clock.now()
    planned = _planned(running).get(window)
    if planned is None:
        raise UnknownName(window)
    running.loop.tell(EndPlanned(window, now))
    for paused in running.alarms.pauses(now):
        if paused.kind is SuppressedBy.MAINTENANCE and paused.start == planned.start and paused.asset in (planned.assets or ("",)):
            lifted, entry = lift(paused, caller.name, now)
            running.alarms.pause(lifted, now)
            running.models.record(entry.what, entry.data, at=entry.at, by=entry.by)


def out_of_service(running: Running) -> list[OutOfService]:
    """Tags that are not used."""
    now = running.clock.now()
    found = {key: item for served in running.loop.heart.served for key, item in served.out.items()}
    return [
        OutOfService(asset=item.asset, tag=item.tag, until=to_text(item.until), why=item.why, by=item.by)
        for item in found.values()
        if item.until is None or item.until > now
    ]


def take_out(running: Running, caller: Caller, asset: str, tag: str, until: int | None, why: str) -> OutOfService:
    """A tag out of service, at once."""
    if asset and asset not in running.monitors:
        raise UnknownName(asset)
    if not any(tag in monitor.tag_ids for name, monitor in running.monitors.items() if asset in ("", name)):
        raise UnknownName(tag)
    now = running.clock.now()
    if until is not None and until <= now:
        raise AskUserError("that time is already over", do="name a later time, or none")
    running.loop.tell(TakeOut(tag, asset, until, why.strip(), caller.name))
    running.models.record("tag-out", {"asset": asset, "tag": tag, "until": until, "why": why}, at=now, by=caller.name)
    return OutOfService(asset=asset, tag=tag, until=to_text(until), why=why, by=caller.name)


def put_back(running: Running, caller: Caller, asset: str, tag: str) -> None:
    """A tag back in service."""
    if not any((asset, tag) in served.out for served in running.loop.heart.served):
        raise UnknownName(tag)
    running.loop.tell(PutBack(tag, asset))
    running.models.record("tag-in", {"asset": asset, "tag": tag}, at=running.clock.now(), by=caller.name)


def ledger(view: LedgerView, before: int | None, limit: int) -> LedgerPage:
    """Entries of the ledger, newest first, and whether the chain holds."""
    entries, breaks = view.look(before, limit)
    number, head = view.head
    return LedgerPage(
        entries=[
            LedgerEntry(number=entry.number, at=to_text(entry.at), by=entry.by, what=entry.what, data=dict(entry.data), hash=entry.hash)
            for entry in entries
        ],
        next=str(entries[-1].number) if entries and entries[-1].number > 1 else "", head=f"{number}:{head}", whole=not breaks,
    )  # fmt: skip


def ledger_export(running: Running) -> Iterator[bytes]:
    """The ledger as a file with its signed heads, signed now; verified without the service by `andon ledger verify`."""
    running.sign()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        export_ledger(running.models.ledger, path, at=running.clock.now())
        with open(path, "rb") as file:
            while part := file.read(1 << 16):
                yield part


def ready(running: Running) -> dict[str, str]:
    """What does not work."""
    return {trouble.part: str(trouble.why) for trouble in not_ready(running)}
