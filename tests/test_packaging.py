"""What the wheel carries: every file of the package that is not Python is named in pyproject.toml, or it would be missing in a plant."""

from __future__ import annotations

import importlib.util
import re
import shutil
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

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


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_wheelhouse_has_all_that_serving_and_training_need() -> None:
    """`make wheelhouse` packs the lock file with its dependencies: each requirement of the extras that a plant uses stands in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    locked = {normal(name) for name in re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.M)}
    wanted = [
        *project["dependencies"],
        *(item for extra in ("train", "serve", "postgres", "mqtt") for item in project["optional-dependencies"][extra]),
    ]
    names = {normal(match[0]) for item in wanted if (match := re.match(r"[\w.-]+", item))}
    assert names - locked == set()


def wheelhouse() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_wheelhouse", ROOT / "tools" / "make_wheelhouse.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_built_console_travels_in_the_wheel_and_its_absence_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("setuptools is not installed")
    tool = wheelhouse()
    source = tmp_path / "source"
    for name in tool.BUILT_FROM:
        source.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, source)
    shutil.copytree(PACKAGE, source / "src/andon", ignore=shutil.ignore_patterns("__pycache__", "console", "recordings"))
    monkeypatch.setattr(tool, "ROOT", source)
    files = source / "src/andon/service/console/files"
    files.mkdir(parents=True)
    (files / "index-1.js").write_text("1", "utf-8")
    (files.parent / "index.html").write_text("<!doctype html>", "utf-8")
    (tmp_path / "with").mkdir()
    whole = tool.build_andon(tmp_path / "with", "--no-build-isolation")
    assert tool.has_console(whole)
    names = set(zipfile.ZipFile(whole).namelist())
    bare = tmp_path / "andon-0-py3-none-any.whl"
    with zipfile.ZipFile(bare, "w") as archive:
        archive.writestr("andon/__init__.py", "")
    assert not tool.has_console(bare)
    assert {"andon/service/console/files/index-1.js", "andon/cli/verb_doctor.py", "andon/plant/words/zh-CN/cli.json"} <= names
    assert any(name.startswith("andon/store/database/migrations/versions/") for name in names)
