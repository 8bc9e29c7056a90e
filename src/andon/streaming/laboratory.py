"""Laboratory results in the journal: said by people through the API, or brought by a link whose rows are results.

A row of such a link is a sample: its asset, the time at which it was drawn, and a value for each target. It is known when it
arrives. The rules for results that are late, come twice or are corrected are the soft sensor's (`scoring.quality`), the same in history.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from andon.plant.batch import Batch
from andon.plant.status import Status
from andon.streaming.control import CONTROL, Result, of_entry

_USED = (int(Status.GOOD), int(Status.UNCERTAIN))


def results_of(entry: Batch, links: Collection[str]) -> tuple[Result, ...]:
    """The results that an entry of the journal says; of the others none.

    Parameters
    ----------
    links : names of the links that bring results
    """
    if entry.source == CONTROL and not entry.rows:
        told = of_entry(entry)
        return (told,) if isinstance(told, Result) else ()
    if entry.source not in links or not entry.rows:
        return ()
    rows, columns = np.nonzero(np.isin(entry.status, _USED) & np.isfinite(entry.values))
    return tuple(
        Result(
            entry.assets[int(entry.asset[row])], entry.tags[column], int(entry.time[row]), max(int(entry.time[row]), entry.received),
            float(entry.values[row, column]),
        )
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    )  # fmt: skip
