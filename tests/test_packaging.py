"""What the wheel carries: every file of the package that is not Python is named in pyproject.toml, or it would be missing in a plant."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "andon"


def test_every_data_file_is_packed() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]["andon"]
    packed = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    there = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert there - packed == set()
    assert any(path.name == "normal.parquet" for path in packed)


def test_every_folder_of_the_package_is_a_package() -> None:
    """setuptools leaves out a folder without __init__.py."""
    for folder in {path.parent for path in PACKAGE.rglob("*.py")}:
        assert (folder / "__init__.py").exists(), folder
