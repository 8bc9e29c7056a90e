"""Whether a recording suits the job, said before time is spent on it and in words of the export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from andon.plant.errors import At, PreparationError, ReadingError
from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.time import format_duration, format_instant
from andon.plant.verdict import Sentence, Why
from andon.scoring.monitor import Monitor, Scored

EMPTY_TICKS_PER_ROW = 100
FREE_TICKS = 2_000_000
NAMED_TAGS = 5
DATA_IS_TO_BLAME = frozenset({Why.NO_DATA, Why.TOO_FEW_VALID, Why.WARMING_UP, Why.UNKNOWN_MODE})


def check_span(recording: Recording, interval_ns: int) -> None:
    """Refuse a recording whose ticks are nearly all empty: a few wrong dates would cost hours.

    Parameters
    ----------
    interval_ns : sampling interval of the grid

    Raises
    ------
    ReadingError : more than a hundred ticks a row, and more than two million in all
    """
    if recording.rows < 2:
        return
    ticks = int(recording.time[-1] - recording.time[0]) // interval_ns
    if ticks <= max(FREE_TICKS, EMPTY_TICKS_PER_ROW * recording.rows):
        return
    gaps = np.diff(recording.time)
    widest = int(np.argmax(gaps))
    before, after = format_instant(int(recording.time[widest])), format_instant(int(recording.time[widest + 1]))
    raise ReadingError(
        f"{recording.rows:,} rows are spread over {ticks:,} ticks of {format_duration(interval_ns)}: nothing between {before} and {after}",
        at=At(file=_file(recording), time=after),
        do="correct or remove the rows with wrong dates, or use a longer sampling interval",
    )


def check_rows(recording: Recording) -> None:
    """Refuse a recording of which nothing can be said.

    Raises
    ------
    ReadingError : no tag with values, or fewer than two rows
    """
    at = At(file=_file(recording))
    if not recording.tags:
        raise ReadingError("no column holds numbers or a few repeated words", at=at, do="export the tags' values as numbers")
    if recording.rows < 2:
        raise ReadingError(f"{recording.rows} row is too little: not even its interval is known", at=at, do="export a longer period")


def check_material(recording: Recording) -> None:
    """Refuse a recording from which nothing can be learnt.

    Raises
    ------
    ReadingError : as `check_rows`; no valid value, or no value that ever changes
    """
    check_rows(recording)
    at = At(file=_file(recording))
    valid = recording.valid()
    if not valid.any():
        raise ReadingError(
            f"none of the {len(recording.tags)} tags has a valid value in {recording.rows:,} rows", at=at,
            do="andon audit says what stands in place of the values; export them as numbers",
        )  # fmt: skip
    if not any(_changes(recording.values[valid[:, column], column]) for column in range(len(recording.tags))):
        raise ReadingError(
            f"no tag ever changes: each of the {len(recording.tags)} tags has one value in all {recording.rows:,} rows", at=at,
            do="export a period in which the machine runs, with values as measured",
        )  # fmt: skip


def _changes(values: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> bool:
    return bool(len(values)) and bool((values != values[0]).any())


def suited(recording: Recording, monitor: Monitor) -> tuple[Recording, tuple[Sentence, ...]]:
    """The recording as the model may take it, and what people should know of the difference.

    A tag that the model knows as a number and that comes as words has no value: its words have no scale.

    Raises
    ------
    ReadingError : nearly all ticks would be empty
    """
    check_span(recording, monitor.preparation.interval_ns)
    wanted, there = monitor.preparation.tags, set(recording.tags)
    coded = {category.tag for category in monitor.preparation.categories} | {monitor.preparation.modes.tag}
    words = [tag for tag in monitor.tag_ids if tag in recording.texts and tag not in coded]
    if words:
        columns = [recording.tags.index(tag) for tag in words]
        values, status = recording.values.copy(), recording.status.copy()
        values[:, columns], status[:, columns] = np.nan, Status.BAD
        recording = replace(
            recording, values=values, status=status, texts={tag: texts for tag, texts in recording.texts.items() if tag not in words}
        )
    notes = []
    for key, tags in (
        ("project.note.absent", [tag for tag in wanted if tag not in there]),
        ("project.note.words", words),
        ("project.note.extra", sorted(there - {*wanted, *(tag.id for tag in monitor.tags)})),
    ):
        if tags:
            some = ", ".join(tags[:NAMED_TAGS]) + (" …" if len(tags) > NAMED_TAGS else "")
            notes.append(Sentence(key, {"asset": recording.asset, "count": len(tags), "of": len(wanted), "tags": some}))
    return recording, tuple(notes)


def check_judged(scored: Sequence[Scored], notes: Sequence[Sentence] = ()) -> None:
    """Refuse results in which no tick could be judged because of the data.

    Time when the machine is off or maintained is a result; exports without a single usable row are not.

    Raises
    ------
    PreparationError : with the reasons and how often each was met
    """
    reasons: Counter[Why] = Counter()
    for one in scored:
        codes, counts = np.unique(one.verdicts.why, return_counts=True)
        reasons.update({Why(int(code)): int(count) for code, count in zip(codes, counts, strict=True)})
    if not reasons or set(reasons) - DATA_IS_TO_BLAME:
        return
    told = ", ".join(f"{count:,} × {why.name.lower().replace('_', ' ')}" for why, count in reasons.most_common())
    absent = next((note for note in notes if note.key == "project.note.absent"), None)
    missing = f"; {absent.args['count']} of the model's {absent.args['of']} tags are not there: {absent.args['tags']}" if absent else ""
    raise PreparationError(
        f"not one tick could be judged ({told}){missing}",
        do="andon audit says what is wrong with the exports; nothing was written",
    )  # fmt: skip


def _file(recording: Recording) -> str | None:
    return recording.files[0] if recording.files else None
