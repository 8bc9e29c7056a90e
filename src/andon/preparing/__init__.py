"""From a recording to what models see: the grid, hold, mask, scale, operating mode, off time, calendar; splits without leakage.

The same functions run on a year of history and on one live tick; state travels apart, so any cut gives the same output.

    split = split_periods(recording, plant, interval_ns=..., labels=labels)
    preparation = fit_preparation(recording, plant, split.train_rows(recording.time), labels=labels)
    prepared, state = prepare(preparation, recording, None, labels=(), out_of_service=(), until=None)

`fit_preparation(recording, plant: PlantFile, normal: BoolArray over the recording's rows | Sequence[Period], *,
interval_ns=None, assets=(), targets=(), labels=()) -> Preparation`
`prepare(preparation, recording, state=None, *, labels=(), out_of_service=(), until=None) -> (Prepared, PrepareState)`:
a tick is given out once it is complete, that is when a sample at or after its end was seen, or when `until` says so;
samples of an unfinished tick wait in the state.
"""

from andon.preparing.periods import Period, Split, check_split, excluded_periods, split_periods
from andon.preparing.preparation import Category, Channel, ModeModel, Preparation, Source

__all__ = [
    "Category",
    "Channel",
    "ModeModel",
    "Period",
    "Preparation",
    "Source",
    "Split",
    "check_split",
    "excluded_periods",
    "split_periods",
]
