"""A file becomes batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from andon.plant.batch import Batch
from andon.plant.recording import Recording
from andon.reading.folder.settings import FolderSettings


def read_batches(path: Path, asset: str, settings: FolderSettings) -> list[Batch]:
    """The batches of one export file, in order of asset and time. Blocking; run it in a thread.

    Parameters
    ----------
    path : the file, in any form that `andon.read` knows
    asset : from its name; empty: from its contents

    Raises
    ------
    AndonError : it cannot be read; nothing of it was given
    """
    from andon.reading.exports import read

    found = read([path], asset=asset or None, zone=settings.zone, **settings.answers)
    return [batch for recording in found.recordings.values() for batch in cut(recording, settings)]


def cut(recording: Recording, settings: FolderSettings) -> Iterator[Batch]:
    """A recording in batches of at most `rows` rows, its tags by the settings' names."""
    places = [index for index, tag in enumerate(recording.tags) if tag not in settings.ignore]
    tags = tuple(settings.rename.get(recording.tags[index], recording.tags[index]) for index in places)
    if len(set(tags)) != len(tags) or not tags:
        places, tags = list(range(len(recording.tags))), recording.tags
    for start in range(0, recording.rows, settings.rows):
        part = slice(start, start + settings.rows)
        time = recording.time[part]
        yield Batch(
            settings.name,
            0,
            (recording.asset,),
            tags,
            np.zeros(len(time), dtype=np.int32),
            time,
            recording.values[part][:, places].astype(np.float32),
            recording.status[part][:, places],
        )
