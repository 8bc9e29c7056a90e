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
`fit_sisters` fits the preparations of several assets that share a model: one scale a tag, and centres shared or own.
"""

from andon.preparing.check import check_recording
from andon.preparing.fit import fit_preparation
from andon.preparing.interval import suggest_hold, suggest_interval
from andon.preparing.periods import Period, Split, check_split, excluded_periods, split_periods
from andon.preparing.plan import make_plan
from andon.preparing.preparation import Category, Channel, ModeModel, Preparation, Source, say_note
from andon.preparing.run import join, prepare, prepare_pieces
from andon.preparing.sisters import SisterPreparations, fit_sisters, moved_to
from andon.preparing.state import PrepareState

__all__ = [
    "Category",
    "Channel",
    "ModeModel",
    "Period",
    "Preparation",
    "PrepareState",
    "SisterPreparations",
    "Source",
    "Split",
    "check_recording",
    "check_split",
    "excluded_periods",
    "fit_preparation",
    "fit_sisters",
    "join",
    "make_plan",
    "moved_to",
    "prepare",
    "prepare_pieces",
    "say_note",
    "split_periods",
    "suggest_hold",
    "suggest_interval",
]
