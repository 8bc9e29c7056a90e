"""Which data a model was trained on: a hash that names it without holding it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import numpy as np

from andon.plant.recording import Recording

_COLUMNS = 16


def data_fingerprint(recordings: Iterable[Recording]) -> dict[str, Any]:
    """Fingerprint of training data.

    Equal where time, values and status of every tag are equal; the order of recordings and of tags does not count.

    Returns
    -------
    {"sha256", "recordings": [{"asset", "rows", "tags", "first", "last", "sha256"}]}, times in ns UTC
    """
    parts = []
    for recording in recordings:
        tags = recording.tags
        whole = sha256(np.ascontiguousarray(recording.time, dtype="<i8").tobytes())
        order = sorted(range(len(tags)), key=lambda c: tags[c])
        kind = "<f8" if recording.values.dtype.itemsize == 8 else "<f4"
        for low in range(0, len(order), _COLUMNS):  # several columns at once: one pass over the rows serves them all
            chosen = order[low : low + _COLUMNS]
            values = np.ascontiguousarray(recording.values[:, chosen].T, dtype=kind)
            values[np.isnan(values)] = np.nan  # one bit pattern
            status = np.ascontiguousarray(recording.status[:, chosen].T, dtype=np.uint8)
            for place, column in enumerate(chosen):
                names = (tags[column], *recording.texts.get(tags[column], ()))
                whole.update("\0".join(names).encode("utf-8", "surrogatepass") + b"\0")
                whole.update(values[place])
                whole.update(status[place])
        span = (int(recording.time[0]), int(recording.time[-1])) if len(recording.time) else (None, None)
        parts.append({"asset": recording.asset, "rows": len(recording.time), "tags": len(tags), "first": span[0], "last": span[1],
                      "sha256": whole.hexdigest()})  # fmt: skip
    parts.sort(key=lambda part: (part["asset"], part["sha256"]))
    return {"sha256": sha256("".join(str(part["sha256"]) for part in parts).encode()).hexdigest(), "recordings": parts}
