"""The heart: every entry of the journal to the fleets that it concerns, in one order. No clock, no file, no thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from numpy.typing import NDArray

from andon.plant.batch import Batch
from andon.plant.errors import StoreError
from andon.plant.rows import Rows
from andon.plant.verdict import Event
from andon.streaming.control import CONTROL, Promoted, of_entry
from andon.streaming.laboratory import results_of
from andon.streaming.promoting import split_off, take_over
from andon.streaming.served import Said, Served
from andon.streaming.watermark import CLOCK, links_of_mark

SCHEMA_VERSION = 1
Make: TypeAlias = Callable[[str, tuple[str, ...]], Served | None]


class Heart:
    """All fleets in service.

    Parameters
    ----------
    served : fleets with different names; an asset belongs to one of them
    results : names of links whose rows are laboratory results; they have no part in the time of samples
    make : a fleet, that has seen nothing, of a model's version for assets; None where that version is gone. Without it nothing is promoted

    Attributes
    ----------
    on_changed : told of fleets that serve from now on, before they are asked anything
    turned : other fleets serve since the last checkpoint: one is due, since what a model is warmed on must not grow in a replay
    """

    def __init__(self, served: Sequence[Served], results: Collection[str] = (), make: Make | None = None) -> None:
        self.served = tuple(served)
        self.make = make
        self.on_changed: Callable[[Sequence[Served]], None] = _nobody
        self.turned = False
        self.results = frozenset(results)
        self._of_assets: dict[tuple[str, ...], tuple[Served, ...]] = {}

    def take(self, entry: Batch) -> list[tuple[Served, Said]]:
        """One entry; what each fleet concerned says. Entries of people say nothing by themselves."""
        if entry.source == CONTROL and not entry.rows:
            control = of_entry(entry)
            if isinstance(control, Promoted):
                return self._promote(control, entry.received)
            for fleet in self.served:
                fleet.tell(control)
            return []
        if entry.source == CLOCK and not entry.rows:
            links = {name: up for name, up in links_of_mark(entry).items() if name not in self.results}
            return [(fleet, said) for fleet in self.served for said in fleet.tick(entry.received, links)]
        if entry.source in self.results:
            for result in results_of(entry, self.results):
                for fleet in self.served:
                    fleet.tell(result)
            return []
        return [(fleet, said) for fleet in self._concerned(entry.assets) for said in fleet.take(entry)]

    def _promote(self, told: Promoted, received: int) -> list[tuple[Served, Said]]:
        """Another model for assets; said again, or of a version that is gone, it changes nothing."""
        version = {name: fleet.fleet.monitor.version for fleet in self.served for name in fleet.fleet.assets}
        wanted = tuple(name for name in told.assets if version.get(name) != told.version)
        new = self.make(told.version, wanted) if self.make is not None and wanted else None
        if new is None or self.make is None:
            return []
        new.name = self._free_name(new.name)
        before, after, fresh = self.served, [], [new]
        said: list[tuple[Served, Said]] = []
        opened = take_over(new, before, told, received)
        for fleet in before:
            staying = tuple(name for name in fleet.fleet.assets if name not in wanted)
            if len(staying) == len(fleet.fleet.assets):
                after.append(fleet)
                continue
            rest = self.make(fleet.fleet.monitor.version, staying) if staying else None
            if staying and rest is None:
                return []  # the file of the model that goes on is gone: everything stays as it is
            if rest is not None:
                rest.name = fleet.name
                fresh.append(rest)
                after.append(rest)
            closed = split_off(fleet, wanted, rest)
            said.append((fleet, _events(fleet, closed=closed)))
        self.served = (*after, new)
        self._of_assets.clear()
        self.turned = True
        self.on_changed(fresh)
        return [(new, _events(new, opened=opened)), *said]  # the new model's events first: an alarm goes on without a break

    def _free_name(self, name: str) -> str:
        names, number = {fleet.name for fleet in self.served}, 2
        wanted = name
        while wanted in names:
            wanted, number = f"{name}+{number}", number + 1
        return wanted

    def _concerned(self, assets: tuple[str, ...]) -> tuple[Served, ...]:
        known = self._of_assets.get(assets)
        if known is None:
            wanted = set(assets)
            known = tuple(fleet for fleet in self.served if not wanted.isdisjoint(fleet.fleet.assets))
            if len(self._of_assets) > 10_000:
                self._of_assets.clear()
            self._of_assets[assets] = known
        return known

    def to_kept(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Everything, for a checkpoint."""
        arrays: dict[str, NDArray[Any]] = {}
        about: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "fleets": {}}
        for number, fleet in enumerate(self.served):
            own, told = fleet.to_kept()
            arrays |= {f"{number}.{name}": array for name, array in own.items()}
            about["fleets"][fleet.name] = {"number": number, "data": told}
        return arrays, about

    def restore(self, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> tuple[str, ...]:
        """Go on from a checkpoint; names of fleets that it does not know, which begin anew.

        Raises
        ------
        StoreError : it was written by a newer Andon, or is of other assets
        """
        if about.get("schema_version") != SCHEMA_VERSION:
            raise StoreError(f"a checkpoint of version {about.get('schema_version')}, this Andon knows {SCHEMA_VERSION}", do="update Andon")
        fresh: list[str] = []
        self._as_kept(about["fleets"])
        for fleet in self.served:
            kept = about["fleets"].get(fleet.name)
            if kept is None:
                fresh.append(fleet.name)
                continue
            prefix = f"{kept['number']}."
            fleet.restore({name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}, kept["data"])
        return tuple(fresh)

    def _as_kept(self, kept: Mapping[str, Any]) -> None:
        """The fleets of a checkpoint in place of those of the last start: a promotion since then comes through the journal.

        Fleets that the checkpoint does not know stay, but for assets that one of its own serves.
        """
        if self.make is None:
            return
        found: list[Served] = []
        for name, item in kept.items():
            assets = tuple(item["data"]["assets"])
            same = next((fleet for fleet in self.served if fleet.name == name and fleet.fleet.assets == assets), None)
            made = same or self.make(item["data"].get("version", name), assets)
            if made is not None:
                made.name = name
                found.append(made)
        taken = {asset for fleet in found for asset in fleet.fleet.assets}
        before = {id(fleet) for fleet in self.served}
        changed = [fleet for fleet in found if id(fleet) not in before]
        for fleet in self.served:
            staying = tuple(asset for asset in fleet.fleet.assets if asset not in taken)
            if not staying or any(fleet is other for other in found):
                continue
            rest = fleet if staying == fleet.fleet.assets else self.make(fleet.fleet.monitor.version, staying)
            if rest is not None:
                rest.name = fleet.name if fleet.name not in kept else f"{fleet.name}+new"
                found.append(rest)
                changed += [rest] if rest is not fleet else []
        self.served = tuple(found)
        self._of_assets.clear()
        if changed:
            self.on_changed(changed)


def _nobody(_: Sequence[Served]) -> None:
    """Nobody is told."""


def _events(fleet: Served, opened: tuple[Event, ...] = (), closed: tuple[Event, ...] = ()) -> Said:
    """Events without ticks."""
    none = Rows.none(len(fleet.fleet.tags))
    return Said(None, none, none, none, opened=opened, closed=closed)
