"""Arrays that are used again from chunk to chunk, so that they stay in the processor's cache and nothing is allocated twice."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import Float32Array


class Workspace:
    """Named arrays. What `take` gave is overwritten by the next user of the same name and shape: one thread, one workspace."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[tuple[str, tuple[int, ...]], Float32Array] = {}

    def take(self, name: str, shape: tuple[int, ...]) -> Float32Array:
        """An array of that shape with any content.

        Parameters
        ----------
        name : of the use; two arrays that are needed at once have two names
        """
        held = self._held.get((name, shape))
        if held is None:
            held = self._held[name, shape] = np.empty(shape, dtype=np.float32)
        return held
