"""What people and the laboratory tell the live loop, as entries of the journal between the samples.

Whatever changes a verdict goes through the journal: a tag out of service, planned work, a laboratory result, a mark, another threshold. So
a replay decides as the first run did, however long a person waited before pressing a key.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec
import numpy as np

from andon.plant.batch import Batch
from andon.plant.errors import StoreError

CONTROL = "control"


class Planned(msgspec.Struct, frozen=True, tag="planned"):
    """Planned work: no verdict from `start` to `end` (ns); of all assets where none is named."""

    id: str
    start: int
    end: int
    assets: tuple[str, ...] = ()
    why: str = ""
    by: str = ""


class EndPlanned(msgspec.Struct, frozen=True, tag="end-planned"):
    """Planned work ends at `at` (ns)."""

    id: str
    at: int


class TakeOut(msgspec.Struct, frozen=True, tag="take-out"):
    """A tag is not used until `until` (ns; None: until it is put back)."""

    tag: str
    asset: str = ""
    until: int | None = None
    why: str = ""
    by: str = ""


class PutBack(msgspec.Struct, frozen=True, tag="put-back"):
    """A tag is used again."""

    tag: str
    asset: str = ""


class Result(msgspec.Struct, frozen=True, tag="lab"):
    """A laboratory result: when the sample was drawn, when its value was known (ns)."""

    asset: str
    target: str
    sample_time: int
    result_time: int
    value: float


class Marked(msgspec.Struct, frozen=True, tag="marked"):
    """Somebody says whether an event was a false alarm; `at` in ns."""

    asset: str
    event: str
    false: bool
    at: int


class Promised(msgspec.Struct, frozen=True, tag="promised"):
    """Another promise: the calibrated threshold of an asset and what its controller needs. In force from the next tick on."""

    asset: str
    threshold: float
    tail_scale: float
    rate_per_hour: float
    running_share: float = 1.0
    since: int = 0


class Promoted(msgspec.Struct, frozen=True, tag="promoted"):
    """Another model serves assets: it takes over after the last tick that is closed. Their promises travel with it, so that a replay has
    those of then."""

    version: str
    assets: tuple[str, ...]
    promises: tuple[Promised, ...]
    by: str = ""


Control: TypeAlias = Planned | EndPlanned | TakeOut | PutBack | Result | Marked | Promised | Promoted
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Control)


def to_entry(control: Control, now: int) -> Batch:
    """An entry for the journal: a batch without rows.

    Parameters
    ----------
    now : ns UTC
    """
    none = np.zeros(0, dtype=np.int64)
    return Batch(
        CONTROL, now, (), (), none.astype(np.int32), none, np.zeros((0, 0), np.float32), np.zeros((0, 0), np.uint8),
        position=_encoder.encode(control).decode(),
    )  # fmt: skip


def of_entry(entry: Batch) -> Control:
    """What `to_entry` was given.

    Raises
    ------
    StoreError : a newer Andon wrote it
    """
    try:
        told: Control = _decoder.decode(entry.position)
        return told
    except msgspec.MsgspecError as error:
        raise StoreError(f"an entry of the journal cannot be read: {error}", do="update Andon on this machine") from error
