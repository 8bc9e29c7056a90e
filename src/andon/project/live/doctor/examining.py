"""All checks, one after the other; one that fails of itself says so and stops nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from andon.plant.errors import AndonError
from andon.project.live.doctor import around, kept, machine
from andon.project.live.doctor.finding import Finding, Health, of_error, ok, wrong
from andon.project.live.places import Places, places_of

Check: TypeAlias = Callable[[Places], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    machine.versions, machine.folder, machine.memory, machine.clock, machine.port, machine.certificates, kept.database, kept.journal,
    kept.checkpoints, kept.samples, kept.models, kept.ledger, around.links, around.outlets,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Examination:
    """What all checks found."""

    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Nothing is wrong; there may be warnings."""
        return not any(finding.health is Health.WRONG for finding in self.findings)

    def count(self, health: Health) -> int:
        """How many findings are so bad."""
        return sum(finding.health is health for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        counts = {health.value: self.count(health) for health in Health}
        return {"healthy": self.healthy, "counts": counts, "findings": [finding.to_dict() for finding in self.findings]}


def examine(plant: str | Path, *, data: str | None = None) -> Examination:
    """Check everything about a plant's machine; nothing is changed.

    Parameters
    ----------
    plant : plant.toml
    data : in place of the plant file's folder of the service
    """
    try:
        places = places_of(plant, data=data)
    except AndonError as error:
        return Examination((*machine.versions(), of_error("plant", error)))
    found = [ok("plant", "plant", file=places.file, assets=len(places.plant.assets), links=len(places.plant.links))]
    for check in CHECKS:
        try:
            found += check(places)
        except Exception as error:  # a check that breaks is a finding of its own
            found.append(wrong(check.__name__, "broken", reason=f"{type(error).__name__}: {error}"))
    return Examination(tuple(found))
