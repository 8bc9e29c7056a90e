"""The heart: every entry of the journal to the fleets that it concerns, in one order. No clock, no file, no thread."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from andon.plant.batch import Batch
from andon.plant.errors import StoreError
from andon.streaming.control import CONTROL, of_entry
from andon.streaming.laboratory import results_of
from andon.streaming.served import Said, Served
from andon.streaming.watermark import CLOCK, links_of_mark

SCHEMA_VERSION = 1


class Heart:
    """All fleets in service.

    Parameters
    ----------
    served : fleets with different names; an asset belongs to one of them
    results : names of links whose rows are laboratory results; they have no part in the time of samples
    """

    def __init__(self, served: Sequence[Served], results: Collection[str] = ()) -> None:
        self.served = tuple(served)
        self.results = frozenset(results)
        self._of_assets: dict[tuple[str, ...], tuple[Served, ...]] = {}

    def take(self, entry: Batch) -> list[tuple[Served, Said]]:
        """One entry; what each fleet concerned says. Entries of people say nothing by themselves."""
        if entry.source == CONTROL and not entry.rows:
            control = of_entry(entry)
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
        for fleet in self.served:
            kept = about["fleets"].get(fleet.name)
            if kept is None:
                fresh.append(fleet.name)
                continue
            prefix = f"{kept['number']}."
            fleet.restore({name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}, kept["data"])
        return tuple(fresh)
