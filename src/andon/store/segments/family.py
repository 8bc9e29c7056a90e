"""A family: assets with the same tags, whose samples lie in common files, so that a thousand sisters do not make a thousand files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from andon.plant.atomic_write import write_text
from andon.plant.errors import At, StoreError
from andon.plant.time import NS

FEW_VALUES = 5_000
"""A family with so few values at a time gets longer spans, and so fewer files."""

STEP = 10
LEVELS = 5


@dataclass(slots=True)
class Family:
    """What is known of a family; it only grows.

    Attributes
    ----------
    name : given by the caller
    interval : ns between samples, as far as known; spans and bins are multiples of it
    rows_a_span : intervals in a span of level 0, bins in one of the others; a multiple of 10
    wide : values are kept as float64
    tags : in the order of the columns
    assets : name -> number
    about : JSON values that the caller keeps with it
    """

    name: str
    interval: int
    rows_a_span: int = 36_000
    wide: bool = False
    tags: list[str] = field(default_factory=list)
    assets: dict[str, int] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)

    def grow(self, tags: Iterable[str], assets: Iterable[str]) -> bool:
        """Take in tags and assets; whether there was a new one."""
        new_tags = [tag for tag in dict.fromkeys(tags) if tag not in self.tags]
        new_assets = [asset for asset in dict.fromkeys(assets) if asset not in self.assets]
        self.tags += new_tags
        for asset in new_assets:
            self.assets[asset] = len(self.assets)
        return bool(new_tags or new_assets)

    def bin_length(self, level: int) -> int:
        """ns of a bin of a level, 1 to `LEVELS`; of level 0 the interval."""
        return self.interval * int(STEP**level)

    def span(self, level: int, time: int) -> tuple[int, int]:
        """start, end of the span of a level that holds an instant."""
        length = self.rows_a_span * self.bin_length(level)
        start = time // length * length
        return start, start + length

    def save(self, folder: Path) -> None:
        """Write `family.json`.

        Raises
        ------
        StoreError : the disk refuses
        """
        row = {
            "schema_version": 1, "name": self.name, "interval": self.interval, "rows_a_span": self.rows_a_span, "wide": self.wide,
            "tags": self.tags, "assets": list(self.assets), "about": self.about,
        }  # fmt: skip
        write_text(folder / "family.json", json.dumps(row, ensure_ascii=True) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Family:
        """Read `family.json`.

        Raises
        ------
        StoreError : it cannot be read, or is of a newer Andon
        """
        path = folder / "family.json"
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            if row["schema_version"] != 1:
                raise StoreError(f"schema version {row['schema_version']!r}, this Andon knows 1", at=At(file=str(path)), do="update Andon")
            assets = {name: number for number, name in enumerate(row["assets"])}
            return cls(
                row["name"], int(row["interval"]), int(row["rows_a_span"]), bool(row["wide"]), list(row["tags"]), assets, row["about"]
            )
        except OSError as error:
            raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(path)), do="check the disk and try again") from error
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError("not a family of segments", at=At(file=str(path)), do="restore it from a backup") from error


def interval_of(times: Any) -> int:
    """ns: the usual distance of the instants of one asset, rounded to one, two or five times a power of ten (in ns, from 1 ms on)."""
    import numpy as np

    gaps = np.diff(np.unique(times))
    usual = int(np.median(gaps)) if len(gaps) else NS
    step = 1_000_000
    for _ in range(20):
        for factor in (1, 2, 5):
            if usual < 1.5 * factor * step:
                return factor * step
        step *= 10
    return step
