"""The audit on public recordings: what is known of them is found, and not much else."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from andon.auditing import WEIGHTY, audit
from andon.plant.recording import Recording
from andon.plant.time import MINUTE_NS
from tests.auditing.signals import times

DATA = Path(os.environ.get("ANDON_DATA", ""))
HERE = bool(os.environ.get("ANDON_DATA")) and DATA.is_dir()
pytestmark = pytest.mark.skipif(not HERE, reason="ANDON_DATA names no folder of public recordings")


def parquet(path: str, interval_ns: int, drop: tuple[str, ...] = ()) -> Recording:
    import polars as pl

    table = pl.read_parquet(DATA / path)
    names = [name for name in table.columns if name not in drop]
    values = table.select(names).to_numpy().astype(np.float64)
    return Recording.from_arrays("a", names, times(len(values), interval_ns), values)


def heavy(rec: Recording) -> set[tuple[str | None, str]]:
    return {(finding.tag, finding.kind) for finding in audit(rec).findings if finding.weight >= WEIGHTY}


def test_normal_tennessee_eastman_has_no_weighty_finding() -> None:
    assert not heavy(parquet("tep/d00_te.parquet", 3 * MINUTE_NS))


def test_normal_skab_has_no_weighty_finding() -> None:
    import polars as pl

    table = pl.read_csv(DATA / "skab" / "anomaly-free" / "anomaly-free.csv", separator=";", try_parse_dates=True)
    at = table["datetime"].dt.epoch("ns").to_numpy()
    names = table.columns[1:]
    keep = np.concatenate(([True], np.diff(at) > 0))
    assert not heavy(Recording.from_arrays("a", names, at[keep], table.select(names).to_numpy().astype(np.float64)[keep]))


def test_the_local_time_of_pjm_is_found() -> None:
    import polars as pl

    table = pl.read_parquet(next((DATA / "pjm-load").glob("*.parquet")))
    at = table[table.columns[0]].cast(pl.Datetime("ns")).to_physical().to_numpy()
    keep = np.concatenate(([True], np.diff(at) > 0))
    values = table.select(table.columns[1:]).to_numpy().astype(np.float64)[keep]
    found = [f for f in audit(Recording.from_arrays("a", table.columns[1:], at[keep], values)).findings if f.tag is None]
    assert [(f.kind, f.toml) for f in found] == [("zone-gap", '[files]\nzone = "America/New_York"')]


def test_the_local_clock_of_victoria_is_found_in_utc_only() -> None:
    import polars as pl

    table = pl.read_csv(DATA / "vic-elec" / "vic_electricity.csv")
    at = table["Time"].str.to_datetime(time_zone="UTC").dt.epoch("ns").to_numpy()
    rec = Recording.from_arrays("a", ["Demand", "Temperature"], at, table.select("Demand", "Temperature").to_numpy().astype(np.float64))
    assert {f.kind for f in audit(rec).of(None)} == {"zone-shift-season"}
    assert not audit(rec, zone="Australia/Melbourne").of(None)


def test_the_frozen_year_of_elec2_is_found() -> None:
    import polars as pl

    table = pl.read_csv(next((DATA / "elec2").glob("*.csv"))).select("vicprice", "vicdemand", "nswdemand")
    rec = Recording.from_arrays("a", table.columns, times(len(table), 30 * MINUTE_NS), table.to_numpy().astype(np.float64))
    assert {("vicprice", "stuck"), ("vicdemand", "stuck")} <= heavy(rec)
    assert ("nswdemand", "stuck") not in heavy(rec)


def test_interpolated_laboratory_values_of_the_debutanizer_are_found() -> None:
    table = np.loadtxt(DATA / "debutanizer" / "Debutanizer_Column_Data.txt", skiprows=1)
    rec = Recording.from_arrays("a", [f"u{k}" for k in range(1, 8)] + ["y"], times(len(table), 6 * MINUTE_NS), table)
    assert heavy(rec) == {("u4", "compressed")}


def test_machine_temperature_of_numenta_is_clean() -> None:
    import polars as pl

    path = next(DATA.glob("nab/**/machine_temperature_system_failure.csv"))
    table = pl.read_csv(path, try_parse_dates=True)
    at = table["timestamp"].dt.epoch("ns").to_numpy()
    at, first = np.unique(at, return_index=True)
    rec = Recording.from_arrays("a", ["value"], at, table["value"].to_numpy()[first][:, None])
    result = audit(rec)
    assert not result.findings
    assert result.interval_ns == 5 * MINUTE_NS
