"""What is kept: models with their state, the ledger of changes, the results that others read, and all that a service keeps.

`ModelStore` keeps model files, who serves which asset, budgets and tags out of service, and writes every change into the
`Ledger`, a chain of hashes. `write_verdicts`, `write_events` and `write_quality` write the fixed result files.
Everything is written whole or not at all, and two processes may write at once.

Of a service: `Journal` takes in every batch before its source hears of it; `Segments` and `VerdictTraces` keep samples and verdicts with
roll-up; `Database` keeps alarm records, users and what else is asked for by its key; `Checkpoints` say from where to go on after a crash;
`LedgerWriter` and `sign_head` keep the ledger; `DeadLetters` what could not be understood; `backup` and `restore` copy it all.
`LiveFolder` says where each lies.
"""

from typing import TYPE_CHECKING, Any

from andon.store.ledger import Break, Draft, Entry, Ledger
from andon.store.models import ModelStore, StateKeeper
from andon.store.naming import file_name
from andon.store.results import (
    event_from_dict,
    event_to_dict,
    read_events,
    read_quality,
    read_verdicts,
    write_events,
    write_quality,
    write_verdicts,
)
from andon.store.state import Champion, ModelVersion, Promise, State, TagOut

if TYPE_CHECKING:
    from andon.store.backing_up import backup
    from andon.store.backup_file import Backup, read_backup
    from andon.store.checkpoint import Checkpoint, Checkpoints
    from andon.store.database import Database
    from andon.store.dead_letters import DeadLetter, DeadLetters
    from andon.store.journal import Fsync, Journal, Kept, Position
    from andon.store.ledger_export import Verified, export_ledger, verify_ledger
    from andon.store.ledger_writer import LedgerWriter
    from andon.store.live_folder import LiveFolder
    from andon.store.restoring import restore
    from andon.store.segments import Keep, Segments, Trace, VerdictTraces
    from andon.store.signed_heads import SignedHead, sign_head

_HOMES = {
    name: f"andon.store.{module}"
    for module, names in {
        "backing_up": ("backup",),
        "backup_file": ("Backup", "read_backup"),
        "checkpoint": ("Checkpoint", "Checkpoints"),
        "database": ("Database",),
        "dead_letters": ("DeadLetter", "DeadLetters"),
        "journal": ("Fsync", "Journal", "Kept", "Position"),
        "ledger_export": ("Verified", "export_ledger", "verify_ledger"),
        "ledger_writer": ("LedgerWriter",),
        "live_folder": ("LiveFolder",),
        "restoring": ("restore",),
        "segments": ("Keep", "Segments", "Trace", "VerdictTraces"),
        "signed_heads": ("SignedHead", "sign_head"),
    }.items()
    for name in names
}
"""What a service needs and the command line does not: imported with the first use."""

__all__ = [
    "Backup", "Break", "Champion", "Checkpoint", "Checkpoints", "Database", "DeadLetter", "DeadLetters", "Draft", "Entry", "Fsync",
    "Journal", "Keep", "Kept", "Ledger", "LedgerWriter", "LiveFolder", "ModelStore", "ModelVersion", "Position", "Promise",
    "Segments", "SignedHead", "State", "StateKeeper", "TagOut", "Trace", "VerdictTraces", "Verified", "backup", "event_from_dict",
    "event_to_dict", "export_ledger", "file_name", "read_backup", "read_events", "read_quality", "read_verdicts", "restore", "sign_head",
    "verify_ledger", "write_events", "write_quality", "write_verdicts",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'andon.store' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
