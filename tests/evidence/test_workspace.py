"""Arrays that are used again."""

from __future__ import annotations

import numpy as np

from andon.evidence.workspace import Workspace


def test_the_same_name_and_shape_is_the_same_memory_and_others_are_not() -> None:
    room = Workspace()
    first = room.take("values", (3, 4))
    assert first.shape == (3, 4)
    assert first.dtype == np.float32
    assert room.take("values", (3, 4)) is first
    for other in (room.take("entries", (3, 4)), room.take("values", (4, 3))):
        assert not np.shares_memory(first, other)
