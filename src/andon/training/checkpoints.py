"""Checkpoints: a training that was stopped goes on where it was. One safetensors file with a JSON header, no pickle.

A checkpoint is written between two walks, where every lane starts fresh, so a resumed run takes the very steps that an
unbroken one would have taken.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from andon.plant.atomic_write import write_bytes
from andon.plant.errors import At, TrainingError

SCHEMA_VERSION = 1


class Standing(msgspec.Struct, frozen=True):
    """Where a training stands, but for the numbers.

    Attributes
    ----------
    fingerprint : hash of data, sizes and seed; another training must not go on from here
    walk, update : next walk and update
    best_loss, best_update : of later normal time, by part of the network
    stale : validations since then
    seconds : time used so far
    records : rows of the training log
    """

    fingerprint: str
    walk: int
    update: int
    best_loss: dict[str, float]
    best_update: int
    stale: int
    seconds: float
    records: list[dict[str, float]]
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A standing with its arrays: "now/<weight>", "best/<weight>", "first/<weight>", "second/<weight>" (moments of Adam)."""

    standing: Standing
    arrays: dict[str, NDArray[np.float32]]


def write_checkpoint(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write the whole file or nothing.

    Raises
    ------
    StoreError : the disk refused
    """
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(array) for name, array in checkpoint.arrays.items()}
    write_bytes(path, save(arrays, metadata={"standing": msgspec.json.encode(checkpoint.standing).decode()}))


def read_checkpoint(path: str | os.PathLike[str], fingerprint: str) -> Checkpoint | None:
    """The checkpoint at `path`; None where there is none, or it belongs to another training.

    Raises
    ------
    TrainingError : the file is damaged
    """
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        return None
    try:
        with safe_open(str(path), framework="np") as file:
            standing = msgspec.json.decode((file.metadata() or {})["standing"], type=Standing)
            if standing.fingerprint != fingerprint or standing.schema_version != SCHEMA_VERSION:
                return None
            return Checkpoint(standing, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    except (SafetensorError, KeyError, msgspec.MsgspecError, OSError) as error:
        raise TrainingError(
            f"the checkpoint cannot be read: {error}", at=At(file=str(path)), do="delete it; training then starts from the beginning"
        ) from error
