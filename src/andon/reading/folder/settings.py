"""Settings of a folder link."""

from __future__ import annotations

from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field
from typing import Any

from andon.plant.errors import AskUserError, At
from andon.plant.time import NS
from andon.plant.time import zone as zone_of
from andon.reading.folder.names import FileName


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """Which files of a folder are read, and when.

    Attributes
    ----------
    name : name of the link
    folder : path
    names : patterns of file names below the folder, like "{asset}_{time}.csv" or "{asset}/*.parquet"; empty: all files
    zone : IANA zone of times in the files without an offset
    every_ns : how often to look
    stable_ns : a file whose size or time changed within this is not finished
    delay_ns : a file with a time in its name is read this long after that time, so that those before it may come late
    offset_ns : what to subtract from the time in a name to get UTC; +5 h for a plant five hours east
    window : batches given and not acknowledged, at most
    rows : rows of a batch, at most
    rename : tag of the file -> tag id
    ignore : columns that are no tags
    answers : options of `andon.read` for what the files leave open, beside the zone
    """

    name: str
    folder: str
    names: tuple[str, ...] = ()
    zone: str = "UTC"
    every_ns: int = NS
    stable_ns: int = 2 * NS
    delay_ns: int = 0
    offset_ns: int = 0
    window: int = 256
    rows: int = 2_000
    rename: Mapped[str, str] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    answers: Mapped[str, Any] = field(default_factory=dict)

    def check(self, key: str = "link") -> None:
        """Raise AskUserError where a setting cannot be used. The folder itself may be absent: it is waited for."""
        if not self.folder:
            raise AskUserError("a folder link needs a folder", at=At(key=f"{key}.address"), do='for example address = "exports/live"')
        for name in self.names:
            FileName(name)
        zone_of(self.zone)
        if (self.delay_ns or self.offset_ns) and not any("{time}" in name for name in self.names):
            raise AskUserError(
                "delay and offset are about times in file names, and no name has one",
                at=At(key=f"{key}.topics"),
                do='write {time} where it stands, like "{asset}_{time}.csv"',
            )
        if self.window < 1 or self.rows < 1 or self.every_ns < 1_000_000:
            raise AskUserError("window and rows are at least 1, every at least 1 ms", at=At(key=f"{key}.every"), do="leave them out")
