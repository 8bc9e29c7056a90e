"""The storeys of the rooms, and what a fresh process may load."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.fresh_process import loaded

ROOT = Path(__file__).resolve().parents[1]
TRAINING_STACK = ("torch", "sklearn", "scipy", "onnx", "pandas", "tensorboard")


MAY_IMPORT: dict[str, frozenset[str] | None] = {
    "plant": frozenset(),
    **dict.fromkeys(
        ("reading", "sending", "datasets", "auditing", "preparing", "evidence", "alarms", "advising", "store"), frozenset({"plant"})
    ),
    **dict.fromkeys(("scoring", "evaluating"), frozenset({"plant", "preparing", "evidence"})),
    **dict.fromkeys(("training", "vision"), frozenset({"plant", "preparing", "evidence", "scoring", "evaluating"})),
    "reporting": frozenset({"plant", "auditing", "evaluating", "scoring", "advising"}),
    "adapting": frozenset({"plant", "auditing", "preparing", "evidence", "scoring", "evaluating"}),
    "streaming": frozenset({"plant", "reading", "sending", "scoring", "evidence", "alarms", "advising", "store"}),
    "project": None,  # everything
    "service": None,  # everything but training
    "client": frozenset({"plant", "service"}),
    "cli": None,
}
"""The table of storeys. A new room stands here, in the layers and in a `forbidden` contract of pyproject.toml."""


def test_every_room_has_its_contracts() -> None:
    """Layers alone let a room of storey 3 import anything below it; the table allows less."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    rooms = {path.parent.name for path in (ROOT / "src" / "andon").glob("*/__init__.py")}
    assert rooms <= set(MAY_IMPORT), f"name {rooms - set(MAY_IMPORT)} in MAY_IMPORT and in pyproject.toml"
    layers = {name.strip() for row in contracts[0]["layers"] for name in row.split("|")}
    assert layers == rooms
    above = {name: {other.strip() for row in contracts[0]["layers"][:at] for other in row.split("|")} | beside for at, row in
             enumerate(contracts[0]["layers"]) for beside in [{name.strip() for name in row.split("|")}] for name in beside}  # fmt: skip
    forbidden: dict[str, set[str]] = {room: set() for room in rooms}
    for contract in contracts[1:]:
        assert contract["type"] == "forbidden"
        for source in contract["source_modules"]:
            forbidden[source.removeprefix("andon.")] |= {name.removeprefix("andon.") for name in contract["forbidden_modules"]}
    for room, allowed in MAY_IMPORT.items():
        if room not in rooms:
            continue
        wanted = rooms - {room} - (rooms if allowed is None else allowed)
        if room == "service":
            wanted = {"training"}
        missing = wanted - forbidden[room] - above[room]
        assert not missing, f"a contract of pyproject.toml must forbid {room} to import {', '.join(sorted(missing))}"
        assert not (allowed or set()) & forbidden[room], f"{room} may import what a contract forbids"
        if room not in ("training", "evaluating"):
            assert {"torch", "sklearn", "scipy"} <= forbidden[room], f"name {room} in the contract of the training stack"


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
    "what",
    [
        "andon",
        "andon.plant.file",
        "andon.preparing",
        "andon.evidence",
        "andon.store",
        "andon.reading",
        "andon.scoring",
        "andon.streaming.loop",
        "andon.project.live.replaying",
        "andon.service.serving",
        "andon.service.plant_desk",
    ],
)
def test_the_runtime_has_no_training_stack(what: str) -> None:
    assert loaded(f"import {what}", TRAINING_STACK) == []


def test_a_bare_import_loads_neither_polars_nor_onnxruntime() -> None:
    assert loaded("import andon", ("polars", "onnxruntime", "rich", "click")) == []
