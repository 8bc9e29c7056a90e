"""Which data a model was trained on: a hash that names it without holding it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import numpy as np

from andon.plant.recording import Recording


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
        for column in sorted(range(len(tags)), key=lambda c: tags[c]):
            names = (tags[column], *recording.texts.get(tags[column], ()))
            whole.update("\0".join(names).encode("utf-8", "surrogatepass") + b"\0")
            values = np.array(recording.values[:, column], dtype="<f8")
            values[np.isnan(values)] = np.nan  # one bit pattern
            whole.update(values.tobytes())
            whole.update(np.ascontiguousarray(recording.status[:, column], dtype=np.uint8).tobytes())
        span = (int(recording.time[0]), int(recording.time[-1])) if len(recording.time) else (None, None)
        parts.append({"asset": recording.asset, "rows": len(recording.time), "tags": len(tags), "first": span[0], "last": span[1],
                      "sha256": whole.hexdigest()})  # fmt: skip
    parts.sort(key=lambda part: (part["asset"], part["sha256"]))
    return {"sha256": sha256("".join(str(part["sha256"]) for part in parts).encode()).hexdigest(), "recordings": parts}
