"""The storeys of the rooms, and what a fresh process may load."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TRAINING_STACK = ("torch", "sklearn", "scipy", "onnx", "pandas", "tensorboard")


def test_imports_go_down_only() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    "what", ["andon", "andon.plant.file", "andon.preparing", "andon.evidence", "andon.store", "andon.reading", "andon.scoring"]
)
def test_the_runtime_has_no_training_stack(what: str) -> None:
    code = f"import sys, {what}; print([name for name in {TRAINING_STACK!r} if name in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"


def test_a_bare_import_loads_neither_polars_nor_onnxruntime() -> None:
    code = "import sys, andon; print([name for name in ('polars', 'onnxruntime', 'rich', 'click') if name in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )
    assert run.stdout.strip() == "[]", run.stderr
