"""The whole audit: laws that hold for every recording, and clean data that must stay clean."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from andon.auditing import Audit, TagStatistics, audit
from andon.auditing.finding import make_finding
from andon.auditing.inspection import BLOCK, plot_of
from andon.auditing.page import audit_page
from andon.plant.arrays import Float64Array, FloatArray
from andon.plant.budget import parse_budget
from andon.plant.errors import AskUserError, At
from andon.plant.file.parse import parse_plant_text
from andon.plant.label import LabResults
from andon.plant.recording import Problem, Recording
from andon.plant.status import Status
from andon.plant.tag import Role
from andon.plant.time import HOUR_NS, MINUTE_NS
from tests.auditing.signals import START, ar, recording, series, times

ROUGH = st.integers(0, 40).flatmap(
    lambda rows: st.integers(1, 4).flatmap(
        lambda width: arrays(
            np.float64,
            (rows, width),
            elements=st.one_of(
                st.floats(-1e3, 1e3, width=32), st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e35, 0.0, 1.0, 1e-300])
            ),
        )
    )
)


def messy(rows: int = 4000) -> Recording:
    """Fourteen tags, nearly all ill."""
    rng = np.random.default_rng(0)
    x = ar(rows, 0.9, 1, 14) * 5 + 50
    x[:, 1] = x[:, 0]
    x[:, 2] = 7
    x[:, 3] = np.cumsum(rng.exponential(1, rows))
    x[:, 4] = np.cumsum(rng.normal(2, 1, rows)) % 360
    x[:, 5] = np.repeat(rng.integers(0, 4, rows // 50), 50)
    x[500:900, 6] = x[500, 6]
    x[:, 7] = np.minimum(x[:, 7], 52)
    x[[10, 200, 3000], 8] += 400
    x[rows // 2 :, 9] *= 10
    x[:, 10] = np.round(x[:, 10] / 4) * 4
    x[:, 11] = np.interp(np.arange(rows), np.arange(0, rows, 10), x[::10, 11])
    x[:, 12] = np.nan
    x[2000:2900, 13] = np.nan
    return recording(x)


@given(ROUGH, st.sampled_from([np.float32, np.float64]))
@settings(max_examples=80, deadline=None)
def test_anything_can_be_audited(values: Float64Array, kind: type[np.float32] | type[np.float64]) -> None:
    with np.errstate(over="ignore"):
        table: FloatArray = values.astype(kind)
    rec = Recording("a", tuple(f"t{k}" for k in range(table.shape[1])), times(len(table)), table, np.zeros(table.shape, dtype=np.uint8))
    lab = LabResults("a", "q", times(30), times(30), np.arange(30.0))
    result = audit(rec, budget=parse_budget("1/week"), lab=[lab])
    json.dumps(result.to_dict("zh-CN"), allow_nan=False)
    assert len(result.statistics) == table.shape[1]


def test_strange_times() -> None:
    x = ar(300, 0.5, 1, 2)
    for start in (0, -10 * HOUR_NS, 4_102_444_800 * 10**9):
        assert audit(recording(x, start=start)).rows == 300
    wide = Recording.from_arrays("a", ["t0"], np.array([0, 1, 4_102_444_800 * 10**9]), np.array([[1.0], [2.0], [3.0]]))
    assert audit(wide).rows == 3
    with pytest.raises(AskUserError, match="not an IANA time zone"):
        audit(recording(x), zone="Mars/Olympus")


def comparable(result: Audit) -> dict[str | None, Counter[tuple[str, float, str]]]:
    out: dict[str | None, Counter[tuple[str, float, str]]] = {}
    for finding in result.findings:
        out.setdefault(finding.tag, Counter())[(finding.kind, finding.weight, finding.toml)] += 1
    return out


def test_the_input_is_unchanged_and_the_answer_repeats() -> None:
    rec = messy()
    values, status = rec.values.copy(), rec.status.copy()
    first, second = audit(rec), audit(rec)
    assert np.array_equal(rec.values, values, equal_nan=True)
    assert np.array_equal(rec.status, status)
    assert json.dumps(first.to_dict()) == json.dumps(second.to_dict())


def test_the_order_of_tags_does_not_matter_except_for_which_copy_goes() -> None:
    rec = messy().select([f"t{k}" for k in range(14) if k != 1])
    turned = rec.select(rec.tags[::-1])
    assert comparable(audit(rec)) == comparable(audit(turned))


def test_more_tags_than_a_block_are_the_same_as_each_alone() -> None:
    rec = messy()
    many = replace(
        rec, tags=tuple(f"{tag}.{k}" for k in range(4) for tag in rec.tags), values=np.tile(rec.values, 4), status=np.tile(rec.status, 4),
    )  # fmt: skip
    assert len(many.tags) > BLOCK
    one, four = audit(rec), audit(many)
    for row, again in zip(one.statistics, four.statistics[42:], strict=True):
        assert {f.name: getattr(row, f.name) for f in fields(TagStatistics) if f.name != "tag"} == pytest.approx(
            {f.name: getattr(again, f.name) for f in fields(TagStatistics) if f.name != "tag"}, nan_ok=True
        )


def test_the_unit_of_a_tag_does_not_matter() -> None:
    rec = messy().select([f"t{k}" for k in (0, 6, 7, 8, 10, 11, 13)])
    scaled = replace(rec, values=(rec.values.astype(np.float64) * 1024).astype(np.float32))
    left, right = audit(rec), audit(scaled)
    assert Counter((f.tag, f.kind, f.weight) for f in left.findings) == Counter((f.tag, f.kind, f.weight) for f in right.findings)


@pytest.mark.parametrize("phi", [0.0, 0.9, 0.99, 0.999, 1.0])
@pytest.mark.parametrize("rows", [300, 12_000])
def test_clean_noise_has_no_finding_at_all(phi: float, rows: int) -> None:
    x = ar(rows, min(phi, 0.9), int(phi * 1000), 30)
    x = np.cumsum(x, axis=0) if phi == 1.0 else ar(rows, phi, int(phi * 1000), 30)
    result = audit(recording(np.round(x / x.std(axis=0) * 3 + 50, 3)))
    assert [finding.texts()[0] for finding in result.findings] == []
    assert all(item.tag.role is Role.MEASURED for item in result.suggestions.values())
    assert (result.off, result.mode_tag, result.interval_ns) == ("", "", MINUTE_NS)


def test_every_suggestion_is_understood_by_the_plant_file() -> None:
    result = audit(messy(), budget=parse_budget("1/week"))
    texts = {finding.toml for finding in result.findings if finding.toml}
    switching = ar(4000, 0.9, 2, 3) + 50
    switching[np.arange(4000) // 500 % 3 == 2] = 0.0
    switching[:, 2] = 50 + 20 * (np.arange(4000) // 400 % 2) + ar(4000, 0.9, 3)[:, 0]
    texts |= {finding.toml for finding in audit(recording(switching)).findings if finding.toml}
    assert {text.split("\n")[0] for text in texts} == {"[[tag]]", "[machine]", "[modes]", "[[budget]]"}
    for text in texts:
        parse_plant_text(text)


def test_what_is_wrong_with_the_messy_recording() -> None:
    result = audit(messy(), budget=parse_budget("1/week"))
    expected = {
        ("t1", "copy"), ("t2", "constant"), ("t3", "counter"), ("t4", "angle"), ("t5", "category"), ("t6", "stuck"), ("t7", "clipped-high"),
        ("t8", "spikes"), ("t9", "unit-jump"), ("t10", "quantised"), ("t11", "compressed"), ("t12", "empty"), ("t13", "missing"),
        (None, "budget"),
    }  # fmt: skip
    assert {(finding.tag, finding.kind) for finding in result.findings} == expected
    weights = [finding.weight for finding in result.findings]
    assert weights == sorted(weights, reverse=True)
    roles = {tag: item.tag.role for tag, item in result.suggestions.items()}
    assert roles["t3"] is Role.COUNTER
    assert roles["t4"] is Role.ANGLE
    assert roles["t1"] is roles["t2"] is roles["t12"] is Role.IGNORED
    assert roles["t0"] is roles["t6"] is Role.MEASURED


def test_tables_and_json_have_every_tag_and_finding() -> None:
    result = audit(messy())
    for language in ("en", "zh-CN"):
        table = result.to_table(language)
        assert len(table) == len(result.findings) + 1
        assert all(len(row) == 5 and all(row) for row in table)
        statistics = result.statistics_table(language)
        assert [row[0] for row in statistics[1:]] == [row.tag for row in result.statistics]
        assert len({len(row) for row in statistics}) == 1
    lots = result.alike()
    assert sorted(str(finding) for lot in lots for finding in lot) == sorted(str(finding) for finding in result.findings)
    assert [lot[0].weight for lot in lots] == sorted((max(finding.weight for finding in lot) for lot in lots), reverse=True)
    short = result.to_table(together=True)
    assert len(short) == len(lots) + 1
    for lot, row in zip(lots, short[1:], strict=True):
        assert lot[0].texts()[0] in row[2]
        assert (f"{len(lot) - 1} more alike" in row[2]) == (len(lot) > 1)
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert data["schema_version"] == 1
    assert {row["tag"] for row in data["tags"]} == {f"t{k}" for k in range(14)}
    assert data["tags"][12]["mean"] is None
    assert data["suggestions"]["t4"]["full_turn"] == 360.0


def test_what_many_tags_share_is_said_once() -> None:
    few = audit(messy())
    found = [make_finding("uncertain", f"t{k}", 0.2, share=0.1 + 0.01 * k) for k in range(9)]
    result = replace(few, findings=(*found, make_finding("empty", "t12", 0.1, rows=5)))
    (_, first, second) = result.to_table(together=True)
    assert first[1] == "t0, t1, t2, t3, t4, t5, +3"
    assert first[2] == f"t0: {found[0].texts()[0]} 8 more alike."
    assert second[1] == "t12"
    assert "also: t1, t2, t3, t4, t5, t6, t7, t8" in audit_page(result)


@given(st.lists(st.one_of(st.just(math.nan), st.floats(-9, 9, width=32)), min_size=1, max_size=500), st.integers(1, 200))
@settings(deadline=None)
def test_a_plot_shows_every_extreme(values: list[float], points: int) -> None:
    plot = plot_of(series(np.array(values)), points)
    assert len(plot.low) == len(plot.high) <= min(points, len(values))
    there = [value for value in values if not math.isnan(value)]
    if there:
        assert np.nanmin(plot.low) == np.float32(min(there))
        assert np.nanmax(plot.high) == np.float32(max(there))
    else:
        assert not np.isfinite(plot.low).any()


def test_duplicates_are_those_that_the_reader_counted() -> None:
    problems = (
        Problem("duplicate-time", "twice", "the last is kept", At(tag="t0"), 3),
        Problem("duplicate-time", "twice", "the last is kept", At(line=5), 2),
        Problem("time-backwards", "back", "sorted", At(), 9),
    )
    result = audit(recording(ar(300, 0.5, 1, 2), problems=problems))
    assert [row.duplicates for row in result.statistics] == [5, 2]


def test_texts_are_no_levels() -> None:
    text = (np.arange(2000) // 100 % 2).astype(np.float64)
    x = np.column_stack((text, ar(2000, 0.9, 1, 3) + 5))
    x[text == 0, 1:] = 5.0
    assert audit(recording(x, texts={"t0": ("Stopped", "Running")})).off == ""
    assert audit(recording(x)).off == "`t0` < 0.5"


def test_progress_ends_at_one() -> None:
    seen: list[float] = []
    audit(messy(), progress=lambda stage, share: seen.append(share))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_the_interval_is_that_of_the_tags_where_rows_are_a_union_of_times() -> None:
    x = np.full((6000, 5), np.nan)
    for column in range(5):
        x[column::5, column] = ar(1200, 0.9, column)[:, 0]
    result = audit(recording(x, 12 * 10**9))
    assert result.interval_ns == MINUTE_NS
    assert not [finding for finding in result.findings if finding.weight >= 0.5]
    assert all(item.tag.hold_ns == 2 * MINUTE_NS for item in result.suggestions.values())
    assert result.start == START
    status = np.where(np.isfinite(x), Status.GOOD, Status.MISSING)
    assert result.statistics[0].missing == int((status[:, 0] == Status.MISSING).sum())
