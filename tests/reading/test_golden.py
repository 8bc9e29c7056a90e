"""Small exports in the look of each historian, read as recorded in `golden/expected` (see `golden/rewrite.py`)."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

GOLDEN = Path(__file__).parent / "golden"


def _rewrite() -> ModuleType:
    spec = importlib.util.spec_from_file_location("andon_golden_rewrite", GOLDEN / "rewrite.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rewrite = _rewrite()


@pytest.mark.parametrize("case", sorted(rewrite.cases()))
def test_export_is_read_as_recorded(case: str) -> None:
    expected = json.loads((GOLDEN / "expected" / f"{case}.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(rewrite.plain(rewrite.run(case)))) == expected


def test_every_golden_file_is_used() -> None:
    used = {path for case in rewrite.cases().values() for path in case["paths"]}
    assert {path.name for path in (GOLDEN / "files").iterdir()} == used
    assert {path.stem for path in (GOLDEN / "expected").iterdir()} == set(rewrite.cases())
