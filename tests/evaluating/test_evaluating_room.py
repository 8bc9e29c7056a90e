"""The room as a whole: what it exports is documented, and it runs without the training stack."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import andon.evaluating as room

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "measures.md").read_text(encoding="utf-8")


def test_every_function_and_baseline_is_on_the_page_of_measures() -> None:
    functions = [name for name in room.__all__ if name.islower()]
    assert [name for name in functions if f"`{name}`" not in PAGE] == []


def test_what_is_promised_exists_and_is_documented() -> None:
    for name in room.__all__:
        assert hasattr(room, name)
        assert getattr(room, name).__doc__


def test_measures_need_no_training_stack() -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'sklearn', 'scipy', 'polars', 'pandas'): sys.modules[name] = None\n"
        "import numpy as np, andon.evaluating as e\n"
        "e.vus([0, 1, 0], [0., 1., 0.], 2); e.poisson_interval(3); e.roc_auc([0, 1], [0., 1.]); e.rmse([1.], [1.])"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
