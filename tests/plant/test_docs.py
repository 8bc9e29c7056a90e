"""Docs are tested: the reference is made from the code, and names every setting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from andon.plant.file.parse import parse_plant_text
from andon.plant.file.schema import SECTIONS, PlantFile

ROOT = Path(__file__).resolve().parents[2]


def test_the_reference_is_up_to_date() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_docs.py"), "--check"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert run.returncode == 0, f"{run.stdout}{run.stderr}: run make docs"


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "plant-file.md").read_text("utf-8")
    for section in SECTIONS:
        block = page.split(f"## `[[{section.key}]]`" if section.many else f"## `[{section.key}]`")[1].split("\n## ")[0]
        for setting in section.settings:
            assert f"| `{setting.key}` | " in block, (section.key, setting.key)


def test_the_example_in_the_reference_is_valid() -> None:
    page = (ROOT / "docs" / "reference" / "plant-file.md").read_text("utf-8")
    assert parse_plant_text(page.split("```toml\n")[1].split("```")[0]) == PlantFile()
