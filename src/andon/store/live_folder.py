"""Where a service keeps its things: one folder, the same for the service, for backup and restore, and for whoever looks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LiveFolder:
    """The places in a folder; none of them is made by asking."""

    path: Path

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> LiveFolder:
        """The places below a path."""
        return cls(Path(path))

    @property
    def journal(self) -> Path:
        """Folder of `Journal`."""
        return self.path / "journal"

    @property
    def checkpoints(self) -> Path:
        """Folder of `Checkpoints`."""
        return self.path / "checkpoints"

    @property
    def samples(self) -> Path:
        """Folder of `Segments`."""
        return self.path / "samples"

    @property
    def verdicts(self) -> Path:
        """Folder of `VerdictTraces`."""
        return self.path / "verdicts"

    @property
    def quality(self) -> Path:
        """Folder of `Segments` of predictions."""
        return self.path / "quality"

    @property
    def database(self) -> Path:
        """File of `Database`, where it is SQLite."""
        return self.path / "andon.sqlite"

    @property
    def ledger(self) -> Path:
        """File of the `Ledger` of the service."""
        return self.path / "ledger.jsonl"

    @property
    def ledger_key(self) -> Path:
        """The private key that signs heads. It is in no backup."""
        return self.path / "ledger.key"

    @property
    def dead_letters(self) -> Path:
        """Folder of `DeadLetters`. They are in no backup."""
        return self.path / "dead-letters"
