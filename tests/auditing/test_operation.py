"""Machine off, and the tag that names the mode."""

from __future__ import annotations

import numpy as np
import pytest

from andon.auditing import audit
from andon.auditing.operation import quoted
from andon.plant.arrays import Float64Array
from andon.plant.file.expression import parse_expression
from andon.plant.recording import Recording
from andon.plant.tag import Role
from tests.auditing.signals import ar, kinds_of, recording, times


def plant(seed: int = 0, stop: int = 700) -> Float64Array:
    """Speed, current, temperature; off for one of four stretches."""
    x: Float64Array = ar(8000, 0.9, seed, 3) * np.array([5.0, 1.0, 2.0]) + np.array([900.0, 40.0, 80.0])
    off = np.arange(8000) // stop % 4 == 3
    x[off, 0] = 0.0
    x[off, 1] = 0.02 * ar(8000, 0.0, seed + 1)[off, 0]
    x[off, 2] = 25 + 0.1 * ar(8000, 0.9, seed + 2)[off, 0]
    return x


@pytest.mark.parametrize("stop", [60, 700, 1900])
def test_off_time_is_found_with_its_condition(stop: int) -> None:
    result = audit(recording(plant(stop=stop)))
    finding = kinds_of(result)["off"]
    assert result.off in ("`t0` < 400", "`t0` < 500", "`t1` < 20")
    assert finding.toml == f'[machine]\noff = "{result.off}"'
    off = (np.arange(8000) // stop % 4 == 3).mean()
    assert finding.evidence.args["share"] == pytest.approx(off, abs=0.02)
    # Stillness while off is neither stuck nor clipped nor a mode of its own.
    for tag in ("t0", "t1", "t2"):
        assert not {"stuck", "clipped-low", "modes"} & set(kinds_of(result, tag))


def test_normal_time_leaves_off_time_out() -> None:
    whole, stopped = audit(recording(ar(8000, 0.9, 0, 3))), audit(recording(plant()))
    off = (np.arange(8000) // 700 % 4 == 3).mean()
    assert stopped.normal_ns == pytest.approx(whole.normal_ns * (1 - off), rel=0.03)


def test_one_tag_at_zero_alone_is_not_the_machine() -> None:
    x = ar(8000, 0.9, 1, 6) + 50
    x[np.arange(8000) // 700 % 4 == 3, 0] = 0
    assert audit(recording(x)).off == ""


def test_a_switch_of_a_machine_that_works_in_steps_is_not_its_power() -> None:
    switch = (np.arange(8000) // 60 % 2).astype(np.float64)
    x = np.column_stack((switch, switch[:, None] * ar(8000, 0.5, 1), ar(8000, 0.9, 2, 2)))
    assert audit(recording(x)).off == ""


def test_a_plant_that_always_runs_is_never_off() -> None:
    assert audit(recording(ar(8000, 0.99, 2, 5) * 3 + 4)).off == ""


def test_the_mode_tag_is_the_one_that_explains_the_others() -> None:
    mode = np.repeat(np.random.default_rng(1).integers(0, 3, 40), 200)
    other = np.repeat(np.random.default_rng(2).integers(0, 3, 40), 200)
    x = np.column_stack((ar(8000, 0.9, 3, 4) + 4.0 * mode[:, None] + 50, mode, other))
    result = audit(recording(x))
    assert result.mode_tag == "t4"
    assert kinds_of(result, "t4")["mode-tag"].toml == '[modes]\nfrom = "tag"\ntag = "t4"'
    assert result.suggestions["t4"].tag.role is Role.CATEGORY


def test_categories_that_explain_nothing_name_no_mode() -> None:
    other = np.repeat(np.random.default_rng(2).integers(0, 3, 40), 200)
    assert audit(recording(np.column_stack((ar(8000, 0.9, 3, 4), other)))).mode_tag == ""


@pytest.mark.parametrize("name", ["speed", "FIC-101.PV", "line 3/温度", 'a "b"', "with`tick"])
def test_the_condition_is_an_expression_of_the_plant_file(name: str) -> None:
    made = plant()
    rec = Recording.from_arrays("a", [name, "other", "third"], times(8000), made)
    text = audit(rec).off
    assert text == f"{quoted(name)} < 400"
    off = parse_expression(text).on(rec)
    assert np.array_equal(off != 0, made[:, 0] < 400)
