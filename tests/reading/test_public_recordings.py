"""Public recordings as they are published, each with an oddity of its own."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from andon.plant.time import HOUR_NS, MINUTE_NS, parse_instant
from andon.reading import Question, read, read_one

pytestmark = pytest.mark.skipif(not os.environ.get("ANDON_DATA"), reason="ANDON_DATA names no folder with public recordings")
DATA = Path(os.environ.get("ANDON_DATA", "."))


def test_skab_files_of_one_testbed() -> None:
    found = read(DATA / "skab" / "valve2")
    assert not found.failed
    (rec,) = found.recordings.values()
    assert "Volume Flow RateRMS" in rec.tags
    assert {form.separator for form in found.formats.values()} == {";"}


def test_steel_energy_has_the_day_first_and_midnight_last() -> None:
    rec = read_one(DATA / "steel-energy" / "Steel_industry_data.csv")
    assert rec.rows == 35_040
    assert rec.texts["WeekStatus"] == ("Weekday", "Weekend")
    assert {one.kind: one.count for one in rec.problems}["time-backwards"] == 365
    assert rec.time[-1] == parse_instant("2018-12-31T23:45")


def test_tetuan_has_the_month_first_with_short_years() -> None:
    found = read(DATA / "tetuan-power" / "tetuan_power_consumption.csv")
    (rec,) = found.recordings.values()
    assert next(iter(found.formats.values())).time_format == "mm/dd/yy HH:MM"
    assert set(np.diff(rec.time).tolist()) == {10 * MINUTE_NS}


def test_victoria_has_offsets_and_a_second_date() -> None:
    rec = read_one(DATA / "vic-elec" / "vic_electricity.csv")
    assert rec.tags == ("Demand", "Temperature", "Holiday")
    assert [one.kind for one in rec.problems] == ["extra-time-column"]


def test_one_file_per_tag_of_nab() -> None:
    rec = read_one(DATA / "nab" / "realKnownCause")
    assert len(rec.tags) == 5
    assert rec.tags[-1] == "nyc_taxi"


def test_pjm_has_local_times() -> None:
    with pytest.raises(Question) as met:
        read(DATA / "pjm-load")
    assert met.value.option == "zone"
    rec = read_one(DATA / "pjm-load", zone="America/New_York")
    assert np.median(np.diff(rec.time)) == HOUR_NS
    assert {"dst-gap", "duplicate-time"} <= {one.kind for one in rec.problems}
