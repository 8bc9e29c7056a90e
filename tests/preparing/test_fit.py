"""Fitting: which tag becomes what, what is learnt from normal training time alone, and the errors."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.errors import PreparationError
from andon.plant.file.parse import parse_plant_text
from andon.plant.file.schema import Machine, Modes, PlantFile, Sampling, Target
from andon.plant.label import Label, LabelKind
from andon.plant.messages import LANGUAGES
from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.tag import Role, Tag
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS
from andon.plant.verdict import Why
from andon.preparing import Period, Preparation, Source, check_recording, fit_preparation, prepare, say_note

ROWS = 3000
START = 1_700_006_400 * 10**9  # on a full hour


def press(rows: int = ROWS, seed: int = 0, asset: str = "press") -> Recording:
    random = np.random.default_rng(seed)
    time = START + np.arange(rows) * MINUTE_NS
    product = (np.arange(rows) // 500) % 2
    noise: Float64Array = random.normal(size=(rows, 8))
    values = np.stack(
        [
            20 + 3 * noise[:, 0],
            50 + 10 * product + noise[:, 1] * 0.01,
            1e9 + np.cumsum(random.integers(0, 4, size=rows)),
            np.mod(np.cumsum(random.normal(5, 1, size=rows)), 360),
            product,
            random.integers(0, 3, size=rows),
            np.full(rows, 4.0),
            np.full(rows, np.nan),
        ],
        axis=1,
    )
    tags = ("pressure", "setpoint", "strokes", "crank", "product", "grade", "spare", "broken")
    return Recording.from_arrays(asset, tags, time, values, texts={"product": ("A", "B"), "grade": ("x", "y", "z")})


PLANT = parse_plant_text(
    """
[modes]
from = "tag"
tag = "product"
[[tag]]
id = "setpoint"
role = "setpoint"
[[tag]]
id = "strokes"
role = "counter"
[[tag]]
id = "crank"
role = "angle"
[[derived]]
id = "double"
expression = "2 * pressure"
"""
)
ALL: BoolArray = np.ones(ROWS, dtype=bool)


def test_roles() -> None:
    preparation = fit_preparation(press(), PLANT, ALL)
    assert preparation.channel_names == ("pressure", "setpoint", "strokes:rate", "crank:sin", "crank:cos", "spare", "double")
    assert preparation.channel_tags == ("pressure", "setpoint", "strokes", "crank", "crank", "spare", "double")
    assert [category.levels for category in preparation.categories] == [("x", "y", "z")]
    assert preparation.modes.levels == ("A", "B")
    assert preparation.context_names == ("age", "mode=A", "mode=B", "grade=x", "grade=y", "grade=z")
    assert preparation.interval_ns == MINUTE_NS
    assert {(kind, tag) for kind, tag, _ in preparation.notes} == {("constant", "spare"), ("no-data", "broken")}
    for language in LANGUAGES:
        assert all("spare" in say_note(note, language) for note in preparation.notes if note[1] == "spare")
    by = {channel.name: channel.scaled_by for channel in preparation.channels}
    assert by["pressure"] == "robust"
    assert by["spare"] == "level"
    stuck = {channel.name: channel.stuck_ns for channel in preparation.channels}
    assert stuck["pressure"] == 10 * MINUTE_NS
    assert stuck["setpoint"] is None  # a set-point may stand still
    assert stuck["spare"] is None  # it always did
    got, _ = prepare(preparation, press())
    judged = got.why == Why.JUDGED
    np.testing.assert_allclose(np.median(got.x[judged][:, 0]), 0, atol=0.05)
    np.testing.assert_allclose(np.std(got.x[judged][:, 0]), 1, atol=0.05)
    np.testing.assert_allclose(got.x[:, 6], got.x[:, 0], atol=1e-4)  # a multiple of a tag is the tag, once scaled
    rate = got.x[judged][:, 2] * preparation.channels[2].scale + preparation.channels[2].center
    np.testing.assert_allclose(rate.mean() * 60, 1.5, atol=0.1)  # strokes a minute: the mean of 0, 1, 2, 3


def test_it_travels_as_json() -> None:
    preparation = fit_preparation(press(), PLANT, ALL)
    again = Preparation.from_dict(json.loads(json.dumps(preparation.to_dict())))
    assert again == preparation
    with pytest.raises(PreparationError, match="schema version"):
        Preparation.from_dict({**preparation.to_dict(), "schema_version": 99})
    with pytest.raises(PreparationError, match="damaged"):
        Preparation.from_dict({"schema_version": 1})


def test_nothing_outside_normal_training_time_is_looked_at() -> None:
    recording = press()
    normal = ALL.copy()
    normal[2000:] = False
    normal[500:600] = False
    plain = fit_preparation(recording, PLANT, normal)
    poisoned = replace(recording, values=recording.values.copy())
    poisoned.values[~normal, :4] = 1e6
    assert fit_preparation(poisoned, PLANT, normal).channels[0] == plain.channels[0]
    later = replace(recording, values=recording.values.copy())
    later.values[2000:] = 77.0
    assert fit_preparation(later, PLANT, normal) == plain


def test_periods_are_as_good_as_rows() -> None:
    recording = press()
    period = Period(START + 100 * MINUTE_NS, START + 900 * MINUTE_NS)
    assert fit_preparation(recording, PLANT, [period]) == fit_preparation(recording, PLANT, period.rows(recording.time))


def test_sisters_share_one_preparation() -> None:
    one, two = press(seed=1), press(seed=2, asset="sister")
    preparation = fit_preparation([one, two], PLANT, [ALL, ALL])
    assert preparation.assets == ("press", "sister")
    check_recording(preparation, two)
    assert preparation.channels[0].center == pytest.approx(20, abs=0.3)
    with pytest.raises(PreparationError, match="one row mask for each"):
        fit_preparation([one, two], PLANT, [ALL])


def test_off_time_is_cut_out_of_learning_and_judging() -> None:
    recording = press()
    recording.values[1000:1200, 0] = 0.0  # the machine stands
    plant = replace(PLANT, machine=Machine(off="pressure < 1 and `spare` > 0", settle_ns=5 * MINUTE_NS), modes=PlantFile().modes)
    preparation = fit_preparation(recording, plant, ALL)
    assert preparation.channels[0].center == pytest.approx(20, abs=0.3)
    got, _ = prepare(preparation, recording)
    assert (got.why[1000:1200] == Why.MACHINE_OFF).all()
    assert (got.why[1200:1205] == Why.SETTLING).all()
    assert got.why[1205] == Why.JUDGED
    assert np.flatnonzero(got.reset).tolist() == [0, 1200]
    assert not got.valid[1000:1200].any()


@pytest.mark.parametrize("role", [Role.CATEGORY, Role.IGNORED])
def test_a_state_that_was_never_normal_can_still_be_the_off_condition(role: Role) -> None:
    """Training has "run" and "idle" alone; "stopped" comes later, in another order of the texts."""
    time = START + np.arange(200) * MINUTE_NS
    values = np.stack([np.random.default_rng(0).normal(size=200), (np.arange(200) // 50) % 2], axis=1)
    recording = Recording.from_arrays("m", ("a", "state"), time, values, texts={"state": ("run", "idle")})
    plant = PlantFile(tags=(Tag("state", role=role),), machine=Machine(off='state == "stopped"', settle_ns=0))
    preparation = fit_preparation(recording, plant, np.ones(200, dtype=bool))
    assert (prepare(preparation, recording)[0].why == Why.JUDGED).all()
    later = replace(recording, texts={"state": ("stopped", "run")})
    got, _ = prepare(preparation, later)
    assert ((got.why == Why.MACHINE_OFF) == ((np.arange(200) // 50) % 2 == 0)).all()


@pytest.mark.parametrize("by_mode", [False, True])
def test_a_category_stored_as_a_number_is_a_number_to_an_expression(by_mode: bool) -> None:
    """Levels 3, 5, 9: `grade == 5` is about the number, not about the place among the levels."""
    time = START + np.arange(300) * MINUTE_NS
    grade = np.array([3.0, 5.0, 9.0])[np.arange(300) // 100]
    recording = Recording.from_arrays("m", ("a", "grade"), time, np.stack([np.random.default_rng(0).normal(size=300), grade], axis=1))
    plant = PlantFile(
        tags=(Tag("grade", role=Role.CATEGORY),),
        modes=Modes("tag", "grade") if by_mode else Modes(),
        machine=Machine(off="grade == 5", settle_ns=0),
    )
    preparation = fit_preparation(recording, plant, np.ones(300, dtype=bool))
    got, _ = prepare(preparation, recording)
    assert np.flatnonzero(got.why == Why.MACHINE_OFF).tolist() == list(range(100, 200))
    assert ("mode=5" if by_mode else "grade=5") in got.context_names


def test_settling_after_a_change_of_mode_and_a_mode_never_seen() -> None:
    recording = press()
    preparation = fit_preparation(recording, PLANT, np.arange(ROWS) < 2000)
    strange = replace(recording, values=recording.values.copy(), texts={**recording.texts, "product": ("A", "C")})
    got, _ = prepare(preparation, strange)
    assert (got.why[511:999] == Why.UNKNOWN_MODE).all()
    assert (got.mode[511:999] == -1).all()
    assert (got.why[1000:1011] == Why.SETTLING).all()
    assert got.why[1011] == Why.JUDGED


def test_modes_that_are_discovered() -> None:
    plant = replace(PLANT, modes=replace(PLANT.modes, source="discovered", tag=""))
    recording = press().select(("pressure", "setpoint", "crank"))
    preparation = fit_preparation(recording, plant.__class__(modes=plant.modes, tags=plant.tags), ALL)
    assert preparation.modes.source == "discovered"
    assert Preparation.from_dict(json.loads(json.dumps(preparation.to_dict()))) == preparation
    assert [say_note(note) for note in preparation.notes] == [
        "Operating modes were discovered (number: channels; share of normal time covered): 2: setpoint; 100.0%."
    ]
    got, _ = prepare(preparation, recording)
    product = (np.arange(ROWS) // 500) % 2
    modes = got.mode if got.mode[0] == 0 else 1 - got.mode
    np.testing.assert_array_equal(modes, product)
    far = replace(recording, values=recording.values.copy())
    far.values[:, 1] = 90.0
    assert (prepare(preparation, far)[0].mode == -1).all()


def test_stuck_out_of_range_and_gaps() -> None:
    recording = press()
    plant = replace(PLANT, tags=(*PLANT.tags, Tag("pressure", low=0.0, high=100.0)), modes=PlantFile().modes)
    preparation = fit_preparation(recording, plant, np.arange(ROWS) < 2000)
    values = recording.values.copy()
    values[2100:2150, 0] = 21.0
    values[2200:2210, 0] = 150.0
    ill = replace(recording, values=values)
    ill.status[2300:2330] = Status.MISSING
    got, _ = prepare(preparation, ill)
    assert got.valid[2100:2111, 0].all()
    assert not got.valid[2111:2150, 0].any()  # for longer than ten intervals
    assert got.valid[2150, 0]
    assert got.valid[2200:2202, 0].all()  # held for two intervals
    assert not got.valid[2202:2210, 0].any()
    assert (got.why[2302:2330] == Why.NO_DATA).all()
    assert np.flatnonzero(got.reset).tolist() == [0, 2330]


def test_maintenance_and_planned_labels_are_not_learnt() -> None:
    recording = press()
    recording.values[1000:1300, 0] = 500.0
    label = Label("press", START + 1000 * MINUTE_NS, START + 1300 * MINUTE_NS, LabelKind.PLANNED)
    with_label = fit_preparation(recording, PLANT, ALL, labels=[label])
    clean = fit_preparation(press(), PLANT, ALL)
    assert with_label.channels[0].center == pytest.approx(clean.channels[0].center, abs=0.1)
    assert with_label.channels[0].scale == pytest.approx(clean.channels[0].scale, rel=0.05)


def test_the_calendar_comes_after_fourteen_days() -> None:
    assert "hour:sin" not in fit_preparation(press(), PLANT, ALL).context_names
    time = START + np.arange(15 * 24) * HOUR_NS
    recording = Recording.from_arrays("m", ("a",), time, np.random.default_rng(0).normal(size=(len(time), 1)))
    assert "hour:sin" in fit_preparation(recording, PlantFile(), np.ones(len(time), dtype=bool)).context_names
    assert 15 * 24 * HOUR_NS > 14 * DAY_NS


def test_targets_are_never_inputs() -> None:
    plant = replace(PLANT, targets=(Target("quality", tag="pressure"),), derived=())
    assert "pressure" not in fit_preparation(press(), plant, ALL).channel_names
    assert "crank:sin" not in fit_preparation(press(), plant, ALL, targets=["crank"]).channel_names


def test_holds_are_given_or_found() -> None:
    plant = replace(PLANT, tags=(Tag("pressure", hold_ns=7 * MINUTE_NS),), sampling=Sampling(hold_ns=3 * MINUTE_NS))
    holds = {channel.tag: channel.hold_ns for channel in fit_preparation(press(), plant, ALL).channels}
    assert (holds["pressure"], holds["setpoint"]) == (7 * MINUTE_NS, 3 * MINUTE_NS)
    found = {channel.tag: channel.hold_ns for channel in fit_preparation(press(), PLANT, ALL).channels}
    assert found["pressure"] == 2 * MINUTE_NS


def test_a_counter_that_is_reset() -> None:
    """Counts 0, 6, 12, 18, 2, 8: six a minute, and nothing to say at the reset; the last rate stands (hold two minutes)."""
    time = START + np.arange(6) * MINUTE_NS
    recording = Recording.from_arrays("m", ("count",), time, np.array([[0.0], [6], [12], [18], [2], [8]]))
    plant = PlantFile(tags=(Tag("count", role=Role.COUNTER, hold_ns=2 * MINUTE_NS),))
    preparation = fit_preparation(recording, plant, np.ones(6, dtype=bool), interval_ns=MINUTE_NS)
    got, _ = prepare(preparation, recording)
    rate = got.x[:, 0] * preparation.channels[0].scale + preparation.channels[0].center
    assert got.valid[:, 0].tolist() == [False, True, True, True, True, True]
    np.testing.assert_allclose(rate[1:], 0.1)
    assert preparation.channels[0].source is Source.RATE


@pytest.mark.parametrize(
    ("plant", "what"),
    [
        (PlantFile(machine=Machine(off="presure < 1")), "the recording has no tag presure"),
        (parse_plant_text('[[derived]]\nid = "d"\nexpression = "x + 1"'), "the recording has no tag x"),
        (parse_plant_text('[[derived]]\nid = "pressure"\nexpression = "crank"'), "has the id of a tag"),
        (parse_plant_text('[modes]\nfrom = "tag"\ntag = "prodct"'), "the recording has no tag prodct"),
        (parse_plant_text('[modes]\nfrom = "tag"\ntag = "broken"'), "no value in training"),
        (parse_plant_text('[[asset]]\nid = "press"\ntags = ["pressur"]'), "the recording has no tag pressur"),
        (PlantFile(machine=Machine(off="pressure > -1000")), "all training time is off time"),
    ],
)
def test_what_cannot_be_fitted(plant: PlantFile, what: str) -> None:
    with pytest.raises(PreparationError, match=what) as caught:
        fit_preparation(press(), plant, ALL)
    assert caught.value.at.key
    assert caught.value.do


def test_no_normal_time_and_no_usable_tag() -> None:
    with pytest.raises(PreparationError, match="no normal training time"):
        fit_preparation(press(), PLANT, ~ALL)
    with pytest.raises(PreparationError, match="no tag has a valid value"):
        fit_preparation(press().select(("broken",)), PlantFile(), ALL)


def test_another_assets_model_and_a_foreign_recording() -> None:
    preparation = fit_preparation(press(), PLANT, ALL)
    with pytest.raises(PreparationError, match="this model is for press, the recording is of saw"):
        prepare(preparation, press(asset="saw"))
    foreign = replace(press(), tags=tuple(f"{tag}.PV" for tag in press().tags), texts={})
    with pytest.raises(PreparationError, match=r"none of the model's 7 tags, for example not pressure"):
        prepare(preparation, foreign)


def test_a_wrong_sampling_interval() -> None:
    preparation = fit_preparation(press(), PLANT, ALL)
    slow = replace(press(), time=START + np.arange(ROWS) * HOUR_NS)
    with pytest.raises(PreparationError, match="samples come every 1h, the model was trained on 1min"):
        prepare(preparation, slow)
    fast = replace(press(), time=START + np.arange(ROWS) * MINUTE_NS // 10)
    assert prepare(preparation, fast)[0].rows == ROWS // 10  # a finer recording is averaged


def test_absent_and_extra_tags_are_reported() -> None:
    preparation = fit_preparation(press(), PLANT, ALL)
    recording = press().select(("pressure", "setpoint", "strokes", "product", "spare", "stranger"))
    problems = {problem.kind: problem for problem in check_recording(preparation, recording)}
    assert problems["absent-tag"].count == 2
    assert problems["absent-tag"].what == "crank, grade: not in the recording, taken as missing throughout."
    assert problems["extra-tag"].what == "stranger: not known to the model, ignored."


def test_one_row_and_one_constant_tag() -> None:
    recording = Recording.from_arrays("m", ("a",), np.array([START]), np.array([[5.0]]))
    preparation = fit_preparation(recording, PlantFile(), np.array([True]))
    got, _ = prepare(preparation, recording)
    assert got.rows == 1
    assert got.x.tolist() == [[0.0]]


@pytest.mark.parametrize("big", [1e308, -1e308])
def test_absurd_values_are_survived(big: float) -> None:
    recording = press()
    wide = replace(recording, values=recording.values.astype(np.float64))
    wide.values[::7, 0] = big
    preparation = fit_preparation(wide, PlantFile(), ALL)
    got, _ = prepare(preparation, wide)
    assert np.isfinite(got.x).all()
    assert np.isfinite([channel.scale for channel in preparation.channels]).all()
