"""What a piece of Andon loads, asked in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def loaded(code: str, names: Iterable[str], *arguments: str) -> list[str]:
    """Which of the modules `names` a fresh Python has loaded after it ran `code`."""
    words = [sys.executable, "-c", f"{code}\nimport sys\nprint(*sorted(set({list(names)!r}) & set(sys.modules)))", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    run = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()
