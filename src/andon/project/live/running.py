"""Wire a plant file to a running plant: models into fleets, stores, alarms, links, loop. Everything is checked before a link opens."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from andon.alarms.book import Book
from andon.plant.alarm import Record
from andon.plant.batch import Batch
from andon.plant.clock import Clock, SystemClock
from andon.plant.errors import AndonError, AskUserError, At, StoreError
from andon.plant.file import PlantFile
from andon.plant.file.lines import find_lines
from andon.plant.file.locating import located
from andon.plant.file.schema import Asset
from andon.plant.time import MINUTE_NS
from andon.project.live.announcing import Announcer
from andon.project.live.following import Follower
from andon.project.live.places import places_of
from andon.project.live.planning import Planner
from andon.project.live.post import Post
from andon.project.live.reports import Reports
from andon.project.live.scores import predictions_of, scores_of
from andon.project.live.tls import check_certificate
from andon.project.live.watchman import Watchman
from andon.project.promises import open_model
from andon.reading.link import DeadLetter, Link
from andon.reading.links import make_links
from andon.scoring.lockstep import fleet_of
from andon.scoring.monitor import Monitor
from andon.sending import Outlet, make_outlets
from andon.sending.delivery import Limits
from andon.store import ModelStore
from andon.store.checkpoint import Checkpoints
from andon.store.database import events
from andon.store.database.database import Database
from andon.store.dead_letters import DeadLetters
from andon.store.journal import Fsync, Journal
from andon.store.live_folder import LiveFolder
from andon.store.segments import Keep, Segments, VerdictTraces
from andon.store.signed_heads import sign_head
from andon.streaming.heart import Heart
from andon.streaming.keeping import AlarmDesk, Keeping, Samples
from andon.streaming.loop import Loop, Pace
from andon.streaming.openings import Openings
from andon.streaming.served import Said, Served
from andon.streaming.watermark import Patience

SETTLE_EVERY_S = 60.0
FOLLOW_EVERY_S = 2.0
RECENT_ENTRIES = 200
log = logging.getLogger("andon.live")


@dataclass
class Running:
    """A plant that runs, or could: `loop.run()` starts it.

    Attributes
    ----------
    plant, folder : the plant file with its paths resolved, and where data lie
    models : the store of models with its ledger
    monitors : asset -> the model that serves it
    database, journal, keeping, alarms, loop, letters : its parts
    clock : of the samples; a replay has its own
    post, announcer : what is sent to others; nothing without [[send]]
    follower : tells the loop what the store of models says
    planner, reports : planned work of the plant file; what is told at set hours
    watchman : what is wrong with database, disk, links and the like
    listeners : told of what changed: (what, data)
    until : of a replay, its last source time (ns)
    """

    plant: PlantFile
    folder: Path
    models: ModelStore
    monitors: dict[str, Monitor]
    database: Database
    journal: Journal
    keeping: Keeping
    alarms: AlarmDesk
    loop: Loop
    letters: DeadLetters
    clock: Clock
    post: Post
    follower: Follower
    listeners: list[Callable[[str, dict[str, Any]], None]] = field(default_factory=list)
    until: int = 0
    announcer: Announcer = field(init=False)
    planner: Planner = field(init=False)
    reports: Reports = field(init=False)
    watchman: Watchman = field(init=False)
    _assets: dict[str, Asset] = field(init=False)
    _open: ExitStack = field(default_factory=ExitStack)
    _settling: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Sign the ledger and close every file; the loop must have ended."""
        self._settling.set()
        self.sign()
        self._open.close()

    def sign(self) -> None:
        """Sign the last entry of the ledger, where it is new; a disk that refuses is asked again the next time."""
        with contextlib.suppress(StoreError):
            sign_head(self.models.ledger, LiveFolder.at(self.folder).ledger_key, at=time.time_ns())

    def figures(self) -> dict[str, int]:
        """What came of it so far: events, open alarms and notifications, rows judged."""
        return {
            "events": self.database.read(events.count),
            "alarms": len(self.alarms.open(self.clock.now())),
            "rows": self.loop.status.rows,
        }

    def __post_init__(self) -> None:
        self._assets = {item.id: item for item in self.plant.assets}

    def name_of(self, asset: str) -> str:
        """What people call an asset."""
        known = self._assets.get(asset)
        return known.name if known is not None and known.name else asset

    def parent_of(self, asset: str) -> str:
        """The asset above another; empty where the plant file names none."""
        known = self._assets.get(asset)
        return known.parent if known is not None else ""

    def tell(self, what: str, data: dict[str, Any]) -> None:
        """Tell the listeners."""
        for listener in tuple(self.listeners):
            listener(what, data)

    def said(self, _: Batch, said: Sequence[tuple[Served, Said]]) -> None:
        """After an entry was judged and kept: tell of assets whose verdict changed."""
        for asset in self.keeping.changed:
            self.tell("tile", {"asset": asset})

    def kept(self, entry: Batch, said: Sequence[tuple[Served, Said]]) -> None:
        """An entry was judged and kept: tell others what they asked for. Told again, nothing is sent twice.

        Raises
        ------
        StoreError : the database refuses; ask again
        """
        if self.post.wants("scores") or self.post.wants("quality"):
            for served, words in said:
                if words.judged is not None:
                    self.post.say([*scores_of(served, words.judged), *predictions_of(served, words.judged)])
        ticks = [int(words.judged.tick[-1]) * served.arrivals.interval for served, words in said if words.judged is not None]
        self.announcer.look(entry.received if not entry.rows else max(ticks, default=0) or entry.received)

    def recorded(self, records: Sequence[Record]) -> None:
        """Records were added to alarms."""
        for alarm in dict.fromkeys(record.alarm_id for record in records):
            self.tell("alarm", {"id": alarm})

    def serve_with(self, fleets: Sequence[Served]) -> None:
        """Other fleets serve from now on: a model was promoted, or the checkpoint has those of before a promotion."""
        for served in fleets:
            self.keeping.serve(served)
            version = served.fleet.monitor.version
            fresh = [asset for asset in served.fleet.assets if asset not in self.monitors or self.monitors[asset].version != version]
            self.monitors.update(dict.fromkeys(served.fleet.assets, served.fleet.monitor))
            if fresh and self.loop.status.position is not None:  # else it is a restart
                at = max(served.arrivals.closed, 0)
                for asset in fresh:
                    self.alarms.serve(asset, at or self.clock.now())
                self._note_once("took-over", {"version": version, "assets": fresh, "after": at})
        self.tell("reload", {})

    def in_service(self) -> dict[str, int]:
        """asset -> since when its model serves (ns UTC)."""
        return {asset: champion.at for asset, champion in self.models.state().champions.items()}

    def take_plant(self, plant: PlantFile) -> None:
        """Another plant file: what it says of maintenance, responses, shifts, assets' names and [alarms] holds from now on."""
        self.plant = plant
        self._assets = {item.id: item for item in plant.assets}
        self.alarms.take_plant(plant)
        self.announcer.plant = plant
        self.tell("reload", {})

    def _note_once(self, what: str, data: dict[str, Any]) -> None:
        """Into the ledger, unless it is there: a replay after a crash does the same again."""
        number, _ = self.models.ledger.head()
        recent = self.models.ledger.since(max(number - RECENT_ENTRIES, 1))
        if not any(entry.what == what and dict(entry.data) == data for entry in recent):
            self.models.record(what, data, at=self.clock.now(), by="andon")

    def follow(self) -> None:
        """See to it that the loop knows what was promoted, promised and taken out, by whichever door.

        Raises
        ------
        AndonError : the store or the disk refuses; look again later
        """
        if self.loop.status.position is not None:
            self.follower.look()

    def watch(self) -> None:
        """Watch the surroundings; in a thread, until closed."""
        self.watchman.run(self._settling)

    def settle(self) -> None:
        """Follow the store every few seconds; pack and roll up segments, and sign the ledger, every minute. In a thread, until closed."""
        due = time.monotonic() + SETTLE_EVERY_S
        while not self._settling.wait(FOLLOW_EVERY_S):
            try:
                self.follow()
                if self.loop.status.position is not None:
                    self.planner.look()
                    self.reports.look(self.clock.now())
            except AndonError as error:
                log.warning("what was said elsewhere cannot be followed", extra={"why": error.what})
            if time.monotonic() < due:
                continue
            due = time.monotonic() + SETTLE_EVERY_S
            self.keeping.settle(self.clock.now())
            with contextlib.suppress(StoreError):
                self.post.sweep()
            with contextlib.suppress(StoreError):
                self.models.keep_up(at=time.time_ns())
            self.sign()


def open_running(
    path: str | Path,
    *,
    links: Sequence[Link] | None = None,
    clock: Clock | None = None,
    data: str | Path | None = None,
    controlled: bool = True,
    host: str | None = None,
    port: int | None = None,
    send: bool = True,
    speed: float = 1.0,
) -> Running:
    """Everything but the links' connections.

    Parameters
    ----------
    path : plant.toml
    links : in place of those of the plant file
    clock : of the samples; a replay passes its own
    data : in place of the plant file's folder
    host, port : in place of the plant file's
    send : messages go to the outlets of the plant file; a replay sends nothing unless it is asked to
    speed : seconds of `clock` in one of ours: the machine's own delays are longer by as much, so silence is waited for longer
    controlled : the controller moves thresholds; a replay of history without marks leaves them as promised

    Raises
    ------
    AskUserError : a setting is wrong (file and line), no model serves an asset
    StoreError : a store cannot be opened
    """
    places = places_of(path, data=data)
    live, service = places.live, places.plant.service
    service = replace(service, host=host or service.host, port=service.port if port is None else port)
    plant = replace(places.plant, service=service)
    clock = clock or SystemClock()
    with located(path, "service.fsync"):
        fsync = Fsync.parse(service.fsync)
    with located(path):
        check_certificate(service)
    models = places.models
    monitors, since = _champions(models, path)
    letters = DeadLetters(live.dead_letters)
    with located(path):
        chosen = tuple(links) if links is not None else make_links(plant, clock=clock, on_dead_letter=_bury(letters))
    outlets, bounds = _outlets(plant, path) if send else ((), {})
    stack = ExitStack()
    try:
        with located(path, "service.database"):
            database = stack.enter_context(places.open_database(make=True))
        journal = stack.enter_context(Journal(live.journal, fsync=fsync))
        keep = Keep(service.keep_samples_ns, service.keep_levels_ns)
        samples = Samples(Segments(live.samples, keep=keep))
        traces = VerdictTraces(live.verdicts, keep=keep)
        book = Book(plant, since)
        alarms = AlarmDesk(book, database)
        alarms.load()
        openings = Openings(models.ledger, live.path / "opened.json")
        stack.callback(openings.close)
        laboratory = tuple(link.name for link in plant.links if link.results)
        keeping = Keeping(samples, traces, Segments(live.quality, keep=keep), database, alarms, openings, results=laboratory)
        post = Post(outlets, bounds, database, SystemClock())
        make = _Maker(models, plant, samples, controlled, speed)
        for monitor in monitors.values():
            make.opened[monitor.version] = monitor
        heart = Heart(_fleets(monitors, make), laboratory, make)
        for served in heart.served:
            keeping.serve(served)
        pace = Pace(checkpoint_every=service.checkpoint_ns)
        loop = Loop(heart, journal, Checkpoints(live.checkpoints), keeping, chosen, clock=clock, pace=pace)
        follower = Follower(models, heart, loop.tell_all, make.open, clock.now, controlled=controlled)
        running = Running(
            plant, live.path, models, monitors, database, journal, keeping, alarms, loop, letters, clock, post, follower
        )  # fmt: skip
        running.announcer = Announcer(plant, alarms, post, database, running.name_of)
        running.planner, running.reports = Planner(path, running), Reports(running)
        running.watchman = Watchman(running)
        running._open = stack.pop_all()
    except BaseException:
        stack.close()
        raise
    heart.on_changed = running.serve_with
    loop.on_said = running.said
    keeping.on_kept.append(running.kept)
    keeping.on_flush.append(post.flush)
    alarms.on_records = running.recorded
    return running


def _outlets(plant: PlantFile, path: str | Path) -> tuple[Sequence[Outlet], Mapping[str, Limits]]:
    """The outlets; what is wrong with one is told with file and line."""
    try:
        return make_outlets(plant)
    except AskUserError as error:
        found = re.match(r"send\[(\d+)\]", error.at.key or "")
        line = find_lines(Path(path).read_text(encoding="utf-8-sig")).line(("send", int(found[1]) - 1)) if found else None
        raise AskUserError(error.what, at=replace(error.at, file=str(path), line=line), do=error.do) from error


def _champions(models: ModelStore, path: str | Path) -> tuple[dict[str, Monitor], dict[str, int]]:
    """asset -> its model, opened once each; asset -> since when (ns)."""
    state = models.state()
    if not state.champions:
        raise AskUserError("no model serves an asset of this plant", at=At(file=str(path)), do=f"train one first: andon train {path}")
    opened: dict[tuple[str, str], Monitor] = {}
    monitors: dict[str, Monitor] = {}
    for asset, champion in state.champions.items():
        key = (champion.model, champion.version)
        if key not in opened:
            opened[key] = open_model(models, f"{champion.model}@{champion.version}")
        monitors[asset] = opened[key]
    return monitors, {asset: champion.at for asset, champion in state.champions.items()}


class _Maker:
    """Makes fleets of versions in the store. A version is opened once."""

    def __init__(self, models: ModelStore, plant: PlantFile, samples: Samples, controlled: bool, speed: float) -> None:
        self.opened: dict[str, Monitor] = {}
        self._models, self._plant, self._samples, self._controlled = models, plant, samples, controlled
        self._idle = round(5e9 * speed)

    def open(self, model: str, version: str) -> Monitor:
        """A version under its promises of now.

        Raises
        ------
        AndonError : it is gone or damaged
        """
        self.opened[version] = open_model(self._models, f"{model}@{version}")
        return self.opened[version]

    def __call__(self, version: str, assets: tuple[str, ...]) -> Served | None:
        """See `Heart`."""
        state = self._models.state()
        if version not in self.opened:
            model = next((name for name, versions in state.models.items() if any(item.version == version for item in versions)), None)
            try:
                if model is None or self.open(model, version).version != version:
                    return None
            except AndonError as error:
                log.warning("a model cannot be opened", extra={"version": version, "why": error.what})
                return None
        monitor = self.opened[version]
        champion = next((found for asset in assets if (found := state.champions.get(asset)) is not None), None)
        since = champion.at if champion is not None and self._controlled else 2**62
        interval, late_by = monitor.preparation.interval_ns, self._plant.sampling.late_by_ns
        patience = Patience(
            late_by=late_by if late_by is not None else 2 * interval, idle=max(interval, self._idle), down=max(2 * MINUTE_NS, 2 * interval)
        )
        return Served.begin(version, fleet_of(monitor, assets), self._samples, patience, since)


def _fleets(monitors: dict[str, Monitor], make: _Maker) -> list[Served]:
    """One fleet a model version, of the assets that it serves."""
    of_version: dict[str, list[str]] = {}
    for asset, monitor in monitors.items():
        of_version.setdefault(monitor.version, []).append(asset)
    return [fleet for version, assets in of_version.items() if (fleet := make(version, tuple(assets))) is not None]


def _bury(letters: DeadLetters) -> Callable[[DeadLetter], None]:
    def bury(letter: DeadLetter) -> None:
        letters.add(letter.link, letter.reason, letter.sample, at=letter.received, detail=f"{letter.place}: {letter.detail}")

    return bury
