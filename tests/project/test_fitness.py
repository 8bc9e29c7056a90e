"""What is said of a recording before time is spent on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import andon
from andon.plant.arrays import Float64Array
from andon.plant.errors import PreparationError, ReadingError
from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.verdict import Why
from andon.project.fitness import check_judged, check_material, check_rows, check_span, suited
from andon.scoring.monitor import Scored
from tests.small_plant import ASSET, TAGS, Line, values

MINUTE = 60_000_000_000


def _recording(table: Float64Array, time: list[int] | None = None) -> Recording:
    stamps = np.array(time if time is not None else range(len(table)), dtype=np.int64) * MINUTE
    return replace(Recording.from_arrays(ASSET, [f"T{n}" for n in range(table.shape[1])], stamps, table), files=("a.csv",))


def test_a_gap_of_weeks_is_no_wrong_date() -> None:
    month = 30 * 24 * 60
    check_span(_recording(np.ones((4, 1)), [0, 1, month, 6 * month]), MINUTE)


def test_a_sparse_recording_is_judged_by_its_rows() -> None:
    check_span(_recording(np.ones((30_000, 1)), list(range(0, 3_000_000, 100))), MINUTE)  # a hundred ticks a row


def test_wrong_dates_are_named_with_the_widest_gap() -> None:
    with pytest.raises(ReadingError) as told:
        check_span(_recording(np.ones((3, 1)), [0, 1, 5_000_000]), MINUTE)
    assert told.value.what == (
        "3 rows are spread over 5,000,000 ticks of 1min: nothing between 1970-01-01T00:01:00Z and 1979-07-05T05:20:00Z"
    )
    assert told.value.at.file == "a.csv"


def test_rows_and_tags_are_needed() -> None:
    with pytest.raises(ReadingError, match="no column holds numbers"):
        check_rows(_recording(np.ones((5, 0))))
    with pytest.raises(ReadingError, match="1 row is too little"):
        check_rows(_recording(np.ones((1, 2))))


def test_one_tag_that_changes_once_is_enough() -> None:
    table = np.ones((50, 3))
    with pytest.raises(ReadingError, match="no tag ever changes: each of the 3 tags has one value in all 50 rows"):
        check_material(_recording(table))
    table[20, 1] = 2.0
    check_material(_recording(table))


def test_a_bad_value_is_no_change() -> None:
    table = np.ones((50, 1))
    table[20] = 2.0
    recording = _recording(table)
    status = recording.status.copy()
    status[20] = Status.BAD
    with pytest.raises(ReadingError, match="no tag ever changes"):
        check_material(replace(recording, status=status))


def test_a_suited_recording_comes_back_as_it_is(line: Line) -> None:
    monitor = andon.load(line.model)
    recording = Recording.from_arrays(ASSET, TAGS, np.arange(50, dtype=np.int64) * 5 * MINUTE, values(50, 1))
    same, notes = suited(recording, monitor)
    assert same is recording
    assert notes == ()


def test_words_become_bad_values_and_leave_the_input_alone(line: Line) -> None:
    monitor = andon.load(line.model)
    recording = Recording.from_arrays(ASSET, TAGS, np.arange(50, dtype=np.int64) * 5 * MINUTE, values(50, 1))
    worded = replace(recording, texts={TAGS[2]: ("on", "off")})
    kept = worded.values.tobytes()
    cleaned, notes = suited(worded, monitor)
    assert (cleaned.status[:, 2] == Status.BAD).all()
    assert np.isnan(cleaned.values[:, 2]).all()
    assert cleaned.texts == {}
    assert [note.key for note in notes] == ["project.note.words"]
    assert worded.values.tobytes() == kept


def _scored(line: Line, why: Why) -> Scored:
    monitor = andon.load(line.model)
    recording = Recording.from_arrays(ASSET, TAGS, np.arange(12, dtype=np.int64) * 5 * MINUTE, values(12, 1))
    scored = monitor.score(recording)
    return replace(scored, verdicts=replace(scored.verdicts, why=np.full_like(scored.verdicts.why, why)))


def test_results_without_one_judged_tick_are_refused_where_the_data_is_to_blame(line: Line) -> None:
    with pytest.raises(PreparationError, match=r"not one tick could be judged \(12 × too few valid\)"):
        check_judged([_scored(line, Why.TOO_FEW_VALID)])
    for result in (Why.JUDGED, Why.MACHINE_OFF, Why.MAINTENANCE):
        check_judged([_scored(line, Why.NO_DATA), _scored(line, result)])
