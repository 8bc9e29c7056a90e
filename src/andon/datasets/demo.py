"""The recording that travels with the package: the Tennessee Eastman process, simulated.

`tools/make_demo_recording.py` makes it again. 28 days of normal operation at one minute, then one run per
disturbance; the product analyser is the quality target and arrives 15 minutes after its sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from andon.plant.atomic_write import write_bytes

ASSET = "te"
NAMES = ("normal.parquet", "faults.parquet", "lab.csv", "labels.csv", "tags.csv")


@dataclass(frozen=True, slots=True)
class DemoRecording:
    """Where the files of the demonstration lie after `unpack`."""

    asset: str
    normal: Path
    faults: Path
    lab: Path
    labels: Path
    tags: Path


def unpack(folder: str | Path) -> DemoRecording:
    """Copy the recording to a folder, as a plant would find its own exports.

    Raises
    ------
    StoreError : the folder cannot be written
    """
    source = files("andon.datasets") / "recordings" / "tennessee-eastman"
    target = Path(folder)
    for name in NAMES:
        write_bytes(target / name, (source / name).read_bytes())
    return DemoRecording(ASSET, *[target / name for name in NAMES])
