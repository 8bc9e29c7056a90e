"""Does a recording fit a preparation? Clear errors where it does not, and a list of what is absent or ignored."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np

from andon.plant.errors import At, PreparationError
from andon.plant.messages import say
from andon.plant.recording import Problem, Recording
from andon.plant.time import format_duration
from andon.preparing.preparation import Preparation

FEWEST_ROWS = 20


def check_recording(preparation: Preparation, recording: Recording) -> tuple[Problem, ...]:
    """Refuse a recording that the model is not for; report tags that are absent, and tags that it does not know.

    Raises
    ------
    PreparationError : another asset, no tag in common, or sampled more coarsely than the model's grid
    """
    if preparation.assets and recording.asset not in preparation.assets:
        raise PreparationError(
            f"this model is for {', '.join(preparation.assets)}, the recording is of {recording.asset}",
            do="choose the model of that asset, or name the recording's asset as the model does",
        )
    wanted, here = preparation.tags, set(recording.tags)
    absent = [tag for tag in wanted if tag not in here]
    if wanted and len(absent) == len(wanted):
        near = get_close_matches(wanted[0], recording.tags, n=1)
        raise PreparationError(
            f"the recording has none of the model's {len(wanted)} tags, for example not {wanted[0]}",
            at=At(tag=wanted[0], file=recording.files[0] if recording.files else None),
            do=f"is it {near[0]} now? give the tags the names they had in training" if near else "choose the model of this asset",
        )
    check_interval(preparation, recording)
    problems: list[Problem] = []
    known = set(wanted)
    extra = [tag for tag in recording.tags if tag not in known]
    for kind, tags, rule in (("absent-tag", absent, "taken as missing throughout"), ("extra-tag", extra, "ignored")):
        if tags:
            some = _some(tags)
            what = say(f"preparing.{kind}", tags=some)
            problems.append(Problem(kind, what, rule, At(tag=tags[0]), len(tags), (("tags", some),)))
    return tuple(problems)


def check_interval(preparation: Preparation, recording: Recording) -> None:
    """Refuse samples so far apart that most ticks would have none.

    Raises
    ------
    PreparationError : the median time between samples is above twice the grid's interval and thrice that of training
    """
    if recording.rows < FEWEST_ROWS:
        return
    between = float(np.median(np.diff(recording.time)))
    trained = preparation.sample_ns or preparation.interval_ns
    if between > 2 * preparation.interval_ns and between > 3 * trained:
        raise PreparationError(
            f"samples come every {format_duration(round(between))}, the model was trained on {format_duration(trained)} "
            f"and judges every {format_duration(preparation.interval_ns)}",
            do="export with the interval of training, or train a model for this one",
        )


def _some(tags: Iterable[str]) -> str:
    names = list(tags)
    return ", ".join(names[:5]) + (f" + {len(names) - 5}" if len(names) > 5 else "")
