"""What is kept: models with their state, the ledger of changes, and the results that others read.

`ModelStore` keeps model files, who serves which asset, budgets and tags out of service, and writes every change into the
`Ledger`, a chain of hashes. `write_verdicts`, `write_events` and `write_quality` write the fixed result files.
Everything is written whole or not at all, and two processes may write at once.
"""

from andon.store.ledger import Break, Entry, Ledger
from andon.store.models import ModelStore
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

__all__ = [
    "Break",
    "Champion",
    "Entry",
    "Ledger",
    "ModelStore",
    "ModelVersion",
    "Promise",
    "State",
    "TagOut",
    "event_from_dict",
    "event_to_dict",
    "file_name",
    "read_events",
    "read_quality",
    "read_verdicts",
    "write_events",
    "write_quality",
    "write_verdicts",
]
